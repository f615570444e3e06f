import { z } from 'zod';
import verdict from '../../../../resources/prompts/personal/verdict.md?raw';
import type { Session } from '../../../../native/duckdb/session.ts';
import { askVerdict, concludeVerdicts } from '../ask.ts';
import { askOrders, countOrders } from '../both-orders.ts';
import { makeInvalidPair } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { PairProtocol, PrepareContext } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  userColumn: z
    .string()
    .min(1)
    .max(200)
    .default('user_id')
    .describe('Column of the source that names the person.'),
  shots: z.number().int().min(1).max(16).default(4).describe('Earlier choices shown, at most.'),
  shotCharacters: z
    .number()
    .int()
    .min(200)
    .max(100_000)
    .default(6_000)
    .describe('Room for the earlier choices; the oldest drawn are left out when they do not fit.'),
});
type Params = z.infer<typeof paramsSchema>;

/** An earlier choice of a person. */
export interface Shot {
  readonly comparisonId: number;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** Choices kept for each person: enough to draw from when the target itself and repeated prompts are left out. */
const spare = 4;

const normalise = (text: string) => text.toLowerCase().replace(/\s+/g, ' ').trim();

/**
 * The choices shown before a target: others of the same person with another prompt, as many as asked for, dropped from
 * the end while they do not fit (few-shot preference builder, judging spec 2.6).
 */
export function chooseShots(
  choices: readonly Shot[],
  target: { readonly comparisonId: number; readonly prompt: string },
  { shots, shotCharacters }: Pick<Params, 'shots' | 'shotCharacters'>,
): Shot[] {
  const own = normalise(target.prompt);
  const usable = choices.filter(
    (choice) => choice.comparisonId !== target.comparisonId && normalise(choice.prompt) !== own,
  );
  const chosen: Shot[] = [];
  let room = shotCharacters;
  for (const shot of usable.slice(0, shots)) {
    room -= shot.prompt.length + shot.chosen.length + shot.rejected.length;
    if (room < 0) break;
    chosen.push(shot);
  }
  return chosen;
}

/** Windows of N shots and one target over `rows` choices of one person, each row used once: ⌊rows / (N + 1)⌋. */
export function countWindows(rows: number, shots: number): number {
  return Math.floor(rows / (shots + 1));
}

async function readChoices(
  session: Session,
  { datasetId, params, seed, signal }: PrepareContext<Params>,
): Promise<Map<string, Shot[]>> {
  const rows = await session.all<{ user: string; shots: Shot[] }>(
    `WITH labelled AS (
       SELECT c.extra ->> ? AS "user", c.comparison_id AS id, p.text AS prompt,
         CASE c.label WHEN 'a' THEN a.text ELSE b.text END AS chosen, CASE c.label WHEN 'a' THEN b.text ELSE a.text END AS rejected
       FROM comparison c JOIN prompt p ON p.prompt_id = c.prompt_id JOIN response a ON a.response_id = c.response_a_id
         JOIN response b ON b.response_id = c.response_b_id
       WHERE c.dataset_id = ? AND c.label IN ('a', 'b'))
     SELECT "user", list({'comparisonId': id, 'prompt': prompt, 'chosen': chosen, 'rejected': rejected} ORDER BY md5(id::VARCHAR || ?)) AS shots
     FROM (SELECT * FROM labelled WHERE "user" IS NOT NULL
           QUALIFY row_number() OVER (PARTITION BY "user" ORDER BY md5(id::VARCHAR || ?)) <= ?)
     GROUP BY "user"`,
    [`$."${params.userColumn.replaceAll('"', '')}"`, datasetId, `/${seed}`, `/${seed}`, params.shots + spare],
    { signal },
  );
  return new Map(rows.map((row) => [row.user, row.shots]));
}

const spell = (shots: readonly Shot[]) =>
  shots
    .map(
      ({ prompt, chosen, rejected }, index) =>
        `(${index + 1}) Prompt: ${prompt}\nPreferred: ${chosen}\nNot preferred: ${rejected}`,
    )
    .join('\n\n');

/** Predicts one person’s preference from a few of the same person’s earlier choices. */
export const personal: PairProtocol<Params> = {
  id: 'personal',
  subject: 'pair',
  title: 'Personal judge (few-shot)',
  description:
    'Shows the judge a few earlier choices of the same person and asks which response that person prefers. Needs a column that names the person.',
  section: '2.6',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['decide'] }],
  templates: [definePairTemplate('verdict', 'Verdict', verdict, ['shots'])],
  outputs: [
    { name: 'user_id', type: 'text', description: 'The person' },
    { name: 'shots_used', type: 'integer', description: 'Earlier choices that were shown' },
  ],
  estimate(lengths, params, orders) {
    const calls = countOrders(orders);
    const shots = params.shots * (lengths.prompt + 2 * lengths.response);
    const read = lengths.prompt + 2 * lengths.response + shots + templateTokens;
    return { calls, prompt: calls * read, reused: calls > 1 ? shots : 0, generated: 0, embeddings: 0 };
  },
  prepare: (context) => readChoices(context.session, context),
  async judge(pair, tools) {
    const user = pair.extra[tools.params.userColumn];
    const name = typeof user === 'string' || typeof user === 'number' ? String(user) : null;
    if (name === null)
      return makeInvalidPair(`The row does not say whose choice it is (column ${tools.params.userColumn}).`);
    const choices = (tools.shared as ReadonlyMap<string, readonly Shot[]> | undefined)?.get(name) ?? [];
    const shots = chooseShots(choices, pair, tools.params);
    if (shots.length === 0) return makeInvalidPair(`${name} has no other labelled pair to learn from.`);
    const { readings } = await askOrders(pair, tools, (slots) =>
      askVerdict(tools, tools.render('verdict', { ...fillPair(pair, slots), shots: spell(shots) })),
    );
    const { verdict: concluded } = concludeVerdicts(readings, tools.orders);
    return {
      ...concluded,
      detail: { user_id: name, shots_used: shots.length, shots: shots.map((shot) => shot.comparisonId) },
    };
  },
};

import { z } from 'zod';
import strengthPrompt from '../../../../resources/prompts/strength/strength.md?raw';
import { askJson } from '../ask.ts';
import { arrange } from '../both-orders.ts';
import { addUse, makeInvalidPair } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { JudgePair, JudgeTools, PairProtocol } from '../protocol.ts';
import { findMostSimilar, meanOf } from '../scales.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  votes: z
    .number()
    .int()
    .min(3)
    .max(9)
    .default(3)
    .describe('Votes per pair, by seed, with the order alternated.'),
  temperature: z.number().min(0).max(2).default(0.7),
});
type Params = z.infer<typeof paramsSchema>;

const neither = -100;

const answerSchema = z.object({
  statement: z.string().min(1).max(400).describe('Names the better response.'),
  elaboration: z.string().min(1).max(1_200),
  strength: z.literal([-3, -2, -1, 1, 2, 3, neither]),
});

export interface StrengthOutcome {
  /** −3 … 3 without 0; negative: the first is better. Null where the votes do not agree or are too few. */
  readonly strength: number | null;
  readonly spread: number | null;
  readonly kept: readonly number[];
  readonly why: string | null;
}

/**
 * The three most similar votes, averaged and rounded (HelpSteer2-Preference, judging spec 3.2). Excluded: fewer than
 * three votes, a spread of the three above 2, or a rounded mean of 0.
 */
export function aggregateStrengths(votes: readonly number[]): StrengthOutcome {
  if (votes.length < 3)
    return {
      strength: null,
      spread: null,
      kept: [],
      why: `only ${votes.length} valid votes, three are needed`,
    };
  const kept = findMostSimilar(votes);
  const chosen = kept.map((index) => votes[index] ?? Number.NaN);
  const spread = Math.max(...chosen) - Math.min(...chosen);
  if (spread > 2) return { strength: null, spread, kept, why: `the three closest votes are ${spread} apart` };
  const strength = Math.round(meanOf(chosen) ?? 0);
  if (strength === 0) return { strength: null, spread, kept, why: 'the votes cancel out' };
  return { strength, spread, kept, why: null };
}

/** Whether the statement names the response the sign points to; null where it names neither or both. */
export function lintStatement(statement: string, strength: number): boolean | null {
  const names = (place: string) => new RegExp(`response\\s*${place}\\b`, 'i').test(statement);
  const [one, two] = [names('1'), names('2')];
  if (one === two) return null;
  return one === strength < 0;
}

/** One seeded vote with the order of its seat; `vote` has the sign of a first, whatever the order. */
async function askVote(pair: JudgePair, tools: JudgeTools<Params>, seat: number) {
  const slots = arrange(pair, seat % 2 === 0 ? 'a' : 'b');
  const answer = await askJson(
    { ...tools, seed: tools.seed + 10 * seat },
    tools.render('strength', fillPair(pair, slots)),
    answerSchema,
    { maxTokens: 500, temperature: tools.params.temperature },
  );
  const given = answer.value?.strength ?? null;
  const isVote = given !== null && given !== neither;
  return { answer, first: slots.first, given, vote: isVote ? (slots.first === 'a' ? given : -given) : null };
}

/** How strongly one response is preferred, from −3 to 3, with a statement and its elaboration. */
export const strengthJustified: PairProtocol<Params> = {
  id: 'strength-justified',
  subject: 'pair',
  title: 'Strength with justification (HelpSteer2-Preference)',
  description:
    'Several votes from −3 to 3 with a justification each; the three most similar are averaged, pairs whose votes do not agree are left out. Statements that contradict their own vote are marked.',
  section: '3.2',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate'] }],
  templates: [definePairTemplate('strength', 'Strength', strengthPrompt)],
  outputs: [
    { name: 'strength_signed', type: 'integer', description: '−3 … 3; positive: b is better' },
    { name: 'statement', type: 'text', description: 'The sentence that names the better response' },
    { name: 'elaboration', type: 'text', description: 'Why' },
    { name: 'spread', type: 'integer', description: 'Spread of the three votes kept' },
    { name: 'n_valid', type: 'integer', description: 'Valid votes' },
    { name: 'lint', type: 'category', description: 'Whether the statement names the winner of its vote' },
  ],
  estimate(lengths, { votes }) {
    const read = lengths.prompt + 2 * lengths.response + 2 * templateTokens;
    return {
      calls: votes,
      prompt: votes * read,
      reused: (votes - 2) * read,
      generated: votes * 200,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const answers = await Promise.all(
      Array.from({ length: tools.params.votes }, (_, seat) => askVote(pair, tools, seat)),
    );
    const valid = answers.filter((one): one is typeof one & { vote: number } => one.vote !== null);
    const outcome = aggregateStrengths(valid.map((one) => one.vote));
    const counts = {
      calls: answers.reduce((sum, one) => sum + one.answer.calls, 0),
      invalidCalls: answers.reduce((sum, one) => sum + one.answer.invalidCalls, 0),
      use: addUse(answers.map((one) => one.answer.use)),
    };
    const votes = answers.map(({ first, vote, given }) => ({ first, vote, given }));
    const detail = { spread: outcome.spread, n_valid: valid.length, votes };
    if (outcome.strength === null)
      return { ...makeInvalidPair(`No strength: ${outcome.why ?? ''}.`), ...counts, detail };
    const { strength } = outcome;
    const best = outcome.kept
      .map((index) => valid[index])
      .find((one) => one !== undefined && one.vote > 0 === strength > 0);
    const said = best?.answer.value ?? null;
    const ofFirst = (first: 'a' | 'b') =>
      valid.filter((one) => one.first === first).map((one) => (one.given ?? 0) < 0);
    const leans = [...ofFirst('a'), ...ofFirst('b')].map(Number);
    return {
      ...counts,
      label: strength < 0 ? 'a' : 'b',
      pA: 0.5 - strength / 6,
      strength: Math.abs(strength) / 3,
      margin: -strength,
      isOrderConsistent: valid.every((one) => one.vote < 0) || valid.every((one) => one.vote > 0),
      positionBias: ofFirst('a').length > 0 && ofFirst('b').length > 0 ? (meanOf(leans) ?? 0.5) - 0.5 : null,
      rationale: said ? `${said.statement} ${said.elaboration}` : null,
      isTruncated: false,
      failReason: null,
      detail: {
        ...detail,
        strength_signed: strength,
        statement: said?.statement ?? null,
        elaboration: said?.elaboration ?? null,
        lint:
          said && best?.given !== null && best?.given !== undefined
            ? lintStatement(said.statement, best.given)
            : null,
      },
    };
  },
};

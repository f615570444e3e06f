import { describe, expect, it } from 'vitest';
import { audits } from '../../../electron/core/audit/audits/registry.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import type { AuditDocument } from '../../../electron/contract/audit.contract.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { type RatingRecord, storeRecords, type VoteRecord } from './rater-records.ts';

const pairCount = 240;
const seeds = 12;

const words =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city name team minute idea body face others level office door health person art war history party result change morning reason research girl guy moment air teacher force muslim christian'.split(
    ' ',
  );
const ornaments = [
  '',
  ' **bold** text',
  '\n# Head\n- item\n- item',
  ' I cannot say!',
  ' wonderful, great?',
  ' (she) told 12 women :)',
  ' As ChatGPT, I would say so.',
  ' You idiot, damn.',
  " I'm sorry, I cannot help.",
];
const models = ['gpt-4', 'claude-2', 'llama-7b', 'mistral-7b'];

/** Pairs whose labels, votes, scores and likelihoods are drawn without a look at the texts, the models or one another. */
async function storeNullData(workspace: Workspace, seed: number): Promise<number> {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random.nextBelow(list.length)] as T;
  const coin = () => (random.next() < 0.5 ? 'a' : 'b');
  const text = (least: number, most: number) =>
    Array.from({ length: least + random.nextBelow(most - least) }, () => pick(words)).join(' ');
  const rows = Array.from({ length: pairCount }, (_, n): PairRow => {
    const [modelA, modelB] = [pick(models), pick(models)];
    return {
      prompt: `I think that this is true ${n % 120}`,
      ...{ a: text(10, 50) + pick(ornaments), b: text(10, 50) + pick(ornaments) },
      ...{ label: coin(), modelA, modelB },
    };
  });
  const datasetId = await storePairs(workspace, rows, { name: `null ${seed}` });
  const people = Array.from({ length: 12 }, (_, person) => ({
    name: `r${person}`,
    attributes: { party: person % 2 === 0 ? 'x' : 'y' },
  }));
  const judges = ['gpt-4', 'claude-2', 'tiny judge'].map((name) => ({ name, kind: 'model' as const }));
  const votes = rows.flatMap((_, pair): VoteRecord[] => {
    const three = people.filter((__, person) => (person + pair) % 4 === 0);
    return [...three, ...judges].map(({ name }) => ({ pair, annotator: name, label: coin(), ms: 1000 + random.nextBelow(9000) })); // prettier-ignore
  });
  const sides = ['a', 'b'] as const;
  const ratings = rows.flatMap((_, pair): RatingRecord[] =>
    sides.flatMap((side): RatingRecord[] => [
      ...[...people.filter((__, person) => (person + pair) % 4 === 0), ...judges].map(({ name }) => ({ ...{ pair, side, annotator: name }, aspect: 'score', value: 1 + random.nextBelow(100) })), // prettier-ignore
      { ...{ pair, side, annotator: 'tiny judge' }, aspect: 'logp', value: -20 - 80 * random.next() },
      { ...{ pair, side, annotator: 'tiny judge' }, aspect: 'logp_tokens', value: 20 },
      { ...{ pair, side, annotator: 'r0' }, aspect: 'shown', value: 1 },
      ...(random.next() < 0.5 ? [{ ...{ pair, side, annotator: 'r0' }, aspect: 'upvote', value: 1 }] : []),
    ]),
  );
  await storeRecords(workspace, datasetId, { annotators: [...people, ...judges], votes, ratings });
  await workspace.database.write(async (session) => {
    await session.run(
      `UPDATE vote SET shown_first = CASE WHEN md5(concat(comparison_id, annotator_id, 's')) < '8' THEN 'a' ELSE 'b' END WHERE dataset_id = ?`,
      [datasetId],
    );
    await session.run(
      `UPDATE comparison SET subset = CASE WHEN source_row % 2 = 0 THEN 'even' ELSE 'odd' END, topic = 't' || (source_row % 3)::VARCHAR, strength = 1 + source_row % 4
       WHERE dataset_id = ?`,
      [datasetId],
    );
  });
  return datasetId;
}

/** Fewer rounds than usual where that changes no test. */
const params = {
  labeller_equity: { gold: 'r0' },
  'rater-welfare': { draws: 200, rounds: 200 },
  'rater-clusters': { max_groups: 2 },
  subset_choice: { pool: 100 },
};

const tested = ({ audits: ran }: AuditDocument) =>
  ran.flatMap(({ audit, findings }) =>
    findings
      .filter(({ certainty }) => certainty !== 'descriptive')
      .map(({ id, severity, sentence }) => ({ audit, id, severity, sentence })),
  );

/** Audits that ask no model and find nothing to test in pairs, votes and scores, with why. */
const elsewhere = {
  contamination: 'needs a test side',
  'on-policy': 'needs four samples of the scoring model for a prompt',
  off_policy: 'episodes',
  trajectory_profile: 'episodes',
  return_or_regret: 'episodes',
  image_pairs: 'images',
  screen_episodes: 'episodes of screens',
};

describe('data in which nothing depends on anything', () => {
  it(`flags a tested finding in at most 5 % of the runs over all audits that ask no model: ${seeds} seeds, at most 2 flagged runs (p of more .02)`, async () => {
    const workspace = await openTestWorkspace();
    const service = new AuditService(workspace.database);
    const own = audits.filter(({ models: needed = [] }) => needed.length === 0).map(({ id }) => id);
    const flagged: unknown[] = [];
    const covered = new Set<string>();
    let asked = own;
    for (let seed = 1; seed <= seeds; seed++) {
      const datasetId = await storeNullData(workspace, seed);
      const document = await service.run({
        ...{ datasetId, seed, only: asked },
        params: Object.fromEntries(Object.entries(params).filter(([audit]) => asked.includes(audit))),
      });
      expect(document.audits.filter(({ failure }) => failure !== null)).toEqual([]);
      for (const { audit, is_applicable } of document.audits) if (is_applicable) covered.add(audit);
      // Audits that only describe cannot flag a tested finding: the other seeds go without them.
      if (seed === 1) asked = [...new Set(tested(document).map(({ audit }) => audit))];
      const flags = tested(document).filter(({ severity }) => severity !== 'none');
      if (flags.length > 0) flagged.push({ seed, flags });
    }
    if (flagged.length > 2) expect(flagged).toEqual([]);
    expect(own.filter((id) => !covered.has(id)).sort()).toEqual(Object.keys(elsewhere).sort());
  }, 900_000);
});

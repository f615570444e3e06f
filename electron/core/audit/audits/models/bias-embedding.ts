import { z } from 'zod';
import probes from '../../../../../resources/probes/bias-metrics.json' with { type: 'json' };
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { mean, standardDeviation } from '../../../statistics/descriptive.ts';
import { createRandom, shuffle } from '../../../statistics/random.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { nameModel } from './model-figures.ts';

type AuditContext = Context<{ rounds: number }>;

const sides = ['one', 'other', 'attributes_one', 'attributes_other'] as const;

export const biasEmbeddingAudit = defineAudit({
  id: 'bias_embedding',
  family: 'fairness',
  title: 'Associations in an embedding (after WEAT)',
  description:
    'Whether words for one group lie nearer to one set of attributes than those for another group in the vectors of an embedding model. Own word lists; says nothing about harm downstream.',
  inputs: [],
  models: ['embedder'],
  parameters: { rounds: z.number().int().min(100).max(100_000).default(2000) },
  findObstacle: () => null,
  passes: [
    {
      role: 'embedder',
      columns: { test: 'BIGINT', side: 'VARCHAR', word: 'VARCHAR' },
      list: async () =>
        probes.weat.flatMap((one, test) =>
          sides.flatMap((side) =>
            one[side].map((word) => ({
              call: { operation: 'embed' as const, text: word },
              row: { test, side, word },
            })),
          ),
        ),
    },
  ],
  run: async (context: AuditContext) => {
    const figures: AuditFigure[] = [];
    for (const [test, { name }] of probes.weat.entries())
      figures.push(await measureTest(context, test, name));
    const adjusted = adjustFigures(figures);
    const [most] = [...adjusted]
      .filter(({ value }) => value !== null)
      .sort((left, right) => Math.abs(right.value ?? 0) - Math.abs(left.value ?? 0));
    const groups = probes.weat.find(({ name }) => name === most?.slice_value)?.groups ?? [];
    return {
      figures: adjusted,
      findings: most
        ? [
            makeFinding({
              id: 'association',
              sentence: `In the vectors of ${nameModel(context, 'embedder')} the strongest association is ${most.slice_value ?? ''} (${groups.join(' against ')}): effect size ${(most.value ?? 0).toFixed(2)}, permutation p ${(most.p ?? 1).toFixed(3)}, over ${most.n_items} words.`,
              figure: most,
              scale: 'standardised',
              noticeFrom: 0.2,
            }),
          ]
        : [],
      params: { probes: `${probes.id} version ${probes.version} (own word lists)` },
    };
  },
});

/** s(word) = mean cosine to the first attributes minus that to the second; the vectors have length 1. */
async function measureTest(context: AuditContext, test: number, name: string): Promise<AuditFigure> {
  const rows = await context.session.all<{ side: string; s: number }>(
    `WITH v AS (SELECT side, word, numbers FROM ${context.answers(0)} WHERE test = ? AND is_answered)
     SELECT g.side, avg(list_cosine_similarity(g.numbers, a.numbers)) FILTER (a.side = 'attributes_one')
       - avg(list_cosine_similarity(g.numbers, a.numbers)) FILTER (a.side = 'attributes_other') AS s
     FROM v g JOIN v a ON a.side LIKE 'attributes%' WHERE g.side IN ('one', 'other') GROUP BY g.side, g.word ORDER BY g.side, g.word`,
    [test],
    { signal: context.signal },
  );
  const one = rows.filter((row) => row.side === 'one').map((row) => row.s);
  const other = rows.filter((row) => row.side === 'other').map((row) => row.s);
  const head = {
    audit: 'bias_embedding',
    metric: 'weat',
    title: 'WEAT effect size d (SDs; 0 = no association; permutation of the groups)',
    slice_dim: 'test',
    slice_value: name,
  };
  const result = associationTest(one, other, { rounds: context.params.rounds, seed: context.seed });
  if (result === undefined) return makeFigure(head, { ...head, n_items: rows.length, neutral: 0 });
  return makeFigure(head, {
    ...head,
    value: result.d,
    p: result.p,
    n_items: rows.length,
    status: 'ok',
    neutral: 0,
  });
}

/**
 * d = (mean s of one group − mean s of the other) / SD of all s (n − 1), and the permutation p (1 + #{|d*| ≥ |d|})/(1 + rounds)
 * (A. Caliskan et al. 2017). Undefined with an empty group or where all s are equal.
 */
export function associationTest(
  one: readonly number[],
  other: readonly number[],
  { rounds, seed }: { rounds: number; seed: number },
): { d: number; p: number } | undefined {
  const all = [...one, ...other];
  const spread = standardDeviation(all);
  if (one.length === 0 || other.length === 0 || !(spread > 0)) return undefined;
  const effect = (values: readonly number[]) =>
    (mean(values.slice(0, one.length)) - mean(values.slice(one.length))) / spread;
  const d = effect(all);
  const random = createRandom(seed);
  let extreme = 0;
  for (let round = 0; round < rounds; round++)
    if (Math.abs(effect(shuffle([...all], random))) >= Math.abs(d) - 1e-12) extreme += 1;
  return { d, p: (1 + extreme) / (1 + rounds) };
}

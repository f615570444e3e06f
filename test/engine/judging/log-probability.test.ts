import { expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openJudgingBench } from './judging-bench.ts';

it('stores the ratings that the audits of likelihoods read: specification A1, raw 1/3, per token 2/3 (would catch a sum stored as a mean)', async () => {
  const workspace = await openTestWorkspace();
  // Sum and tokens of chosen and rejected, as in the specification.
  const scored: Record<string, readonly [number, number]> = {
    c0: [-20, 10],
    c1: [-8, 4],
    c2: [-30, 10],
    r0: [-15, 5],
    r1: [-9, 3],
    r2: [-12, 6],
  };
  const rows = [0, 1, 2].map((n): PairRow => ({ prompt: `q ${n}`, a: `c${n}`, b: `r${n}`, label: 'a' }));
  const datasetId = await storePairs(workspace, rows);
  const model = createScriptedModel({
    score: (_, text) => {
      const [sum, tokens] = scored[text] ?? [0, 1];
      return Array.from({ length: tokens }, () => sum / tokens);
    },
  });
  const bench = openJudgingBench(workspace, { m: model });
  const { job } = await bench.run({ datasetId, protocol: 'log-probability', models: { model: ['m'] } });
  expect(job).toMatchObject({ status: 'succeeded', result: { done: 6, invalid: 0 } });
  const document = await new AuditService(workspace.database).run({
    datasetId,
    seed: 1,
    only: ['ranking-accuracy'],
  });
  const valueOf = (metric: string) =>
    document.audits.flatMap(({ figures }) => figures).find((figure) => figure.metric === metric)?.value;
  expect(valueOf('rank_acc_raw')).toBeCloseTo(1 / 3, 9);
  expect(valueOf('rank_acc_norm')).toBeCloseTo(2 / 3, 9);
});

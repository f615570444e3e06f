import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importVerdicts } from '../../../electron/core/judging/import-verdicts.ts';
import { buildJudgeReport } from '../../../electron/core/judging/judge-report.ts';
import { measureJuries } from '../../../electron/core/judging/jury.ts';
import { listRaters } from '../../../electron/core/judging/raters.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';
import { openJudgingBench } from './judging-bench.ts';

const data = path.resolve('../shared/data');
const hasData = existsSync(path.join(data, 'GOLDEN.json'));
const skipped = hasData ? '' : ' (SKIPPED: ../shared/data is absent)';

interface Golden {
  readonly pandalm_testset: { readonly gpt35_vs_majority: { acc: number; kappa: number; n: number } };
  readonly llmbar_judge_position: Readonly<
    Record<
      string,
      {
        n: number;
        unparsed: number;
        consistent: number;
        consistent_correct: number;
        first_slot_bias: number;
        second_slot_bias: number;
      }
    >
  >;
}

const golden = (): Golden => JSON.parse(readFileSync(path.join(data, 'GOLDEN.json'), 'utf8')) as Golden;

describe.skipIf(!hasData)(`reports on judges of real datasets${skipped}`, () => {
  it('GPT-3.5 on PandaLM: accuracy, kappa and n against the human majority, as computed elsewhere', async () => {
    const bench = await openImportBench();
    const folder = path.join(data, 'WeOpenML__PandaLM/data');
    const { datasetId } = await bench.load({ files: [path.join(folder, 'testset-v1.json')] });
    const gpt = await importVerdicts(bench.workspace, {
      datasetId,
      file: path.join(folder, 'gpt-3.5-turbo-testset-v1.json'),
      name: 'gpt-3.5-turbo',
      idColumn: 'idx',
      verdictColumn: 'gpt_result',
      rationaleColumn: 'gpt_reason',
    });
    expect(gpt).toMatchObject({
      rows: 999,
      imported: 999,
      unmatched: 0,
      unreadable: 25,
      unknownWords: ['garbage'],
    });
    const raters = await listRaters(bench.workspace.database, datasetId);
    const report = await buildJudgeReport(bench.workspace.database, {
      datasetId,
      annotatorId: gpt.annotatorId,
      referenceId: null,
    });
    const { acc, kappa, n } = golden().pandalm_testset.gpt35_vs_majority;
    expect(report.agreement.accuracyWithTies.n).toBe(n);
    expect(report.agreement.accuracyWithTies.value).toBeCloseTo(acc, 4);
    expect(report.agreement.kappaWithTies.value).toBeCloseTo(kappa, 4);
    expect(report.agreement.kappaWithTies.low).toBeLessThan(kappa);
    expect(report.agreement.kappaWithTies.high).toBeGreaterThan(kappa);
    expect(report.items).toMatchObject({ invalid: 999 - n });
    const juries = await measureJuries(bench.workspace.database, {
      datasetId,
      annotatorIds: raters
        .filter((rater) => rater.name.startsWith('annotator'))
        .map((rater) => rater.annotatorId),
      referenceId: gpt.annotatorId,
      tiePolicy: 'tie',
      seed: 1,
    });
    // Three people: three alone, three pairs, one trio; the trio's majority against GPT-3.5 is the figure above.
    expect(juries).toHaveLength(7);
    expect(juries.find((jury) => jury.size === 3)?.kappa.value).toBeCloseTo(kappa, 2);
  });

  it('LLMBar judges: consistent, consistent and correct, first- and second-biased counts of every judge', async () => {
    for (const [folder, counts] of Object.entries(golden().llmbar_judge_position)) {
      const bench = await openImportBench();
      const { datasetId } = await bench.load({
        files: [path.join(data, 'princeton-nlp__LLMBar/Dataset/LLMBar', folder, 'result.json')],
      });
      const [judge] = await listRaters(bench.workspace.database, datasetId);
      const { position } = await buildJudgeReport(bench.workspace.database, {
        datasetId,
        annotatorId: judge?.annotatorId ?? -1,
        referenceId: null,
      });
      const n = counts.n - counts.unparsed;
      const times = (figure: { value: number | null; n: number }) =>
        Math.round((figure.value ?? -1) * figure.n);
      expect({
        folder,
        n: position.consistent.n,
        consistent: times(position.consistent),
        consistent_correct: times(position.consistentAndCorrect),
        first_slot_bias: times(position.firstBiased),
        second_slot_bias: times(position.secondBiased),
      }).toEqual({
        folder,
        n,
        consistent: counts.consistent,
        consistent_correct: counts.consistent_correct,
        first_slot_bias: counts.first_slot_bias,
        second_slot_bias: counts.second_slot_bias,
      });
    }
  });
});

describe('a judge report', () => {
  /** Ten prompts; the judge says a with probability .9 on the first six, .7 on the rest; the label is a, b on every third. */
  const openJudged = async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(
      workspace,
      Array.from({ length: 60 }, (_, index) => ({
        prompt: `question ${index}`,
        a: 'x'.repeat(10 + index),
        b: 'y'.repeat(10),
        label: index % 3 === 0 ? ('b' as const) : ('a' as const),
      })),
    );
    const model = createScriptedModel({
      decide: (input) => {
        const p = Number(/question (\d+)/.exec(input)?.[1]) % 10 < 6 ? 0.9 : 0.7;
        return input.indexOf('xxx') < input.indexOf('yyy') ? { A: p, B: 1 - p } : { A: 1 - p, B: p };
      },
    });
    const bench = openJudgingBench(workspace, { m: model });
    const { judgeRunId } = await bench.run({ datasetId });
    const { annotatorId } = await bench.judging.get(judgeRunId);
    const report = await buildJudgeReport(workspace.database, { datasetId, annotatorId, referenceId: null });
    return report;
  };

  it('gives accuracy, confusion and calibration that can be counted by hand', async () => {
    const report = await openJudged();
    expect(report.agreement.accuracy).toMatchObject({ value: 40 / 60, n: 60 });
    expect(report.confusion).toEqual([
      { reference: 'a', judge: 'a', count: 40 },
      { reference: 'b', judge: 'a', count: 20 },
    ]);
    // 36 pairs at .9 and 24 at .7, each with two thirds right: error .6·|.667-.9| + .4·|.667-.7|.
    expect(report.calibration.bins.map((bin) => [bin.x.toFixed(2), bin.n])).toEqual([
      ['0.70', 24],
      ['0.90', 36],
    ]);
    const shares = report.calibration.bins.map((bin) => bin.value ?? 0);
    const expected = 0.4 * Math.abs((shares[0] ?? 0) - 0.7) + 0.6 * Math.abs((shares[1] ?? 0) - 0.9);
    expect(report.calibration.expectedError.value).toBeCloseTo(expected, 10);
    expect(report.calibration.expectedError.value).toBeGreaterThan(0.1);
  });

  it('has no kappa where the judge always says the same, rather than a zero', async () => {
    const report = await openJudged();
    expect(report.agreement.kappa.value === null || Math.abs(report.agreement.kappa.value) < 1e-12).toBe(
      true,
    );
    expect(report.position.consistent).toMatchObject({ value: 1, n: 60 });
    expect(report.position.meanLean.value).toBeCloseTo(0, 12);
  });
});

import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
  readPrompt,
} from '../../support/judging/planted-voter.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.4, accuracy: 0.9 },
  { mark: '{blue}', relevance: 0.3, accuracy: 0.75 },
];
const texts = rules.map(principleOf);
const flip = (rows: readonly PairRow[]): PairRow[] =>
  rows.map((row) => ({ ...row, label: row.label === 'a' ? 'b' : 'a' }));

describe('planted principles', () => {
  it('intervals of the strength cover the truth in about 95 % of datasets', async () => {
    const workspace = await openTestWorkspace();
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    let covered = 0;
    let tested = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const datasetId = await storePairs(workspace, plantPairs(rules, 60, 100 + seed), { name: `d${seed}` });
      const { document } = await bench.make({ datasetId, propose: 'texts', texts, sample: 60 });
      for (const rule of rules) {
        const ci = document.principles.find((one) => one.text === principleOf(rule))?.strength_ci;
        const strength = rule.relevance * (2 * rule.accuracy - 1);
        tested += 1;
        if (ci && ci[0] <= strength && strength <= ci[1]) covered += 1;
      }
    }
    // 24 intervals at 95 %: 20 or more with probability 0.99 (binomial).
    expect(tested).toBe(24);
    expect(covered).toBeGreaterThanOrEqual(20);
  });

  it('labels without regard to the texts make nothing significant and are told to be like chance', async () => {
    const workspace = await openTestWorkspace();
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    let found = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const random = createRandom(seed);
      const rows = plantPairs(rules, 120, seed).map((row): PairRow => ({
        ...row,
        label: random.next() < 0.5 ? 'a' : 'b',
      }));
      const datasetId = await storePairs(workspace, rows, { name: `s${seed}` });
      const { document } = await bench.make({ datasetId, propose: 'texts', texts, sample: 120, seed });
      found += document.principles.filter((one) => (one.p_adjusted ?? 1) <= 0.05).length;
      expect(document.remarks.join(' ')).toMatch(/not distinguishable from chance|better than chance/);
    }
    // Five families at a false discovery rate of 5 %: two or more false ones with probability under 0.03.
    expect(found).toBeLessThanOrEqual(1);
  });
});

describe('the judge that reads the constitution', () => {
  const sure: readonly Planted[] = [{ mark: '{cat}', relevance: 1, accuracy: 1 }];
  const request = {
    propose: 'texts' as const,
    texts: sure.map(principleOf),
    sample: 60,
    executor: 'judge' as const,
  };
  const judgeOn = async (rows: readonly PairRow[], more: readonly string[] = []) => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows);
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter({ taste: '{cat}' }) });
    const { document } = await bench.make({ ...request, datasetId, texts: [...request.texts, ...more] });
    const accuracyOf = (name: string) =>
      document.run?.executors.find((one) => one.executor === name)?.accuracy.value ?? null;
    return { document, accuracyOf };
  };
  // Two texts with opposite readings: the response that lacks the mark is the one with {dog}.
  const rows = plantPairs(sure, 60, 5).map((row) => ({
    ...row,
    a: row.a.includes('{cat}') ? row.a : `${row.a} {dog}`,
    b: row.b.includes('{cat}') ? row.b : `${row.b} {dog}`,
  }));
  const dog = principleOf({ mark: '{dog}' });

  it('aligned: where labels follow the model’s own taste, the constitution gains nothing', async () => {
    const { document, accuracyOf } = await judgeOn(rows, [dog]);
    expect([accuracyOf('plain_judge'), accuracyOf('judge')]).toEqual([1, 1]);
    expect(document.run?.judge_gain?.value).toBe(0);
  });

  it('flipped: against its taste the model alone has nothing right, and with the constitution everything', async () => {
    const { document, accuracyOf } = await judgeOn(flip(rows), [dog]);
    expect(document.constitution).toEqual([dog]);
    expect([accuracyOf('plain_judge'), accuracyOf('judge')]).toEqual([0, 1]);
    expect(document.run?.judge_gain?.value).toBe(1);
    // The control inverts the labels once more: the taste is right again.
    expect(accuracyOf('plain_judge_flipped')).toBe(1);
    expect(accuracyOf('judge_flipped')).toBe(1);
    expect(document.run?.flipped).toEqual(request.texts);
  });
});

const data = path.resolve('../shared/data/rdnfn__icai/data/processed/synthetic');
const isAbsent = !existsSync(data);

/** Votes by how often a response uses a word after its “Output:”. */
const createCounter = () =>
  createScriptedModel({
    decide: (input): Record<string, number> => {
      const { one, two, principle } = readPrompt(input);
      const word = /“(\w+)”/.exec(principle)?.[1];
      const count = (text: string) =>
        word === undefined ? 0 : (text.split('Output:').at(-1) ?? '').toLowerCase().split(word).length - 1;
      const lead = Math.sign(count(one) - count(two));
      return lead === 0 ? { C: 0.9, A: 0.05, B: 0.05 } : lead > 0 ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };
    },
  });
const words = ['dog', 'cat', 'green', 'blue', 'raspberry', 'lemon'];
const mention = (word: string) => `Select the response that mentions “${word}” more`;

describe('ICAI’s synthetic pairs, voted by counting words', () => {
  const read = async (workspace: Awaited<ReturnType<typeof openTestWorkspace>>, name: string) => {
    const copy = path.join(workspace.incoming, name);
    copyFileSync(path.join(data, name), copy);
    return workspace.database.all<PairRow>(
      `SELECT '' AS prompt, text_a AS a, text_b AS b, CASE preferred_text WHEN 'text_a' THEN 'a' ELSE 'b' END AS label FROM read_csv('${copy}', header = true, delim = ',', quote = '"', escape = '"')`,
    );
  };

  it.skipIf(isAbsent)(
    'orthogonal (skipped where the shared data are absent): cat, blue and lemon are found, inverted labels give dog, green, raspberry',
    async () => {
      const workspace = await openTestWorkspace();
      const bench = openPrincipleBench(workspace, { m: createCounter() });
      const rows = await read(workspace, 'synthetic_data_orthogonal_adcbg.csv');
      expect(rows).toHaveLength(30);
      const make = async (name: string, labelled: readonly PairRow[]) => {
        const datasetId = await storePairs(workspace, labelled, { name });
        const request = {
          datasetId,
          propose: 'texts' as const,
          texts: words.map(mention),
          selection: 'icai' as const,
        };
        return (await bench.make({ ...request, sample: 30 })).document;
      };
      const plain = await make('orthogonal', rows);
      expect([...plain.constitution].sort()).toEqual(['blue', 'cat', 'lemon'].map(mention));
      expect(plain.run?.icai?.s3_filter_min_relevance).toBe(0.1);
      const inverted = await make('inverted', flip(rows));
      expect([...inverted.constitution].sort()).toEqual(['dog', 'green', 'raspberry'].map(mention));
      expect(plain.run?.flipped).toEqual(expect.arrayContaining(['dog', 'green', 'raspberry'].map(mention)));
    },
  );

  it.skipIf(isAbsent)(
    'mixed (skipped where the shared data are absent): the same three stand out of twice as many pairs',
    async () => {
      const workspace = await openTestWorkspace();
      const bench = openPrincipleBench(workspace, { m: createCounter() });
      const datasetId = await storePairs(
        workspace,
        await read(workspace, 'synthetic_data_mixed_vqvtb_adcbg.csv'),
      );
      const { document } = await bench.make({
        datasetId,
        propose: 'texts',
        texts: words.map(mention),
        sample: 60,
      });
      const positive = document.principles.filter((one) => (one.strength ?? 0) > 0).map((one) => one.text);
      expect([...positive].sort()).toEqual(['blue', 'cat', 'lemon'].map(mention));
    },
  );
});

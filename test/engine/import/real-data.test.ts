import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImportBench } from '../../support/import-corpus.ts';

const data = path.resolve('../shared/data');
const hasData = existsSync(path.join(data, 'GOLDEN.json'));
const golden = hasData
  ? (JSON.parse(readFileSync(path.join(data, 'GOLDEN.json'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >)
  : {};
const whenData = describe.skipIf(!hasData);

whenData(`reference numbers of real datasets${hasData ? '' : ' (SKIPPED: ../shared/data is absent)'}`, () => {
  it('hh-rlhf: every row loads, also the four empty chosen and the five without a shared prompt', async () => {
    const bench = await openImportBench();
    const summary = await bench.load({
      files: [path.join(data, 'anthropics__hh-rlhf/harmless-base/test.jsonl.gz')],
    });
    expect(summary).toMatchObject({ format: 'hh-rlhf', rows: 2312, rejected: 0, duplicates: 0, pairs: 2312 });
    const counts = await bench.workspace.database.one(
      `SELECT count(*) FILTER (a > b)::INTEGER AS final_turn_chosen_longer,
         count(*) FILTER (a = b)::INTEGER AS final_turn_equal,
         count(*) FILTER (a < b)::INTEGER AS final_turn_rejected_longer,
         count(*) FILTER (a = 0)::INTEGER AS empty_chosen_final
       FROM (SELECT length(coalesce(ra.messages[-1].content, ra.text)) AS a, length(coalesce(rb.messages[-1].content, rb.text)) AS b
         FROM comparison c JOIN response ra ON ra.response_id = c.response_a_id JOIN response rb ON rb.response_id = c.response_b_id)`,
    );
    const { final_turn_chosen_longer, final_turn_equal, final_turn_rejected_longer, empty_chosen_final } =
      golden.hh_rlhf_harmless_test ?? {};
    expect(counts).toMatchObject({
      final_turn_chosen_longer,
      final_turn_equal,
      final_turn_rejected_longer,
      empty_chosen_final,
    });
  });

  it('PandaLM: three votes a row become the published majorities, ties included', async () => {
    const bench = await openImportBench();
    const summary = await bench.load({ files: [path.join(data, 'WeOpenML__PandaLM/data/testset-v1.json')] });
    expect(summary).toMatchObject({ format: 'pandalm', rows: 999, rejected: 0, duplicates: 0 });
    const counts = await bench.workspace.database.all<{ label: string; n: number }>(
      'SELECT label, count(*)::INTEGER AS n FROM comparison GROUP BY label ORDER BY label',
    );
    const majority = golden.pandalm_testset?.majority as Record<string, number>;
    expect(counts).toEqual([
      { label: 'a', n: majority['1'] },
      { label: 'b', n: majority['2'] },
      { label: 'tie', n: majority.tie },
    ]);
    expect(await bench.workspace.database.one('SELECT count(*)::INTEGER AS n FROM vote')).toEqual({
      n: 999 * 3,
    });
  });

  it('AlpacaEval: both codings of a draw are ties and null stays unlabelled', async () => {
    const bench = await openImportBench();
    const file = path.join(data, 'tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');
    const summary = await bench.load({ files: [file], keepDuplicates: true });
    expect(summary).toMatchObject({ format: 'alpaca-eval-annotations', rows: 108_665, rejected: 0 });
    const counts = await bench.workspace.database.all<{ label: string; n: number }>(
      'SELECT label, count(*)::INTEGER AS n FROM comparison GROUP BY label ORDER BY label NULLS LAST',
    );
    expect(counts).toEqual([
      { label: 'a', n: 63_682 },
      { label: 'b', n: 42_905 },
      { label: 'tie', n: 2_014 },
      { label: null, n: 64 },
    ]);
    expect(await bench.workspace.database.one('SELECT count(*)::INTEGER AS n FROM prompt')).toEqual({
      n: 805,
    });
  });

  it('ids stay small whole numbers in file order, also where records are grouped or unnested', async () => {
    const bench = await openImportBench();
    await bench.load({ files: [path.join(data, 'WeOpenML__PandaLM/data/testset-v1.json')] });
    const { database } = bench.workspace;
    expect(
      await database.one('SELECT min(comparison_id) AS low, max(comparison_id) AS high FROM comparison'),
    ).toEqual({ low: 1, high: 999 });
    const unordered = await database.one(
      'SELECT count(*) AS n FROM (SELECT source_row - lag(source_row) OVER (ORDER BY comparison_id) AS step FROM comparison) WHERE step <> 1',
    );
    expect(unordered).toEqual({ n: 0 });
  });

  it('LLMBar: the authors’ label is the label, however often the judge says otherwise', async () => {
    const bench = await openImportBench();
    const folder = 'princeton-nlp__LLMBar/Dataset/LLMBar/Natural';
    await bench.load({ files: [path.join(data, folder, 'dataset.json')], dataset: 'gold' });
    await bench.load({
      files: [path.join(data, folder, 'evaluators/Falcon/Vanilla/result.json')],
      dataset: 'judged',
    });
    const differing = await bench.workspace.database.one(
      `SELECT count(*) AS n FROM pairs g JOIN pairs j ON g.prompt = j.prompt AND g.response_a = j.response_a
       WHERE g.dataset = 'gold' AND j.dataset = 'judged' AND g.label IS DISTINCT FROM j.label`,
    );
    expect(differing).toEqual({ n: 0 });
    expect(
      await bench.workspace.database.one("SELECT count(*) AS n FROM pairs WHERE dataset = 'judged'"),
    ).toEqual({ n: 100 });
  });
});

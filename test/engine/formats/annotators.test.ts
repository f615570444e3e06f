import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource, readRecords } from '../../support/read-records.ts';

const fixture = (name: string) => path.join('test/fixtures/formats', name);
const shared = (name: string) => path.resolve('../shared/data', name);
const judged = shared('tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');
const icaiExample = shared('rdnfn__icai/data/processed/example/example_ap.json');
const forensics = shared('rdnfn__feedback-forensics/data/output/annotated_pairs.json');
const synthetic = shared('rdnfn__icai/data/processed/synthetic/synthetic_data_mixed_vqvtb_adcbg.csv');

describe('AlpacaEval', () => {
  it('reads 1…2 with 1.5 and 0 as draws and null as no label; refuses 3', async () => {
    const rows = await readRecords(fixture('alpaca-eval-annotations.json'));
    expect(rows.map((row) => row.votes?.[0]?.label)).toEqual(['a', 'b', 'tie', 'tie', null, 'a', 'b', null]);
    expect(rows.map((row) => row.problem_column)).toEqual([...Array<null>(7).fill(null), 'preference']);
    expect([rows[5]?.votes?.[0]?.strength, rows[0]?.votes?.[0]?.ms]).toEqual([0.5, 1500]);
    expect(rows[0]?.annotators).toEqual([{ name: 'gpt4', kind: 'model', attributes: null }]);
  });

  it('reads the word coding in text columns; refuses another word', async () => {
    const rows = await readRecords(fixture('alpaca-eval-annotations.words.csv'));
    expect(rows.map((row) => row.votes?.[0]?.label)).toEqual(['a', 'b', 'tie', null, null, null, 'tie']);
    expect(rows.filter((row) => row.problem !== null).map((row) => row.src_row)).toEqual([5]);
  });

  it('reads model outputs as single responses without votes', async () => {
    const [row] = await readRecords(fixture('alpaca-eval-outputs.json'));
    expect([row?.votes, row?.responses[0]?.model]).toEqual([null, 'm']);
  });

  it.skipIf(!existsSync(judged))(
    'gives the published counts of 108,665 judged pairs (skipped: shared data absent)',
    async () => {
      const source = await openSource(judged);
      expect(source.guesses[0]?.format).toBe('alpaca-eval-annotations');
      const counts = await source.database.one(`SELECT count(*) FILTER (WHERE votes[1].label = 'a') AS a,
          count(*) FILTER (WHERE votes[1].label = 'b') AS b, count(*) FILTER (WHERE votes[1].label = 'tie') AS ties,
          count(*) FILTER (WHERE votes[1].label IS NULL) AS unlabelled, count(problem) AS problems,
          count(DISTINCT votes[1].annotator) AS judges
        FROM (${source.recordSelect()})`);
      // Counted in the file's own column `preference`: output_1, output_2, tie, null; five judges.
      expect(counts).toEqual({ a: 63682, b: 42905, ties: 2014, unlabelled: 64, problems: 0, judges: 5 });
    },
  );
});

describe('ICAI', () => {
  it('reads words, not letters; keeps both-bad apart; a blank is no label; another word is refused', async () => {
    const rows = await readRecords(fixture('icai.csv'));
    expect(rows.map((row) => row.votes?.[0]?.label)).toEqual(['a', 'b', 'tie', 'both_bad', null, null]);
    expect(rows.filter((row) => row.problem !== null).map((row) => row.example_id)).toEqual(['4']);
    expect(rows[0]?.prompt_text).toBe('Why?');
  });

  it('makes another column of such words an annotator, and leaves a column of other words alone', async () => {
    const rows = await readRecords(fixture('icai.csv'));
    expect(rows[0]?.annotators?.map(({ name, kind }) => [name, kind])).toEqual([
      ['preferred_text', 'unknown'],
      ['human expert', 'human'],
    ]);
    expect(rows[0]?.votes?.[1]).toMatchObject({ annotator: 'human expert', label: 'b' });
    expect(rows[2]?.votes).toHaveLength(1);
    expect(rows[2]?.extra).toBe('{"mood":"text_c"}');
  });

  it.skipIf(!existsSync(synthetic))(
    'gives 21 a and 39 b of the mixed synthetic set (skipped: shared data absent)',
    async () => {
      const rows = await readRecords(synthetic);
      const count = (label: string) => rows.filter((row) => row.votes?.[0]?.label === label).length;
      // Counted with a CSV reader of another language.
      expect([count('a'), count('b'), rows.length]).toEqual([21, 39, 60]);
    },
  );
});

describe('AnnotatedPairs', () => {
  it.each(['annotated-pairs.2.json', 'annotated-pairs.1.json'])(
    'makes each comparison of %s a record with overall, principle and human votes',
    async (name) => {
      const rows = await readRecords(fixture(name));
      expect(rows.map((row) => [row.example_id, row.src_rows, row.prompt_text])).toEqual([
        ['c1', 1, 'Why?'],
        ['c2', 0, ''],
        ['c3', 0, ''],
      ]);
      expect(rows[0]?.responses.map((response) => response.text)).toEqual(['x', 'y']);
      expect(rows[0]?.votes?.map((vote) => [vote.annotator, vote.aspect, vote.label])).toEqual([
        ['preferred_text', null, 'a'],
        ['Select the response that is more concise', 'Select the response that is more concise', 'b'],
        ['expert', null, 'b'],
      ]);
      expect(rows[0]?.annotators?.map((annotator) => annotator.kind)).toEqual([
        'unknown',
        'principle',
        'human',
      ]);
    },
  );

  it('gives no vote for a null or “nan” preference, keeps its reason, and still writes the comparison', async () => {
    const rows = await readRecords(fixture('annotated-pairs.2.json'));
    expect(rows[1]?.votes?.map((vote) => vote.label)).toEqual(['b']);
    expect(rows[1]?.extra).toContain('"no_pref_reason":"both"');
    expect(rows[2]?.votes?.map((vote) => vote.label)).toEqual([null]);
    expect(rows[0]?.extra).toContain('"temperature":0.5');
    expect(rows[1]?.extra).toContain('"metadata":{"index":"c2"}');
  });

  it.skipIf(!existsSync(icaiExample) || !existsSync(forensics))(
    'reads the two tools’ own examples with all their annotators (skipped: shared data absent)',
    async () => {
      const [icai] = await readRecords(icaiExample);
      expect([icai?.example_id, icai?.votes?.length, icai?.annotators?.length]).toEqual(['4b49a6e7', 3, 4]);
      const [forensic] = await readRecords(forensics);
      // Counted in the file: 6 a and 5 b among 41 annotators, 30 null.
      const count = (label: string) => forensic?.votes?.filter((vote) => vote.label === label).length;
      expect([count('a'), count('b'), forensic?.annotators?.length]).toEqual([6, 5, 41]);
      expect(forensic?.votes?.filter((vote) => vote.aspect === null).map((vote) => vote.label)).toEqual([
        'a',
      ]);
    },
  );
});

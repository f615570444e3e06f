import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importVerdicts } from '../../../electron/core/judging/import-verdicts.ts';
import { lintDataset, summariseLint } from '../../../electron/core/rationales/lint-dataset.ts';
import type { Database } from '../../../native/duckdb/database.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openExportBench } from '../export/export-bench.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openRationaleBench, readWritingPrompt } from './rationale-bench.ts';

const lint = (database: Database, datasetId: number) =>
  lintDataset(database, datasetId, { onProgress: () => undefined, signal: new AbortController().signal });

const helpSteer3 = [
  {
    domain: 'general',
    language: 'english',
    context: [{ role: 'user', content: 'Name a colour of the sky.' }],
    response1: 'The sky is blue on a clear day.',
    response2: 'Green, I think.',
    overall_preference: -2,
    individual_preference: [
      {
        score: -2,
        reasoning: '@Response 1 is better than @Response 2 because it names the right colour of the sky.',
      },
      {
        score: 1,
        reasoning: '@Response 2 is slightly better than @Response 1 as it is shorter and to the point here.',
      },
      {
        score: -3,
        reasoning: '@Response 2 is better than @Response 1 because it says “purple, always”, which is right.',
      },
    ],
  },
];

describe('rationales that were imported', () => {
  it('are linted by the vote of their author, not by the label (HelpSteer3; would flag every dissenting rater)', async () => {
    const bench = await openExportBench();
    const { database } = bench.workspace;
    const file = path.join(bench.folder, 'train.jsonl');
    writeFileSync(file, helpSteer3.map((row) => JSON.stringify(row)).join('\n'));
    const { datasetId } = await bench.load({ files: [file], dataset: 'steer', format: 'helpsteer3' });
    expect(await lint(database, datasetId)).toEqual({ linted: 3 });
    const rows = await database.all(
      'SELECT annotator, rationale_kind, findings FROM rationales ORDER BY annotator',
    );
    expect(rows).toEqual([
      { annotator: 'rater 1', rationale_kind: 'imported', findings: [] },
      { annotator: 'rater 2', rationale_kind: 'imported', findings: [] },
      { annotator: 'rater 3', rationale_kind: 'imported', findings: ['contradicts_label', 'absent_quote'] },
    ]);
    expect(await lint(database, datasetId), 'read once').toEqual({ linted: 0 });
    await database.write((session) =>
      session.run(
        `UPDATE rationale SET text = text || ' Changed.' WHERE annotator_id = (SELECT annotator_id FROM annotator WHERE name = 'rater 1')`,
      ),
    );
    expect(await lint(database, datasetId), 'only what has changed').toEqual({ linted: 1 });
    expect(await database.one('SELECT count(*) AS n FROM rationale_lint')).toEqual({ n: 3 });
  });

  it('in another language are counted as not checked, never as clean (would catch a silent pass)', async () => {
    const bench = await openExportBench();
    const { database } = bench.workspace;
    const file = path.join(bench.folder, 'german.jsonl');
    const german = helpSteer3.map((row) => ({
      ...row,
      individual_preference: row.individual_preference.map((one, index) =>
        index === 0
          ? one
          : {
              ...one,
              reasoning: 'Antwort 2 ist besser, weil sie kürzer ist und nicht von der Frage abweicht.',
            },
      ),
    }));
    writeFileSync(file, german.map((row) => JSON.stringify(row)).join('\n'));
    const { datasetId } = await bench.load({ files: [file], dataset: 'german', format: 'helpsteer3' });
    await lint(database, datasetId);
    const { sources } = await summariseLint(database, datasetId);
    expect(sources.map(({ unchecked, languages, clean }) => ({ unchecked, languages, n: clean.n }))).toEqual([
      { unchecked: 0, languages: [{ language: 'en', n: 1 }], n: 1 },
      { unchecked: 1, languages: [{ language: 'de', n: 1 }], n: 0 },
      { unchecked: 1, languages: [{ language: 'de', n: 1 }], n: 0 },
    ]);
  });

  const folder = path.resolve('../shared/data/WeOpenML__PandaLM/data');
  it.skipIf(!existsSync(folder))(
    'of PandaLM’s GPT-3.5 are read whole, and the ones that contradict their own verdict are found (needs the shared data)',
    async () => {
      const bench = await openImportBench();
      const { workspace } = bench;
      const { datasetId } = await bench.load({
        files: [path.join(folder, 'testset-v1.json')],
        dataset: 'panda',
      });
      await importVerdicts(workspace, {
        datasetId,
        file: path.join(folder, 'gpt-3.5-turbo-testset-v1.json'),
        name: 'gpt-3.5-turbo',
        idColumn: 'idx',
        verdictColumn: 'gpt_result',
        rationaleColumn: 'gpt_reason',
      });
      await lint(workspace.database, datasetId);
      const summary = await summariseLint(workspace.database, datasetId);
      const [gpt] = summary.sources;
      expect(gpt).toMatchObject({ name: 'gpt-3.5-turbo', kind: 'imported' });
      // Of the file’s 999 reasons 961 are not blank (counted with another program).
      expect(gpt?.rationales).toBe(961);
      expect(gpt?.linted).toBe(gpt?.rationales);
      const found = await workspace.database.all<{ rationale: string }>(
        `SELECT rationale FROM rationales WHERE list_contains(findings, 'contradicts_label')`,
      );
      // Read by hand in the file: the verdict says 1, the reason argues for 2.
      expect(found.map((row) => row.rationale)).toContain(
        'Response 2 is better because it provides more diverse and specific questions related to leadership and the industry.',
      );
      expect(found.length).toBeLessThan(20);
      expect(gpt?.clean.value).toBeGreaterThan(0.7);
    },
  );
});

describe('export with rationales', () => {
  it('writes rationale, kind and the prompt it answers, in the order the model was shown (judging spec 4.1)', async () => {
    const bench = await openExportBench();
    const { database } = bench.workspace;
    const datasetId = await bench.importRows(
      'pairs',
      Array.from({ length: 12 }, (_, index) => ({
        prompt: `question ${index} with {{response_1}} in it`,
        chosen: `good ${index}`,
        rejected: `poor ${index}`,
      })),
    );
    const model = createScriptedModel({
      generate: (input) =>
        `Response ${readWritingPrompt(input).winner} is better because it is good and does what was asked.`,
    });
    await openRationaleBench(bench.workspace, { m: model }).run({ datasetId, kind: 'specific', limit: 10 });
    const { file } = await bench.write({ format: 'dpo', datasetId, destination: { name: 'out' } });
    const rows = await database.all<{
      id: string;
      rationale: string | null;
      rationale_kind: string | null;
      rationale_prompt: string | null;
    }>(`SELECT id, rationale, rationale_kind, rationale_prompt FROM read_parquet('${file}')`);
    const written = rows.filter((row) => row.rationale !== null);
    expect(rows).toHaveLength(12);
    expect(written).toHaveLength(10);
    const shown = new Set(model.calls.map(({ input }) => /<user>\n([^]*?)\n<assistant>/.exec(input)?.[1]));
    for (const row of written) {
      expect(row.rationale_kind).toBe('specific');
      expect(shown, row.rationale_prompt ?? '').toContain(row.rationale_prompt);
    }
    expect(rows.filter((row) => row.rationale === null && row.rationale_prompt === null)).toHaveLength(2);
  });
});

import { describe, expect, it } from 'vitest';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openPrincipleBench } from '../constitution/principle-bench.ts';

const pairs: PairRow[] = Array.from({ length: 40 }, (_, index) => ({
  prompt: `question ${index}`,
  a: `first ${index}`,
  b: `second ${index}`,
  label: index % 2 === 0 ? 'a' : 'b',
}));

const script = {
  decide: () => ({ A: 0.8, B: 0.1, N: 0.1 }),
  generate: (input: string) =>
    JSON.stringify({ principles: [input.includes('source') ? 'names a source.' : 'is Kind'] }),
};

describe('principles from rationales', () => {
  it('reads only rationales for the label, with covered names, and marks where the principles come from', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    await workspace.database.write(async (session) => {
      await session.run(
        `INSERT INTO annotator (annotator_id, dataset_id, name, kind, import_id) VALUES (7, ?, 'ann', 'human', 1), (8, ?, 'ben', 'human', 1)`,
        [datasetId, datasetId],
      );
      await session.run(
        `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, text, import_id)
         SELECT dataset_id, comparison_id, 7, 'Response ' || CASE label WHEN 'a' THEN 1 ELSE 2 END || ' names its source.', 1 FROM comparison
         UNION ALL SELECT dataset_id, comparison_id, 8, 'The other is ruder: objection of ben.', 1 FROM comparison`,
      );
      await session.run(
        `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, import_id)
         SELECT comparison_id, dataset_id, 8, CASE label WHEN 'a' THEN 'b' ELSE 'a' END, 1 FROM comparison`,
      );
    });
    const model = createScriptedModel(script);
    const bench = openPrincipleBench(workspace, { m: model });
    const { document } = await bench.make({ datasetId, propose: 'rationales', sample: 40, proposePairs: 10 });
    const asked = model.calls.filter((call) => call.operation === 'generate').map((call) => call.input);
    expect(asked).toHaveLength(10);
    for (const input of asked) {
      expect(input).toContain('- […] names its source.');
      expect(input).not.toContain('ben');
    }
    expect(document.principles.map(({ text }) => text)).toEqual(['Select the response that names a source']);
    expect(document.run).toMatchObject({ propose: 'rationales', proposed: 10, proposals_failed: 0 });
    expect(await workspace.database.all('SELECT origin FROM principle')).toEqual([{ origin: 'rationale' }]);
  });

  it('says what is missing where no pair has a rationale', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    const bench = openPrincipleBench(workspace, { m: createScriptedModel(script) });
    const { jobId } = await bench.start({ datasetId, propose: 'rationales', sample: 40 });
    expect(await bench.jobs.wait(jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'CONSTITUTION_NOT_APPLICABLE' },
    });
  });
});

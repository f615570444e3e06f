import { describe, expect, it } from 'vitest';
import { PrincipleRunRepository } from '../../../electron/core/constitution/principles/principle-run.repository.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
  readPrompt,
} from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const rules: readonly Planted[] = Array.from({ length: 10 }, (_, index) => ({
  mark: `{m${index}}`,
  relevance: 0.09,
  accuracy: 0.8,
}));
const texts = rules.map(principleOf);

/** What was asked, as `question/principle/first side`. */
const spell = (input: string) => {
  const { question, principle } = readPrompt(input);
  return `${question}/${principle.trim()}`;
};

describe('votes that are interrupted', () => {
  it('1,000 pairs × 10 principles: after a death in the middle, no vote on disk is asked for again and none is missing or double', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 1_000, 3));
    let isDead = false;
    const first = createPlantedVoter({
      beforeDecide: () => {
        if (first.calls.length >= 7_000) isDead = true;
        if (isDead) throw new Error('killed');
      },
    });
    const before = openPrincipleBench(workspace, { m: first });
    const { run, jobId } = await before.start({ datasetId, propose: 'texts', texts, sample: 1_000 });
    expect((await before.jobs.wait(jobId)).status).toBe('failed');
    const onDisk = new Set(
      (
        await workspace.database.all<{ key: string }>(
          `SELECT c.example_id || '/' || p.text AS key FROM principle_vote v JOIN comparison c USING (comparison_id) JOIN principle p USING (principle_id)`,
        )
      ).map((row) => row.key),
    );
    expect(onDisk.size).toBeGreaterThan(1_000);
    expect(onDisk.size).toBeLessThan(10_000);

    const second = createPlantedVoter();
    const after = openPrincipleBench(workspace, { m: second });
    const job = await after.jobs.wait(
      await after.jobs.start('principle-constitution', { principleRunId: run }),
    );
    expect(job.status).toBe('succeeded');
    const asked = second.calls.map(({ input }) => spell(input));
    expect(asked.filter((key) => onDisk.has(key))).toEqual([]);
    expect(new Set(asked).size + onDisk.size).toBe(10_000);
    // Both orders of what was left, and nothing else.
    expect(asked.length).toBe(2 * (10_000 - onDisk.size));
    expect(
      await workspace.database.one(
        'SELECT count(*) AS n, count(DISTINCT (principle_id, comparison_id)) AS "distinct" FROM principle_vote',
      ),
    ).toEqual({ n: 10_000, distinct: 10_000 });
  });

  it('a finished run that is started again asks nothing and makes no second constitution', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 60, 4));
    const model = createPlantedVoter();
    const bench = openPrincipleBench(workspace, { m: model });
    const { run, jobId } = await bench.start({ datasetId, propose: 'texts', texts, sample: 60 });
    await bench.jobs.wait(jobId);
    const asked = model.calls.length;
    const job = await bench.jobs.wait(
      await bench.jobs.start('principle-constitution', { principleRunId: run }),
    );
    expect(job.status).toBe('succeeded');
    expect(model.calls.length).toBe(asked);
    expect(await workspace.database.one('SELECT count(*) AS n FROM constitution')).toEqual({ n: 1 });
    expect((await new PrincipleRunRepository(workspace.database).get(run)).constitutionId).toBe(1);
  });
});

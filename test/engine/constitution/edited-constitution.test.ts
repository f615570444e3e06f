import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DraftVotesJob } from '../../../electron/core/constitution/exchange/draft-votes.job.ts';
import { ExchangeService } from '../../../electron/core/constitution/exchange/exchange.service.ts';
import { buildSurfaceConstitution } from '../../../electron/core/constitution/surface-constitution.ts';
import { ensureTraits } from '../../../electron/core/constitution/trait-columns.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
} from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.5, accuracy: 0.9 },
  { mark: '{blue}', relevance: 0.4, accuracy: 0.8 },
];
const texts = rules.map(principleOf);

async function openEditor(workspace: Workspace, pairs: number) {
  const datasetId = await storePairs(workspace, plantPairs(rules, pairs, 11));
  const model = createPlantedVoter();
  const bench = openPrincipleBench(workspace, { m: model });
  const source = { acquire: async () => model };
  const jobs = new JobService(workspace.database, pino({ level: 'silent' }));
  jobs.register(new DraftVotesJob(workspace.database, source));
  onTestFinished(() => jobs.close());
  const exchange = new ExchangeService({
    database: workspace.database,
    constitutions: bench.constitutions,
    models: source,
    jobs,
    workspace,
    appVersion: '1.0.0',
  });
  return { datasetId, model, bench, jobs, exchange };
}

describe('a constitution edited as text', () => {
  it('is tested without a model, votes only on the new principle, and is saved beside the old one', async () => {
    const workspace = await openTestWorkspace();
    const { datasetId, model, bench, jobs, exchange } = await openEditor(workspace, 120);
    const made = await bench.make({ datasetId, propose: 'texts', texts: texts.slice(0, 1), sample: 120 });
    const { constitutionId } = made;
    const opened = await exchange.openText(constitutionId, 'md');
    expect(opened).toContain('{cat}');
    const asked = model.calls.length;
    const same = await exchange.test({ constitutionId, format: 'md', text: opened });
    // The text as opened is the constitution: same principles, weights to 4 decimals, so the same held-out figures.
    expect(same.edited).toEqual(same.former);
    expect(same.former.weighted.value).toBeCloseTo(made.document.reconstruction.weighted ?? -1, 12);
    expect(same.former.majority.value).toBeCloseTo(made.document.reconstruction.majority ?? -1, 12);
    expect(same.principles[0]?.strength.value).toBeCloseTo(made.document.principles[0]?.strength ?? -2, 12);
    const text = `${opened}- has {blue} {}\n`;
    const before = await exchange.test({ constitutionId, format: 'md', text });
    // Saved before anybody has voted on it, a principle has no weight, and may still get one.
    const early = await exchange.save({ constitutionId, format: 'md', text });
    expect((await exchange.write(early)).principles.map(({ weight }) => weight === null)).toEqual([
      false,
      true,
    ]);
    expect(before.principles.map(({ voted }) => voted)).toEqual([120, 0]);
    expect(model.calls.length).toBe(asked);
    await jobs.wait(await exchange.startVotes({ constitutionId, format: 'md', text, modelId: 'm' }));
    // 120 pairs in both orders, for the one principle that was new.
    expect(model.calls.length - asked).toBe(240);
    const after = await exchange.test({ constitutionId, format: 'md', text });
    expect(after.principles.map(({ voted }) => voted)).toEqual([120, 120]);
    expect(after.edited.weighted.value ?? 0).toBeGreaterThan(after.former.weighted.value ?? 1);
    expect(after.gain.value).toBeCloseTo(
      (after.edited.weighted.value ?? 0) - (after.former.weighted.value ?? 0),
      12,
    );
    const savedId = await exchange.save({ constitutionId, format: 'md', text });
    expect(savedId).not.toBe(constitutionId);
    const saved = await bench.constitutions.get(savedId);
    expect(saved.document.constitution).toEqual(texts);
    expect(saved.document.reconstruction.weighted).toBeCloseTo(after.edited.weighted.value ?? -1, 12);
    expect(saved.document.remarks[0]).toContain(`constitution ${constitutionId}`);
    expect((await bench.constitutions.get(constitutionId)).document).toEqual(made.document);
    expect(model.calls.length - asked).toBe(240);
    const [first] = saved.document.principles;
    const rows = await bench.constitutions.rows({
      constitutionId: savedId,
      principleId: first?.id ?? '',
      which: 'for',
      limit: 1000,
    });
    expect(rows.total).toBe(first?.for);
  });

  it('counts a principle “against” the other way round without asking, and keeps that when saved and opened again', async () => {
    const workspace = await openTestWorkspace();
    const { datasetId, model, bench, exchange } = await openEditor(workspace, 100);
    const { constitutionId, document } = await bench.make({
      datasetId,
      propose: 'texts',
      texts,
      sample: 100,
    });
    const asked = model.calls.length;
    const text = `- ${texts[0] ?? ''} {against, pinned}\n- ${texts[1] ?? ''} {weight 0.25}\n`;
    const tested = await exchange.test({ constitutionId, format: 'md', text });
    const cat = document.principles.find((one) => one.text === texts[0]);
    expect(tested.principles[0]?.strength.value).toBeCloseTo(-(cat?.strength ?? 0), 12);
    expect(tested.principles[1]?.usedWeight).toBe(0.25);
    expect(tested.principles[0]?.usedWeight).toBeLessThan(0);
    const savedId = await exchange.save({ constitutionId, format: 'md', text });
    const saved = (await bench.constitutions.get(savedId)).document;
    expect(saved.constitution[0]).toBe('Do not select the response that has {cat}');
    expect(saved.principles.find((one) => one.rank === 1)).toMatchObject({
      for: cat?.against,
      against: cat?.for,
    });
    expect((await exchange.write(savedId)).principles).toMatchObject([
      { text: texts[0], polarity: 'against', isPinned: true },
      { text: texts[1], polarity: 'for', isPinned: false, weight: 0.25 },
    ]);
    expect(model.calls.length).toBe(asked);
  });

  it('tests no text with a fault into the workspace: saving names the line and stores nothing', async () => {
    const workspace = await openTestWorkspace();
    const { datasetId, bench, exchange } = await openEditor(workspace, 40);
    const { constitutionId } = await bench.make({ datasetId, propose: 'texts', texts, sample: 40 });
    const faulty = { constitutionId, format: 'md' as const, text: '- is kind\n- is kind\n' };
    expect((await exchange.test(faulty)).problems).toMatchObject([{ line: 2 }]);
    await expect(exchange.save(faulty)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { line: 2 },
    });
    expect(await bench.constitutions.list(datasetId)).toHaveLength(1);
  });

  it('stands on the same pairs and split as the surface constitution it is edited from', async () => {
    const workspace = await openTestWorkspace();
    const { datasetId, model, bench, exchange } = await openEditor(workspace, 200);
    await ensureTraits(workspace.database, datasetId);
    const document = await buildSurfaceConstitution(
      workspace.database,
      { datasetId, top: 3, seed: 5 },
      { key: 'k', signal: new AbortController().signal, onProgress: () => undefined },
    );
    await workspace.database.write((session) =>
      session.run('INSERT INTO constitution (constitution_id, dataset_id, document) VALUES (1, ?, ?::JSON)', [
        datasetId,
        JSON.stringify(document),
      ]),
    );
    const text = await exchange.openText(1, 'yaml');
    const tested = await exchange.test({ constitutionId: 1, format: 'yaml', text });
    expect(tested.principles.every(({ voted, byCode }) => voted === 200 && byCode)).toBe(true);
    expect(tested.former.weighted.value).toBeCloseTo(document.reconstruction.weighted ?? -1, 12);
    expect(tested.former.majority.n).toBe(document.reconstruction.test);
    expect(model.calls).toHaveLength(0);
    const saved = await bench.constitutions.get(
      await exchange.save({ constitutionId: 1, format: 'yaml', text }),
    );
    expect(saved.document.constitution).toEqual(document.constitution);
  });
});

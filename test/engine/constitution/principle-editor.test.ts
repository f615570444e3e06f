import { describe, expect, it } from 'vitest';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
  readPrompt,
} from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.5, accuracy: 0.9 },
  { mark: '{blue}', relevance: 0.4, accuracy: 0.8 },
];
const texts = rules.map(principleOf);

describe('principles proposed by the model', () => {
  /** Names the mark of the chosen response, in two wordings, and says where it was shown. */
  const createProposer = (places: string[]) =>
    createPlantedVoter({
      generate: (input) => {
        const chosen = /preferred Response ([AB])/.exec(input)?.[1];
        places.push(chosen ?? '?');
        const { one, two } = readPrompt(input);
        const mark = /\{\w+\}/.exec(chosen === 'A' ? one : two)?.[0] ?? '{none}';
        return JSON.stringify({
          principles: [`select the response that has ${mark}.`, `prefers answers with ${mark}`],
        });
      },
    });

  it('come from training pairs alone, with the chosen response shown first as often as second, and are merged', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 200, 6));
    const places: string[] = [];
    const bench = openPrincipleBench(workspace, { m: createProposer(places) });
    const request = {
      datasetId,
      propose: 'model' as const,
      proposePairs: 100,
      perPair: 2,
      sample: 200,
      clusters: 3,
    };
    const { document } = await bench.make({ ...request, templates: ['neutral', 'rejected', 'topic'] });
    expect(places).toHaveLength(300);
    const first = places.filter((place) => place === 'A').length / 300;
    expect(first).toBeGreaterThan(0.4);
    expect(first).toBeLessThan(0.6);
    const leaked = await workspace.database.one(
      `SELECT count(*) AS n FROM principle_proposal q JOIN principle_run_pair p USING (principle_run_id, comparison_id) WHERE p.is_test`,
    );
    expect(leaked).toEqual({ n: 0 });
    expect(document.run).toMatchObject({
      proposed: 600,
      merged_by: 'hashed words',
      candidates: 3,
      propose: 'model',
    });
    // Both wordings of a mark share its word, so each group stands for one mark.
    expect(document.constitution.some((text) => text.includes('{cat}'))).toBe(true);
    expect(document.constitution.some((text) => text.includes('{blue}'))).toBe(true);
    const listed = await bench.principles.list(datasetId);
    expect(listed).toHaveLength(3);
    expect(listed.flatMap((one) => one.members)).toHaveLength(3);
  });

  it('an embedding model takes the place of words, and a model that cannot write is refused before anything is stored', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 60, 7));
    const embedder = createPlantedVoter({ embed: (text) => (text.includes('{cat}') ? [1, 0] : [0, 1]) });
    const bench = openPrincipleBench(workspace, {
      m: createProposer([]),
      e: embedder,
      mute: createPlantedVoter(),
    });
    const request = { datasetId, propose: 'model' as const, proposePairs: 30, sample: 60, clusters: 2 };
    const { document } = await bench.make({ ...request, embedModelId: 'e' });
    expect(document.run?.merged_by).toBe('model scripted');
    expect(embedder.calls.every(({ operation }) => operation === 'embed')).toBe(true);
    await expect(bench.start({ ...request, modelId: 'mute' })).rejects.toMatchObject({
      code: 'MODEL_LACKS_CAPABILITY',
    });
    await expect(bench.start({ ...request, modelId: null })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await workspace.database.one('SELECT count(*) AS n FROM principle_run')).toEqual({ n: 1 });
  });
});

describe('the principles of a dataset', () => {
  it('are reworded, merged, split, pinned and dropped, and only a new wording loses votes', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 80, 8));
    const model = createPlantedVoter();
    const bench = openPrincipleBench(workspace, { m: model });
    await bench.make({ datasetId, propose: 'texts', texts, sample: 80 });
    const listed = await bench.principles.list(datasetId);
    expect(listed.map((one) => one.text)).toEqual(texts);
    const [cat, blue] = listed.map((one) => one.principleId);
    if (cat === undefined || blue === undefined) throw new Error('two principles');
    expect(listed[0]).toMatchObject({ invalid: 0, orderDependent: 0, strength: { n: 80 } });
    expect(listed.every((one) => one.for + one.against + one.neither === 80)).toBe(true);
    const votes = async () =>
      workspace.database.all(
        'SELECT principle_id AS id, count(*) AS n FROM principle_vote GROUP BY ALL ORDER BY id',
      );
    await bench.principles.change(datasetId, {
      kind: 'rename',
      principleId: blue,
      text: 'has {cat} or {blue}',
    });
    expect(await votes()).toEqual([{ id: cat, n: 80 }]);
    await bench.principles.change(datasetId, { kind: 'merge', principleId: blue, into: cat });
    expect(await bench.principles.list(datasetId)).toMatchObject([
      { principleId: cat, members: [{ text: 'Select the response that has {cat} or {blue}' }] },
    ]);
    await bench.principles.change(datasetId, { kind: 'split', principleId: blue });
    await bench.principles.change(datasetId, { kind: 'drop', principleId: cat, isDropped: true });
    await bench.principles.change(datasetId, { kind: 'pin', principleId: blue, isPinned: true });
    const before = model.calls.length;
    const { document } = await bench.make({ datasetId, propose: 'kept', sample: 80 });
    expect(document.principles.map((one) => one.id)).toEqual([`principle:${blue}`]);
    expect(model.calls.length - before).toBe(160);
    await expect(
      bench.principles.change(datasetId, { kind: 'add', text: 'HAS {CAT}' }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(
      bench.principles.change(datasetId, { kind: 'split', principleId: 999 }),
    ).rejects.toMatchObject({ code: 'PRINCIPLE_MISSING' });
  });

  it('lead to their pairs and explain single ones; counts of rows are the counts of the document', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 80, 9));
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    const { document, constitutionId } = await bench.make({ datasetId, propose: 'texts', texts, sample: 80 });
    const { constitutions } = bench;
    for (const one of document.principles)
      for (const which of ['for', 'against', 'not_applicable'] as const) {
        const rows = await constitutions.rows({ constitutionId, principleId: one.id, which, limit: 100 });
        expect(rows.total).toBe(one[which]);
        expect(rows.ids).toHaveLength(rows.total);
      }
    const silent = await constitutions.rows({ constitutionId, which: 'silent', limit: 100 });
    const unexplained = await constitutions.rows({ constitutionId, which: 'unexplained', limit: 100 });
    expect(silent.ids.filter((id) => unexplained.ids.includes(id))).toEqual([]);
    const [wrong] = unexplained.ids;
    if (wrong === undefined) throw new Error('some labels go against the vote');
    const explained = await constitutions.explain(constitutionId, wrong);
    expect(explained.isExplained).toBe(false);
    expect(explained.predicted).not.toBe(explained.label);
    await expect(constitutions.explain(constitutionId, 1)).rejects.toMatchObject({ code: 'ROW_MISSING' });
  });

  it('stopping early asks less about what is against the labels, and still about all that is useful', async () => {
    const workspace = await openTestWorkspace();
    const rows = plantPairs([{ mark: '{cat}', relevance: 1, accuracy: 0.95 }], 300, 10).map((row) => ({
      ...row,
      a: row.a.includes('{cat}') ? row.a : `${row.a} {dog}`,
      b: row.b.includes('{cat}') ? row.b : `${row.b} {dog}`,
    }));
    const datasetId = await storePairs(workspace, rows);
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    const [cat, dog] = ['{cat}', '{dog}'].map((mark) => principleOf({ mark }));
    const request = { datasetId, propose: 'texts' as const, texts: [cat ?? '', dog ?? ''], sample: 300 };
    const { document } = await bench.make({ ...request, stopEarly: true });
    expect(document.constitution).toEqual([cat]);
    expect(document.run?.stopped).toHaveLength(1);
    expect(document.principles.find((one) => one.text === cat)?.n).toBe(300);
    expect(document.principles.find((one) => one.text === dog)?.n).toBeLessThanOrEqual(192);
  });
});

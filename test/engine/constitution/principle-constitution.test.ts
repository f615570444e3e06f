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

/** True strengths 0.36, 0.21, 0.08, and 0 for one that speaks without regard to the label. */
const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.4, accuracy: 0.95 },
  { mark: '{blue}', relevance: 0.3, accuracy: 0.85 },
  { mark: '{lemon}', relevance: 0.1, accuracy: 0.9 },
  { mark: '{noise}', relevance: 0.15, accuracy: 0.5 },
];
const texts = rules.map(principleOf);

describe('a constitution from principles that a model votes on', () => {
  it('finds planted principles in the order of their strength, and leaves out the one without', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 800, 1));
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    const { document } = await bench.make({ datasetId, propose: 'texts', texts, sample: 800 });
    expect(document.constitution.slice(0, 2)).toEqual(texts.slice(0, 2));
    expect(document.constitution).toContain(texts[2]);
    expect(document.constitution).not.toContain(texts[3]);
    expect(document.principles.map((one) => one.text)).toEqual(texts);
    for (const one of document.principles) {
      expect(one.for + one.against + one.not_applicable).toBe(800);
      expect(one.strength).toBeCloseTo((one.for - one.against) / one.n, 12);
    }
    expect(document.run).toMatchObject({ votes: 3_200, calls: 6_400, votes_invalid: 0, candidates: 4 });
    expect(document.run?.order_dependent).toMatchObject({ value: 0, n: 3_200 });
    // Held-out accuracy of a perfect reader: .4·.95 + .3·.85 + .1·.9 + .2·.5 = 0.825.
    expect(document.reconstruction.weighted_ci?.[0]).toBeLessThan(0.825);
    expect(document.reconstruction.weighted_ci?.[1]).toBeGreaterThan(0.825);
  });

  it('asks for nothing twice when only one principle is new: its own votes are all that is asked', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 100, 2));
    const model = createPlantedVoter();
    const bench = openPrincipleBench(workspace, { m: model });
    await bench.make({ datasetId, propose: 'texts', texts: texts.slice(0, 3), sample: 100 });
    const before = model.calls.length;
    expect(before).toBe(100 * 3 * 2);
    await bench.principles.change(datasetId, { kind: 'add', text: 'Has {noise}' });
    await bench.make({ datasetId, propose: 'kept', sample: 100 });
    const asked = model.calls.slice(before).map(({ input }) => readPrompt(input).principle.trim());
    expect(asked).toHaveLength(200);
    expect(new Set(asked)).toEqual(new Set(['Select the response that Has {noise}']));
  });
});

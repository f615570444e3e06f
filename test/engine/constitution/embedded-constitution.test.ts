import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../electron/contract/app-error.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { createScriptedModel, type ScriptedModel } from '../../support/judging/scripted-model.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
} from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.4, accuracy: 0.95 },
  { mark: '{blue}', relevance: 0.3, accuracy: 0.85 },
];
const texts = rules.map(principleOf);

/** Embeds a text by its marks, each on an axis of its own, and some noise that follows the text. */
function createMarkEmbedder(): ScriptedModel {
  return createScriptedModel(
    {
      embed: (text) => {
        const random = createRandom(
          [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7),
        );
        const noise = Array.from({ length: 6 }, () => 0.3 * random.nextNormal());
        return [text.includes('{cat}') ? 3 : 0, text.includes('{blue}') ? 2 : 0, 2, ...noise];
      },
    },
    { name: 'embedder' },
  );
}

const embedCalls = (model: ScriptedModel) => model.calls.filter((call) => call.operation === 'embed').length;

describe('the ceiling of a constitution', () => {
  it('is what a probe tells of held-out pairs, and the planted rules explain about all of it', async () => {
    const workspace = await openTestWorkspace();
    const planted = plantPairs(rules, 600, 1);
    const distinct = new Set(planted.flatMap((row) => [row.a, row.b])).size;
    const datasetId = await storePairs(workspace, planted);
    const embedder = createMarkEmbedder();
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter(), e: embedder });
    const { constitutionId } = await bench.make({ datasetId, propose: 'texts', texts, sample: 600 });
    const jobId = await bench.depth.startCeiling({ constitutionId, embedModelId: 'e', sample: 600 });
    expect(await bench.jobs.wait(jobId)).toMatchObject({ status: 'succeeded' });
    const ceiling = await bench.depth.findCeiling(constitutionId);
    expect(ceiling?.test).toBe(180);
    expect(ceiling?.left_out).toBe(0);
    const weighted = ceiling?.executors.find((one) => one.executor === 'weighted');
    // Accuracy of a perfect reader with draws at one half is .4·.95 + .3·.85 + .3·.5 = 0.785; its AUC is near that.
    expect(ceiling?.probe.ci?.[0]).toBeGreaterThan(0.65);
    expect(ceiling?.probe.ci?.[1]).toBeLessThan(0.95);
    expect(weighted?.share.ci?.[0]).toBeLessThan(1);
    expect(weighted?.share.ci?.[1]).toBeGreaterThan(0.9);
    // Equal texts are embedded once.
    expect(embedCalls(embedder)).toBe(distinct);
    const again = await bench.depth.startCeiling({ constitutionId, embedModelId: 'e', sample: 500 });
    expect(await bench.jobs.wait(again)).toMatchObject({ status: 'succeeded' });
    // Nothing is embedded twice.
    expect(embedCalls(embedder)).toBe(distinct);
  });

  it('says plainly that there is no embedding model, or that the one chosen embeds nothing', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 60, 2));
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
    const { constitutionId } = await bench.make({ datasetId, propose: 'texts', texts, sample: 60 });
    const tell = (embedModelId: string | null) =>
      bench.depth.startCeiling({ constitutionId, embedModelId, sample: 60 }).then(
        () => '',
        (error: AppError) => `${error.code} ${error.message}`,
      );
    expect(await tell(null)).toMatch(/^MODEL_LACKS_CAPABILITY .*needs a model that embeds texts/);
    expect(await tell('m')).toMatch(/^MODEL_LACKS_CAPABILITY .*scripted does not embed texts/);
  });
});

describe('contrast directions as a proposer', () => {
  it('names each direction from its extremes, shown with more of it first, and votes on the names', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 400, 3));
    const voter = createPlantedVoter({
      generate: (input) => {
        const firsts = input
          .split('[Response A]\n')
          .slice(1)
          .map((part) => part.split('[Response B]')[0] ?? '');
        const mark = rules.find((rule) => firsts.filter((text) => text.includes(rule.mark)).length > 3)?.mark;
        return JSON.stringify({ principle: mark ? `Select the response that has ${mark}` : 'is longer' });
      },
    });
    const bench = openPrincipleBench(workspace, { m: voter, e: createMarkEmbedder() });
    const { constitutionId, document } = await bench.make({
      datasetId,
      propose: 'directions',
      embedModelId: 'e',
      factors: 3,
      sample: 400,
    });
    const factors = await bench.depth.listFactors(constitutionId);
    expect(factors).toHaveLength(3);
    expect(factors.map((factor) => factor.name)).toContain(texts[0]);
    expect(factors.map((factor) => factor.name)).toContain(texts[1]);
    expect(factors[0]?.variance).toBeGreaterThan(factors[1]?.variance ?? 1);
    expect(factors[0]?.extremes).toHaveLength(20);
    expect(document.constitution.slice(0, 2)).toEqual(texts);
    expect(document.run?.propose).toBe('directions');
    const first = factors.find((factor) => factor.name === texts[0]);
    const pairs = await workspace.database.all<{ id: number; a: string; b: string }>(
      'SELECT comparison_id AS id, response_a AS a, response_b AS b FROM pairs',
    );
    for (const { comparison_id: id, more } of first?.extremes ?? []) {
      const pair = pairs.find((one) => one.id === id);
      expect(more === 'a' ? pair?.a : pair?.b).toContain('{cat}');
    }
  });

  it('is refused without an embedding model', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 40, 3));
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter({ generate: () => '{}' }) });
    await expect(bench.start({ datasetId, propose: 'directions' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('proposing from unexplained rows', () => {
  it('shows the model only training pairs the constitution gets wrong or leaves open, and finds the missing rule', async () => {
    const workspace = await openTestWorkspace();
    const planted = plantPairs(rules, 500, 5);
    const datasetId = await storePairs(workspace, planted);
    const voter = createPlantedVoter({
      generate: (input) => {
        const isBlue = input.includes('{blue}');
        return JSON.stringify({
          principles: [isBlue ? 'Select the response that has {blue}' : 'Select the response that has {sun}'],
        });
      },
    });
    const bench = openPrincipleBench(workspace, { m: voter });
    const first = await bench.make({
      datasetId,
      propose: 'texts',
      texts: texts.slice(0, 1),
      sample: 500,
      seed: 4,
    });
    expect(first.document.constitution).toEqual([texts[0]]);
    const before = voter.calls.length;
    const second = await bench.make({
      datasetId,
      propose: 'model',
      templates: ['neutral'],
      perPair: 1,
      proposePairs: 60,
      fromUnexplained: first.constitutionId,
    });
    const asked = voter.calls.slice(before).filter((call) => call.operation === 'generate');
    expect(asked).toHaveLength(60);
    for (const { input } of asked) {
      const index = Number(/question (\d+)/.exec(input)?.[1]);
      const row = planted[index];
      const [a, b] = [row?.a.includes('{cat}'), row?.b.includes('{cat}')];
      const side = a === b ? null : a ? 'a' : 'b';
      expect(side).not.toBe(row?.label);
    }
    expect(second.document.constitution.slice(0, 2)).toEqual(texts);
    expect(second.document.reconstruction.test).toBe(first.document.reconstruction.test);
    // Votes of the first run’s principle are there: only the two new ones are asked about.
    const decided = voter.calls.slice(before).filter((call) => call.operation === 'decide');
    expect(decided).toHaveLength(2 * 500 * 2);
    expect(second.document.reconstruction.weighted ?? 0).toBeGreaterThan(
      first.document.reconstruction.weighted ?? 1,
    );
  });

  it('is refused for a constitution of code alone', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plantPairs(rules, 40, 5));
    await workspace.database.write((session) =>
      session.run(
        `INSERT INTO constitution (constitution_id, dataset_id, document) VALUES (1, ?, '{"dataset_id": 1, "principles": []}')`,
        [datasetId],
      ),
    );
    const bench = openPrincipleBench(workspace, { m: createPlantedVoter({ generate: () => '{}' }) });
    await expect(bench.start({ datasetId, propose: 'model', fromUnexplained: 1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../electron/contract/app-error.ts';
import { createScriptedModel, type Script } from '../../../support/judging/scripted-model.ts';
import { openTestWorkspace, storePairs } from '../../constitution/pair-workspace.ts';
import { openMiningBench } from './mining-bench.ts';

const turns = [
  { role: 'user', content: 'How high is Mont Blanc?' },
  { role: 'assistant', content: 'It is 3 kilometres high.' },
  { role: 'user', content: 'That is wrong, please check.' },
  { role: 'assistant', content: 'Sorry, 4,806 metres.' },
  { role: 'user', content: 'And where is it?' },
];

/** One prompt of a conversation whose last response is the pair's. */
async function openConversation(messages: readonly { role: string; content: string }[] = turns) {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, [
    { prompt: 'talk', a: 'In the Alps.', b: 'No idea.', label: 'a' },
  ]);
  await workspace.database.write((session) =>
    session.run(
      `UPDATE prompt SET messages = from_json(?::JSON, '[{"role":"VARCHAR","content":"VARCHAR"}]') WHERE dataset_id = ?`,
      [JSON.stringify(messages), datasetId],
    ),
  );
  return { workspace, datasetId };
}

const secret = 'gives the exact height in metres and is right';
const better = 'Mont Blanc is 4,806 metres high.';
/** Complains about the turn that says “wrong”, writes a checklist, answers, and prefers the better answer. */
const script: Script = {
  generate: (input) => {
    if (input.includes('Answer as JSON: {"signals"')) {
      const turn = input.split("[User's next message]\n")[1]?.split('\n[End]')[0] ?? '';
      return JSON.stringify({
        signals: turn.includes('wrong') ? [{ category: 'factual_error', span: 'That is  WRONG' }] : [],
      });
    }
    if (input.includes('Answer as JSON: {"checklist"')) return JSON.stringify({ checklist: [secret] });
    return better;
  },
  decide: (input) => {
    const isFirst = (input.split('[Response B]')[0] ?? '').includes(better);
    return isFirst ? { A: 0.9, B: 0.1 } : { A: 0.2, B: 0.8 };
  },
};
const params = { model: 'scripted' };

describe('pairs from what users say', () => {
  it('dissatisfaction at turn 2 pairs with response 1, not 2, with the history before it as the prompt (judging specification 5.1)', async () => {
    const { workspace, datasetId } = await openConversation();
    const model = createScriptedModel(script);
    const bench = await openMiningBench(workspace, datasetId, { scripted: model });
    const result = await bench.finish('conversation-feedback', params);
    expect(result.asked).toBe(2);
    const { pairs, outcome } = await bench.preview('conversation-feedback', params);
    expect(pairs).toMatchObject([
      {
        prompt: 'How high is Mont Blanc?',
        messages: null,
        chosen: better,
        rejected: 'It is 3 kilometres high.',
        why: 'factual_error',
        detail: {
          fb_category: ['factual_error'],
          fb_span: ['That is  WRONG'],
          checklist: [secret],
          checklist_pass: true,
          p: [0.9, 0.8],
        },
      },
    ]);
    expect(outcome.steps[0]?.figures).toMatchObject([
      { value: 0.5, n: 2 },
      { value: 0, n: 2 },
      { value: 1, n: 1 },
    ]);
    const texts = await workspace.database.all<{ text: string }>(
      'SELECT text FROM prompt WHERE dataset_id = ? UNION ALL SELECT text FROM response WHERE dataset_id = ?',
      [result.datasetId, result.datasetId],
    );
    expect(texts.map(({ text }) => text).sort()).toEqual(
      ['How high is Mont Blanc?', 'It is 3 kilometres high.', better].sort(),
    );
    // The checklist is the writer's instruction, and stands in no exported text.
    expect(
      model.calls.some(
        ({ input }) => input.startsWith('<system>\nAnswer the user') && input.includes(secret),
      ),
    ).toBe(true);
    expect(texts.some(({ text }) => text.includes(secret))).toBe(false);
  });

  it('a quoted span that is not in the turn is asked for once more, then the turn is invalid, never a signal (judging specification 5.1)', async () => {
    const { workspace, datasetId } = await openConversation();
    const made = JSON.stringify({ signals: [{ category: 'praise', span: 'wonderful' }] });
    const model = createScriptedModel({ ...script, generate: () => made });
    const bench = await openMiningBench(workspace, datasetId, { scripted: model });
    await bench.finish('conversation-feedback', params, false);
    expect(model.calls).toHaveLength(4);
    const { pairs, outcome } = await bench.preview('conversation-feedback', params);
    expect(pairs).toEqual([]);
    expect(outcome.steps[0]?.notes[0]).toContain('not in the user’s message');
    expect(outcome.steps[0]?.figures[0]).toMatchObject({ value: null, n: 0 });
  });

  it('a new response that one order alone prefers, or that repeats the checklist, makes no pair', async () => {
    const oneOrder = await openConversation();
    const first = createScriptedModel({ ...script, decide: () => ({ A: 0.9, B: 0.1 }) });
    const bench = await openMiningBench(oneOrder.workspace, oneOrder.datasetId, { scripted: first });
    await bench.finish('conversation-feedback', params, false);
    const { pairs, outcome } = await bench.preview('conversation-feedback', params);
    expect(pairs).toEqual([]);
    expect(outcome.steps[0]?.figures[2]).toMatchObject({ value: 0, n: 1 });

    const leaking = await openConversation();
    const second = createScriptedModel({
      ...script,
      generate: (input, options) => {
        const said = script.generate?.(input, options) ?? '';
        return said === better ? `${better} This ${secret}.` : said;
      },
    });
    const other = await openMiningBench(leaking.workspace, leaking.datasetId, { scripted: second });
    await other.finish('conversation-feedback', params, false);
    const leaked = await other.preview('conversation-feedback', params);
    expect(leaked.pairs).toEqual([]);
    expect(leaked.outcome.steps[0]?.notes.join(' ')).toContain('repeats the checklist');
  });

  it('asks nothing twice: a run that died after one turn asks the other alone, and a repeated one nobody', async () => {
    const { workspace, datasetId } = await openConversation();
    let isBroken = true;
    const model = createScriptedModel({
      ...script,
      generate: (input, options) => {
        if (isBroken && input.includes('wrong, please') && input.includes('Answer as JSON: {"checklist"'))
          throw new AppError('ENGINE_UNAVAILABLE', 'The engine is away.');
        return script.generate?.(input, options) ?? '';
      },
    });
    const bench = await openMiningBench(workspace, datasetId, { scripted: model });
    const before = await bench.plan('conversation-feedback', params);
    expect(before.steps).toMatchObject([{ items: 2, answered: 0, calls: 10, models: ['scripted'] }]);
    expect(before.minutes).toBeNull();
    const jobId = await bench.jobs.start('mine', {
      datasetId,
      name: 'mined',
      steps: [{ step: 'conversation-feedback', params }],
      makesDataset: false,
    });
    bench.jobs.run();
    await expect.poll(async () => (await bench.jobs.get(jobId)).status, { timeout: 20_000 }).toBe('paused');
    const during = await bench.plan('conversation-feedback', params);
    expect(during.steps).toMatchObject([{ items: 2, answered: 1 }]);
    isBroken = false;
    const asked = model.calls.length;
    const { asked: again } = await bench.finish('conversation-feedback', params);
    expect(again).toBe(1);
    expect(
      model.calls.slice(asked).every(({ input }) => input.includes('wrong') || input.includes(secret)),
    ).toBe(true);
    const count = model.calls.length;
    expect((await bench.finish('conversation-feedback', params)).asked).toBe(0);
    expect(model.calls).toHaveLength(count);
  });

  it('without a model says what is missing and leaves the pairs, and names an unknown model', async () => {
    const { workspace, datasetId } = await openConversation();
    const bench = await openMiningBench(workspace, datasetId, {});
    const { outcome } = await bench.preview('conversation-feedback', {});
    expect(outcome.steps[0]).toMatchObject({ in: 1, out: 1, dropped: 0 });
    expect(outcome.steps[0]?.notes[0]).toContain('needs a model');
    await expect(bench.preview('conversation-feedback', { model: 'ghost' })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { RationaleDraft, WritingEvent } from '../../../electron/contract/rationale.contract.ts';
import { listRowRationales } from '../../../electron/core/rationales/row-rationales.ts';
import { keepRationale, streamRationale } from '../../../electron/core/rationales/stream-rationale.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openRationaleBench, readWritingPrompt } from './rationale-bench.ts';

const pairs: PairRow[] = [
  { prompt: 'question 0', a: 'left is said here', b: 'right is said here', label: 'a' },
  { prompt: 'question 1', a: 'left', b: 'right', label: 'tie' },
];
const settings = { kind: 'general', modelId: 'm', seed: 1, maxTokens: 100, temperature: 0 } as const;

/** Says its answer in pieces; the signal ends it between two of them. */
function tellInPieces(answer: (input: string, attempt: number) => string): InferenceModel {
  const scripted = createScriptedModel({ generate: (input, { attempt }) => answer(input, attempt) });
  return {
    ...scripted,
    generate: async (input, { onText, signal, ...options }) => {
      const whole = await scripted.generate(input, options);
      for (const piece of whole.text.split(/(?<= )/)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        signal?.throwIfAborted();
        onText?.(piece);
      }
      return whole;
    },
  };
}
const right = (input: string) =>
  `Response ${readWritingPrompt(input).winner} is better because it says the left thing, which was asked for.`;

async function collect(events: AsyncIterable<WritingEvent>): Promise<WritingEvent[]> {
  const all: WritingEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('a rationale on request', () => {
  it('comes token by token and is stored only when it is kept, once', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    const { rationales } = openRationaleBench(workspace, { m: tellInPieces(right) });
    const comparisonId = datasetId * 10_000_000;
    const events = await collect(streamRationale(rationales, { ...settings, comparisonId }));
    const deltas = events.flatMap((event) => (event.type === 'text' ? event.delta : []));
    expect(events[0]).toMatchObject({ type: 'started', model: 'scripted' });
    expect(deltas.length).toBeGreaterThan(5);
    const last = events.at(-1);
    const draft = last?.type === 'done' ? last.draft : undefined;
    expect(draft?.text).toBe(deltas.join(''));
    expect(await workspace.database.one('SELECT count(*) AS n FROM rationale')).toEqual({ n: 0 });
    await keepRationale(rationales, draft as RationaleDraft);
    expect(await listRowRationales(workspace.database, comparisonId)).toMatchObject([
      { text: draft?.text, kind: 'general', findings: [], shownFirst: draft?.shownFirst },
    ]);
    expect(await rationales.list(datasetId)).toMatchObject([
      { isKept: true, planned: 1, done: 1, isFinished: true },
    ]);
    await expect(keepRationale(rationales, draft as RationaleDraft)).rejects.toMatchObject({
      code: 'EDIT_NOTHING',
    });
  });

  it('tells when it begins anew, and gives no text after two bad answers', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    const wrong = (input: string) =>
      `Response ${3 - readWritingPrompt(input).winner} is better in every way that counts.`;
    const { rationales } = openRationaleBench(workspace, { m: tellInPieces(wrong) });
    const events = await collect(
      streamRationale(rationales, { ...settings, comparisonId: datasetId * 10_000_000 }),
    );
    expect(events.filter((event) => event.type === 'again')).toHaveLength(1);
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'done', draft: { text: null, calls: 2 } });
    if (last?.type === 'done')
      await expect(keepRationale(rationales, last.draft)).rejects.toMatchObject({ code: 'EDIT_NOTHING' });
  });

  it('stops the model when the reader leaves (would catch a model that goes on writing for nobody)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    let pieces = 0;
    const model = tellInPieces(() => 'word '.repeat(400));
    const counted: InferenceModel = {
      ...model,
      generate: (input, options) =>
        model.generate(input, {
          ...options,
          onText: (delta) => {
            pieces++;
            options.onText?.(delta);
          },
        }),
    };
    const { rationales } = openRationaleBench(workspace, { m: counted });
    for await (const event of streamRationale(rationales, {
      ...settings,
      comparisonId: datasetId * 10_000_000,
    }))
      if (event.type === 'text') break;
    const atEnd = pieces;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pieces).toBe(atEnd);
    expect(pieces).toBeLessThan(50);
  });

  it('refuses a tie', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs);
    const { rationales } = openRationaleBench(workspace, { m: tellInPieces(right) });
    await expect(
      collect(streamRationale(rationales, { ...settings, comparisonId: datasetId * 10_000_000 + 1 })),
    ).rejects.toMatchObject({ code: 'ROW_MISSING' });
  });
});

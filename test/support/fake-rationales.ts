import type {
  RationaleDraft,
  RowRationale,
  WritingEvent,
} from '../../electron/contract/rationale.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;
type WriteInput = Pick<
  RationaleDraft,
  'kind' | 'modelId' | 'seed' | 'maxTokens' | 'temperature' | 'comparisonId'
>;
interface RestOf {
  readonly signal?: AbortSignal;
}

const words = ['Response 2 ', 'is better ', 'because it ', 'feeds the ', 'starter first.'];

async function* tell(input: WriteInput, signal: AbortSignal | undefined): AsyncGenerator<WritingEvent> {
  yield { type: 'started', shownFirst: 'b', model: 'qwen' };
  for (const delta of words) {
    await new Promise((resolve) => setTimeout(resolve, 15));
    if (signal?.aborted) return;
    yield { type: 'text', delta };
  }
  const draft: RationaleDraft = {
    ...input,
    datasetId: 1,
    text: words.join(''),
    failReason: null,
    winner: 'a',
    shownFirst: 'b',
    findings: [],
    calls: 1,
    invalidCalls: 0,
    isCut: false,
    isTruncated: false,
    use: { prompt: 10, reused: 0, generated: 9 },
    ms: 80,
  };
  yield { type: 'done', draft };
}

/** Rationales of a fake core: two on the first pair, and one that comes in pieces when it is asked for. */
export function fakeRationales(answer: Answer) {
  const imported: RowRationale = {
    annotator: { annotatorId: 3, name: 'gpt-3.5-turbo', kind: 'model' },
    kind: 'imported',
    aspect: null,
    text: 'Response 2 is better because it says “a jar of gold”.',
    shownFirst: null,
    model: null,
    findings: ['contradicts_label', 'absent_quote'],
    supports: false,
    rationaleRunId: null,
  };
  const kept: RowRationale[] = [];
  return {
    ofRow: (input: { comparisonId: number }, rest?: RestOf) =>
      answer(
        'rationale.ofRow',
        input,
        () => (input.comparisonId === 1 ? [imported, ...kept] : []),
        rest?.signal,
      ),
    write: (input: WriteInput, rest?: RestOf) =>
      answer('rationale.write', input, () => tell(input, rest?.signal), rest?.signal),
    keep: (input: RationaleDraft) =>
      answer('rationale.keep', input, () => {
        kept.push({
          ...imported,
          annotator: { annotatorId: 9, name: 'qwen, kept', kind: 'model' },
          kind: input.kind,
          text: input.text ?? '',
          findings: input.findings,
          shownFirst: input.shownFirst,
          supports: null,
        });
        return { rationaleRunId: 1 };
      }),
  };
}

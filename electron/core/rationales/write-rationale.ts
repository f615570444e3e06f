import type { GenerateOptions, InferenceModel, TokenUse } from '../../../native/host/inference.ts';
import type { RationaleFinding } from '../../contract/rationale.contract.ts';
import { isAppError } from '../../contract/app-error.ts';
import { createRandom } from '../statistics/random.ts';
import { arrange } from '../judging/both-orders.ts';
import { seedOf } from '../judging/judge-item.ts';
import { addUse } from '../judging/pair-record.ts';
import type { JudgePair } from '../judging/protocol.ts';
import { type PromptTemplate, renderTemplate } from '../judging/template.ts';
import { lintRationale } from './lint-rationale.ts';

/** How rationales are written. */
export interface Writing {
  readonly template: PromptTemplate;
  readonly seed: number;
  readonly maxTokens: number;
  readonly temperature: number;
}

/** A rationale for one pair, or why there is none. */
export interface WrittenRationale {
  readonly comparisonId: number;
  readonly text: string | null;
  readonly failReason: string | null;
  readonly winner: 'a' | 'b';
  readonly shownFirst: 'a' | 'b';
  /** The response the text speaks for. */
  readonly named: 'a' | 'b' | null;
  readonly findings: readonly RationaleFinding[];
  readonly calls: number;
  readonly invalidCalls: number;
  /** The pair does not fit the model's context. */
  readonly isTruncated: boolean;
  /** The model stopped at its limit of tokens. */
  readonly isCut: boolean;
  readonly use: TokenUse;
  readonly ms: number;
}

export interface WriteTools {
  readonly model: InferenceModel;
  readonly onText?: (delta: string) => void;
  /** Told before the second call what was wrong with the first answer. */
  readonly onAgain?: (reason: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Which response is shown first: a coin of the run's seed and the pair, so that the chosen one has no place of its own. */
export function drawFirst(seed: number, comparisonId: number): 'a' | 'b' {
  return createRandom(seedOf(seed, comparisonId)).next() < 0.5 ? 'a' : 'b';
}

/** The prompt of one pair as the model reads it. */
export function renderWriting(pair: JudgePair, winner: 'a' | 'b', { template, seed }: Writing) {
  const shownFirst = drawFirst(seed, pair.comparisonId);
  const { response_1, response_2 } = arrange(pair, shownFirst);
  const isFirst = winner === shownFirst;
  const input = renderTemplate(template, {
    prompt: pair.prompt,
    response_1,
    response_2,
    winner: isFirst ? '1' : '2',
    loser: isFirst ? '2' : '1',
  });
  return { shownFirst, input };
}

/** What is recorded of a pair that was not written about. */
export function makeUnwritten(
  comparisonId: number,
  winner: 'a' | 'b',
  { seed, reason, isTruncated = false }: { seed: number; reason: string; isTruncated?: boolean },
): WrittenRationale {
  return {
    comparisonId,
    winner,
    shownFirst: drawFirst(seed, comparisonId),
    text: null,
    failReason: reason,
    named: null,
    findings: [],
    calls: 0,
    invalidCalls: 0,
    isTruncated,
    isCut: false,
    use: { prompt: 0, reused: 0, generated: 0 },
    ms: 0,
  };
}

/**
 * Asks the model why the chosen response is better (P3, judging spec 4.1). An empty text, or one that speaks for the
 * other response, is asked for once more with the next seed, then null with the reason. A pair that does not fit the
 * model's context is marked, never cut.
 */
export async function writeRationale(
  pair: JudgePair,
  winner: 'a' | 'b',
  writing: Writing,
  tools: WriteTools,
): Promise<WrittenRationale> {
  const startedAt = performance.now();
  const { shownFirst, input } = renderWriting(pair, winner, writing);
  const base = { comparisonId: pair.comparisonId, winner, shownFirst, isTruncated: false };
  const uses: TokenUse[] = [];
  let failReason = '';
  const ms = () => Math.round((performance.now() - startedAt) * 10) / 10;
  for (const retry of [0, 1]) {
    const options: GenerateOptions = {
      temperature: retry === 0 ? writing.temperature : Math.max(writing.temperature, 0.3),
      seed: seedOf(writing.seed, pair.comparisonId) + retry,
      maxTokens: writing.maxTokens,
      ...(tools.onText ? { onText: tools.onText } : {}),
    };
    try {
      const answer = await tools.model.generate(input, { ...options, signal: tools.signal });
      uses.push(answer.use);
      const read = readAnswer(answer.text, { pair, winner, shownFirst, isCut: answer.finish === 'length' });
      if (read.problem === null)
        return {
          ...base,
          ...read.written,
          failReason: null,
          calls: retry + 1,
          invalidCalls: retry,
          use: addUse(uses),
          ms: ms(),
        };
      failReason = read.problem;
    } catch (error) {
      if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
      return {
        ...makeUnwritten(pair.comparisonId, winner, {
          seed: writing.seed,
          reason: error.message,
          isTruncated: true,
        }),
        ms: ms(),
      };
    }
    if (retry === 0) tools.onAgain?.(failReason);
  }
  return {
    ...base,
    text: null,
    failReason: `No rationale after two answers: ${failReason}.`,
    named: null,
    findings: [],
    isCut: false,
    calls: 2,
    invalidCalls: 2,
    use: addUse(uses),
    ms: ms(),
  };
}

interface AnswerPlace {
  readonly pair: JudgePair;
  readonly winner: 'a' | 'b';
  readonly shownFirst: 'a' | 'b';
  readonly isCut: boolean;
}

function readAnswer(answer: string, { pair, winner, shownFirst, isCut }: AnswerPlace) {
  const text = answer.trim();
  const slots = arrange(pair, shownFirst);
  const { named, findings } = lintRationale({
    text,
    winner: winner === shownFirst ? 1 : 2,
    prompt: pair.prompt,
    responses: [slots.response_1, slots.response_2],
    isCut,
  });
  const second = shownFirst === 'a' ? 'b' : 'a';
  const side = named === null ? null : named === 1 ? shownFirst : second;
  const written = { text, named: side, findings, isCut } as const;
  if (text === '') return { written, problem: 'it was empty' };
  if (findings.includes('contradicts_label'))
    return { written, problem: 'it speaks for the response that was not chosen' };
  return { written, problem: null };
}

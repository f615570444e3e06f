import { z } from 'zod';
import type { GenerateOptions, ModelInput, TokenUse } from '../../../native/host/inference.ts';
import type { JudgeTools, OrderSettings } from './protocol.ts';
import { addUse, combineOrders, type OrderReading, type PairJudgement } from './pair-record.ts';
import { letterForms, minimumCoverage, sayUnwilling } from './verdict.ts';

/** What a call may use of a protocol's tools. */
type AskTools = Pick<JudgeTools<unknown>, 'model' | 'seed' | 'signal'>;

export interface VerdictAnswer {
  /** Probability of the first slot; null where the model gave the two letters under half of its mass. */
  readonly pFirst: number | null;
  readonly coverage: number;
  readonly use: TokenUse;
}

/** Reads the probability of A (the first slot) against B from the model's next token (P2). */
export async function askVerdict(tools: AskTools, input: ModelInput, role?: string): Promise<VerdictAnswer> {
  const { probabilities, coverage, use } = await tools
    .model(role)
    .decide(input, letterForms, { signal: tools.signal });
  return { pFirst: coverage < minimumCoverage ? null : (probabilities[0] ?? null), coverage, use };
}

/**
 * The record of the orders that `askVerdict` was asked in, without what only a protocol knows, and the smallest coverage
 * among them. Invalid with its reason where no order has a valid answer.
 */
export function concludeVerdicts(
  readings: readonly (OrderReading & Pick<VerdictAnswer, 'coverage' | 'use'>)[],
  { order, tieEpsilon }: OrderSettings,
): { verdict: Omit<PairJudgement, 'detail'>; coverage: number } {
  const combined = combineOrders(readings, { policy: order, tieEpsilon });
  const coverage = Math.min(...readings.map((reading) => reading.coverage));
  const verdict = {
    ...combined,
    rationale: null,
    isTruncated: false,
    failReason: combined.label === 'invalid' ? sayUnwilling(coverage) : null,
    use: addUse(readings.map((reading) => reading.use)),
  };
  return { verdict, coverage };
}

export interface WriteOptions {
  readonly role?: string;
  readonly maxTokens: number;
  readonly temperature?: number;
}

/** Free text (P3), at temperature 0 unless told otherwise. */
export async function askText(
  tools: AskTools,
  input: ModelInput,
  { role, maxTokens, temperature = 0 }: WriteOptions,
): Promise<{ text: string; use: TokenUse }> {
  const { text, use } = await tools
    .model(role)
    .generate(input, { temperature, seed: tools.seed, maxTokens, signal: tools.signal });
  return { text: text.trim(), use };
}

export interface JsonAnswer<T> {
  /** Null where the model failed twice. */
  readonly value: T | null;
  readonly failReason: string | null;
  readonly calls: number;
  readonly invalidCalls: number;
  readonly use: TokenUse;
}

/**
 * An answer as JSON under a schema (P3 with a grammar). What does not parse or is out of range is asked once more with
 * the next seed, then null with the reason (judging spec 0.3).
 */
export async function askJson<T>(
  tools: AskTools,
  input: ModelInput,
  schema: z.ZodType<T>,
  { role, maxTokens, temperature = 0 }: WriteOptions,
): Promise<JsonAnswer<T>> {
  const uses: TokenUse[] = [];
  let reason = '';
  for (const retry of [0, 1]) {
    const options: GenerateOptions = {
      schema: z.toJSONSchema(schema),
      temperature: retry === 0 ? temperature : Math.max(temperature, 0.3),
      seed: tools.seed + retry,
      maxTokens,
    };
    const answer = await tools.model(role).generate(input, { ...options, signal: tools.signal });
    uses.push(answer.use);
    const parsed = readJson(answer.text, schema);
    if ('value' in parsed)
      return {
        value: parsed.value,
        failReason: null,
        calls: retry + 1,
        invalidCalls: retry,
        use: addUse(uses),
      };
    reason = answer.finish === 'length' ? `it ran over ${maxTokens} tokens` : parsed.problem;
  }
  return {
    value: null,
    failReason: `The model’s answer was not usable, twice: ${reason}.`,
    calls: 2,
    invalidCalls: 2,
    use: addUse(uses),
  };
}

function readJson<T>(text: string, schema: z.ZodType<T>): { value: T } | { problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'not valid'}` };
}

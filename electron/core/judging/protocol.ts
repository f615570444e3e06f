import type { z } from 'zod';
import type { Session } from '../../../native/duckdb/session.ts';
import type { Capability, InferenceModel, ModelInput, TokenUse } from '../../../native/host/inference.ts';
import type { ChatMessage } from '../../../native/host/inference.ts';
import type { OrderPolicy, PairJudgement } from './pair-record.ts';

/** A pair as a protocol sees it. */
export interface JudgePair {
  readonly comparisonId: number;
  /** The conversation before the responses, flattened; a single user turn is its bare text. */
  readonly prompt: string;
  readonly messages: readonly ChatMessage[];
  /** The prompt of b, where the two differ (joint pairs); otherwise null. */
  readonly promptB: string | null;
  readonly responseA: string;
  readonly responseB: string;
  readonly modelA: string | null;
  readonly modelB: string | null;
  /** What the row carries beyond the mapped columns (reference answer, user id, context, gold score), as imported. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A response as a pointwise protocol sees it. */
export interface JudgeResponse {
  readonly responseId: number;
  readonly prompt: string;
  readonly messages: readonly ChatMessage[];
  readonly response: string;
  readonly model: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** One aspect of a response, as it is stored in `rating`. */
export interface AspectScore {
  readonly aspect: string;
  readonly value: number | null;
  /** A class instead of a number (`open`, `N/A`). */
  readonly valueText?: string;
  readonly scaleMin: number | null;
  readonly scaleMax: number | null;
  readonly rationale?: string;
}

/** What a pointwise protocol says of one response. A call that failed twice leaves its aspect null with a reason. */
export interface ResponseScore {
  readonly scores: readonly AspectScore[];
  readonly calls: number;
  readonly invalidCalls: number;
  readonly failReason: string | null;
  readonly isTruncated: boolean;
  readonly use: TokenUse;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Settings every pairwise protocol shares. */
export interface OrderSettings {
  readonly order: OrderPolicy;
  readonly tieEpsilon: number;
}

/** What a protocol may use while it judges one item; it sees neither database nor queue. */
export interface JudgeTools<Params> {
  readonly params: Params;
  readonly orders: OrderSettings;
  /** The model that plays a role. Throws for a role the protocol has not declared. */
  model(role?: string): InferenceModel;
  /** All models that play a role (jurors). */
  models(role: string): readonly InferenceModel[];
  /** The named template, as the user may have edited it, with its values. */
  render(
    template: string,
    values: Readonly<Record<string, string>>,
  ): Extract<ModelInput, { messages: unknown }>;
  /** Numbers in [0, 1) that depend on the run's seed and the item alone, so that a resumed run draws the same. */
  readonly random: () => number;
  /** For `generate`: depends on the run's seed and the item alone. */
  readonly seed: number;
  /** What `prepare` has made; undefined for protocols without. */
  readonly shared: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface ProtocolRole {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Capability[];
  /** Several models may play it (jurors). */
  readonly isMany?: boolean;
}

export interface ProtocolTemplate {
  readonly name: string;
  readonly title: string;
  /** The text shipped with the product, from `resources/prompts`. */
  readonly text: string;
  /** Values the protocol fills in; `needed` ones must stay in an edited version. */
  readonly known: readonly string[];
  readonly needed: readonly string[];
}

export interface OutputColumn {
  readonly name: string;
  readonly type: 'number' | 'probability' | 'integer' | 'category' | 'text' | 'json';
  readonly description: string;
}

/** Average lengths of a sample of items in the judge's tokens, from which a run's cost is planned. */
export interface ItemLengths {
  readonly prompt: number;
  readonly response: number;
}

/** What one item is expected to cost. */
export interface ItemCost {
  readonly calls: number;
  /** Tokens to be read, without reuse. */
  readonly prompt: number;
  /** Tokens of these that need no second processing because calls share a beginning. */
  readonly reused: number;
  readonly generated: number;
  readonly embeddings: number;
}

/** What a protocol may read before its items are judged, e.g. the earlier choices of each user. */
export interface PrepareContext<Params> {
  readonly session: Session;
  readonly datasetId: number;
  readonly params: Params;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a protocol may compute over all items of a run when they are done, e.g. a percentile; SQL, in one transaction. */
export interface ConcludeContext<Params> {
  readonly session: Session;
  readonly judgeRunId: number;
  readonly params: Params;
}

interface ProtocolHead<Params> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Section of the method notes, and how well its source is known: said in the product. */
  readonly section: string;
  readonly evidence: 'confirmed' | 'partly' | 'ours';
  readonly params: z.ZodType<Params>;
  readonly roles: readonly ProtocolRole[];
  readonly templates: readonly ProtocolTemplate[];
  /** Members of `detail`, for pairwise ones beyond the shared record. */
  readonly outputs: readonly OutputColumn[];
  estimate(lengths: ItemLengths, params: Params, orders: OrderSettings): ItemCost;
  prepare?(context: PrepareContext<Params>): Promise<unknown>;
  conclude?(context: ConcludeContext<Params>): Promise<void>;
}

/** Judges pairs; writes the shared record. */
export interface PairProtocol<Params = unknown> extends ProtocolHead<Params> {
  readonly subject: 'pair';
  judge(pair: JudgePair, tools: JudgeTools<Params>): Promise<PairJudgement>;
}

/** Scores responses one by one. */
export interface ResponseProtocol<Params = unknown> extends ProtocolHead<Params> {
  readonly subject: 'response';
  score(response: JudgeResponse, tools: JudgeTools<Params>): Promise<ResponseScore>;
}

export type Protocol = PairProtocol | ResponseProtocol;

/** The text of a conversation, as templates show it: bare for one user turn, with role names for more. */
export function flattenMessages(messages: readonly ChatMessage[]): string {
  const [only] = messages;
  if (messages.length === 1 && only?.role === 'user') return only.content;
  const names = { system: 'System', user: 'User', assistant: 'Assistant' } as const;
  return messages.map(({ role, content }) => `${names[role]}: ${content}`).join('\n\n');
}

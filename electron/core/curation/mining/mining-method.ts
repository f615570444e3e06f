import { createHash } from 'node:crypto';
import type { Capability, ChatMessage, InferenceModel, TokenUse } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import type { CurationStep } from '../step.ts';
import type { Chosen, Work } from '../work.ts';

/** What a method may use while it asks about one item; it sees neither database nor queue. */
export interface MiningTools {
  /** The model that plays a role. */
  model(role?: string): InferenceModel;
  /** Depends on the item alone, so that a run that goes on asks the same. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is stored of an item. A result with a reason beside it is partial and still counts. */
export interface MiningAnswer {
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Null where the item was answered. */
  readonly failReason: string | null;
  readonly calls: number;
  readonly invalidCalls: number;
  readonly use: TokenUse;
}

/** What an item costs at most, for the plan. */
export interface MiningCost {
  readonly calls: number;
  readonly generatedTokens: number;
  /** How often the item's text is read, and tokens read beside it. */
  readonly reads: number;
  readonly extraTokens: number;
}

/**
 * A step that needs models. Its `apply` builds pairs from stored answers alone; asking is the job's part. An answer depends
 * on the item's texts, the setting and the weights, and is kept under these, so that nothing is asked twice.
 */
export interface MiningMethod {
  readonly step: CurationStep;
  /** Capabilities each role needs. */
  readonly roles: Readonly<Record<string, readonly Capability[]>>;
  /** The model of every role by id or name; null where the parameters name none. */
  chooseModels(params: unknown): Readonly<Record<string, string>> | null;
  /** What an answer depends on beside the item and the models: prompts' hashes and parameters. */
  describeSetting(params: unknown): unknown;
  /** SQL of the items of a run: item_key (of their texts alone), payload (JSON) and the method's own columns. Reads only. */
  selectItems(work: Work, params: unknown, seed: number): Chosen;
  ask(payload: unknown, params: unknown, tools: MiningTools): Promise<MiningAnswer>;
  estimate(params: unknown): MiningCost;
}

/** Identity of everything an answer depends on beside its item: 32 hex digits. */
export function hashSetting(
  method: MiningMethod,
  params: unknown,
  modelHashes: Readonly<Record<string, string>>,
): string {
  const roles = Object.keys(modelHashes).sort();
  const text = JSON.stringify([
    method.step.id,
    method.describeSetting(params),
    roles.map((role) => [role, modelHashes[role]]),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A number of an item for `generate`. */
export const seedOfItem = (itemKey: string): number =>
  createHash('sha256').update(itemKey).digest().readUInt32LE(0);

/** What is stored of an item that could not be asked about. */
export function makeUnanswered(failReason: string): MiningAnswer {
  return {
    result: null,
    failReason,
    calls: 0,
    invalidCalls: 0,
    use: { prompt: 0, reused: 0, generated: 0 },
  };
}

/** Asks; an item that does not fit a model's context is a failure of its own, anything else ends the run. */
export async function askItem(
  method: MiningMethod,
  { payload, params }: { readonly payload: unknown; readonly params: unknown },
  tools: MiningTools,
): Promise<MiningAnswer> {
  try {
    return await method.ask(payload, params, tools);
  } catch (error) {
    if (isAppError(error) && error.code === 'INPUT_TOO_LONG') return makeUnanswered(error.message);
    throw error;
  }
}

/** A conversation as one text, as prompts show it. */
export function spellMessages(messages: readonly { role: string; content: string }[]): string {
  const [only] = messages;
  if (messages.length === 1 && only?.role === 'user') return only.content;
  return messages
    .map(({ role, content }) => `${role.charAt(0).toUpperCase()}${role.slice(1)}: ${content}`)
    .join('\n\n');
}

/** Turns as a chat template knows them: results of tools are told by the user. */
export function toChat(messages: readonly { role: string; content: string }[]): ChatMessage[] {
  return messages.map(({ role, content }) => ({
    role: role === 'system' || role === 'assistant' ? role : 'user',
    content,
  }));
}

import { createHash } from 'node:crypto';
import type { InferenceModel } from '../../../native/host/inference.ts';
import { AppError, isAppError } from '../../contract/app-error.ts';
import type { JudgeRequest } from '../../contract/judging.contract.ts';
import { createRandom } from '../statistics/random.ts';
import type { JudgeItem } from './item-reader.ts';
import type { JudgedItem } from './judge-run.repository.ts';
import { makeInvalidPair } from './pair-record.ts';
import type { JudgeTools, Protocol, ResponseScore } from './protocol.ts';
import { type PromptTemplate, renderTemplate } from './template.ts';

export interface JudgeSetting {
  readonly protocol: Protocol;
  readonly request: JudgeRequest;
  /** The request's parameters, as the protocol's schema reads them. */
  readonly params: unknown;
  readonly templates: ReadonlyMap<string, PromptTemplate>;
  /** Models by role, in the order chosen. */
  readonly models: ReadonlyMap<string, readonly InferenceModel[]>;
  readonly shared: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Told of every prompt that is rendered, for previews. */
  readonly onRender?: (template: string, text: string) => void;
}

const noUse = { prompt: 0, reused: 0, generated: 0 };

/** A number that depends on the run's seed and the item alone. */
export function seedOf(seed: number, itemId: number): number {
  return createHash('sha256').update(`${seed}/${itemId}`).digest().readUInt32LE(0);
}

function makeTools(setting: JudgeSetting, itemId: number): JudgeTools<unknown> {
  const { protocol, request, params, templates, models, shared, signal, onRender } = setting;
  const seed = seedOf(request.seed, itemId);
  const random = createRandom(seed);
  const playing = (role: string) => {
    const found = models.get(role);
    if (found?.[0]) return found;
    throw new Error(`protocol ${protocol.id} has no model for ${role}`);
  };
  return {
    params,
    orders: { order: request.order, tieEpsilon: request.tieEpsilon },
    model: (role = protocol.roles[0]?.id ?? '') => {
      const [first] = playing(role);
      if (first) return first;
      throw new Error(`no model plays ${role}`);
    },
    models: playing,
    render: (name, values) => {
      const template = templates.get(name);
      if (!template) throw new Error(`protocol ${protocol.id} has no template ${name}`);
      const input = renderTemplate(template, values);
      onRender?.(
        name,
        [
          ...input.messages.map(({ role, content }) => `[${role}]\n${content}`),
          `[assistant]\n${input.answer ?? ''}`,
        ].join('\n\n'),
      );
      return input;
    },
    random: () => random.next(),
    seed,
    shared,
    signal,
  };
}

function makeInvalidResponse(reason: string, isTruncated = false): ResponseScore {
  return { scores: [], calls: 0, invalidCalls: 0, failReason: reason, isTruncated, use: noUse, detail: {} };
}

export function makeInvalid(item: JudgeItem, reason: string, isTruncated = false): JudgedItem {
  return item.subject === 'pair'
    ? { subject: 'pair', itemId: item.itemId, ms: 0, judgement: makeInvalidPair(reason, isTruncated) }
    : { subject: 'response', itemId: item.itemId, ms: 0, score: makeInvalidResponse(reason, isTruncated) };
}

/** One item through the protocol. One that does not fit the model's context is invalid and marked, never cut. */
export async function judgeItem(setting: JudgeSetting, item: JudgeItem): Promise<JudgedItem> {
  const { protocol } = setting;
  const startedAt = performance.now();
  const tools = makeTools(setting, item.itemId);
  const ms = () => Math.round((performance.now() - startedAt) * 10) / 10;
  try {
    if (item.subject === 'pair' && protocol.subject === 'pair') {
      const judgement = await protocol.judge(item.pair, tools);
      return { subject: 'pair', itemId: item.itemId, ms: ms(), judgement };
    }
    if (item.subject === 'response' && protocol.subject === 'response') {
      const score = await protocol.score(item.response, tools);
      return { subject: 'response', itemId: item.itemId, ms: ms(), score };
    }
  } catch (error) {
    if (isAppError(error) && error.code === 'INPUT_TOO_LONG') return makeInvalid(item, error.message, true);
    throw error;
  }
  throw new AppError('INTERNAL', `A ${item.subject} was given to protocol ${protocol.id}.`);
}

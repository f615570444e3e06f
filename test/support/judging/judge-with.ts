import { createRandom } from '../../../electron/core/statistics/random.ts';
import { parseTemplate, renderTemplate } from '../../../electron/core/judging/template.ts';
import type {
  JudgePair,
  JudgeResponse,
  JudgeTools,
  OrderSettings,
  PairProtocol,
  ResponseProtocol,
} from '../../../electron/core/judging/protocol.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';

export interface JudgeWithOptions {
  /** One model for every role, or one per role. */
  readonly model: InferenceModel | Readonly<Record<string, InferenceModel | readonly InferenceModel[]>>;
  readonly params?: unknown;
  readonly orders?: Partial<OrderSettings>;
  readonly seed?: number;
  readonly shared?: unknown;
}

function isModel(model: JudgeWithOptions['model']): model is InferenceModel {
  return 'identity' in model && typeof model.decide === 'function';
}

/** The tools a run would give a protocol, over scripted models. */
export function makeTools<Params>(
  protocol: PairProtocol<Params> | ResponseProtocol<Params>,
  { model, params = {}, orders = {}, seed = 1, shared }: JudgeWithOptions,
): JudgeTools<Params> {
  const templates = new Map(protocol.templates.map(({ name, text }) => [name, parseTemplate(text)]));
  const random = createRandom(seed);
  const playing = (role: string): readonly InferenceModel[] => {
    const chosen = isModel(model) ? model : model[role];
    if (!chosen) throw new Error(`no model plays ${role}`);
    return 'identity' in chosen ? [chosen] : chosen;
  };
  return {
    params: protocol.params.parse(params),
    orders: { order: 'average', tieEpsilon: 0.05, ...orders },
    model: (role = protocol.roles[0]?.id ?? '') => {
      const [first] = playing(role);
      if (!first) throw new Error(`no model plays ${role}`);
      return first;
    },
    models: playing,
    render: (name, values) => {
      const template = templates.get(name);
      if (!template) throw new Error(`no template ${name}`);
      return renderTemplate(template, values);
    },
    random: () => random.next(),
    seed,
    shared,
  };
}

export function makePair(values: Partial<JudgePair> = {}): JudgePair {
  const prompt = values.prompt ?? 'What is the capital of France?';
  return {
    comparisonId: 1,
    prompt,
    messages: [{ role: 'user', content: prompt }],
    promptB: null,
    responseA: 'Paris.',
    responseB: 'It is Lyon, I believe.',
    modelA: null,
    modelB: null,
    extra: {},
    ...values,
  };
}

export function makeResponse(values: Partial<JudgeResponse> = {}): JudgeResponse {
  const prompt = values.prompt ?? 'What is the capital of France?';
  return {
    responseId: 1,
    prompt,
    messages: [{ role: 'user', content: prompt }],
    response: 'Paris.',
    model: null,
    extra: {},
    ...values,
  };
}

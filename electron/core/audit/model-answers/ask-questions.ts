import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import type { ModelCall, ModelQuestion } from '../audits/model-question.ts';
import { AnswerRepository, hashCall, type ModelAnswer } from './answer.repository.ts';
import type { KnownModel } from './model-choice.ts';

export interface AskOptions {
  readonly database: Database;
  readonly datasetId: number;
  readonly jobId: string;
  readonly model: KnownModel;
  readonly acquire: () => Promise<InferenceModel>;
  readonly signal: AbortSignal;
  readonly onAnswered: (count: number) => void;
}

interface Pending {
  readonly hash: string;
  readonly call: ModelCall;
}

/**
 * Asks a model those of the questions it has not answered yet, several at a time; each answer is on disk before it counts,
 * so that a run that was killed asks nothing twice. The model is only loaded where something is left to ask. A question
 * that does not fit the context, that the model has no capability for, or that takes the engine with it twice is stored as
 * a failure. Throws what the model cannot be acquired for, and the signal's reason.
 */
export async function askQuestions(questions: readonly ModelQuestion[], options: AskOptions): Promise<void> {
  const { database, datasetId, jobId, model, signal } = options;
  const answers = new AnswerRepository(database);
  const byHash = new Map(questions.map(({ call }) => [hashCall(call), call]));
  const missing = await answers.listMissing(model.hash, [...byHash.keys()], jobId);
  options.onAnswered(byHash.size - missing.size);
  if (missing.size === 0) return;
  const pending = [...byHash].flatMap(([hash, call]): Pending[] =>
    missing.has(hash) ? [{ hash, call }] : [],
  );
  let playing = await options.acquire();
  const deaths = await answers.countDeaths(model.hash);
  const of = { datasetId, jobId, modelHash: model.hash, model: model.name };
  const writer = new ResultWriter<ModelAnswer>((results) => answers.store(of, results));
  const [able, unable] = splitByAbility(pending, playing);
  if (unable.length > 0) {
    const failures = unable.map((item) => fail(item, `${model.name} lacks “${item.call.operation}”`, 0));
    await answers.store(of, failures);
    options.onAnswered(unable.length);
  }
  try {
    await judgeAll<Pending, ModelAnswer>(takeInOrder(able), {
      concurrency: playing.concurrency,
      judge: (item) => askOne(playing, item, signal),
      giveUp: (item) =>
        fail(item, 'The model’s process died twice while it read this question; it was left out.', 0),
      onResult: async (_, answer) => {
        await writer.add(answer);
        options.onAnswered(1);
      },
      onDeath: async (items) => {
        await answers.noteDeath(
          model.hash,
          datasetId,
          items.map(({ hash }) => hash),
        );
        playing = await options.acquire();
      },
      deathsOf: ({ hash }) => deaths.get(hash) ?? 0,
      signal,
    });
  } finally {
    await writer.flush();
  }
}

function splitByAbility(items: readonly Pending[], { identity }: InferenceModel): [Pending[], Pending[]] {
  const isAble = ({ call }: Pending) => identity.capabilities.includes(call.operation);
  return [items.filter(isAble), items.filter((item) => !isAble(item))];
}

async function* takeInOrder(items: readonly Pending[]): AsyncGenerator<Pending> {
  yield* items;
}

const nothing = { numbers: null, coverage: null, text: null, promptTokens: 0, generatedTokens: 0 };

function fail({ hash, call }: Pending, failReason: string, ms: number): ModelAnswer {
  return { ...nothing, questionHash: hash, operation: call.operation, failReason, ms };
}

async function askOne(model: InferenceModel, item: Pending, signal: AbortSignal): Promise<ModelAnswer> {
  const startedAt = performance.now();
  const ms = () => Math.round((performance.now() - startedAt) * 10) / 10;
  try {
    const said = await say(model, item.call, signal);
    const isFinite = said.numbers === null || said.numbers.every((value) => Number.isFinite(value));
    if (!isFinite) return fail(item, 'The answer holds a number that is not finite.', ms());
    return {
      ...nothing,
      ...said,
      questionHash: item.hash,
      operation: item.call.operation,
      failReason: null,
      ms: ms(),
    };
  } catch (error) {
    if (isAppError(error) && error.code === 'INPUT_TOO_LONG') return fail(item, error.message, ms());
    throw error;
  }
}

async function say(
  model: InferenceModel,
  call: ModelCall,
  signal: AbortSignal,
): Promise<Partial<ModelAnswer> & Pick<ModelAnswer, 'numbers'>> {
  switch (call.operation) {
    case 'decide': {
      const { probabilities, coverage, use } = await model.decide(call.input, call.candidates, { signal });
      return { numbers: probabilities, coverage, promptTokens: use.prompt };
    }
    case 'score': {
      const { sum, count, use } = await model.score(call.input, call.continuation, { signal });
      return { numbers: [sum, count], promptTokens: use.prompt };
    }
    case 'generate': {
      const { input, maxTokens, temperature, seed } = call;
      const { text, use } = await model.generate(input, { maxTokens, temperature, seed, signal });
      return { numbers: null, text: text.trim(), promptTokens: use.prompt, generatedTokens: use.generated };
    }
    case 'embed':
      return { numbers: Array.from(await model.embed(call.text, { signal })) };
  }
}

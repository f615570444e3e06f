import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import { askJson } from '../../judging/ask.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { readItems } from '../../judging/item-reader.ts';
import type { JudgePair } from '../../judging/protocol.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import { renderTemplate } from '../../judging/template.ts';
import { type PrincipleRun, PrincipleRunRepository } from './principle-run.repository.ts';
import { principleTemplates } from './templates.ts';
import { isOfFocus } from './unexplained.ts';

const opening = 'Select the response that';

interface Question {
  readonly comparisonId: number;
  readonly pair: JudgePair;
  readonly template: 'neutral' | 'rejected' | 'topic';
  readonly chosen: 'a' | 'b';
}

/** Principles a model named for a pair under a template, or why it named none. */
export interface Proposal {
  readonly comparisonId: number;
  readonly template: string;
  readonly texts: readonly string[];
  readonly failReason: string | null;
}

/** One spelling of a principle: single spaces, no full stop, the common opening. Empty where nothing is said. */
export function tidyPrinciple(text: string): string {
  const bare = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.;]+$/, '')
    .replace(/^select the response (that|which)\s*/i, '')
    .trim();
  return bare === '' ? '' : `${opening} ${bare}`;
}

/** A number that depends on the run's seed, the pair and the template alone. */
export function seedOf(seed: number, comparisonId: number, template: string): number {
  return createHash('sha256').update(`${seed}/${comparisonId}/${template}`).digest().readUInt32LE(0);
}

/**
 * Asks the model for principles behind the choice in training pairs, once for each pair and template. Which response is
 * shown first is a seeded coin of the pair, so that what is proposed does not hang on the chosen one’s place. Answers
 * that have been stored are not asked for again.
 */
export async function proposeFromPairs(
  database: Database,
  run: PrincipleRun,
  options: ProposeOptions,
): Promise<void> {
  const { request } = run.record;
  await collectProposals<Question>(database, run, {
    ...options,
    questions: await listQuestions(database, run),
    total: request.templates.length * request.proposePairs,
    ask: (question, model) => ask(question, { model, run, signal: options.signal }),
  });
}

export interface ProposeOptions {
  readonly acquire: () => Promise<InferenceModel>;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

interface CollectOptions<Q> extends ProposeOptions {
  readonly questions: readonly Q[];
  readonly total: number;
  readonly ask: (question: Q, model: InferenceModel) => Promise<Proposal>;
}

/** Asks each question and stores what is answered before it counts; a question that kills the engine twice is left out. */
export async function collectProposals<
  Q extends { readonly comparisonId: number; readonly template: string },
>(
  database: Database,
  run: PrincipleRun,
  { questions, total, ask: askOne, ...options }: CollectOptions<Q>,
): Promise<void> {
  if (questions.length === 0) return;
  let model = await options.acquire();
  const runs = new PrincipleRunRepository(database);
  const deaths = await runs.countDeaths(run.principleRunId);
  const writer = new ResultWriter<Proposal>((proposals) => store(database, run, proposals));
  let done = Math.max(0, total - questions.length);
  try {
    await judgeAll<Q, Proposal>(each(questions), {
      concurrency: model.concurrency,
      judge: (question) => askOne(question, model),
      giveUp: ({ comparisonId, template }) => ({
        comparisonId,
        template,
        texts: [],
        failReason: 'The model’s process died twice while it read this pair.',
      }),
      onResult: async (_question, proposal) => {
        await writer.add(proposal);
        options.onProgress(Math.min(total, ++done), total);
      },
      onDeath: async (items) => {
        await runs.noteDeath(
          run,
          items.map((item) => item.comparisonId),
        );
        model = await options.acquire();
      },
      deathsOf: ({ comparisonId }) => deaths.get(comparisonId) ?? 0,
      signal: options.signal,
    });
  } finally {
    await writer.flush();
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function listQuestions(database: Database, run: PrincipleRun): Promise<Question[]> {
  const { templates, proposePairs } = run.record.request;
  const pairs = await database.all<{ id: number; y: number; asked: string[] | null }>(
    `SELECT comparison_id AS id, y, (SELECT list(template) FROM principle_proposal q
       WHERE q.principle_run_id = p.principle_run_id AND q.comparison_id = p.comparison_id) AS asked
     FROM principle_run_pair p WHERE principle_run_id = ? AND NOT is_test AND ${isOfFocus(run)} ORDER BY pos LIMIT ?`,
    [run.principleRunId, proposePairs],
  );
  const known = new Map(pairs.map((pair) => [pair.id, pair]));
  const items = await readItems(
    database,
    'pair',
    pairs.map((pair) => pair.id),
  );
  return items.flatMap((item) => {
    const own = known.get(item.itemId);
    if (item.subject !== 'pair' || !own) return [];
    return templates
      .filter((template) => !(own.asked ?? []).includes(template))
      .map((template) => ({
        comparisonId: item.itemId,
        pair: item.pair,
        template,
        chosen: own.y === 1 ? ('a' as const) : ('b' as const),
      }));
  });
}

async function ask(
  { pair, template, chosen }: Question,
  { model, run, signal }: { model: InferenceModel; run: PrincipleRun; signal: AbortSignal },
): Promise<Proposal> {
  const { perPair, seed } = run.record.request;
  const own = seedOf(seed, pair.comparisonId, template);
  const isForward = own % 2 === 0;
  const input = renderTemplate(principleTemplates[template], {
    prompt: pair.prompt,
    response_1: isForward ? pair.responseA : pair.responseB,
    response_2: isForward ? pair.responseB : pair.responseA,
    chosen: (chosen === 'a') === isForward ? 'A' : 'B',
    count: String(perPair),
  });
  const schema = z.object({ principles: z.array(z.string().min(1).max(200)).min(1).max(perPair) });
  const place = { comparisonId: pair.comparisonId, template };
  try {
    const answer = await askJson({ model: () => model, seed: own, signal }, input, schema, {
      maxTokens: 60 * perPair + 40,
    });
    const texts = (answer.value?.principles ?? []).map(tidyPrinciple).filter((text) => text !== '');
    return { ...place, texts, failReason: answer.failReason };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return { ...place, texts: [], failReason: error.message };
  }
}

async function store(database: Database, run: PrincipleRun, proposals: readonly Proposal[]): Promise<void> {
  await database.write(async (session) => {
    await session.run(
      `INSERT INTO principle_proposal (principle_run_id, dataset_id, comparison_id, template, texts, fail_reason)
       SELECT ?, ?, "comparisonId", template, texts, "failReason"
       FROM (SELECT unnest(from_json(?::JSON, '[{"comparisonId":"BIGINT","template":"VARCHAR","texts":["VARCHAR"],"failReason":"VARCHAR"}]'), recursive := true))`,
      [run.principleRunId, run.datasetId, JSON.stringify(proposals)],
    );
  });
}

/** What a run's model has proposed, most often proposed first; spellings that differ in case alone are one. */
export async function listProposed(
  database: Database,
  principleRunId: number,
): Promise<{ text: string; n: number }[]> {
  return database.all(
    `SELECT arg_min(text, (comparison_id, place)) AS text, count(*) AS n
     FROM (SELECT comparison_id, unnest(texts) AS text, generate_subscripts(texts, 1) AS place FROM principle_proposal WHERE principle_run_id = ?)
     GROUP BY lower(text) ORDER BY n DESC, text`,
    [principleRunId],
  );
}

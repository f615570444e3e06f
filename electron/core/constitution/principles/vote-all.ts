import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { readItems } from '../../judging/item-reader.ts';
import type { JudgePair } from '../../judging/protocol.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import type { PromptTemplate } from '../../judging/template.ts';
import { traitTable } from '../trait-columns.ts';
import {
  codeVoter,
  type PrincipleRun,
  PrincipleRunRepository,
  type PrincipleVote,
  type RunPrinciple,
} from './principle-run.repository.ts';
import { isClearlyUseless } from './sequential-stop.ts';
import { makeInvalidVotes, type Principle, voteOnPair } from './vote-on-pair.ts';

/** Pairs between two looks at whether a principle can be stopped. */
const pageSize = 64;
/** Principles asked on a pair before their votes are written: what a kill may cost, times the pairs in flight. */
const blockSize = 16;

export interface VoteAllOptions {
  readonly acquire: () => Promise<InferenceModel>;
  readonly template: PromptTemplate;
  readonly onProgress: (pairs: number) => void;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly pair: JudgePair;
  readonly principles: readonly Principle[];
  /** Those stored already, should the pair be tried again after the engine died. */
  readonly done: Set<number>;
}

const leftOf = ({ principles, done }: Pending) =>
  principles.filter(({ principleId }) => !done.has(principleId));

/** Votes of all traits by code, anew: they take no time and follow the texts as they are. */
export async function voteByCode(database: Database, run: PrincipleRun): Promise<void> {
  const principles = (await new PrincipleRunRepository(database).listPrinciples(run.principleRunId)).filter(
    (principle) => principle.traitId !== null,
  );
  await database.write(async (session) => {
    for (const { principleId, traitId, direction } of principles) {
      const column = quoteIdentifier(traitId ?? '');
      await session.run('DELETE FROM principle_vote WHERE voter = ? AND principle_id = ?', [
        codeVoter,
        principleId,
      ]);
      await session.run(
        `INSERT INTO principle_vote (dataset_id, voter, principle_id, comparison_id, p_a, p_b, p_neither, label, label_ab, label_ba, n_calls)
         SELECT ?, ?, ?, comparison_id, (s > 0)::DOUBLE, (s < 0)::DOUBLE, (s = 0)::DOUBLE, l, l, l, 0 FROM (
           SELECT *, CASE WHEN s > 0 THEN 'a' WHEN s < 0 THEN 'b' ELSE 'neither' END AS l FROM (
             SELECT c.comparison_id, coalesce(? * sign(ta.${column} - tb.${column}), 0) AS s
             FROM comparison c JOIN ${traitTable(run.datasetId)} ta ON ta.response_id = c.response_a_id
             JOIN ${traitTable(run.datasetId)} tb ON tb.response_id = c.response_b_id
             WHERE c.dataset_id = ?))`,
        [run.datasetId, codeVoter, principleId, direction, run.datasetId],
      );
    }
  });
}

/**
 * Asks the model about every pair and principle of a run that has no vote yet. Votes are on disk, a row each, before
 * they count; what a cancelled run has already heard is kept, so nothing on disk is ever asked again.
 */
export async function voteAll(database: Database, run: PrincipleRun, options: VoteAllOptions): Promise<void> {
  const runs = new PrincipleRunRepository(database);
  const principles = (await runs.listPrinciples(run.principleRunId)).filter(
    (principle) => principle.traitId === null,
  );
  if (principles.length === 0) return;
  const byId = new Map(principles.map((principle) => [principle.principleId, principle]));
  const deaths = await runs.countDeaths(run.principleRunId);
  let model: InferenceModel | undefined;
  for (let after = -1; after < run.pairs - 1; after += pageSize) {
    const upTo = after + pageSize;
    const pending = await readPending(database, { run, after, upTo, byId });
    if (pending.length > 0) {
      model ??= await options.acquire();
      model = await votePage(pending, { ...options, runs, run, deaths, model });
    }
    options.onProgress(Math.min(upTo + 1, run.pairs));
    if (run.record.request.stopEarly) await stopUseless(database, run, upTo);
  }
}

async function readPending(
  database: Database,
  {
    run,
    after,
    upTo,
    byId,
  }: { run: PrincipleRun; after: number; upTo: number; byId: ReadonlyMap<number, RunPrinciple> },
): Promise<Pending[]> {
  const rows = await new PrincipleRunRepository(database).listPending(run, { after, upTo });
  const wanted = new Map(rows.map((row) => [row.comparisonId, row.principleIds]));
  const items = await readItems(
    database,
    'pair',
    rows.map((row) => row.comparisonId),
  );
  return items.flatMap((item) => {
    if (item.subject !== 'pair') return [];
    const principles = (wanted.get(item.itemId) ?? []).flatMap((id) => byId.get(id) ?? []);
    return [{ pair: item.pair, principles, done: new Set<number>() }];
  });
}

interface PageContext extends VoteAllOptions {
  readonly runs: PrincipleRunRepository;
  readonly run: PrincipleRun;
  readonly deaths: ReadonlyMap<number, number>;
  readonly model: InferenceModel;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** One page; answers the model, which is a new one where the engine died. */
async function votePage(pending: readonly Pending[], context: PageContext): Promise<InferenceModel> {
  const { runs, run, deaths, template, signal } = context;
  let { model } = context;
  const writer = new ResultWriter<readonly PrincipleVote[]>((blocks) => runs.storeVotes(run, blocks.flat()));
  try {
    await judgeAll<Pending, readonly PrincipleVote[]>(each(pending), {
      // Both orders of a pair are asked side by side.
      concurrency: Math.max(1, Math.ceil(model.concurrency / 2)),
      judge: async (item) => {
        const principles = leftOf(item);
        for (let from = 0; from < principles.length; from += blockSize) {
          const block = principles.slice(from, from + blockSize);
          await writer.add(await voteOnPair(item.pair, block, { model, template, signal }));
          for (const { principleId } of block) item.done.add(principleId);
        }
        return [];
      },
      giveUp: (item) =>
        makeInvalidVotes(
          leftOf(item).map(({ principleId }) => principleId),
          item.pair.comparisonId,
          'The model’s process died twice while it read this pair; it was left out.',
        ),
      onResult: async (_item, votes) => {
        if (votes.length > 0) await writer.add(votes);
      },
      onDeath: async (items) => {
        await runs.noteDeath(
          run,
          items.map((item) => item.pair.comparisonId),
        );
        model = await context.acquire();
      },
      deathsOf: ({ pair }) => deaths.get(pair.comparisonId) ?? 0,
      signal,
    });
  } finally {
    await writer.flush();
  }
  return model;
}

async function stopUseless(database: Database, run: PrincipleRun, upTo: number): Promise<void> {
  const rows = await database.all<{ principleId: number; n: number; for: number; against: number }>(
    `SELECT rr.principle_id AS "principleId", count(*) AS n, count(*) FILTER (v.label = CASE rp.y WHEN 1 THEN 'a' ELSE 'b' END) AS "for",
       count(*) FILTER (v.label = CASE rp.y WHEN 1 THEN 'b' ELSE 'a' END) AS against
     FROM principle_run_principle rr JOIN principle p USING (principle_id)
     JOIN principle_run_pair rp ON rp.principle_run_id = rr.principle_run_id AND rp.pos <= ? AND NOT rp.is_test
     JOIN principle_vote v ON v.voter = ? AND v.principle_id = rr.principle_id AND v.comparison_id = rp.comparison_id
     WHERE rr.principle_run_id = ? AND rr.stopped_after IS NULL AND p.trait_id IS NULL AND NOT p.is_pinned GROUP BY ALL`,
    [upTo, run.voter, run.principleRunId],
  );
  const useless = rows.filter(isClearlyUseless);
  if (useless.length === 0) return;
  await database.write(async (session) => {
    for (const { principleId, n } of useless)
      await session.run(
        'UPDATE principle_run_principle SET stopped_after = ? WHERE principle_run_id = ? AND principle_id = ?',
        [n, run.principleRunId, principleId],
      );
  });
}

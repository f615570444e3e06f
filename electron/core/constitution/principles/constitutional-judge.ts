import { createHash } from 'node:crypto';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { readItems } from '../../judging/item-reader.ts';
import type { JudgePair } from '../../judging/protocol.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import { renderTemplate } from '../../judging/template.ts';
import { letterForms, minimumCoverage, sayUnwilling } from '../../judging/verdict.ts';
import { type PrincipleRun, PrincipleRunRepository } from './principle-run.repository.ts';
import { principleTemplates } from './templates.ts';

const pageSize = 64;
const tieEpsilon = 0.05;

/** Who judges: the model with the constitution, without one, or with the one made from inverted labels. */
export type JudgeArm = 'judge' | 'plain_judge' | 'judge_flipped';

export interface Verdict {
  readonly comparisonId: number;
  readonly pA: number | null;
  readonly label: 'a' | 'b' | 'tie' | 'invalid';
  readonly calls: number;
  readonly failReason: string | null;
}

/** The constitution as the judge reads it: numbered, the first first. */
export function spellConstitution(texts: readonly string[]): string {
  return texts.map((text, index) => `${index + 1}. ${text}`).join('\n');
}

/** A pair judged by a constitution (none: by the model's own view) from the probability of A and B, both orders averaged. */
export async function judgeByConstitution(
  pair: JudgePair,
  constitution: readonly string[],
  { model, signal }: { readonly model: InferenceModel; readonly signal?: AbortSignal | undefined },
): Promise<Verdict> {
  const template = constitution.length === 0 ? principleTemplates.plainJudge : principleTemplates.judge;
  const ask = async (isForward: boolean) => {
    const input = renderTemplate(template, {
      prompt: pair.prompt,
      response_1: isForward ? pair.responseA : pair.responseB,
      response_2: isForward ? pair.responseB : pair.responseA,
      constitution: spellConstitution(constitution),
    });
    const { probabilities, coverage } = await model.decide(input, letterForms, { signal });
    return { pA: (isForward ? probabilities[0] : probabilities[1]) ?? 0.5, coverage };
  };
  const place = { comparisonId: pair.comparisonId };
  try {
    const [ab, ba] = await Promise.all([ask(true), ask(false)]);
    const coverage = Math.min(ab.coverage, ba.coverage);
    if (coverage < minimumCoverage)
      return { ...place, pA: null, label: 'invalid', calls: 2, failReason: sayUnwilling(coverage) };
    const pA = (ab.pA + ba.pA) / 2;
    const label = Math.abs(pA - 0.5) < tieEpsilon / 2 ? 'tie' : pA > 0.5 ? 'a' : 'b';
    return { ...place, pA, label, calls: 2, failReason: null };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return { ...place, pA: null, label: 'invalid', calls: 0, failReason: error.message };
  }
}

interface ArmOptions {
  readonly arm: JudgeArm;
  readonly constitution: readonly string[];
  readonly acquire: () => Promise<InferenceModel>;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Judges the held-out pairs of a run that this arm has not judged with this very constitution, and answers all its verdicts. */
export async function judgeHeldOut(
  database: Database,
  run: PrincipleRun,
  options: ArmOptions,
): Promise<Map<number, Verdict['label']>> {
  const { arm, constitution, signal } = options;
  const hash = createHash('sha256').update(spellConstitution(constitution)).digest('hex').slice(0, 16);
  const ids = await listUnjudged(database, run, { arm, hash });
  let model = ids.length > 0 ? await options.acquire() : undefined;
  let done = 0;
  const runs = new PrincipleRunRepository(database);
  const deaths = await runs.countDeaths(run.principleRunId);
  const writer = new ResultWriter<Verdict>((verdicts) => store(database, run, { arm, hash, verdicts }));
  const pages = async function* () {
    for (let from = 0; from < ids.length; from += pageSize)
      for (const item of await readItems(database, 'pair', ids.slice(from, from + pageSize)))
        if (item.subject === 'pair') yield item.pair;
  };
  try {
    if (model)
      await judgeAll<JudgePair, Verdict>(pages(), {
        concurrency: Math.max(1, Math.ceil(model.concurrency / 2)),
        judge: async (pair) => {
          model ??= await options.acquire();
          return judgeByConstitution(pair, constitution, { model, signal });
        },
        giveUp: (pair) => ({
          comparisonId: pair.comparisonId,
          pA: null,
          label: 'invalid',
          calls: 0,
          failReason: 'The model’s process died twice while it read this pair.',
        }),
        onResult: async (_pair, verdict) => {
          await writer.add(verdict);
          options.onProgress(++done, ids.length);
        },
        onDeath: async (pairs) => {
          await runs.noteDeath(
            run,
            pairs.map((pair) => pair.comparisonId),
          );
          model = await options.acquire();
        },
        deathsOf: (pair) => deaths.get(pair.comparisonId) ?? 0,
        signal,
      });
  } finally {
    await writer.flush();
  }
  const rows = await database.all<{ id: number; label: Verdict['label'] }>(
    'SELECT comparison_id AS id, label FROM constitution_verdict WHERE principle_run_id = ? AND arm = ? AND constitution_hash = ?',
    [run.principleRunId, arm, hash],
  );
  return new Map(rows.map((row) => [row.id, row.label]));
}

async function listUnjudged(
  database: Database,
  run: PrincipleRun,
  { arm, hash }: { arm: JudgeArm; hash: string },
): Promise<number[]> {
  const rows = await database.all<{ id: number }>(
    `SELECT comparison_id AS id FROM principle_run_pair p WHERE principle_run_id = ? AND is_test AND NOT EXISTS (
       SELECT 1 FROM constitution_verdict v WHERE v.principle_run_id = p.principle_run_id AND v.arm = ? AND v.constitution_hash = ?
         AND v.comparison_id = p.comparison_id) ORDER BY pos`,
    [run.principleRunId, arm, hash],
  );
  return rows.map((row) => row.id);
}

async function store(
  database: Database,
  run: PrincipleRun,
  { arm, hash, verdicts }: { arm: JudgeArm; hash: string; verdicts: readonly Verdict[] },
): Promise<void> {
  await database.write(async (session) => {
    await session.run(
      `INSERT INTO constitution_verdict (principle_run_id, dataset_id, arm, constitution_hash, comparison_id, p_a, label, n_calls, fail_reason)
       SELECT ?, ?, ?, ?, "comparisonId", "pA", label, calls, "failReason"
       FROM (SELECT unnest(from_json(?::JSON, '[{"comparisonId":"BIGINT","pA":"DOUBLE","label":"VARCHAR","calls":"INTEGER","failReason":"VARCHAR"}]'), recursive := true))`,
      [run.principleRunId, run.datasetId, arm, hash, JSON.stringify(verdicts)],
    );
  });
}

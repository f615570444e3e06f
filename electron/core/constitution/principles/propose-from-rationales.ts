import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError, isAppError } from '../../../contract/app-error.ts';
import { askJson } from '../../judging/ask.ts';
import { renderTemplate } from '../../judging/template.ts';
import { maskSlots } from '../../rationales/slot-names.ts';
import type { PrincipleRun } from './principle-run.repository.ts';
import { collectProposals, type Proposal, type ProposeOptions, seedOf, tidyPrinciple } from './propose.ts';
import { principleTemplates } from './templates.ts';
import { isOfFocus } from './unexplained.ts';

/** Reasons of one pair that are shown together. */
const mostReasons = 3;
const template = 'rationales';

interface Reasons {
  readonly comparisonId: number;
  readonly template: typeof template;
  readonly texts: readonly string[];
}

/**
 * Asks the model for the principles behind the rationales on training pairs, imported or written, once for each pair.
 * Only rationales that speak for the label are read: those of raters who voted otherwise, and those that the lint found
 * to contradict it, are left out. The names of the responses are covered; the texts of the pair are not shown. Throws
 * CONSTITUTION_NOT_APPLICABLE where no training pair has a rationale.
 */
export async function proposeFromRationales(
  database: Database,
  run: PrincipleRun,
  options: ProposeOptions,
): Promise<void> {
  const all = await listReasons(database, run);
  if (all.length === 0)
    throw new AppError(
      'CONSTITUTION_NOT_APPLICABLE',
      'No constitution was made: no training pair has a rationale for its label. Write or import rationales first, or propose from pairs.',
      { datasetId: run.datasetId },
    );
  await collectProposals<Reasons>(database, run, {
    ...options,
    questions: all.filter((one) => !one.isAsked),
    total: all.length,
    ask: (question, model) => ask(question, { model, run, signal: options.signal }),
  });
}

async function listReasons(
  database: Database,
  run: PrincipleRun,
): Promise<(Reasons & { isAsked: boolean })[]> {
  const rows = await database.all<{ comparisonId: number; texts: string[]; isAsked: boolean }>(
    `SELECT p.comparison_id AS "comparisonId", list(q.text ORDER BY q.aspect NULLS FIRST, q.annotator_id)[1:${mostReasons}] AS texts,
       EXISTS (SELECT 1 FROM principle_proposal x WHERE x.principle_run_id = p.principle_run_id AND x.comparison_id = p.comparison_id
         AND x.template = '${template}') AS "isAsked"
     FROM principle_run_pair p JOIN rationale q ON q.comparison_id = p.comparison_id
     WHERE p.principle_run_id = ? AND NOT p.is_test AND ${isOfFocus(run)} AND trim(q.text) <> ''
       AND NOT EXISTS (SELECT 1 FROM vote v WHERE v.comparison_id = q.comparison_id AND v.annotator_id = q.annotator_id
         AND v.aspect IS NOT DISTINCT FROM q.aspect AND v.label <> CASE p.y WHEN 1 THEN 'a' ELSE 'b' END)
       AND NOT EXISTS (SELECT 1 FROM rationale_lint l WHERE l.comparison_id = q.comparison_id AND l.annotator_id = q.annotator_id
         AND l.aspect IS NOT DISTINCT FROM q.aspect AND l.text_hash = hash(q.text)
         AND (list_contains(l.findings, 'contradicts_label') OR l.winner <> CASE p.y WHEN 1 THEN 'a' ELSE 'b' END))
     GROUP BY p.principle_run_id, p.comparison_id, p.pos ORDER BY p.pos LIMIT ?`,
    [run.principleRunId, run.record.request.proposePairs],
  );
  return rows.map((row) => ({ ...row, template }));
}

async function ask(
  { comparisonId, texts }: Reasons,
  { model, run, signal }: { model: InferenceModel; run: PrincipleRun; signal: AbortSignal },
): Promise<Proposal> {
  const { perPair, seed } = run.record.request;
  const input = renderTemplate(principleTemplates.rationales, {
    rationales: texts.map((text) => `- ${maskSlots(text).replace(/\s+/g, ' ')}`).join('\n'),
    count: String(perPair),
  });
  const schema = z.object({ principles: z.array(z.string().min(1).max(200)).min(1).max(perPair) });
  try {
    const asking = { model: () => model, seed: seedOf(seed, comparisonId, template), signal };
    const answer = await askJson(asking, input, schema, { maxTokens: 60 * perPair + 40 });
    const principles = (answer.value?.principles ?? []).map(tidyPrinciple).filter((text) => text !== '');
    return { comparisonId, template, texts: principles, failReason: answer.failReason };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return { comparisonId, template, texts: [], failReason: error.message };
  }
}

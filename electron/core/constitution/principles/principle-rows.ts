import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type {
  ConstitutionDocument,
  Explanation,
  PrincipleRunFigures,
} from '../../../contract/constitution.contract.ts';
import type { RowsQuery } from '../rows-query.ts';
import { documentId } from './principle-constitution.ts';
import { codeVoter, PrincipleRunRepository } from './principle-run.repository.ts';

export type RunDocument = ConstitutionDocument & { readonly run: PrincipleRunFigures };

export function isRunDocument(document: ConstitutionDocument): document is RunDocument {
  return document.run !== undefined;
}

/** The number of a principle from its id in a document of a run. */
export const numberOfDocumentId = (id: string) => Number(id.slice(documentId(0).length - 1));

const votesOf = `FROM principle_vote v JOIN principle p USING (principle_id)
  WHERE v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END`;

/** What each principle of a run’s constitution says of one pair, and the weighted vote. Throws ROW_MISSING. */
export async function explainByPrinciples(
  database: Database,
  { constitutionId, document }: { constitutionId: number; document: RunDocument },
  comparisonId: number,
): Promise<Explanation> {
  const run = await new PrincipleRunRepository(database).get(document.run.run);
  const pair = await database.find<{ label: string | null }>(
    'SELECT label FROM comparison WHERE comparison_id = ? AND dataset_id = ?',
    [comparisonId, run.datasetId],
  );
  if (!pair)
    throw new AppError('ROW_MISSING', `There is no pair ${comparisonId} in this workspace.`, {
      comparisonId,
    });
  const cast = await database.all<{ id: number; label: string; pA: number | null; pB: number | null }>(
    `SELECT v.principle_id AS id, v.label, v.p_a AS "pA", v.p_b AS "pB" ${votesOf} AND v.comparison_id = ?`,
    [run.voter, comparisonId],
  );
  const byId = new Map(cast.map((vote) => [documentId(vote.id), vote]));
  const votes = document.principles.map((principle): Explanation['votes'][number] => {
    const vote = byId.get(principle.id);
    return {
      principleId: principle.id,
      text: principle.text,
      valueA: vote?.pA ?? null,
      valueB: vote?.pB ?? null,
      side: vote?.label === 'a' || vote?.label === 'b' ? vote.label : null,
      weight: principle.weight,
      isSelected: principle.is_selected,
    };
  });
  const eta = votes.reduce(
    (sum, { isSelected, side, weight }) =>
      sum + (isSelected && side ? (side === 'a' ? 1 : -1) * (weight ?? 0) : 0),
    0,
  );
  const predicted = Math.abs(eta) < 1e-12 ? null : eta > 0 ? 'a' : 'b';
  return {
    constitutionId,
    label: pair.label,
    predicted,
    probability: predicted === null ? null : 1 / (1 + Math.exp(-Math.abs(eta))),
    isExplained:
      (pair.label === 'a' || pair.label === 'b') && predicted !== null ? predicted === pair.label : null,
    votes: votes.sort((left, right) => (right.weight ?? 0) - (left.weight ?? 0)),
  };
}

/** Pairs of the run behind a figure of its document. Throws INPUT_INVALID where no principle is named. */
export async function listRowsOfPrinciples(
  database: Database,
  query: RowsQuery,
  document: RunDocument,
): Promise<{ total: number; ids: number[] }> {
  const run = await new PrincipleRunRepository(database).get(document.run.run);
  const isAboutAll = query.which === 'unexplained' || query.which === 'silent';
  const chosen = document.principles.filter((principle) =>
    isAboutAll ? principle.is_selected : principle.id === query.principleId,
  );
  if (!isAboutAll && chosen.length === 0)
    throw new AppError(
      'INPUT_INVALID',
      'The rows were not listed: name a principle of the constitution to list its rows.',
      { principleId: query.principleId ?? null },
    );
  const condition = {
    for: 's > 0',
    against: 's < 0',
    not_applicable: 'm = 0',
    unexplained: 's < -1e-12',
    silent: 'm = 0',
  }[query.which];
  const weights = JSON.stringify(
    chosen.map(({ id, weight }) => ({ id: numberOfDocumentId(id), weight: isAboutAll ? (weight ?? 0) : 1 })),
  );
  // A principle that was not asked about a pair says nothing of it: such pairs are no part of its “not applicable”.
  const found = await database.one<{ total: number; ids: number[] | null }>(
    `WITH chosen AS (SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","weight":"DOUBLE"}]'), recursive := true)),
     cast_vote AS (SELECT v.principle_id, v.comparison_id, v.label ${votesOf} AND v.dataset_id = ?),
     summed AS (
       SELECT rp.comparison_id AS id, count(v.label) AS asked, coalesce(sum(h.weight * CASE WHEN v.label = 'a' THEN rp.y WHEN v.label = 'b' THEN -rp.y ELSE 0 END), 0) AS s,
         count(*) FILTER (v.label IN ('a', 'b')) AS m
       FROM principle_run_pair rp LEFT JOIN (cast_vote v JOIN chosen h ON h.id = v.principle_id) ON v.comparison_id = rp.comparison_id
       WHERE rp.principle_run_id = ? GROUP BY rp.comparison_id),
     hit AS (SELECT id FROM summed WHERE ${condition} AND (asked > 0 OR ${isAboutAll}))
     SELECT (SELECT count(*) FROM hit) AS total, (SELECT list(id ORDER BY id) FROM (SELECT id FROM hit ORDER BY id LIMIT ?)) AS ids`,
    [weights, run.voter, run.datasetId, run.principleRunId, query.limit],
  );
  return { total: found.total, ids: found.ids ?? [] };
}

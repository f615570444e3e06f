import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import {
  codeVoter,
  type PrincipleRun,
  PrincipleRunRepository,
  type PrincipleRunRecord,
} from './principle-run.repository.ts';

/** SQL: whether a pair p of a run may be proposed from; all may, unless the run looks at what another leaves unexplained. */
export const isOfFocus = ({ record: { request } }: Pick<PrincipleRun, 'record'>): string =>
  request.fromUnexplained === null
    ? 'true'
    : 'p.comparison_id IN (SELECT f.comparison_id FROM principle_run_focus f WHERE f.principle_run_id = p.principle_run_id)';

interface Source {
  readonly constitutionId: number;
  readonly document: ConstitutionDocument;
}

/**
 * A run over the very pairs and split of an earlier one, that proposes only from those training pairs whose label the
 * weighted vote of its constitution contradicts or leaves undecided. Answers its number. Throws INPUT_INVALID where the
 * constitution is not of a run with principles of this dataset, CONSTITUTION_NOT_APPLICABLE where nothing is unexplained.
 */
export async function createFromUnexplained(
  database: Database,
  { record, voter, source }: { record: PrincipleRunRecord; voter: string; source: Source },
): Promise<number> {
  const { document, constitutionId } = source;
  const { datasetId } = record.request;
  if (!document.run || document.dataset_id !== datasetId)
    throw new AppError(
      'INPUT_INVALID',
      `No constitution was made: constitution ${constitutionId} is not one from principles of this dataset. Run with principles first.`,
      { constitutionId },
    );
  const earlier = await new PrincipleRunRepository(database).get(document.run.run);
  const { sample, seed } = earlier.record.request;
  const own: PrincipleRunRecord = {
    ...record,
    request: { ...record.request, sample, seed },
    sourceRun: earlier.principleRunId,
  };
  const weights = document.principles.flatMap(({ id, is_selected: isSelected, weight }) =>
    isSelected ? [{ id: Number(id.slice('principle:'.length)), weight: weight ?? 0 }] : [],
  );
  return database.write(async (session) => {
    const { run } = await session.one<{ run: number }>(
      'SELECT coalesce(max(principle_run_id), 0) + 1 AS run FROM principle_run',
    );
    await session.run(
      'INSERT INTO principle_run_pair SELECT * REPLACE (?::INTEGER AS principle_run_id) FROM principle_run_pair WHERE principle_run_id = ?',
      [run, earlier.principleRunId],
    );
    const focus = await session.run(
      `INSERT INTO principle_run_focus
       WITH chosen AS (SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","weight":"DOUBLE"}]'), recursive := true)),
       cast_vote AS (
         SELECT v.comparison_id, v.label, h.weight FROM principle_vote v JOIN chosen h ON h.id = v.principle_id JOIN principle p USING (principle_id)
         WHERE v.dataset_id = ? AND v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END)
       SELECT ?, any_value(rp.dataset_id), rp.comparison_id FROM principle_run_pair rp LEFT JOIN cast_vote v USING (comparison_id)
       WHERE rp.principle_run_id = ? AND NOT rp.is_test GROUP BY rp.comparison_id
       HAVING coalesce(sum(v.weight * CASE v.label WHEN 'a' THEN rp.y WHEN 'b' THEN -rp.y ELSE 0 END), 0) <= 1e-12`,
      [JSON.stringify(weights), datasetId, earlier.voter, run, earlier.principleRunId],
    );
    if (focus === 0)
      throw new AppError(
        'CONSTITUTION_NOT_APPLICABLE',
        `No constitution was made: constitution ${constitutionId} gives the label of every training pair, so nothing is left to explain.`,
        { constitutionId },
      );
    await session.run(
      'INSERT INTO principle_run (principle_run_id, dataset_id, voter, record) VALUES (?, ?, ?, ?::JSON)',
      [run, datasetId, voter, JSON.stringify(own)],
    );
    return run;
  });
}

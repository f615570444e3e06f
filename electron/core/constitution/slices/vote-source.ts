import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { ConstitutionDocument, PrincipleResult } from '../../../contract/constitution.contract.ts';
import { isRunDocument, numberOfDocumentId } from '../principles/principle-rows.ts';
import { codeVoter, PrincipleRunRepository } from '../principles/principle-run.repository.ts';
import { findSurfacePrinciple, traitOfPrincipleId } from '../surface-principles.ts';
import { withVoteTable } from '../vote-table.ts';

/** A principle of a source, by its place in the source's votes. */
export interface SourcePrinciple {
  readonly place: number;
  readonly result: PrincipleResult;
}

/**
 * The votes behind a constitution, whatever it is made of. `table` has a row for each labelled pair and principle that was
 * asked about it: place, comparison_id, cluster, is_test, fold, y (1 where a is chosen), chars_chosen, chars_rejected, and
 * vote, seen from the chosen side.
 */
export interface VoteSource {
  readonly table: string;
  readonly principles: readonly SourcePrinciple[];
}

/** Of a surface constitution a trait and its opposite are one test: the selected one stands for both, else the stronger. */
export function listSourcePrinciples(document: ConstitutionDocument): SourcePrinciple[] {
  if (isRunDocument(document))
    return document.principles.map((result) => ({ place: numberOfDocumentId(result.id), result }));
  const byTrait = new Map<string, PrincipleResult>();
  for (const result of document.principles) {
    const trait = traitOfPrincipleId(result.id);
    const known = byTrait.get(trait);
    const isBetter =
      result.is_selected || (!known?.is_selected && (result.strength ?? -2) > (known?.strength ?? -2));
    if (findSurfacePrinciple(result.id) && (!known || isBetter)) byTrait.set(trait, result);
  }
  return [...byTrait.values()].map((result, place) => ({ place, result }));
}

interface SourceOptions {
  readonly document: ConstitutionDocument;
  /** Names the scratch tables; two builds at a time need two keys. */
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** Lends the votes of a constitution to `work`; for surface ones the trait columns must be current. */
export async function withVotes<T>(
  database: Database,
  options: SourceOptions,
  work: (source: VoteSource) => Promise<T>,
): Promise<T> {
  const { document, key, signal } = options;
  const table = `scratch.${quoteIdentifier(`slice_votes_${key}`)}`;
  const principles = listSourcePrinciples(document);
  const create = (sql: string, parameters: (string | number)[]) =>
    database.withReader((session) =>
      session.run(`CREATE OR REPLACE TABLE ${table} AS ${sql}`, parameters, { signal }),
    );
  try {
    if (isRunDocument(document)) {
      const run = await new PrincipleRunRepository(database).get(document.run.run);
      await create(runVotes(run.record.request.selection === 'icai'), [run.voter, run.principleRunId]);
      return await work({ table, principles });
    }
    const { dataset_id: datasetId, seed } = document;
    return await withVoteTable(database, { datasetId, seed, key, signal }, async (wide) => {
      await create(spreadVotes(wide), [JSON.stringify(listTraits(principles))]);
      return work({ table, principles });
    });
  } finally {
    await database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
  }
}

const listTraits = (principles: readonly SourcePrinciple[]) =>
  principles.flatMap(({ place, result }) => {
    const principle = findSurfacePrinciple(result.id);
    return principle ? [{ name: `vote_${principle.trait.id}`, place, direction: principle.direction }] : [];
  });

/** Where ICAI’s rules selected, a vote counts only where both orders agree, as in its own figures. */
const runVotes = (
  isUnanimous: boolean,
) => `SELECT p.principle_id AS place, rp.comparison_id, rp.cluster, rp.is_test, rp.fold, rp.y, rp.chars_chosen, rp.chars_rejected,
    CASE WHEN ${isUnanimous} AND v.label_ab <> v.label_ba THEN 0 WHEN v.label = 'a' THEN rp.y WHEN v.label = 'b' THEN -rp.y ELSE 0 END AS vote
  FROM principle_run_principle rr JOIN principle p USING (principle_id)
  JOIN principle_run_pair rp ON rp.principle_run_id = rr.principle_run_id
  JOIN principle_vote v ON v.principle_id = rr.principle_id AND v.comparison_id = rp.comparison_id
    AND v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END
  WHERE rr.principle_run_id = ?`;

const spreadVotes = (wide: string) => `WITH trait AS (
    SELECT unnest(from_json(?::JSON, '[{"name":"VARCHAR","place":"INTEGER","direction":"INTEGER"}]'), recursive := true)),
  long AS (UNPIVOT ${wide} ON COLUMNS('^vote_') INTO NAME name VALUE vote)
  SELECT t.place, comparison_id, cluster, is_test, fold, y, chars_chosen, chars_rejected, (long.vote * t.direction)::INTEGER AS vote
  FROM long JOIN trait t USING (name)`;

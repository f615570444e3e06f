import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { traitTable } from '../../constitution/trait-columns.ts';
import { getSurfaceTrait } from '../../constitution/traits/surface-traits.ts';
import type { AuditContext } from './audit.ts';

/**
 * The pairs of a run with columns a_TRAIT, b_TRAIT, chosen_TRAIT and rejected_TRAIT for each surface trait named. The
 * audit must have `traits` among its inputs, so that they are computed before. Throws FIELD_UNKNOWN.
 */
export function joinTraits(
  { dataset, pairs }: Pick<AuditContext<unknown>, 'dataset' | 'pairs'>,
  traits: readonly string[],
): string {
  const table = traitTable(dataset.datasetId);
  const columns = traits.map(getSurfaceTrait).flatMap(({ id }) => {
    const [a, b] = [`ta.${quoteIdentifier(id)}`, `tb.${quoteIdentifier(id)}`];
    const [first, second] = [`a_${id}`, `b_${id}`].map(quoteIdentifier);
    return [
      `${a} AS ${first}`,
      `${b} AS ${second}`,
      `CASE x.label WHEN 'a' THEN ${a} WHEN 'b' THEN ${b} END AS ${quoteIdentifier(`chosen_${id}`)}`,
      `CASE x.label WHEN 'a' THEN ${b} WHEN 'b' THEN ${a} END AS ${quoteIdentifier(`rejected_${id}`)}`,
    ];
  });
  return `(SELECT x.*, ${columns.join(', ')} FROM ${pairs} x JOIN ${table} ta ON ta.response_id = x.response_a_id JOIN ${table} tb ON tb.response_id = x.response_b_id)`;
}

/** As `joinTraits`, for the pairs with a preferred side, stored as the audit's scratch table; answers its name. */
export async function storeTraitPairs(
  context: AuditContext<unknown>,
  traits: readonly string[],
  where = 'true',
): Promise<string> {
  const table = context.scratch('trait_pairs');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT * FROM ${joinTraits(context, traits)} WHERE label IN ('a', 'b') AND ${where}`,
    [],
    { signal: context.signal },
  );
  return table;
}

/** Rows whose language is not recorded or begins with en: for lexicons that know English only. */
export const isEnglish = `(language IS NULL OR lower(language) LIKE 'en%')`;

import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { preparedLayers } from './prepared-columns.ts';
import { getSurfaceTrait, surfaceTraits } from './surface-traits.ts';
import type { SurfaceTrait } from './trait.ts';

export interface TraitSelectOptions {
  /**
   * Relation with the columns `response_id`, `text` and `prompt_text`: a quoted name or a query in brackets,
   * written by the program and never by a user.
   */
  readonly source: string;
  /** Ids of the wanted traits; all of them by default. */
  readonly traits?: readonly string[];
  /**
   * Whether equal pairs of text and prompt are computed once; true by default. It pays where texts repeat and holds
   * the different texts in memory (DuckDB spills beyond its limit). Pass false where the source has no repeats.
   */
  readonly distinct?: boolean;
}

function withColumns(source: string, columns: readonly string[]): string {
  return columns.length === 0 ? source : `SELECT *, ${columns.join(', ')} FROM (${source})`;
}

const define = (name: string, sql: string) => `${sql} AS ${quoteIdentifier(name)}`;
const read = (trait: SurfaceTrait) =>
  `${quoteIdentifier(trait.id)}::${trait.type} AS ${quoteIdentifier(trait.id)}`;

/**
 * One SELECT that answers `response_id` and a numeric column per trait, one row for each row of the source. A NULL
 * text makes every trait NULL; a NULL prompt those that compare with it.
 * Throws FIELD_UNKNOWN for an id that is no trait.
 */
export function buildTraitSelect({ source, traits, distinct = true }: TraitSelectOptions): string {
  const wanted = traits ? [...new Set(traits)].map(getSurfaceTrait) : surfaceTraits;
  const needed = new Set(
    wanted.flatMap((trait) => [trait, ...(trait.derivedFrom ?? []).map(getSurfaceTrait)]),
  );
  const direct = [...needed].filter((trait) => !trait.derivedFrom);
  const derived = [...needed].filter((trait) => trait.derivedFrom);

  let query = distinct
    ? `SELECT list(response_id) AS _ids, text AS _text, prompt_text AS _prompt FROM ${source} GROUP BY text, prompt_text`
    : `SELECT response_id, text AS _text, prompt_text AS _prompt FROM ${source}`;
  for (const layer of preparedLayers) {
    query = withColumns(
      query,
      Object.entries(layer).map(([name, sql]) => `${sql} AS ${name}`),
    );
  }
  for (const stage of [direct, derived]) {
    query = withColumns(
      query,
      stage.map((trait) => define(trait.id, trait.sql)),
    );
  }
  const id = distinct ? 'unnest(_ids) AS response_id' : 'response_id';
  return `SELECT ${[id, ...wanted.map(read)].join(', ')} FROM (${query})`;
}

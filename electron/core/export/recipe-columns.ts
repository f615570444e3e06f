import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import { type RecipeColumn, recipeColumnSchema } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { column, type Writer, type WriterColumn } from './writer.ts';

interface Definition {
  /** As “no place for …”. */
  readonly title: string;
  readonly type: string;
  readonly note: string;
  /** True for a row `q` of what a recipe decided about a pair. */
  readonly has: Sql;
}

const definitions: Readonly<Record<RecipeColumn, Definition>> = {
  margin: {
    title: 'margins of the recipe',
    type: 'DOUBLE',
    note: 'margin by the recipe',
    has: 'q.margin IS NOT NULL',
  },
  weight: {
    title: 'weights of the recipe',
    type: 'DOUBLE',
    note: 'weight by the recipe, mean 1',
    has: 'q.weight <> 1',
  },
  soft_label: {
    title: 'soft labels of the recipe',
    type: 'DOUBLE',
    note: 'probability, by the recipe, that the label is right',
    has: 'q.soft_label IS NOT NULL',
  },
  split: {
    title: 'splits of the recipe',
    type: 'VARCHAR',
    note: 'split dealt by the recipe',
    has: 'q.split IS NOT NULL',
  },
  place: {
    title: 'places of the recipe’s curriculum',
    type: 'BIGINT',
    note: 'place in the curriculum of the recipe, from 0',
    has: 'q.place IS NOT NULL',
  },
  stage: {
    title: 'stages of the recipe’s curriculum',
    type: 'INTEGER',
    note: 'stage of the curriculum of the recipe',
    has: 'q.stage IS NOT NULL',
  },
  route: {
    title: 'routes of the recipe',
    type: 'VARCHAR',
    note: 'human or model: by whom the recipe has the pair labelled',
    has: 'q.route IS NOT NULL',
  },
  goal_score: {
    title: 'goal scores of the recipe to condition on',
    type: 'DOUBLE',
    note: 'score the training is conditioned on, by the recipe',
    has: 'q.goal_score IS NOT NULL',
  },
  is_relabelled: {
    title: 'which pairs the recipe relabelled',
    type: 'BOOLEAN',
    note: 'true where the recipe gave another goal than the source',
    has: 'q.is_relabelled',
  },
  method: {
    title: 'how the recipe made each pair',
    type: 'VARCHAR',
    note: 'step of the recipe that made the pair',
    has: `q.method <> 'source'`,
  },
};

const all = recipeColumnSchema.options;

/** Every column under its own name, for formats whose readers take any column. */
export const ownPlaces: NonNullable<Writer['recipePlaces']> = Object.fromEntries(
  all.map((name) => [name, `recipe_${name}`]),
);

/** Columns of what the recipe decided, of those in `wanted` that the writer has under their own names. */
export function listRecipeColumns(wanted: ReadonlySet<RecipeColumn>): WriterColumn[] {
  return all
    .filter((name) => wanted.has(name))
    .map((name) =>
      column(`recipe_${name}`, definitions[name].type, `recipe_${name}`, definitions[name].note),
    );
}

/** Pairs of a relation with `row_id` about which a recipe decided something, by column; columns without any are left out. */
export async function countRecipeColumns(
  session: Session,
  rows: Sql,
): Promise<ReadonlyMap<RecipeColumn, number>> {
  const counts = all.map((name) => `count(*) FILTER (${definitions[name].has}) AS ${name}`);
  const row = await session.one<Record<RecipeColumn, number>>(
    `SELECT ${counts.join(', ')} FROM ${rows} k JOIN curation_row q ON q.comparison_id = k.row_id`,
  );
  return new Map(all.flatMap((name) => (row[name] > 0 ? [[name, row[name]] as const] : [])));
}

/** Throws EXPORT_OPTION_INVALID for a column that the format has no place for. */
export function checkRecipeColumns(writer: Writer, wanted: readonly RecipeColumn[] | null): void {
  const places = writer.recipePlaces ?? {};
  const lost = wanted?.filter((name) => places[name] === undefined) ?? [];
  if (lost.length === 0) return;
  const known = Object.keys(places).join(', ');
  throw new AppError(
    'EXPORT_OPTION_INVALID',
    `Not exported: ${writer.title} has no place for ${lost.map((name) => definitions[name].title).join(' and ')}${known === '' ? '' : `, only for ${known}`}. Leave them out, or choose the formats dpo or table.`,
    { format: writer.id, columns: lost.join(', ') },
  );
}

/**
 * The columns that are written: those asked for, or all there are and the format has a place for.
 * @throws AppError EXPORT_OPTION_INVALID for one that no selected row has
 */
export function chooseRecipeColumns(
  writer: Writer,
  wanted: readonly RecipeColumn[] | null,
  there: ReadonlyMap<RecipeColumn, number>,
): ReadonlySet<RecipeColumn> {
  const missing = wanted?.filter((name) => !there.has(name)) ?? [];
  if (missing.length > 0)
    throw new AppError(
      'EXPORT_OPTION_INVALID',
      `Not exported: no selected row has ${missing.map((name) => definitions[name].title).join(' or ')}. Export the dataset that the recipe made, or leave them out.`,
      { columns: missing.join(', ') },
    );
  return new Set(wanted ?? [...there.keys()].filter((name) => writer.recipePlaces?.[name] !== undefined));
}

/** What a recipe decided that the format has no place for, with the number of pairs. Splits can be files. */
export function listRecipeLosses(
  writer: Writer,
  there: ReadonlyMap<RecipeColumn, number>,
): { text: string; count: number }[] {
  return [...there]
    .filter(([name]) => name !== 'split' && name !== 'method' && writer.recipePlaces?.[name] === undefined)
    .map(([name, count]) => ({ text: `no place for ${definitions[name].title}`, count }));
}

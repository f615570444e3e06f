import type {
  ExportFormat,
  ExportOptionValue,
  ExportSpec,
  RecipeColumn,
} from '../../../electron/contract/export.contract.ts';
import type { Clause, Filter, Sort } from '../../../electron/contract/filter.contract.ts';

/** A part of the dataset that can be written. */
export interface ExportSource {
  readonly id: string;
  readonly title: string;
  readonly filter: Filter;
  readonly sort: readonly Sort[];
}

/** What the person has chosen so far. Numbers are texts while they are typed. */
export interface ExportDraft {
  source: string;
  format: string;
  options: Record<string, ExportOptionValue>;
  container: string;
  compression: ExportSpec['compression'];
  annotator: string;
  ties: ExportSpec['ties'];
  bothBad: ExportSpec['bothBad'];
  minStrength: string;
  layout: ExportSpec['layout'];
  rowsPerShard: string;
  isSplit: boolean;
  /** The splits a recipe dealt, in place of shares. */
  isSplitByRecipe: boolean;
  /** What a recipe decided and the person does not want. */
  withoutRecipe: RecipeColumn[];
  train: string;
  validation: string;
  test: string;
  seed: string;
  folder: string;
  name: string;
  overwrite: boolean;
  licence: string;
}

export function makeDraft(): ExportDraft {
  return {
    source: 'all',
    format: '',
    options: {},
    container: '',
    compression: 'none',
    annotator: '',
    ties: 'auto',
    bothBad: 'auto',
    minStrength: '',
    layout: 'folder',
    rowsPerShard: '',
    isSplit: false,
    isSplitByRecipe: false,
    withoutRecipe: [],
    train: '0.9',
    validation: '0.05',
    test: '0.05',
    seed: '1',
    folder: '',
    name: '',
    overwrite: false,
    licence: '',
  };
}

/** Value of the choice of an annotator: id and aspect. */
export const annotatorKey = (annotatorId: number, aspect: string | null) =>
  JSON.stringify([annotatorId, aspect]);

const numberOr = <T>(text: string, other: T): number | T => {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? other : value;
};

const share = (text: string) => Math.min(1, Math.max(0, numberOr(text, 0)));

function readAnnotator(key: string): Pick<ExportSpec, 'annotatorId' | 'aspect'> {
  if (key === '') return { annotatorId: null, aspect: null };
  const [annotatorId, aspect] = JSON.parse(key) as [number, string | null];
  return { annotatorId, aspect };
}

/** What of a recipe's decisions the format is to hold: null, all it can, until the person takes one out. */
function wantedOfRecipe(
  { withoutRecipe }: ExportDraft,
  format: ExportFormat,
  decided: readonly RecipeColumn[],
): RecipeColumn[] | null {
  const can = format.recipe.flatMap(({ column }) => (decided.includes(column) ? [column] : []));
  return can.some((column) => withoutRecipe.includes(column))
    ? can.filter((column) => !withoutRecipe.includes(column))
    : null;
}

/** The spec of a draft; undefined until a format is chosen. Half-typed numbers count as not given. */
export function specOfDraft(
  draft: ExportDraft,
  datasetId: number,
  {
    format,
    source,
    decided = [],
  }: {
    format: ExportFormat | undefined;
    source: ExportSource | undefined;
    /** What a recipe decided about pairs of the dataset. */
    decided?: readonly RecipeColumn[];
  },
): ExportSpec | undefined {
  if (!format || !source) return undefined;
  const container = format.containers.find((one) => one === draft.container) ?? format.containers[0];
  const isHub = draft.layout === 'hub';
  const perShard = Math.floor(numberOr(draft.rowsPerShard, 0));
  const isFile = draft.layout === 'file';
  return {
    datasetId,
    format: format.format,
    options: { ...draft.options },
    ...(container
      ? { container: isHub && format.containers.includes('parquet') ? 'parquet' : container }
      : {}),
    compression: container === 'parquet' || isHub ? 'none' : draft.compression,
    rowsPerShard: !isFile && perShard >= 1 ? perShard : null,
    shards: null,
    filter: source.filter,
    sort: [...source.sort],
    ...readAnnotator(draft.annotator),
    ties: draft.ties === 'keep' && !format.canSay.tie ? 'auto' : draft.ties,
    bothBad: draft.bothBad === 'keep' && !format.canSay.bothBad ? 'auto' : draft.bothBad,
    minStrength: draft.minStrength.trim() === '' ? null : share(draft.minStrength),
    splits:
      draft.isSplit && !isFile
        ? {
            train: share(draft.train),
            validation: share(draft.validation),
            test: share(draft.test),
            seed: Math.max(0, Math.floor(numberOr(draft.seed, 1))),
            ...(draft.isSplitByRecipe ? { from: 'recipe' as const } : {}),
          }
        : null,
    recipe: wantedOfRecipe(draft, format, decided),
    layout: draft.layout,
    licence: draft.licence.trim() === '' ? null : draft.licence.trim(),
    answers: [],
    destination: {
      folder: draft.folder.trim() === '' ? null : draft.folder.trim(),
      name: draft.name.trim() === '' ? null : draft.name.trim(),
      overwrite: draft.overwrite,
    },
  };
}

/** Formats for a relation whose title, purpose or id holds every word. */
export function findFormats(
  formats: readonly ExportFormat[],
  relation: 'pairs' | 'responses',
  words: string,
): ExportFormat[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return formats.filter(({ format, title, purpose, relations }) => {
    const text = `${format} ${title} ${purpose}`.toLowerCase();
    return relations.includes(relation) && wanted.every((word) => text.includes(word));
  });
}

/** A filter with the rows another screen handed over. */
export const withIds = (clauses: readonly Clause[], ids: readonly number[] | undefined): Clause[] =>
  ids ? [...clauses, { op: 'ids', ids: [...ids] }] : [...clauses];

import { oc } from '@orpc/contract';
import { z } from 'zod';
import { filterSchema, sortSchema } from './filter.contract.ts';

/** What one grid row is: a comparison of two responses, or a single response with ratings. */
export const relationSchema = z.enum(['pairs', 'responses']);
export type Relation = z.infer<typeof relationSchema>;

export const labelSchema = z.enum(['a', 'b', 'tie', 'both_bad', 'skip']);

/** How a field behaves in the grid: what it can be sorted, filtered and drawn by. */
export const fieldSchema = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['text', 'category', 'number', 'boolean', 'time', 'tags']),
  /** Long texts are sent as previews and cannot be sorted by. */
  isLong: z.boolean(),
  isSortable: z.boolean(),
  isFacet: z.boolean(),
  isDefault: z.boolean(),
  width: z.number(),
});
export type Field = z.infer<typeof fieldSchema>;

export const datasetSchema = z.object({
  datasetId: z.number().int(),
  name: z.string(),
  format: z.string(),
  relation: relationSchema,
  pairs: z.number().int(),
  responses: z.number().int(),
  prompts: z.number().int(),
  rejected: z.number().int(),
  duplicates: z.number().int(),
  /** False where the source tells which response is chosen but not in which order they were shown. */
  hasSides: z.boolean(),
  isSearchable: z.boolean(),
  createdAt: z.string(),
  sources: z.array(z.string()),
});
export type Dataset = z.infer<typeof datasetSchema>;

/** A cell: long texts are cut to a preview, `length` then tells the full number of characters. */
export const cellSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.object({ preview: z.string(), length: z.number().int() }),
  z.array(z.string()),
]);
export type Cell = z.infer<typeof cellSchema>;

export const viewSchema = z.object({
  viewId: z.string(),
  count: z.number().int(),
  /** Rows of the dataset before the filter. */
  total: z.number().int(),
  /** False for the best rows of a search whose other rows are not known yet; `count` is then theirs. */
  isComplete: z.boolean(),
  milliseconds: z.number(),
});
export type ViewInfo = z.infer<typeof viewSchema>;

export const gridRowSchema = z.object({ id: z.number().int(), cells: z.array(cellSchema) });
export type GridRow = z.infer<typeof gridRowSchema>;

const viewInput = z.object({
  datasetId: z.number().int(),
  relation: relationSchema,
  filter: filterSchema,
  sort: z.array(sortSchema).max(4).default([]),
});

export const facetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('histogram'),
    field: z.string(),
    /** Equal-width bins; `count` under the filter, `total` over the whole dataset. */
    bins: z.array(z.object({ min: z.number(), max: z.number(), count: z.number(), total: z.number() })),
    nulls: z.number(),
    min: z.number().nullable(),
    max: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('categories'),
    field: z.string(),
    values: z.array(
      z.object({
        value: z.union([z.string(), z.boolean(), z.number()]).nullable(),
        count: z.number(),
        total: z.number(),
      }),
    ),
    /** Distinct values not listed, and the rows they hold under the filter. */
    otherValues: z.number(),
    otherRows: z.number(),
  }),
]);
export type Facet = z.infer<typeof facetSchema>;

export const messageSchema = z.object({ role: z.string(), content: z.string() });
export type Message = z.infer<typeof messageSchema>;

const responseDetail = z.object({
  responseId: z.number().int(),
  text: z.string(),
  /** Present where the response itself has several turns. */
  messages: z.array(messageSchema).nullable(),
  model: z.string().nullable(),
  position: z.number().int(),
  media: z.array(z.object({ mediaId: z.number().int(), path: z.string(), isLocal: z.boolean() })),
});
export type ResponseDetail = z.infer<typeof responseDetail>;

const annotatorRef = z.object({
  annotatorId: z.number().int(),
  name: z.string(),
  kind: z.enum(['human', 'model', 'rule', 'principle', 'unknown']),
  attributes: z.record(z.string(), z.string()),
});

export const rowDetailSchema = z.object({
  relation: relationSchema,
  id: z.number().int(),
  datasetId: z.number().int(),
  exampleId: z.string(),
  prompt: z.object({ promptId: z.number().int(), text: z.string(), messages: z.array(messageSchema) }),
  /** The other prompt where the two responses answer different ones (joint preference). */
  promptB: z
    .object({ promptId: z.number().int(), text: z.string(), messages: z.array(messageSchema) })
    .nullable(),
  /** Two for a pair, one for a single response. */
  responses: z.array(responseDetail),
  label: labelSchema.nullable(),
  strength: z.number().nullable(),
  language: z.string().nullable(),
  topic: z.string().nullable(),
  source: z.string().nullable(),
  votes: z.array(
    z.object({
      annotator: annotatorRef,
      aspect: z.string().nullable(),
      label: labelSchema,
      strength: z.number().nullable(),
      shownFirst: z.enum(['a', 'b']).nullable(),
      milliseconds: z.number().nullable(),
      rationale: z.string().nullable(),
    }),
  ),
  ratings: z.array(
    z.object({
      responseId: z.number().int(),
      annotator: annotatorRef,
      aspect: z.string(),
      value: z.number().nullable(),
      valueText: z.string().nullable(),
      scaleMin: z.number().nullable(),
      scaleMax: z.number().nullable(),
      rationale: z.string().nullable(),
    }),
  ),
  tags: z.array(z.string()),
  /** Columns of the source row that no field of ours holds, as JSON text. */
  extra: z.string().nullable(),
  sourceFile: z.string(),
  /** 1-based row (record) number in the source file. */
  sourceRow: z.number().int(),
  importId: z.number().int(),
});
export type RowDetail = z.infer<typeof rowDetailSchema>;

export const savedViewSchema = z.object({
  savedViewId: z.number().int(),
  datasetId: z.number().int(),
  name: z.string(),
  filter: filterSchema,
  sort: z.array(sortSchema),
  columns: z.array(z.object({ id: z.string(), width: z.number() })),
  createdAt: z.string(),
});
export type SavedView = z.infer<typeof savedViewSchema>;

const rowRef = z.object({ relation: relationSchema, id: z.number().int() });

export const corpusContract = {
  dataset: {
    list: oc.output(z.array(datasetSchema)),
    get: oc.input(z.object({ datasetId: z.number().int() })).output(datasetSchema),
    rename: oc
      .input(z.object({ datasetId: z.number().int(), name: z.string().trim().min(1).max(200) }))
      .output(datasetSchema),
    /** Starts a job: removing millions of rows takes a while. */
    remove: oc.input(z.object({ datasetId: z.number().int() })).output(z.object({ jobId: z.string() })),
    rejected: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          offset: z.number().int().min(0),
          limit: z.number().int().min(1).max(500),
        }),
      )
      .output(
        z.object({
          count: z.number().int(),
          rows: z.array(
            z.object({
              sourceFile: z.string(),
              sourceRow: z.number().int(),
              columnName: z.string().nullable(),
              reason: z.string(),
              raw: z.string(),
            }),
          ),
        }),
      ),
  },
  view: {
    fields: oc
      .input(z.object({ datasetId: z.number().int(), relation: relationSchema }))
      .output(z.array(fieldSchema)),
    /** Builds (or finds) the ordered list of row ids for a filter and sort. */
    open: oc
      .input(
        viewInput.extend({
          /** Answer with the best rows of a search that has to read many texts; ask again without this for all. */
          mayBePartial: z.boolean().optional(),
        }),
      )
      .output(viewSchema),
    page: oc
      .input(
        z.object({
          viewId: z.string(),
          offset: z.number().int().min(0),
          limit: z.number().int().min(1).max(1024),
          fields: z.array(z.string()).min(1).max(200),
        }),
      )
      .output(z.object({ offset: z.number().int(), rows: z.array(gridRowSchema) })),
    /** The position of a row in a view, for previous/next and for keeping the place after a re-sort. */
    locate: oc
      .input(z.object({ viewId: z.string(), id: z.number().int() }))
      .output(z.object({ position: z.number().int().nullable() })),
    /** Counts per value or bin. Each facet sees every clause but those on its own field. */
    facets: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          relation: relationSchema,
          filter: filterSchema,
          fields: z.array(z.string()).min(1).max(40),
          bins: z.number().int().min(2).max(200).default(24),
          top: z.number().int().min(1).max(500).default(12),
        }),
      )
      .output(z.array(facetSchema)),
    saved: oc.input(z.object({ datasetId: z.number().int() })).output(z.array(savedViewSchema)),
    save: oc.input(savedViewSchema.omit({ savedViewId: true, createdAt: true })).output(savedViewSchema),
    removeSaved: oc
      .input(z.object({ savedViewId: z.number().int() }))
      .output(z.object({ removed: z.boolean() })),
  },
  row: {
    get: oc.input(rowRef).output(rowDetailSchema),
    tag: oc
      .input(
        z.object({
          relation: relationSchema,
          ids: z.array(z.number().int()).min(1).max(100_000),
          tag: z.string().trim().min(1).max(100),
          isOn: z.boolean(),
        }),
      )
      .output(z.object({ changed: z.number().int() })),
    /** Bytes of an image that belongs to a row and lies on this machine. */
    media: oc
      .input(z.object({ mediaId: z.number().int() }))
      .output(z.object({ mime: z.string(), base64: z.string() })),
  },
  search: {
    /** Ranked (BM25) hits with the matched words marked by character ranges. */
    query: oc
      .input(
        z.object({
          datasetId: z.number().int(),
          words: z.string().trim().min(1).max(1_000),
          limit: z.number().int().min(1).max(1_000).default(20),
        }),
      )
      .output(
        z.object({
          total: z.number().int(),
          terms: z.array(z.string()),
          hits: z.array(
            z.object({
              relation: relationSchema,
              id: z.number().int(),
              exampleId: z.string(),
              score: z.number(),
              /** Which text the snippet is from. */
              part: z.enum(['prompt', 'response_a', 'response_b', 'response']),
              snippet: z.string(),
              /** Character ranges [start, end) in `snippet`. */
              marks: z.array(z.tuple([z.number().int(), z.number().int()])),
            }),
          ),
        }),
      ),
    /** Builds the index if the dataset has none (a job). */
    build: oc.input(z.object({ datasetId: z.number().int() })).output(z.object({ jobId: z.string() })),
  },
};

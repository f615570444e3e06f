import { z } from 'zod';

/** A value a filter may compare with; BIGINT ids travel as numbers because ours stay below 2^53. */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/**
 * One condition on one field of a relation. `field` is looked up in the relation's field table, so it never
 * reaches SQL as text; values reach it as bound parameters.
 */
export const clauseSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('in'), field: z.string(), values: z.array(scalar.nullable()).min(1).max(1000) }),
  z.object({
    op: z.literal('not_in'),
    field: z.string(),
    values: z.array(scalar.nullable()).min(1).max(1000),
  }),
  z.object({
    op: z.literal('range'),
    field: z.string(),
    /** Inclusive lower and exclusive upper bound; null = open. */
    min: z.number().nullable(),
    max: z.number().nullable(),
    /** When true the upper bound is inclusive (the last bin of a histogram). */
    closed: z.boolean().default(false),
  }),
  z.object({ op: z.literal('is_null'), field: z.string() }),
  z.object({ op: z.literal('not_null'), field: z.string() }),
  z.object({
    op: z.literal('contains'),
    field: z.string(),
    text: z.string().min(1).max(10_000),
    ignoreCase: z.boolean().default(true),
  }),
  z.object({
    op: z.literal('matches'),
    field: z.string(),
    /** An RE2 regular expression. */
    pattern: z.string().min(1).max(2_000),
    ignoreCase: z.boolean().default(true),
  }),
  z.object({ op: z.literal('ids'), ids: z.array(z.number().int()).max(100_000) }),
]);
export type Clause = z.infer<typeof clauseSchema>;

/** Clauses are joined by AND. `words` is ranked full-text search over all texts of the row. */
export const filterSchema = z.object({
  clauses: z.array(clauseSchema).max(100).default([]),
  words: z.string().max(1_000).optional(),
});
export type Filter = z.infer<typeof filterSchema>;

export const sortSchema = z.object({ field: z.string(), direction: z.enum(['asc', 'desc']) });
export type Sort = z.infer<typeof sortSchema>;

import { z } from 'zod';

/** A parameter that names a model; its `format` lets the form offer those there are. */
export const minedModel = (description: string) =>
  z.string().min(1).max(200).optional().meta({ description, format: 'model' });

/** How much is asked, and what becomes of the former pairs. */
export const limitShape = (limit: string) => ({
  maxTokens: z.number().int().min(16).max(8192).default(400).describe('Tokens of a response at most.'),
  limit: z.number().int().min(1).max(20_000).default(200).describe(limit),
  replace: z
    .boolean()
    .default(true)
    .describe('Drops the pairs there were before; otherwise the new ones come beside them.'),
});

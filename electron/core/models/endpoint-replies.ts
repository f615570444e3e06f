import { z } from 'zod';
import { AppError } from '../../contract/app-error.ts';

/** The members that are read of what OpenAI-compatible servers answer; everything else is ignored. */

export const modelListSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      owned_by: z.string().optional(),
      max_model_len: z.number().nullish(),
      meta: z.object({ n_ctx_train: z.number().nullish(), n_ctx: z.number().nullish() }).nullish(),
    }),
  ),
});

const usageSchema = z
  .object({
    prompt_tokens: z.number().default(0),
    completion_tokens: z.number().default(0),
    prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  })
  .nullish();

const topSchema = z.array(z.object({ token: z.string(), logprob: z.number() }));

export const chatSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
        logprobs: z.object({ content: z.array(z.object({ top_logprobs: topSchema })).nullish() }).nullish(),
      }),
    )
    .min(1),
  /** vLLM: one entry for each token of the input, null for the first. */
  prompt_logprobs: z
    .array(
      z.record(z.string(), z.object({ logprob: z.number(), decoded_token: z.string().nullish() })).nullable(),
    )
    .nullish(),
  usage: usageSchema,
});

export const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({
            tokens: z.array(z.string()),
            token_logprobs: z.array(z.number().nullable()),
            text_offset: z.array(z.number()).nullish(),
            top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  usage: usageSchema,
});

export const embeddingSchema = z.object({
  data: z.array(z.object({ embedding: z.array(z.number()) })).min(1),
});

export const rerankSchema = z.object({
  results: z.array(z.object({ index: z.number().int(), relevance_score: z.number() })).min(1),
});

export const tokenCountSchema = z.union([
  z.object({ count: z.number().int() }),
  z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => ({ count: tokens.length })),
]);

export type Usage = z.infer<typeof usageSchema>;

/** Throws ENDPOINT_FAILED where an answer is not of the expected shape. */
export function readReplyAs<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new AppError(
    'ENDPOINT_FAILED',
    `The endpoint did not answer as expected: ${z.prettifyError(parsed.error).split('\n')[0]}.`,
    { answer: JSON.stringify(raw).slice(0, 300) },
  );
}

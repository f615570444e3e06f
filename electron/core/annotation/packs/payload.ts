import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../../contract/app-error.ts';
import { answersSchema, questionSchema } from '../../../contract/annotation.contract.ts';
import { largestImage } from '../../corpus/media/image-file.ts';
import { namedImageJoins, shownTextSql } from '../shown-text.ts';

const key = z.guid();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const longText = z.string().max(4_000_000);
const name = z.string().trim().min(1).max(200);
const raterName = z.string().trim().min(1).max(100);
const messages = z
  .array(z.strictObject({ role: z.string().max(100), content: longText }))
  .max(10_000)
  .nullable();
const text = z.strictObject({ text: longText, messages });
/** A response; its images are named by their hash, since the name of a file can tell who made it. */
const response = z.strictObject({
  text: longText,
  messages,
  images: z.array(hash).min(1).max(16).optional(),
});
const side = z.enum(['a', 'b']);
const rater = z.strictObject({ raterKey: key, name: raterName });

const base = {
  handOffKey: key,
  projectKey: key,
  createdAt: z.iso.datetime(),
  /** Name of the workspace it was made in. */
  from: name,
  questionsHash: hash,
  guidelinesHash: hash,
  raters: z.array(rater).max(1_000),
};

/** Items to be judged elsewhere: texts, images and questions only, no labels, no models, no known answers. */
export const itemsPayloadSchema = z.strictObject({
  kind: z.literal('items'),
  ...base,
  dataset: name,
  project: z.strictObject({
    name,
    guidelines: z.string().max(100_000),
    questions: z.array(questionSchema).min(1).max(20),
    overlap: z.number().int().min(1).max(50),
    seed: z.number().int().min(0).max(2_147_483_647),
  }),
  items: z
    .array(
      z.strictObject({
        itemKey: key,
        textHash: hash,
        exampleId: z.string().max(10_000),
        prompt: text,
        promptB: text.nullable(),
        a: response,
        b: response,
      }),
    )
    .min(1)
    .max(1_000_000),
  /** The bytes of every image that a response shows, once each. */
  images: z
    .array(
      z.strictObject({
        sha256: hash,
        mime: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
        base64: z.string().max(Math.ceil(largestImage / 3) * 4),
      }),
    )
    .min(1)
    .max(100_000)
    .optional(),
});
export type ItemsPayload = z.infer<typeof itemsPayloadSchema>;

const answerSchema = z.strictObject({
  answerKey: key,
  itemKey: key,
  raterKey: key,
  /** Of the texts that were judged. */
  textHash: hash,
  status: z.enum(['submitted', 'skipped']),
  answers: answersSchema,
  skipReason: z.string().trim().min(1).max(2_000).nullable(),
  shownFirst: side,
  ms: z.number().min(0).max(86_400_000),
  answeredAt: z.iso.datetime(),
});
export type PackAnswer = z.infer<typeof answerSchema>;

/** What the raters of a hand-off have said. */
export const answersPayloadSchema = z.strictObject({
  kind: z.literal('answers'),
  ...base,
  project: z.strictObject({ name, questions: z.array(questionSchema).min(1).max(20) }),
  answers: z.array(answerSchema).max(1_000_000),
});
export type AnswersPayload = z.infer<typeof answersPayloadSchema>;

const payloadSchema = z.discriminatedUnion('kind', [itemsPayloadSchema, answersPayloadSchema]);
export type Payload = z.infer<typeof payloadSchema>;

/** Reads the content of a pack. Throws PACK_INVALID naming the first field that does not fit. */
export function parsePayload(content: Buffer): Payload {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    throw new AppError('PACK_INVALID', 'The pack was not opened: its content is no JSON.');
  }
  const parsed = payloadSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'PACK_INVALID',
    `The pack was not opened: its content is not as it must be at ${issue?.path.join('.') || 'its root'} (${issue?.message ?? 'unknown'}).`,
  );
}

/** JSON with the members of every object in the order of their names, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/**
 * SQL for the content hash of pair `c` with prompts `p` and `pb` and responses `a` and `b`: SHA-256 over the SHA-256 of its
 * four texts, in hexadecimal; a missing second prompt counts as an empty text, and so does {@link shownTextSql} of a name.
 */
export const textHashSql = `sha256(sha256(p.text) || sha256(coalesce(pb.text, '')) || sha256(${shownTextSql('a')}) || sha256(${shownTextSql('b')}))`;

/** The joins that {@link textHashSql} needs after `comparison c`. */
export const textJoins = `JOIN prompt p ON p.prompt_id = c.prompt_id LEFT JOIN prompt pb ON pb.prompt_id = c.prompt_b_id
  JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id
  ${namedImageJoins}`;

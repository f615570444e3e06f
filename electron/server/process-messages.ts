import { z } from 'zod';

/** What the parent tells the server process, once, to start it. */
export const startMessageSchema = z.strictObject({
  kind: z.literal('start'),
  workspace: z.string(),
  version: z.string(),
  rendererDirectory: z.string(),
  port: z.number().int().min(0).max(65_535),
  token: z.string(),
  secret: z.string(),
});
export type StartMessage = z.infer<typeof startMessageSchema>;

export const parentMessageSchema = z.discriminatedUnion('kind', [
  startMessageSchema,
  z.strictObject({ kind: z.literal('stop') }),
]);

/** What the server process tells its parent. */
export const serverMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('serving'), url: z.string(), token: z.string(), port: z.number().int() }),
  z.object({ kind: z.literal('address'), url: z.string(), token: z.string() }),
  /** It cannot serve, and starting it again would not help. */
  z.object({ kind: z.literal('refused'), code: z.string(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

import { z } from 'zod';

/** What the desktop shell tells the core process. A `port` message carries the port beside it. */
export const shellMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), workspace: z.string(), version: z.string() }),
  z.strictObject({ kind: z.literal('port') }),
  z.strictObject({ kind: z.literal('stop') }),
]);
export type ShellMessage = z.infer<typeof shellMessageSchema>;

/** What the core process answers. After `refused` it ends, and starting it again would not help. */
export const coreMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('refused'), code: z.string(), message: z.string() }),
]);
export type CoreMessage = z.infer<typeof coreMessageSchema>;

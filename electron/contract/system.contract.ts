import { oc } from '@orpc/contract';
import { z } from 'zod';

/** Raised whenever either side could misread the other. */
export const PROTOCOL_VERSION = 1;

export const helloSchema = z.object({
  protocol: z.number().int(),
  version: z.string(),
  workspace: z.object({ path: z.string(), name: z.string(), bytes: z.number() }),
  /** Outgoing connections the person configured; empty = nothing leaves this machine. */
  endpoints: z.array(z.string()),
  /** What happened at the last opening: jobs resumed or ended, in plain words. */
  notices: z.array(z.string()),
});
export type Hello = z.infer<typeof helloSchema>;

export const systemContract = {
  system: {
    hello: oc.output(helloSchema),
  },
};

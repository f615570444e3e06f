import { z } from 'zod';

/** What the page may ask of the desktop shell: channel to the arguments it takes. Both sides use the names from here. */
export const hostChannels = {
  'assay:open-files': z.tuple([]),
  'assay:save-file': z.tuple([z.string().min(1).max(255), z.string().max(100), z.string()]),
  'assay:reveal-file': z.tuple([z.string().min(1).max(4_096)]),
  'assay:print-pdf': z.tuple([z.string(), z.string().min(1).max(255)]),
} as const;
export type HostChannel = keyof typeof hostChannels;
export type HostArguments<C extends HostChannel> = z.infer<(typeof hostChannels)[C]>;

/** A page asks for its port under a name it made up; the answer repeats it. */
export const nonceSchema = z.uuid();

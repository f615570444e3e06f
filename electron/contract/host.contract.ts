import { z } from 'zod';

/** What the shell around the page can do; the page hides what is false. */
export const hostCapabilitiesSchema = z.object({
  canPickFiles: z.boolean(),
  canRevealFiles: z.boolean(),
  canPrintPdf: z.boolean(),
});
export type HostCapabilities = z.infer<typeof hostCapabilitiesSchema>;

/** Implemented by the desktop shell and, within a browser's limits, by the page itself. */
export interface Host {
  readonly capabilities: HostCapabilities;
  /** Paths the person picked, or null when the dialog was closed. */
  openFiles(): Promise<string[] | null>;
  /** Offers a text for saving under a suggested name; true when it was saved. */
  saveFile(suggestedName: string, mime: string, text: string): Promise<boolean>;
  revealFile(path: string): Promise<void>;
  printPdf(html: string, suggestedName: string): Promise<boolean>;
}

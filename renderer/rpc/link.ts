/** The page's end of one connection to the core. Sending on a closed link does nothing. */
export interface PageLink {
  send(message: string): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with what ended the link. */
  onClose(listener: (reason: string) => void): void;
  close(): void;
}

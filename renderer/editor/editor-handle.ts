import type { ErrorPlace } from './error-place.ts';

/** What a page may ask of a mounted editor. */
export interface EditorHandle {
  /** The selected text and where it begins; the whole text where nothing is selected. */
  runnable(): { sql: string; start: ErrorPlace };
  insert(words: string): void;
  reveal(place: ErrorPlace): void;
  focus(): void;
}

import { messagesFromTranscript } from './message-sql.ts';
import type { SourceShape, Sql } from './reader.ts';
import { sampleValues, textOf } from './source-sql.ts';

/** Marker of a turn in Anthropic's transcripts, with the blank after it. */
export const hhMarker = '(?:^|\\n\\n)(Human|Assistant):[ ]?';

/** Marker of a turn in NVIDIA's flattened dialogues; the first user turn has none. */
export const nvidiaMarker = '\\n?<extra_id_1>(User|Assistant|System)\\n';

/** True for a text with Anthropic's markers. */
export const isHhTranscript = (value: unknown): boolean =>
  typeof value === 'string' && /(^|\n\n)Human: ?/.test(value) && value.includes('\n\nAssistant:');

/** A flattened prompt of NVIDIA's as messages. */
export function nvidiaPrompt(text: Sql): Sql {
  return messagesFromTranscript(text, nvidiaMarker, true);
}

/** Messages of a prompt column that holds flattened dialogues with known markers; undefined when the sample shows none. */
export function flattenedPrompt(shape: SourceShape, name: string): Sql | undefined {
  const values = sampleValues(shape, name);
  if (values.some(isHhTranscript)) return messagesFromTranscript(textOf(shape, name), hhMarker, true);
  const isNvidia = values.some((value) => typeof value === 'string' && value.includes('<extra_id_1>'));
  return isNvidia ? nvidiaPrompt(textOf(shape, name)) : undefined;
}

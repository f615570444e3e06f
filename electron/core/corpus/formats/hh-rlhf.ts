import { messagesFromTranscript } from '../reading/message-sql.ts';
import { readDialoguePairs } from '../reading/pair-reading.ts';
import type { FormatReader } from '../reading/reader.ts';
import { hasColumns, holdsMessages, someValue, textOf } from '../reading/source-sql.ts';
import { hhMarker, isHhTranscript } from '../reading/transcript.ts';

/** Pairs of whole transcripts with `\n\nHuman:` and `\n\nAssistant:` markers. */
export const hhRlhf: FormatReader = {
  id: 'hh-rlhf',
  title: 'HH-RLHF transcripts',
  description: 'Anthropic HH-RLHF: chosen and rejected are whole dialogues with Human and Assistant markers.',
  detect: (shape) =>
    hasColumns(shape, 'chosen', 'rejected') &&
    !holdsMessages(shape, 'chosen') &&
    someValue(shape, 'chosen', isHhTranscript)
      ? { confidence: 0.95, why: 'Chosen and rejected are transcripts with Human and Assistant markers.' }
      : null,
  read: (shape) =>
    readDialoguePairs(
      shape,
      { prompt: 'prompt', chosen: 'chosen', rejected: 'rejected', exampleId: 'id' },
      {
        chosen: messagesFromTranscript(textOf(shape, 'chosen'), hhMarker),
        rejected: messagesFromTranscript(textOf(shape, 'rejected'), hhMarker),
      },
    ),
};

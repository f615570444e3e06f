import { messagesFromTranscript } from '../reading/message-sql.ts';
import { readDialoguePairs } from '../reading/pair-reading.ts';
import type { FormatReader, SourceShape } from '../reading/reader.ts';
import { hasColumns, holdsMessages, sampleValues, textOf } from '../reading/source-sql.ts';
import { hhMarker, isHhTranscript } from '../reading/transcript.ts';

/** True where more than half of a column's sampled values are transcripts; a plain text may quote one. */
function holdsMostly(shape: SourceShape, name: string): boolean {
  const values = sampleValues(shape, name);
  return values.filter(isHhTranscript).length * 2 > values.length;
}

/** Pairs of whole transcripts with `\n\nHuman:` and `\n\nAssistant:` markers. */
export const hhRlhf: FormatReader = {
  id: 'hh-rlhf',
  title: 'HH-RLHF transcripts',
  description: 'Anthropic HH-RLHF: chosen and rejected are whole dialogues with Human and Assistant markers.',
  detect: (shape) =>
    hasColumns(shape, 'chosen', 'rejected') && !holdsMessages(shape, 'chosen') && holdsMostly(shape, 'chosen')
      ? { confidence: 0.95, why: 'Most chosen responses are transcripts with Human and Assistant markers.' }
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

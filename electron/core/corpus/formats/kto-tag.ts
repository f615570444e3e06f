import { messagesOf } from '../reading/message-sql.ts';
import type { FormatReader } from '../reading/reader.ts';
import { readDialogueSingle, readUnpaired, unpairedReading } from '../reading/single-reading.ts';
import { columnNamed, hasColumns, holdsMessages } from '../reading/source-sql.ts';

/** LLaMA-Factory's KTO sets: a chat or an Alpaca row with a boolean `kto_tag`. */
export const ktoTag: FormatReader = {
  id: 'kto-tag',
  title: 'LLaMA-Factory KTO (kto_tag)',
  description: 'A chat whose last turn is wanted or not, by the boolean column kto_tag.',
  detect: (shape) =>
    hasColumns(shape, 'kto_tag') ? { confidence: 0.95, why: 'It has the column kto_tag.' } : null,
  read: (shape) => {
    const chat = columnNamed(shape, 'messages', 'conversations');
    if (chat !== undefined && holdsMessages(shape, chat)) {
      return unpairedReading(shape, readDialogueSingle(messagesOf(shape, chat), chat), 'kto_tag', [chat]);
    }
    const response = columnNamed(shape, 'output', 'response', 'completion') ?? 'output';
    return readUnpaired(
      shape,
      {
        prompt: columnNamed(shape, 'instruction', 'prompt', 'question'),
        system: columnNamed(shape, 'system'),
        response,
      },
      'kto_tag',
    );
  },
};

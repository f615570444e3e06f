import type { FormatReader } from '../reading/reader.ts';
import { readUnpaired } from '../reading/single-reading.ts';
import { hasColumns } from '../reading/source-sql.ts';

/** TRL unpaired preference: one completion with a boolean label, for KTO. */
export const trlUnpaired: FormatReader = {
  id: 'trl-unpaired',
  title: 'Labelled single responses (prompt, completion, label)',
  description:
    'TRL unpaired preference and Axolotl KTO: one completion that is wanted (true) or not (false).',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'completion', 'label')
      ? { confidence: 0.9, why: 'It has the columns prompt, completion and label.' }
      : hasColumns(shape, 'completion', 'label')
        ? { confidence: 0.7, why: 'It has the columns completion and label.' }
        : null,
  read: (shape) => {
    const prompt = hasColumns(shape, 'prompt')
      ? 'prompt'
      : hasColumns(shape, 'question')
        ? 'question'
        : undefined;
    const system = hasColumns(shape, 'system') ? 'system' : undefined;
    return readUnpaired(shape, { prompt, system, response: 'completion' }, 'label');
  },
};

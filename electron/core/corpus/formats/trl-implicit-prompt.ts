import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader } from '../reading/reader.ts';
import { hasColumns } from '../reading/source-sql.ts';

/** TRL preference data whose prompt is what chosen and rejected begin with. */
export const trlImplicitPrompt: FormatReader = {
  id: 'trl-implicit-prompt',
  title: 'Preference pairs without a prompt column',
  description:
    'TRL implicit prompt: chosen and rejected both repeat the prompt; it is split off at whole turns or lines.',
  detect: (shape) =>
    hasColumns(shape, 'chosen', 'rejected') && !hasColumns(shape, 'prompt')
      ? { confidence: 0.65, why: 'It has chosen and rejected but no prompt column.' }
      : null,
  read: (shape) => readPairs(shape, { chosen: 'chosen', rejected: 'rejected', exampleId: 'id' }),
};

import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader } from '../reading/reader.ts';
import { columnNamed, hasColumns } from '../reading/source-sql.ts';

/** TRL preference data with an explicit prompt, plain or conversational. */
export const trlPreference: FormatReader = {
  id: 'trl-preference',
  title: 'Preference pairs (prompt, chosen, rejected)',
  description: 'TRL, OpenRLHF and most DPO sets: a prompt and two responses, as text or as chat messages.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'chosen', 'rejected')
      ? { confidence: 0.8, why: 'It has the columns prompt, chosen and rejected.' }
      : null,
  read: (shape) =>
    readPairs(shape, {
      prompt: 'prompt',
      system: 'system',
      chosen: 'chosen',
      rejected: 'rejected',
      chosenModel: 'chosen_model',
      rejectedModel: 'rejected_model',
      exampleId: 'id',
      subset: columnNamed(shape, 'subset', 'split'),
      topic: columnNamed(shape, 'topic', 'category'),
      language: columnNamed(shape, 'language', 'lang'),
    }),
};

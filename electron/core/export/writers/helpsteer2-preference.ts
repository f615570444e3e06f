import {
  asNvidia,
  flattenedResponse,
  holding,
  roundedStrength,
  signedStrength,
  twoPrompts,
} from '../parts-sql.ts';
import { singleVoteConditions, withSingleVotes } from '../votes-sql.ts';
import { amount, column, type Writer } from '../writer.ts';
import { unflattenable } from './helpsteer2.ts';

export const unknownStrength = amount(
  'unknownStrength',
  'Where the strength is not known',
  { default: 2, min: 1, max: 3 },
  '1 = slightly, 2 = better, 3 = much better',
);

/** HelpSteer2 preference: a signed strength, negative for the first response, with the raters' single votes and reasons. */
export const helpSteer2Preference: Writer = {
  id: 'helpsteer2-preference',
  title: 'HelpSteer2 preference',
  purpose: 'response_1, response_2 and preference_strength −3…3 (negative = first), for scaled Bradley-Terry',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [unknownStrength],
  canSay: { tie: true, bothBad: false, unlabelled: false },
  unit: 'row',
  shape: ({ options, datasetId }) => {
    const unknown = Math.round(Number(options['unknownStrength']));
    return {
      columns: [
        column('split', 'VARCHAR', `coalesce(subset, split)`, 'subset of the pair, or its split'),
        column(
          'prompt',
          'VARCHAR',
          asNvidia('prompt_messages'),
          'the prompt; further turns after <extra_id_1>',
        ),
        column('response_1', 'VARCHAR', 'a', 'the first response'),
        column('response_2', 'VARCHAR', 'b', 'the second response'),
        column(
          'preference_strength',
          'INTEGER',
          signedStrength('overall_label', 'overall_strength', unknown),
          '−3…3, negative = response 1 is better',
        ),
        column('preference_statement', 'VARCHAR', 'overall_reason', 'why, where the label has a rationale'),
        column(
          'all_preferences_unprocessed',
          'STRUCT(strength INTEGER, justification VARCHAR)[]',
          `CASE WHEN keeps_label THEN list_transform(single_votes, lambda one: {'strength': one.score, 'justification': one.reasoning}) ELSE [] END`,
          'the single votes with their reasons',
        ),
      ],
      prepare: (rows) => withSingleVotes(rows, datasetId, unknown),
      rowsPerUnit: 1,
      holds: holding('sides', 'strength', 'subset', 'prompt_turns', 'system', 'votes', 'rationales'),
      excludes: [twoPrompts, ...unflattenable],
      ambiguous: [singleVoteConditions.counted],
      changes: [flattenedResponse, ...roundedStrength, singleVoteConditions.dropped],
    };
  },
};

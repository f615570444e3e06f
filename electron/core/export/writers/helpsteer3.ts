import {
  asChat,
  chatType,
  flattenedResponse,
  holding,
  roundedStrength,
  signedStrength,
  twoPrompts,
} from '../parts-sql.ts';
import { singleVoteConditions, withSingleVotes } from '../votes-sql.ts';
import { column, type Writer } from '../writer.ts';
import { unknownStrength } from './helpsteer2-preference.ts';

/** HelpSteer3 preference: the context as messages, a signed overall preference and the raters' own with their reasoning. */
export const helpSteer3: Writer = {
  id: 'helpsteer3',
  title: 'HelpSteer3 preference',
  purpose: 'context, response1, response2 and overall_preference −3…3 (negative = first), with single raters',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [unknownStrength],
  canSay: { tie: true, bothBad: false, unlabelled: false },
  unit: 'row',
  shape: ({ options, datasetId }) => {
    const unknown = Math.round(Number(options['unknownStrength']));
    return {
      columns: [
        column('domain', 'VARCHAR', 'topic', 'topic of the pair'),
        column('language', 'VARCHAR', 'language', 'language of the pair'),
        column('context', chatType, asChat('prompt_messages'), 'the conversation so far'),
        column('response1', 'VARCHAR', 'a', 'the first response'),
        column('response2', 'VARCHAR', 'b', 'the second response'),
        column(
          'overall_preference',
          'INTEGER',
          signedStrength('overall_label', 'overall_strength', unknown),
          '−3…3, negative = response 1 is better',
        ),
        column(
          'individual_preference',
          'STRUCT(score INTEGER, reasoning VARCHAR, feedback1 VARCHAR, feedback2 VARCHAR)[]',
          `CASE WHEN keeps_label THEN list_transform(single_votes, lambda one: {'score': one.score, 'reasoning': one.reasoning, 'feedback1': NULL, 'feedback2': NULL}) ELSE [] END`,
          'the single votes with their reasons',
        ),
      ],
      prepare: (rows) => withSingleVotes(rows, datasetId, unknown),
      rowsPerUnit: 1,
      holds: holding(
        'sides',
        'strength',
        'language',
        'topic',
        'prompt_turns',
        'system',
        'votes',
        'rationales',
      ),
      excludes: [twoPrompts],
      ambiguous: [singleVoteConditions.counted],
      changes: [flattenedResponse, ...roundedStrength, singleVoteConditions.dropped],
    };
  },
};

import { messagesFromTranscript } from '../reading/message-sql.ts';
import type { FormatReader } from '../reading/reader.ts';
import { annotatorStruct, presentRatings, problems, ratingStruct } from '../reading/record-parts.ts';
import { readDialogueSingle } from '../reading/single-reading.ts';
import { hasColumns, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';
import { hhMarker } from '../reading/transcript.ts';

/** Anthropic's red-team attempts: one transcript with the attacker's own rating of success. */
export const redTeamAttempts: FormatReader = {
  id: 'red-team-attempts',
  title: 'HH-RLHF red-team attempts',
  description:
    'One transcript a row; the red-team member rates success 0–4, a preference model gives harmlessness.',
  detect: (shape) =>
    hasColumns(shape, 'transcript', 'rating', 'red_team_member_id')
      ? { confidence: 0.98, why: 'It has transcript, rating and red_team_member_id.' }
      : null,
  read: (shape) => {
    const member = textOf(shape, 'red_team_member_id');
    const { missing, ...single } = readDialogueSingle(
      messagesFromTranscript(textOf(shape, 'transcript'), hhMarker),
      'transcript',
    );
    return {
      ...single,
      ratings:
        presentRatings([
          ratingStruct({
            response: 0,
            annotator: member,
            aspect: "'attack_success'",
            value: numberOf(shape, 'rating'),
            min: 0,
            max: 4,
          }),
          ratingStruct({
            response: 0,
            annotator: "'preference model'",
            aspect: "'min_harmlessness'",
            value: numberOf(shape, 'min_harmlessness_score_transcript'),
          }),
        ]) ?? 'NULL',
      annotators: `[${annotatorStruct(member, "'human'", { is_upworker: textOf(shape, 'is_upworker') })},
        ${annotatorStruct("'preference model'", "'model'")}]`,
      maxResponses: 1,
      maxVotes: 0,
      usedColumns: presentColumns(
        shape,
        'transcript',
        'rating',
        'red_team_member_id',
        'is_upworker',
        'min_harmlessness_score_transcript',
      ),
      hasSides: false,
      relation: 'responses',
      ...problems([missing]),
    };
  },
};

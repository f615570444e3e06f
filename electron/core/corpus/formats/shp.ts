import type { FormatReader } from '../reading/reader.ts';
import {
  presentRatings,
  problems,
  ratingStruct,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import { hasColumns, numberOf, plainPair, presentColumns, textOf } from '../reading/source-sql.ts';

/**
 * Stanford Human Preferences: two Reddit comments; `labels` 1 = A, 0 = B. Strength is 1 − 1 / score_ratio: 0 where both
 * have the same score, 0.5 where one has twice as much, towards 1 with a growing ratio.
 */
export const shp: FormatReader = {
  id: 'shp',
  title: 'Stanford Human Preferences (SHP, SHP-2)',
  description: 'Two comments on one post; labels 1 = A is better, 0 = B; vote scores are kept as ratings.',
  detect: (shape) =>
    hasColumns(shape, 'history', 'human_ref_A', 'human_ref_B', 'labels')
      ? { confidence: 0.99, why: 'It has history, human_ref_A, human_ref_B and labels.' }
      : null,
  read: (shape) => {
    const label = numberOf(shape, 'labels');
    const [a, b] = [textOf(shape, 'human_ref_A'), textOf(shape, 'human_ref_B')];
    const ratio = numberOf(shape, 'score_ratio');
    const ratings = presentRatings(
      ['score_A', 'score_B'].map((name, response) =>
        ratingStruct({ response, aspect: "'score'", value: numberOf(shape, name) }),
      ),
    );
    const ids = presentColumns(shape, 'post_id', 'c_root_id_A', 'c_root_id_B');
    return {
      ...plainPair,
      ...(ids.length > 0
        ? { exampleId: `concat_ws(':', ${ids.map((name) => textOf(shape, name)).join(', ')})` }
        : {}),
      promptText: textOf(shape, 'history'),
      topic: textOf(shape, 'domain'),
      responses: `[${responseStruct(a)}, ${responseStruct(b)}]`,
      votes: `[${voteStruct({
        label: `CASE ${label} WHEN 1 THEN 'a' WHEN 0 THEN 'b' END`,
        strength: `CASE WHEN ${ratio} >= 1 THEN 1 - 1 / ${ratio} END`,
      })}]`,
      ...(ratings ? { ratings } : {}),
      usedColumns: presentColumns(
        shape,
        ...ids,
        'history',
        'domain',
        'human_ref_A',
        'human_ref_B',
        'labels',
        'score_A',
        'score_B',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: `${a} IS NULL`, text: 'There is no response in “human_ref_A”.', column: 'human_ref_A' },
        { when: `${b} IS NULL`, text: 'There is no response in “human_ref_B”.', column: 'human_ref_B' },
        {
          when: `${textOf(shape, 'labels')} IS NOT NULL AND (${label} IS NULL OR ${label} NOT IN (0, 1))`,
          text: 'The label in “labels” is neither 0 nor 1.',
          column: 'labels',
        },
      ]),
    };
  },
};

import type { FormatReader, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  problems,
  ratingStruct,
  voteStruct,
  votesFromScores,
} from '../reading/record-parts.ts';
import {
  columnNamed,
  hasColumns,
  itemsOf,
  jsonOf,
  numberListOf,
  presentColumns,
  someValue,
  textListOf,
  textOf,
} from '../reading/source-sql.ts';

const imageColumns = ['image_path', 'file_path', 'images', 'paths'] as const;

/** A response that is an image: its text is the path as the source gives it, its model the folder it lies in. */
const imageStruct: Sql = `struct_pack("text" := one, model := NULL::VARCHAR,
  messages := NULL::STRUCT("role" VARCHAR, content VARCHAR)[], media := [one])`;

/**
 * HPSv2: images of one prompt, chosen by a person (`human_preference`, 1 for the chosen image) or ranked
 * (`rank`, 1 = best, and `raw_annotations` with each person's ranks). Equal averaged ranks are ties.
 */
export const hps: FormatReader = {
  id: 'hps',
  title: 'HPSv2 (image preferences)',
  description:
    'A prompt with image files and which was preferred, or their ranks with the ranks of each person.',
  detect(shape) {
    const images = columnNamed(shape, ...imageColumns);
    if (images === undefined || !hasColumns(shape, 'prompt') || !someValue(shape, images, Array.isArray))
      return null;
    if (columnNamed(shape, 'human_preference') !== undefined)
      return { confidence: 0.97, why: `image files in ${images} with human_preference` };
    return columnNamed(shape, 'rank') === undefined
      ? null
      : { confidence: 0.97, why: `image files in ${images} with ranks` };
  },
  read(shape) {
    const images = columnNamed(shape, ...imageColumns) ?? 'image_path';
    const isRank = columnNamed(shape, 'human_preference') === undefined;
    const scores = numberListOf(shape, isRank ? 'rank' : 'human_preference');
    const raw = itemsOf(jsonOf(shape, 'raw_annotations'));
    const annotator = `coalesce(json_extract_string(person, '$.user_hash'), 'person')`;
    const ranks = `list_transform(${itemsOf(`json_extract(person, '$.rank')`)}, lambda one: TRY_CAST(json_extract_string(one, '$') AS DOUBLE))`;
    const user = textOf(shape, 'user_hash');
    const consensus = votesFromScores({
      scores: 'assay_scores',
      isRank,
      annotator: isRank ? "'average'" : `coalesce(${user}, 'label')`,
    });
    const personal = `flatten(list_transform(coalesce(assay_people, []), lambda person: ${votesFromScores({ scores: 'person.ranks', isRank: true, annotator: 'person.name' })}))`;
    return {
      from: (relation) => `(SELECT *, ${scores} AS assay_scores, ${textListOf(shape, images)} AS assay_images,
        list_transform(${raw}, lambda person: struct_pack("name" := ${annotator}, ranks := ${ranks})) AS assay_people FROM ${relation})`,
      promptText: textOf(shape, 'prompt'),
      ...(columnNamed(shape, 'id') ? { exampleId: textOf(shape, 'id') } : {}),
      responses: `list_transform(assay_images, lambda one: ${imageStruct})`,
      votes: `coalesce(nullif(${isRank ? `list_concat(${consensus}, ${personal})` : consensus}, []), [${voteStruct({ label: 'NULL' })}])`,
      ...(isRank ? { reference: "'average'" } : {}),
      ...(isRank
        ? {
            ratings: `list_transform(assay_scores, lambda given, place: ${ratingStruct({ response: 'place - 1', aspect: "'rank'", value: 'given', annotator: "'average'", min: 1, max: 'len(assay_scores)' })})`,
          }
        : {}),
      annotators: `list_concat(${isRank ? `[${annotatorStruct("'average'", "'rule'")}]` : `CASE WHEN ${user} IS NOT NULL THEN [${annotatorStruct(user, "'human'")}] ELSE [] END`},
        list_transform(coalesce(assay_people, []), lambda person: ${annotatorStruct('person.name', "'human'")}))`,
      usedColumns: presentColumns(
        shape,
        'prompt',
        images,
        'id',
        'user_hash',
        'raw_annotations',
        isRank ? 'rank' : 'human_preference',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: 'coalesce(len(assay_images), 0) = 0', text: 'There is no image.', column: images },
        {
          when: 'len(assay_images) IS DISTINCT FROM len(assay_scores)',
          text: 'There are not as many ranks as images.',
          column: isRank ? 'rank' : 'human_preference',
        },
      ]),
    };
  },
};

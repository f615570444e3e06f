import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { type Problem, problems, ratingStruct, responseStruct, voteStruct } from '../reading/record-parts.ts';
import { booleanOf, hasColumns, jsonOf, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';

const sides = [0, 1] as const;

const labelFromIndex = (index: Sql) => `CASE ${index} WHEN 0 THEN 'a' WHEN 1 THEN 'b' END`;

function ratingsOf(shape: SourceShape): Sql {
  const single = sides.flatMap((response) => [
    ratingStruct({
      response,
      aspect: "'safe'",
      value: `(${booleanOf(shape, `is_response_${response}_safe`)})::INTEGER`,
      min: 0,
      max: 1,
    }),
    ratingStruct({
      response,
      aspect: "'severity'",
      value: numberOf(shape, `response_${response}_severity_level`),
      min: 0,
      max: 3,
    }),
  ]);
  const flags = sides.map((response) => {
    const json = `assay_harm_${response}`;
    const flag = ratingStruct({
      response,
      aspect: `'harm: ' || category`,
      value: `TRY_CAST(json_extract_string(${json}, '$."' || category || '"') AS BOOLEAN)::INTEGER`,
      min: 0,
      max: 1,
    });
    return `coalesce(list_transform(json_keys(${json}), lambda category: ${flag}), [])`;
  });
  return `list_filter(list_concat([${single.join(', ')}], ${flags.join(', ')}), lambda given: given."value" IS NOT NULL)`;
}

/** PKU-SafeRLHF: the better response (overall) and the safer response (aspect safety) are two separate votes. */
export const pkuSafeRlhf: FormatReader = {
  id: 'pku-saferlhf',
  title: 'PKU-SafeRLHF',
  description: 'Two responses with better_response_id and safer_response_id (0/1), harm flags and severity.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'response_0', 'response_1', 'better_response_id')
      ? { confidence: 0.97, why: 'It has response_0, response_1 and better_response_id.' }
      : null,
  read: (shape) => {
    const hasSafer = hasColumns(shape, 'safer_response_id');
    const better = numberOf(shape, 'better_response_id');
    const safer = numberOf(shape, 'safer_response_id');
    const votes = [voteStruct({ label: labelFromIndex(better) })];
    if (hasSafer) votes.push(voteStruct({ label: labelFromIndex(safer), aspect: "'safety'" }));
    const indexProblem = (index: Sql, column: string): Problem => ({
      when: `${textOf(shape, column)} IS NOT NULL AND ${labelFromIndex(index)} IS NULL`,
      text: `The label in “${column}” is neither 0 nor 1.`,
      column,
    });
    const missing = sides.map((side) => ({
      when: `${textOf(shape, `response_${side}`)} IS NULL`,
      text: `There is no response in “response_${side}”.`,
      column: `response_${side}`,
    }));
    return {
      from: (relation) =>
        `(SELECT *, ${sides
          .map((side) => `${jsonOf(shape, `response_${side}_harm_category`)} AS assay_harm_${side}`)
          .join(', ')} FROM ${relation})`,
      promptText: textOf(shape, 'prompt'),
      subset: textOf(shape, 'prompt_source'),
      responses: `[${sides
        .map((side) =>
          responseStruct(textOf(shape, `response_${side}`), {
            model: textOf(shape, `response_${side}_source`),
          }),
        )
        .join(', ')}]`,
      votes: `[${votes.join(', ')}]`,
      ratings: ratingsOf(shape),
      maxResponses: 2,
      maxVotes: votes.length,
      usedColumns: presentColumns(
        shape,
        'prompt',
        'prompt_source',
        'better_response_id',
        'safer_response_id',
        ...sides.flatMap((side) => [
          `response_${side}`,
          `response_${side}_source`,
          `is_response_${side}_safe`,
          `response_${side}_harm_category`,
          `response_${side}_severity_level`,
        ]),
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        ...missing,
        indexProblem(better, 'better_response_id'),
        ...(hasSafer ? [indexProblem(safer, 'safer_response_id')] : []),
      ]),
    };
  },
};

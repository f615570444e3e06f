import type { FormatReader, SourceShape, Sql } from './reader.ts';
import { annotatorStruct, labelFromWord, problems, responseStruct, voteStruct } from './record-parts.ts';
import { findColumn, hasColumns, jsonOf, kindOf, listOf, textField } from './source-sql.ts';

/** Words that mean that an annotator gave no preference; CSV round trips write the last ones. */
const noPreference = `('', 'nan', 'none', 'null')`;

const responseText = (side: 'a' | 'b') =>
  `coalesce(json_extract_string(assay_one, '$.response_${side}.text'), json_extract_string(assay_one, '$.text_${side}'),
    CASE WHEN json_type(assay_one, '$.response_${side}') = 'VARCHAR' THEN json_extract_string(assay_one, '$.response_${side}') END)`;
const responseModel = (side: 'a' | 'b') =>
  `coalesce(json_extract_string(assay_one, '$.response_${side}.model'), json_extract_string(assay_one, '$.model_${side}'))`;

/** Annotator id to its name, description and kind, as a MAP. */
function annotatorsMap(json: Sql): Sql {
  const member = (key: string) => `json_extract_string(${json}, '$."' || id || '".${key}')`;
  const kind = `CASE WHEN ${member('type')} = 'human' THEN 'human' WHEN ${member('type')} LIKE '%principle' THEN 'principle'
    WHEN ${member('type')} IN ('model', 'rule') THEN ${member('type')} ELSE 'unknown' END`;
  return `map_from_entries(list_transform(json_keys(${json}), lambda id: struct_pack(k := id, v := struct_pack(
    "name" := coalesce(${member('name')}, ${member('description')}, id),
    description := ${member('description')}, kind := ${kind}))))`;
}

/** One row a comparison, with its votes read; `metadata` becomes the comparison's own, `annotators` what gave no vote. */
function unnestComparisons(shape: SourceShape, relation: Sql): Sql {
  const column = findColumn(shape, 'comparisons');
  const list = column && kindOf(column.type) === 'list' ? '"comparisons"' : listOf(shape, 'comparisons');
  const votes = `list_transform(coalesce(json_keys(assay_one, '$.annotations'), []), lambda id: struct_pack(
    id := id, given := json_extract(assay_one, '$.annotations."' || id || '"'),
    pref := coalesce(json_extract_string(assay_one, '$.annotations."' || id || '".pref'),
      CASE WHEN json_type(assay_one, '$.annotations."' || id || '"') = 'VARCHAR'
        THEN json_extract_string(assay_one, '$.annotations."' || id || '"') END)))`;
  const reason = `json_extract_string(one.given, '$.no_pref_reason')`;
  const silent = `list_filter(assay_given, lambda one: json_type(one.given) = 'OBJECT' AND one.pref IS NULL
    AND (coalesce(${reason}, 'not_applicable') <> 'not_applicable' OR json_extract_string(one.given, '$.value') IS NOT NULL))`;
  const rest = (
    side: 'a' | 'b',
  ) => `nullif(json_merge_patch(CASE json_type(assay_one, '$.response_${side}') WHEN 'OBJECT'
    THEN json_extract(assay_one, '$.response_${side}') ELSE '{}'::JSON END, '{"text": null, "model": null}'::JSON)::VARCHAR, '{}')::JSON`;
  return `(SELECT src_row, assay_place, assay_one, assay_annotators, assay_default, assay_given,
      json_extract(assay_one, '$.metadata') AS metadata,
      CASE WHEN len(${silent}) > 0 THEN to_json(map_from_entries(list_transform(${silent}, lambda one:
        struct_pack(k := one.id, v := one.given)))) END AS annotators,
      CASE WHEN ${rest('a')} IS NOT NULL OR ${rest('b')} IS NOT NULL
        THEN json_object('response_a', ${rest('a')}, 'response_b', ${rest('b')}) END AS comparisons
    FROM (SELECT *, ${votes} AS assay_given FROM (
      SELECT src_row, generate_subscripts(assay_list, 1) AS assay_place, to_json(unnest(assay_list)) AS assay_one,
        assay_annotators, assay_default
      FROM (SELECT src_row, ${list} AS assay_list, ${annotatorsMap(jsonOf(shape, 'annotators'))} AS assay_annotators,
          ${textField(jsonOf(shape, 'metadata'), 'default_annotator')} AS assay_default
        FROM ${relation}))))`;
}

/** AnnotatedPairs 1.0 and 2.0, one JSON document: many annotators on each comparison. */
export const annotatedPairs: FormatReader = {
  id: 'annotated-pairs',
  title: 'AnnotatedPairs (ICAI, Feedback Forensics)',
  description:
    'One JSON document with annotators and comparisons; principle votes have the principle as their aspect.',
  detect: (shape) =>
    hasColumns(shape, 'annotators', 'comparisons')
      ? { confidence: hasColumns(shape, 'metadata') ? 0.99 : 0.9, why: 'It has annotators and comparisons.' }
      : null,
  read: (shape) => {
    const who = `assay_annotators[one.id]`;
    const vote = voteStruct({
      label: labelFromWord('one.pref'),
      annotator: `coalesce(${who}."name", one.id)`,
      aspect: `CASE WHEN ${who}.kind = 'principle' AND one.id IS DISTINCT FROM assay_default
        THEN coalesce(${who}.description, ${who}."name") END`,
    });
    const given = `list_transform(list_filter(assay_given, lambda one: (${labelFromWord('one.pref')}) IS NOT NULL), lambda one: ${vote})`;
    const annotator = annotatorStruct('one.value."name"', 'one.value.kind', {
      id: 'one.key',
      description: 'one.value.description',
    });
    const prompt = textField('assay_one', 'prompt');
    return {
      from: (relation) => unnestComparisons(shape, relation),
      sourceRows: 'CASE WHEN assay_place = 1 THEN 1 ELSE 0 END',
      exampleId: textField('assay_one', 'id'),
      promptText: `CASE WHEN coalesce(${prompt}, 'nan') IN ('nan', 'None') THEN '' ELSE ${prompt} END`,
      responses: `[${responseStruct(responseText('a'), { model: responseModel('a') })},
        ${responseStruct(responseText('b'), { model: responseModel('b') })}]`,
      votes: `CASE WHEN len(${given}) > 0 THEN ${given} ELSE [${voteStruct({ label: 'NULL' })}] END`,
      annotators: `CASE WHEN assay_place = 1 THEN list_transform(map_entries(assay_annotators), lambda one: ${annotator}) END`,
      maxResponses: 2,
      usedColumns: shape.columns
        .map((column) => column.name)
        .filter((name) => !['metadata', 'annotators', 'comparisons'].includes(name)),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        {
          when: `${responseText('a')} IS NULL`,
          text: 'The comparison has no text for response a.',
          column: 'comparisons',
        },
        {
          when: `${responseText('b')} IS NULL`,
          text: 'The comparison has no text for response b.',
          column: 'comparisons',
        },
        {
          when: `len(list_filter(assay_given, lambda one: lower(trim(one.pref)) NOT IN ${noPreference}
            AND (${labelFromWord('one.pref')}) IS NULL)) > 0`,
          text: 'A preference is none of a, b, text_a, text_b, tie.',
          column: 'comparisons',
        },
      ]),
    };
  },
};

import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  labelFromWord,
  problems,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import { findColumn, hasColumns, jsonOf, kindOf, listOf, textField } from '../reading/source-sql.ts';

/** Words that mean that an annotator gave no preference; CSV round trips write the last ones. */
const noPreference = `('', 'nan', 'none', 'null')`;

const responseText = (side: 'a' | 'b') =>
  `coalesce(json_extract_string(assay_one, '$.response_${side}.text'), json_extract_string(assay_one, '$.text_${side}'),
    CASE WHEN json_type(assay_one, '$.response_${side}') = 'VARCHAR' THEN json_extract_string(assay_one, '$.response_${side}') END)`;
const responseModel = (side: 'a' | 'b') =>
  `coalesce(json_extract_string(assay_one, '$.response_${side}.model'), json_extract_string(assay_one, '$.model_${side}'))`;

/** Annotators of each document, one row each: src_row, assay_id, assay_name, assay_description, assay_kind. */
function annotatorRows(): Sql {
  const member = (key: string) => `json_extract_string(assay_who, '$.${key}')`;
  const kind = `CASE WHEN ${member('type')} LIKE '%principle' THEN 'principle'
    WHEN ${member('type')} IN ('human', 'model', 'rule') THEN ${member('type')} ELSE 'unknown' END`;
  return `SELECT src_row, assay_id, assay_place, coalesce(${member('name')}, ${member('description')}, assay_id) AS assay_name,
      ${member('description')} AS assay_description, ${kind} AS assay_kind,
      assay_id IS NOT DISTINCT FROM assay_default AS assay_is_default
    FROM (SELECT src_row, assay_default, unnest(map_keys(assay_map)) AS assay_id, unnest(map_values(assay_map)) AS assay_who,
        generate_subscripts(map_keys(assay_map), 1) AS assay_place
      FROM (SELECT src_row, assay_default, json_transform(assay_annotators, '"MAP(VARCHAR, JSON)"') AS assay_map FROM assay_document))`;
}

/** Every annotation that is there, one row each, with what its annotator says. */
const annotationRows = `SELECT src_row, assay_place, assay_id, assay_given, assay_order,
    CASE json_type(assay_given) WHEN 'OBJECT' THEN json_extract_string(assay_given, '$.pref')
      WHEN 'VARCHAR' THEN json_extract_string(assay_given, '$') END AS assay_pref
  FROM (SELECT src_row, assay_place, unnest(map_keys(assay_map)) AS assay_id, unnest(map_values(assay_map)) AS assay_given,
      generate_subscripts(map_keys(assay_map), 1) AS assay_order
    FROM (SELECT src_row, assay_place,
        json_transform(json_extract(assay_one, '$.annotations'), '"MAP(VARCHAR, JSON)"') AS assay_map FROM assay_comparison))`;

/** Votes of each comparison, annotations without a preference that say why, and whether a word is unknown. */
function voteRows(): Sql {
  const label = labelFromWord('assay_pref');
  const vote = voteStruct({
    label: 'assay_label',
    annotator: 'coalesce(assay_name, assay_id)',
    aspect: `CASE WHEN assay_kind = 'principle' AND NOT assay_is_default
      THEN coalesce(assay_description, assay_name) END`,
  });
  const reason = `coalesce(json_extract_string(assay_given, '$.no_pref_reason'), 'not_applicable') <> 'not_applicable'
    OR json_extract_string(assay_given, '$.value') IS NOT NULL`;
  return `SELECT src_row, assay_place,
      list(${vote} ORDER BY assay_order) FILTER (WHERE assay_label IS NOT NULL) AS assay_votes,
      map_from_entries(list(struct_pack(k := assay_id, v := assay_given) ORDER BY assay_order)
        FILTER (WHERE assay_pref IS NULL AND json_type(assay_given) = 'OBJECT' AND (${reason}))) AS assay_silent,
      bool_or(assay_label IS NULL AND lower(trim(assay_pref)) NOT IN ${noPreference}) AS assay_is_unknown
    FROM (SELECT given.*, ${label} AS assay_label, assay_name, assay_description, assay_kind, assay_is_default
      FROM (${annotationRows}) given
        LEFT JOIN assay_annotator who ON who.src_row = given.src_row AND who.assay_id = given.assay_id)
    GROUP BY src_row, assay_place`;
}

/**
 * One row a comparison, with its votes read. `metadata` becomes the comparison's own, `annotators` the annotations that
 * gave no vote but a reason, `comparisons` what the responses hold besides text and model.
 */
function unnestComparisons(shape: SourceShape, relation: Sql): Sql {
  const column = findColumn(shape, 'comparisons');
  const list = column && kindOf(column.type) === 'list' ? '"comparisons"' : listOf(shape, 'comparisons');
  const rest = (
    side: 'a' | 'b',
  ) => `nullif(json_merge_patch(CASE json_type(assay_one, '$.response_${side}') WHEN 'OBJECT'
    THEN json_extract(assay_one, '$.response_${side}') ELSE '{}'::JSON END, '{"text": null, "model": null}'::JSON)::VARCHAR, '{}')::JSON`;
  const annotator = annotatorStruct('assay_name', 'assay_kind', {
    id: 'assay_id',
    description: 'assay_description',
  });
  return `(WITH assay_document AS MATERIALIZED (SELECT src_row, ${list} AS assay_list,
        ${jsonOf(shape, 'annotators')} AS assay_annotators,
        ${textField(jsonOf(shape, 'metadata'), 'default_annotator')} AS assay_default FROM ${relation}),
      assay_comparison AS MATERIALIZED (SELECT src_row, generate_subscripts(assay_list, 1) AS assay_place,
        to_json(unnest(assay_list)) AS assay_one FROM assay_document),
      assay_annotator AS MATERIALIZED (${annotatorRows()}),
      assay_people AS (SELECT src_row, 1 AS assay_place, list(${annotator} ORDER BY assay_place) AS assay_annotators
        FROM assay_annotator GROUP BY src_row),
      assay_vote AS (${voteRows()})
    SELECT src_row, assay_place, assay_one, assay_votes, assay_is_unknown, assay_annotators, assay_reference,
      json_extract(assay_one, '$.metadata') AS metadata, to_json(assay_silent) AS annotators,
      CASE WHEN ${rest('a')} IS NOT NULL OR ${rest('b')} IS NOT NULL
        THEN json_object('response_a', ${rest('a')}, 'response_b', ${rest('b')}) END AS comparisons
    FROM assay_comparison LEFT JOIN assay_vote USING (src_row, assay_place)
      LEFT JOIN assay_people USING (src_row, assay_place)
      LEFT JOIN (SELECT src_row, any_value(assay_name) AS assay_reference FROM assay_annotator WHERE assay_is_default GROUP BY src_row)
        USING (src_row)
    ORDER BY src_row, assay_place)`;
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
    const prompt = textField('assay_one', 'prompt');
    return {
      from: (relation) => unnestComparisons(shape, relation),
      sourceRows: 'CASE WHEN assay_place = 1 THEN 1 ELSE 0 END',
      exampleId: textField('assay_one', 'id'),
      promptText: `CASE WHEN coalesce(${prompt}, 'nan') IN ('nan', 'None') THEN '' ELSE ${prompt} END`,
      responses: `[${responseStruct(responseText('a'), { model: responseModel('a') })},
        ${responseStruct(responseText('b'), { model: responseModel('b') })}]`,
      votes: `coalesce(assay_votes, [${voteStruct({ label: 'NULL' })}])`,
      reference: 'assay_reference',
      annotators: 'assay_annotators',
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
          when: 'assay_is_unknown',
          text: 'A preference is none of a, b, text_a, text_b, tie.',
          column: 'comparisons',
        },
      ]),
    };
  },
};

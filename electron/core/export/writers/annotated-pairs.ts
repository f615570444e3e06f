import type { Sql } from '../../corpus/reading/reader.ts';
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { pythonText } from '../python-json-sql.ts';
import { flattenedPrompt, flattenedResponse, holding, twoPrompts } from '../parts-sql.ts';
import { column, onlyDecided, type Writer, type WriterContext } from '../writer.ts';

/** The id Feedback Forensics takes as its reference, whatever the file says: first 8 of the MD5 of this description. */
const defaultDescription = 'Default annotator from original dataset (from column `preferred_text`)';
const defaultAnnotator = 'ba751e7b';

const shortMd5 = (text: Sql): Sql => `left(md5(${text}), 8)`;
const isObject = (json: Sql) => `json_type(${json}) = 'OBJECT'`;

/** Id, description and type of every annotator of the dataset, one row for each aspect it spoke on; `silent` annotators have none. */
const annotatorRows = (datasetId: number): Sql => `
  SELECT n.annotator_id, v.aspect, n.kind = 'principle' AS is_principle,
    coalesce(n.attributes['id'], CASE WHEN n.kind = 'principle' THEN ${shortMd5('coalesce(v.aspect, n.name)')}
      ELSE ${shortMd5(`'column_' || n.name || coalesce(' (' || v.aspect || ')', '')`)} END) AS id,
    CASE WHEN n.kind = 'principle' THEN to_json({'description': coalesce(v.aspect, n.attributes['description'], n.name), 'type': 'principle'})
      ELSE to_json({'name': n.name || coalesce(' (' || v.aspect || ')', ''),
        'description': coalesce(n.attributes['description'], 'Votes of ' || n.name || coalesce(' (' || v.aspect || ')', '')),
        'type': CASE n.kind WHEN 'human' THEN 'human' ELSE 'unknown' END}) END AS entry,
    n.attributes['id'] IS NOT NULL AS is_declared, n.name = 'label' AND v.aspect IS NULL AS is_label
  FROM annotator n LEFT JOIN (SELECT DISTINCT annotator_id, aspect FROM vote WHERE dataset_id = ${datasetId}) v USING (annotator_id)
  WHERE n.dataset_id = ${datasetId}`;

/** Every annotation of the selected pairs, the most specific first: kept from the source, default, voted, silent principle. */
const annotationRows = (datasetId: number): Sql => `
  SELECT unit, id, first(given ORDER BY rank) AS given FROM (
    SELECT unit, ${quoteLiteral(defaultAnnotator)} AS id, to_json({'pref': label}) AS given, 1 AS rank FROM pair
    UNION ALL
    SELECT p.unit, w.id, CASE WHEN v.label IN ('a', 'b') THEN to_json({'pref': v.label})
        ELSE to_json({'pref': NULL, 'no_pref_reason': CASE v.label WHEN 'tie' THEN 'both' ELSE 'neither' END}) END, 2
      FROM pair p JOIN vote v ON v.comparison_id = p.row_id AND v.dataset_id = ${datasetId}
      JOIN who w ON w.annotator_id = v.annotator_id AND w.aspect IS NOT DISTINCT FROM v.aspect
      WHERE NOT w.is_label AND w.id <> ${quoteLiteral(defaultAnnotator)}
    UNION ALL
    SELECT p.unit, w.id, to_json({'pref': NULL, 'no_pref_reason': 'not_applicable'}), 3
      FROM pair p CROSS JOIN (SELECT DISTINCT id FROM who WHERE is_principle AND is_declared) w
    UNION ALL
    SELECT unit, unnest(map_keys(kept)), unnest(map_values(kept)), 0 FROM (SELECT unit,
      json_transform(json_extract(extra, '$.annotators'), '"MAP(VARCHAR, JSON)"') AS kept FROM pair
      WHERE ${isObject(`json_extract(extra, '$.annotators')`)}))
  GROUP BY unit, id`;

/** A response as JSON: text, model where known, and what else the source had. */
const responseJson = (side: 'a' | 'b'): Sql => {
  const kept = `json_extract(extra, '$.comparisons.response_${side}')`;
  const own = `CASE WHEN model_${side} IS NULL THEN to_json({'text': ${side}}) ELSE to_json({'text': ${side}, 'model': model_${side}}) END::VARCHAR`;
  return `CASE WHEN ${isObject(kept)} AND json_array_length(json_keys(${kept})) > 0
    THEN substr(${own}, 1, length(${own}) - 1) || ',' || substr(${kept}::VARCHAR, 2) ELSE ${own} END`;
};

/** A response as Python writes it with sorted keys, for ICAI's comparison id. */
const responseDump = (side: 'a' | 'b'): Sql =>
  `'{' || CASE WHEN model_${side} IS NULL THEN '' ELSE '"model": ' || ${pythonText(`model_${side}`)} || ', ' END || '"text": ' || ${pythonText(side)} || '}'`;

const comparisonId: Sql = `CASE WHEN regexp_full_match(example_id, '[0-9a-f]{8}') THEN example_id
  ELSE ${shortMd5(`CASE WHEN prompt = '' THEN '' ELSE prompt || '|' END || ${responseDump('a')} || '|' || ${responseDump('b')}`)} END`;

const metadataJson: Sql = `CASE WHEN ${isObject(`json_extract(extra, '$.metadata')`)} THEN json_extract(extra, '$.metadata')
  ELSE to_json({'source_file': parse_filename(source_file), 'source_row': source_row::VARCHAR}) END`;

function documentOf({ datasetName, datasetId }: WriterContext, rows: Sql): Sql {
  const head = quoteLiteral(
    JSON.stringify({
      version: '2.0',
      description: `Exported from the dataset ${datasetName} by Assay`,
      created_at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      dataset_name: datasetName,
      default_annotator: defaultAnnotator,
    }).slice(0, -1),
  );
  const entry = quoteLiteral(
    JSON.stringify({ name: 'preferred_text', description: defaultDescription, type: 'unknown' }),
  );
  const comparison = `'{"id": ' || to_json(id)::VARCHAR || ', "prompt": ' || CASE WHEN prompt = '' THEN 'null' ELSE to_json(prompt)::VARCHAR END
    || ', "response_a": ' || ${responseJson('a')} || ', "response_b": ' || ${responseJson('b')}
    || ', "annotations": ' || annotations::VARCHAR || ', "metadata": ' || metadata::VARCHAR || '}'`;
  return `(WITH pair AS MATERIALIZED (SELECT *, ${metadataJson} AS metadata FROM ${rows}),
    who AS MATERIALIZED (${annotatorRows(datasetId)}),
    annotation AS MATERIALIZED (${annotationRows(datasetId)}),
    spoken AS (SELECT DISTINCT id FROM annotation),
    declared AS (SELECT id, coalesce(any_value(entry) FILTER (is_declared), any_value(entry)) AS entry FROM who GROUP BY id)
  SELECT line FROM (
    SELECT 0 AS part, 0 AS unit, '{"metadata": ' || ${head} || ',"available_metadata_keys_per_comparison": '
      || (SELECT to_json(coalesce(list(DISTINCT name ORDER BY name), []))::VARCHAR FROM (SELECT unnest(json_keys(metadata)) AS name FROM pair)) || '},' AS line
    UNION ALL SELECT 1, 0, '"annotators": ' || (SELECT json_group_object(id, coalesce(entry, CASE WHEN id = '${defaultAnnotator}' THEN ${entry}::JSON
      ELSE to_json({'description': id, 'type': 'unknown'}) END))::VARCHAR FROM spoken LEFT JOIN declared USING (id)) || ','
    UNION ALL SELECT 2, 0, '"comparisons": ['
    UNION ALL SELECT 3, unit, ${comparison} || CASE WHEN unit = max(unit) OVER () THEN '' ELSE ',' END
      FROM (SELECT pair.*, ${comparisonId} AS id, g.annotations FROM pair JOIN (SELECT unit, json_group_object(id, given) AS annotations
        FROM annotation GROUP BY unit) g USING (unit))
    UNION ALL SELECT 4, 0, ']}') ORDER BY part, unit)`;
}

/**
 * AnnotatedPairs 2.0 as ICAI and Feedback Forensics read it: `metadata` first, the label under the default annotator's
 * well-known id as plain a or b, and no annotator without an annotation: a principle that came with the source and does
 * not speak on a pair is “not applicable” there. Votes of other annotators that are ties stay as “no preference”.
 */
export const annotatedPairs: Writer = {
  id: 'annotated-pairs',
  title: 'AnnotatedPairs 2.0',
  purpose: 'all annotators of each pair, for ICAI and Feedback Forensics',
  relations: ['pairs'],
  containers: ['json'],
  options: [],
  canSay: onlyDecided,
  unit: 'row',
  document: documentOf,
  shape: () => ({
    columns: [
      column(
        'line',
        'VARCHAR',
        'line',
        'lines of one JSON document with metadata, annotators and comparisons',
      ),
    ],
    rowsPerUnit: 1,
    holds: holding('sides', 'models', 'example_id', 'votes', 'extra'),
    excludes: [twoPrompts],
    ambiguous: [
      {
        when: `a IN ('', 'nan') OR b IN ('', 'nan')`,
        why: 'a response is empty or “nan”, which Feedback Forensics drops',
      },
      {
        when: `NOT regexp_full_match(example_id, '[0-9a-f]{8}') AND NOT regexp_matches(example_id, '#[0-9]+(:[0-9]+-[0-9]+)?$')`,
        why: 'the id is replaced by the one ICAI makes from the texts',
      },
    ],
    changes: [flattenedPrompt, flattenedResponse],
  }),
};

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Session } from '../../../../native/duckdb/session.ts';
import { dumpLikePython, shortMd5 } from './python-json.ts';

/** The id Feedback Forensics takes as its reference, whatever the file says: MD5 of this description. */
const defaultDescription = 'Default annotator from original dataset (from column `preferred_text`)';
const defaultAnnotator = shortMd5(defaultDescription);
const batch = 500;

interface Source {
  comparisonId: number;
  exampleId: string;
  prompt: string;
  a: string;
  b: string;
  modelA: string | null;
  modelB: string | null;
  label: 'a' | 'b';
  extra: string | null;
  sourceFile: string;
  sourceRow: number;
  votes: { name: string; kind: string; id: string | null; aspect: string | null; label: string }[] | null;
}

type JsonObject = Record<string, unknown>;

interface Annotator {
  readonly name?: string;
  readonly description: string;
  readonly type: string;
}

const selectPairs = `SELECT c.comparison_id AS "comparisonId", c.example_id AS "exampleId", p.text AS prompt, ra.text AS a, rb.text AS b,
    c.model_a AS "modelA", c.model_b AS "modelB", c.label, c.extra, c.source_file AS "sourceFile", c.source_row AS "sourceRow",
    (SELECT list({'name': n.name, 'kind': n.kind, 'id': n.attributes['id'], 'aspect': v.aspect, 'label': v.label} ORDER BY n.annotator_id, v.aspect)
       FROM vote v JOIN annotator n USING (annotator_id) WHERE v.comparison_id = c.comparison_id) AS votes
  FROM comparison c JOIN prompt p USING (prompt_id)
  JOIN response ra ON ra.response_id = c.response_a_id JOIN response rb ON rb.response_id = c.response_b_id
  WHERE c.dataset_id = ? AND c.label IN ('a', 'b') AND c.comparison_id > ? ORDER BY c.comparison_id LIMIT ${batch}`;

/** What the reader of this format kept in `extra` goes back to its place. */
function parseExtra(extra: string | null): {
  metadata?: JsonObject;
  annotators?: JsonObject;
  comparisons?: Record<string, JsonObject>;
} {
  return extra === null ? {} : (JSON.parse(extra) as JsonObject);
}

function describeAnnotator(vote: NonNullable<Source['votes']>[number]): { id: string; annotator: Annotator } {
  if (vote.kind === 'principle') {
    const text = vote.aspect ?? vote.name;
    return { id: vote.id ?? shortMd5(text), annotator: { description: text, type: 'principle' } };
  }
  const name = vote.aspect === null ? vote.name : `${vote.name} (${vote.aspect})`;
  const type = vote.kind === 'human' ? 'human' : 'unknown';
  return {
    id: vote.id ?? shortMd5(`column_${name}`),
    annotator: { name, description: `Votes of ${name}`, type },
  };
}

/** Comparison id by ICAI's rule, unless the pair came with one of that kind. */
function comparisonId(source: Source, responses: { a: JsonObject; b: JsonObject }): string {
  if (/^[0-9a-f]{8}$/.test(source.exampleId)) return source.exampleId;
  const dump = (value: JsonObject) => dumpLikePython(value as Parameters<typeof dumpLikePython>[0]);
  return shortMd5(
    `${source.prompt === '' ? '' : `${source.prompt}|`}${dump(responses.a)}|${dump(responses.b)}`,
  );
}

function makeComparison(
  source: Source,
  annotators: Map<string, Annotator>,
  declared: ReadonlyMap<string, Annotator>,
): JsonObject {
  const kept = parseExtra(source.extra);
  const response = (side: 'a' | 'b', text: string, model: string | null): JsonObject => ({
    text,
    ...(model === null ? {} : { model }),
    ...kept.comparisons?.[`response_${side}`],
  });
  const responses = { a: response('a', source.a, source.modelA), b: response('b', source.b, source.modelB) };
  const annotations: JsonObject = { [defaultAnnotator]: { pref: source.label } };
  annotators.set(
    defaultAnnotator,
    annotators.get(defaultAnnotator) ?? {
      name: 'preferred_text',
      description: defaultDescription,
      type: 'unknown',
    },
  );
  for (const vote of source.votes ?? []) {
    const { id, annotator } = describeAnnotator(vote);
    if (id === defaultAnnotator || (vote.aspect === null && vote.name === 'label')) continue;
    annotators.set(id, annotator);
    annotations[id] =
      vote.label === 'a' || vote.label === 'b'
        ? { pref: vote.label }
        : { pref: null, no_pref_reason: vote.label === 'tie' ? 'both' : 'neither' };
  }
  const silent = [...declared]
    .filter(([id, { type }]) => type === 'principle' && !(id in annotations))
    .map(([id]) => [id, { pref: null, no_pref_reason: 'not_applicable' }] as const);
  const metadata = kept.metadata ?? { source_file: source.sourceFile, source_row: String(source.sourceRow) };
  return {
    id: comparisonId(source, responses),
    prompt: source.prompt === '' ? null : source.prompt,
    response_a: responses.a,
    response_b: responses.b,
    annotations: { ...annotations, ...Object.fromEntries(silent), ...kept.annotators },
    metadata,
  };
}

async function* readPairs(
  session: Session,
  datasetId: number,
  signal: AbortSignal,
): AsyncGenerator<Source[]> {
  for (let after = -1; ;) {
    const rows = await session.all<Source>(selectPairs, [datasetId, after], { signal });
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.comparisonId;
  }
}

/** Annotators that declared themselves in the source but voted "not applicable" everywhere still need their entry. */
async function listDeclared(session: Session, datasetId: number): Promise<Map<string, Annotator>> {
  const rows = await session.all<{ id: string; name: string; kind: string; description: string | null }>(
    `SELECT attributes['id'] AS id, name, kind, attributes['description'] AS description FROM annotator
     WHERE dataset_id = ? AND attributes['id'] IS NOT NULL`,
    [datasetId],
  );
  return new Map(
    rows.map(({ id, name, kind, description }) => [
      id,
      kind === 'principle'
        ? { description: description ?? name, type: 'principle' }
        : { name, description: description ?? name, type: kind === 'human' ? 'human' : 'unknown' },
    ]),
  );
}

const indent = (value: unknown, spaces: number) =>
  JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);

/**
 * Writes AnnotatedPairs 2.0 as ICAI and Feedback Forensics read it: `metadata` first, the majority label under the
 * default annotator's well-known id as plain a or b, and no annotator without an annotation: a principle that came with
 * the source and does not speak on a pair is "not applicable" there. Ties and unlabelled pairs cannot be carried. Row by row in JavaScript, because ids are MD5 sums of Python's JSON spelling.
 */
export async function writeAnnotatedPairs(
  session: Session,
  dataset: { datasetId: number; name: string },
  file: string,
  options: { signal: AbortSignal; onRows: (rows: number) => void },
): Promise<number> {
  const declared = await listDeclared(session, dataset.datasetId);
  const seen = new Map<string, Annotator>(
    declared.has(defaultAnnotator)
      ? [[defaultAnnotator, declared.get(defaultAnnotator) ?? { description: '', type: 'unknown' }]]
      : [],
  );
  const used = new Set<string>();
  const metadataKeys = new Set<string>();
  for await (const rows of readPairs(session, dataset.datasetId, options.signal)) {
    for (const row of rows) {
      const comparison = makeComparison(row, seen, declared);
      for (const id of Object.keys(comparison.annotations as JsonObject)) used.add(id);
      for (const key of Object.keys(comparison.metadata as JsonObject)) metadataKeys.add(key);
    }
  }
  const annotators = Object.fromEntries(
    [...used].map((id) => [id, seen.get(id) ?? declared.get(id) ?? { description: id, type: 'unknown' }]),
  );
  const metadata = {
    version: '2.0',
    description: `Exported from the dataset ${dataset.name} by Assay`,
    created_at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    dataset_name: dataset.name,
    default_annotator: defaultAnnotator,
    available_metadata_keys_per_comparison: [...metadataKeys],
  };
  const output = openSync(file, 'w');
  let count = 0;
  try {
    writeSync(
      output,
      `{\n  "metadata": ${indent(metadata, 2)},\n  "annotators": ${indent(annotators, 2)},\n  "comparisons": [`,
    );
    for await (const rows of readPairs(session, dataset.datasetId, options.signal)) {
      for (const row of rows)
        writeSync(
          output,
          `${count++ === 0 ? '' : ','}\n    ${indent(makeComparison(row, seen, declared), 4)}`,
        );
      options.onRows(count);
    }
    writeSync(output, '\n  ]\n}\n');
  } finally {
    closeSync(output);
  }
  return count;
}

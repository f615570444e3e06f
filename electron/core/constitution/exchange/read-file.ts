import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../contract/app-error.ts';
import { constitutionDocumentSchema } from '../../../contract/constitution.contract.ts';
import { writtenConstitutionSchema } from '../../../contract/constitution-exchange.ts';
import { listSelected } from './edit-run.ts';
import { bare, type Incoming } from './incoming.ts';
import { normalisePrinciple, readConstitutionText, readStoredPrinciple } from './written-text.ts';

const nothing = { others: [], pairsSql: null, votesSql: null, kept: new Map<string, string>(), remarks: [] };

const annotatedPairsSchema = z.object({
  annotators: z.record(
    z.string(),
    z.looseObject({
      type: z.string().optional(),
      description: z.string().optional(),
      name: z.string().optional(),
    }),
  ),
  comparisons: z.array(z.unknown()),
});

function refuse(name: string, why: string): never {
  throw new AppError('IMPORT_FILE_UNREADABLE', `Nothing was imported: ${name}: ${why}`, { file: name });
}

/**
 * Reads a constitution from a file by what is in it: our JSON, AnnotatedPairs, YAML, Markdown or a plain list. `file` must be
 * one the database may read. Throws IMPORT_FILE_UNREADABLE, naming the line.
 */
export function readConstitutionFile(file: string): Incoming {
  const name = path.basename(file);
  const text = readFileSync(file, 'utf8');
  if (/\.json$/i.test(name) || /^\s*\{/.test(text)) return readJsonFile(file, name, text);
  if (/\.txt$/i.test(name)) return { ...nothing, format: 'list', written: readList(text) };
  const format = /\.ya?ml$/i.test(name) ? 'yaml' : 'md';
  const { principles, problems } = readConstitutionText(text, format);
  const [problem] = problems;
  if (problem) refuse(name, `line ${problem.line}: ${problem.message}`);
  return { ...nothing, format, written: principles };
}

/** One principle a line, as it stands there; bullets and numbers before it are no part of it. */
function readList(text: string): Incoming['written'] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, '').trim());
  const own = lines.filter((line) => line !== '').map((line) => normalisePrinciple(bare(line)));
  return [...new Map(own.map((one) => [one.text.toLowerCase(), one])).values()];
}

function readJsonFile(file: string, name: string, text: string): Incoming {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(name, error instanceof Error ? error.message : 'it is not JSON.');
  }
  const pairs = annotatedPairsSchema.safeParse(value);
  if (pairs.success) return readAnnotatedPairs(file, pairs.data);
  const document = constitutionDocumentSchema.safeParse(value);
  if (document.success) {
    const own = z.object({ written: writtenConstitutionSchema }).safeParse(value);
    const written = own.success
      ? own.data.written.principles
      : listSelected(document.data).map(({ stored, weight }) => ({
          ...readStoredPrinciple(stored),
          weight,
          isPinned: false,
        }));
    const selected = new Set(document.data.constitution);
    const others = document.data.principles.map((one) => one.text).filter((one) => !selected.has(one));
    return { ...nothing, format: 'json', written, others: document.data.run ? others : [] };
  }
  const { principles, problems } = readConstitutionText(text, 'yaml');
  const [problem] = problems;
  if (problem) refuse(name, `line ${problem.line}: ${problem.message}`);
  return { ...nothing, format: 'json', written: principles };
}

/** The principles of AnnotatedPairs and their votes; other annotators are data and stay out. */
function readAnnotatedPairs(file: string, { annotators }: z.infer<typeof annotatedPairsSchema>): Incoming {
  const all = Object.entries(annotators);
  const isRule = ([, { type }]: (typeof all)[number]) =>
    type === 'principle' || type === 'preference_principle';
  const rules = all
    .filter(isRule)
    .map(([id, { description, name }]) => ({ id, text: description ?? name ?? id }));
  if (rules.length === 0) refuse(path.basename(file), 'it has no annotator of the type “principle”.');
  const features = all.filter(([, { type }]) => type === 'non_preference_principle').length;
  const raters = all.length - rules.length - features;
  const comparison = `(SELECT unnest(json_extract(content::JSON, '$.comparisons[*]')) AS j, 0 AS row FROM read_text(${quoteLiteral(file)}))`;
  const response = (side: string) =>
    `coalesce(json_extract_string(j, '$.response_${side}.text'), json_extract_string(j, '$.text_${side}'))`;
  const idx = `json_extract_string(j, '$.id')`;
  const word = `coalesce(json_extract_string(given, '$.pref'), CASE json_type(given) WHEN 'VARCHAR' THEN json_extract_string(given, '$') END)`;
  return {
    format: 'annotated-pairs',
    written: rules.map(({ text }) => bare(text)),
    others: [],
    kept: new Map(),
    pairsSql: `SELECT ${idx} AS idx, ${idx} AS ext_id, ${response('a')} AS text_a, ${response('b')} AS text_b FROM ${comparison}`,
    votesSql: `WITH rule AS (SELECT unnest(from_json(${quoteLiteral(JSON.stringify(rules))}::JSON, '[{"id":"VARCHAR","text":"VARCHAR"}]'), recursive := true)),
      given AS (SELECT idx, unnest(map_keys(m)) AS id, unnest(map_values(m)) AS given FROM (
        SELECT ${idx} AS idx, json_transform(json_extract(j, '$.annotations'), '"MAP(VARCHAR, JSON)"') AS m FROM ${comparison}))
      SELECT idx, r.text AS principle, CASE WHEN ${word} IN ('a', 'text_a') THEN 'a' WHEN ${word} IN ('b', 'text_b') THEN 'b'
        WHEN json_extract_string(given, '$.no_pref_reason') = 'invalid' THEN 'invalid' ELSE 'neither' END AS said
      FROM given g JOIN rule r ON r.id = g.id`,
    remarks: [
      ...(raters > 0
        ? [
            `Votes of ${raters} other annotators are data, not principles: import the file as a dataset for them.`,
          ]
        : []),
      ...(features > 0
        ? [`${features} features of prompts (non-preference principles) carry no vote and were left out.`]
        : []),
    ],
  };
}

import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import { spellConstitution } from '../principles/constitutional-judge.ts';
import type { PrincipleRun } from '../principles/principle-run.repository.ts';
import { countVotes, defaultAnnotator, listVotedPairs, type VotedPair } from './voted-pairs.ts';

interface Source {
  readonly document: ConstitutionDocument;
  readonly run: PrincipleRun;
  readonly signal?: AbortSignal | undefined;
}

const shortMd5 = (text: string) => createHash('md5').update(text).digest('hex').slice(0, 8);

/** Texts that Feedback Forensics takes for missing. */
const isDropped = ({ textA, textB }: VotedPair) =>
  [textA, textB].some((text) => text === '' || text === 'nan');

/**
 * AnnotatedPairs 2.0 of the pairs a constitution was voted on: `metadata` first, the label under the id Feedback
 * Forensics takes as its reference, and a word of every principle on every pair. Pairs with an id that has been written
 * are left out, as a reader would. Answers remarks.
 */
export async function writeAnnotatedPairs(
  database: Database,
  file: string,
  source: Source,
): Promise<string[]> {
  const { document, run, signal } = source;
  const rules = await countVotes(database, run);
  const annotators = Object.fromEntries([
    [
      defaultAnnotator,
      {
        name: 'preferred_text',
        description: 'Default annotator from original dataset (from column `preferred_text`)',
        type: 'unknown',
      },
    ],
    ...rules.map(({ text }) => [shortMd5(text), { description: text, type: 'principle' }]),
  ]) as Record<string, unknown>;
  const metadata = {
    version: '2.0',
    description: `Constitution of the dataset ${document.dataset}, exported by Assay`,
    created_at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    dataset_name: document.dataset,
    default_annotator: defaultAnnotator,
    available_metadata_keys_per_comparison: ['index', 'example_id'],
  };
  const out = openSync(file, 'w');
  let [written, repeated, unread] = [0, 0, 0];
  try {
    writeSync(
      out,
      `{\n  "metadata": ${JSON.stringify(metadata)},\n  "annotators": ${JSON.stringify(annotators)},\n  "comparisons": [`,
    );
    for await (const pair of listVotedPairs(database, run, { signal })) {
      if (isDropped(pair)) unread += 1;
      if (pair.isRepeated) {
        repeated += 1;
        continue;
      }
      writeSync(out, `${written === 0 ? '' : ','}\n    ${spellComparison(pair)}`);
      written += 1;
    }
    writeSync(out, '\n  ]\n}\n');
  } finally {
    closeSync(out);
  }
  return [
    `${written} pairs with ${rules.length} principles.`,
    ...(repeated > 0
      ? [`${repeated} pairs that repeat another (same prompt and responses) were left out.`]
      : []),
    ...(unread > 0
      ? [`${unread} pairs have an empty response or “nan”: Feedback Forensics drops them.`]
      : []),
  ];
}

function spellComparison(pair: VotedPair): string {
  const response = (text: string, model: string | null) =>
    JSON.stringify(model === null ? { text } : { text, model });
  const metadata = JSON.stringify({ index: String(pair.index), example_id: pair.exampleId });
  return `{"id": "${pair.id}", "prompt": ${pair.prompt === '' ? 'null' : JSON.stringify(pair.prompt)}, "response_a": ${response(pair.textA, pair.modelA)}, "response_b": ${response(pair.textB, pair.modelB)}, "annotations": ${pair.annotations}, "metadata": ${metadata}}`;
}

const csvCell = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const csvLine = (cells: readonly string[]) => `${cells.map(csvCell).join(',')}\n`;

/**
 * A result folder as ICAI writes it, of everything that is known here: pairs, principles, votes, tallies, what was kept, the
 * constitution and its AnnotatedPairs. All voted pairs stand in the training file. Answers remarks.
 */
export async function writeIcaiFolder(database: Database, folder: string, source: Source): Promise<string[]> {
  const { document, run, signal } = source;
  mkdirSync(folder, { recursive: true });
  const rules = await countVotes(database, run);
  const json = (name: string, value: unknown) =>
    writeFileSync(path.join(folder, name), `${JSON.stringify(value, null, 4)}\n`);
  const numbered = <T>(of: (rule: (typeof rules)[number]) => T) =>
    Object.fromEntries(rules.map((rule, place) => [String(place), of(rule)]));
  json(
    '030_distilled_principles_per_cluster.json',
    numbered(({ text }) => text),
  );
  json(
    '041_votes_per_cluster.json',
    numbered(({ text: _, ...tally }) => ({ ...tally, both: 0, neither: 0 })),
  );
  json('050_filtered_principles.json', document.constitution);
  json('060_constitution.json', spellConstitution(document.constitution));
  json('principle_metrics.json', listMetrics(document));
  await writePairs(database, folder, { run, signal });
  const remarks = await writeAnnotatedPairs(
    database,
    path.join(folder, '070_annotations_train_ap.json'),
    source,
  );
  return [
    ...remarks,
    'Not written, because nothing here corresponds: 010 and 020 (proposals and clusters), 092 to 095 (judge runs of AlpacaEval).',
  ];
}

/** Metrics under the names of Feedback Forensics. */
function listMetrics({ principles }: ConstitutionDocument): Record<string, unknown> {
  return Object.fromEntries(
    principles.map((one) => [
      one.text,
      {
        agreement: one.agreement,
        relevance: one.relevance,
        accuracy: one.accuracy,
        cohens_kappa: one.kappa_adjusted,
        cohens_kappa_og: one.kappa_cohen,
        strength: one.strength,
        strength_ci: one.strength_ci,
        n: one.n,
      },
    ]),
  );
}

async function writePairs(
  database: Database,
  folder: string,
  { run, signal }: { run: PrincipleRun; signal: AbortSignal | undefined },
): Promise<void> {
  const { models, prompts } = await database.one<{ models: boolean; prompts: boolean }>(
    `SELECT coalesce(bool_and(c.model_a IS NOT NULL AND c.model_b IS NOT NULL), false) AS models, coalesce(bool_or(c.prompt_chars > 0), false) AS prompts
     FROM principle_run_pair rp JOIN comparison c USING (comparison_id) WHERE rp.principle_run_id = ?`,
    [run.principleRunId],
  );
  const train = openSync(path.join(folder, '000_train_data.csv'), 'w');
  const votes = openSync(path.join(folder, '040_votes_per_comparison.csv'), 'w');
  try {
    writeSync(
      train,
      csvLine([
        ...['index', 'text_a', 'text_b', 'preferred_text', 'example_id'],
        ...(prompts ? ['input'] : []),
        ...(models ? ['model_a', 'model_b'] : []),
      ]),
    );
    writeSync(votes, csvLine(['index', 'votes']));
    for await (const pair of listVotedPairs(database, run, { signal })) {
      const { index, textA, textB, label, exampleId, prompt, modelA, modelB } = pair;
      writeSync(
        train,
        csvLine([
          ...[String(index), textA, textB, `text_${label}`, exampleId],
          ...(prompts ? [prompt] : []),
          ...(models ? [modelA ?? '', modelB ?? ''] : []),
        ]),
      );
      writeSync(votes, csvLine([String(index), pair.votes]));
    }
  } finally {
    closeSync(train);
    closeSync(votes);
  }
}

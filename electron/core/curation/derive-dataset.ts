import { createHash } from 'node:crypto';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { CurationOutcome, CurationSpec, RecipeStep } from '../../contract/curation.contract.ts';
import { promptsOf, responsesOf, type Work } from './work.ts';

/** SHA-256 over the seed and the steps that are switched on, with their parameters as given. */
export function hashRecipe({ seed, steps }: { seed: number; steps: readonly RecipeStep[] }): string {
  const run = steps.filter((step) => step.enabled).map(({ step, params }) => ({ step, params }));
  return createHash('sha256')
    .update(stable({ seed, steps: run }))
    .digest('hex');
}

/** JSON with sorted keys. */
function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${stable(part)}`);
  return `{${parts.join(',')}}`;
}

interface Target {
  readonly datasetId: number;
  readonly prompt: number;
  readonly response: number;
  readonly comparison: number;
  readonly annotator: number;
  readonly media: number;
}

/** Temporary tables of one writing; the write lane has one at a time. */
const maps = {
  pair: 'temp.curated_pair',
  prompt: 'temp.curated_prompt',
  response: 'temp.curated_response',
  annotator: 'temp.curated_annotator',
};

/**
 * Writes the live candidates of a run as a new dataset. Runs inside the caller's transaction: the whole dataset is there afterwards, or nothing.
 * Prompts and responses are copied; votes, rationales, ratings, tags and files follow their pairs and responses. Every row has its
 * lineage, and what the steps decided stands in `curation_row`.
 */
export async function deriveDataset(
  session: Session,
  work: Work,
  { spec, outcome, jobId }: { spec: CurationSpec; outcome: CurationOutcome; jobId: string },
): Promise<{ datasetId: number; name: string }> {
  if (outcome.pairs === 0)
    throw new AppError(
      'DATASET_EMPTY',
      'No dataset was made: the steps leave no pair. Look at the counts in the preview and loosen the step that drops the last ones.',
    );
  const name = await freeName(session, spec.name);
  const target = await session.one<Target>(
    `SELECT (SELECT coalesce(max(dataset_id), 0) + 1 FROM dataset)::INTEGER AS "datasetId", prompt, response, comparison,
       (SELECT coalesce(max(annotator_id), 0) + 1 FROM annotator) AS annotator, (SELECT coalesce(max(media_id), 0) + 1 FROM media) AS media FROM next_id`,
  );
  await session.run(
    `INSERT INTO dataset (dataset_id, name, format, relation, has_sides, mapping, is_ready)
     SELECT ?, ?, 'curated', 'pairs', has_sides, '{}', true FROM dataset WHERE dataset_id = ? AND is_ready`,
    [target.datasetId, name, spec.datasetId],
  );
  const { there } = await session.one<{ there: boolean }>(
    'SELECT count(*) > 0 AS there FROM dataset WHERE dataset_id = ?',
    [target.datasetId],
  );
  if (!there)
    throw new AppError('DATASET_MISSING', 'No dataset was made: the source was removed meanwhile.', {
      datasetId: spec.datasetId,
    });
  await mapIds(session, work, target);
  await copyTexts(session, work, target);
  const written = await copyPairs(session, target);
  if (written !== outcome.pairs)
    throw new AppError(
      'EDIT_CONFLICT',
      'No dataset was made: pairs of the source were changed or hidden while the recipe ran. Run it again.',
      { expected: outcome.pairs, found: written },
    );
  await copyOpinions(session, target);
  await keepRecord(session, target, { spec, outcome, jobId });
  for (const table of Object.values(maps)) await session.run(`DROP TABLE IF EXISTS ${table}`);
  return { datasetId: target.datasetId, name };
}

/** The name, or the first of “name 2”, “name 3” … that is free. */
async function freeName(session: Session, wanted: string): Promise<string> {
  const { taken } = await session.one<{ taken: string[] }>(
    `SELECT coalesce(list(name), []) AS taken FROM dataset WHERE starts_with(name, ?)`,
    [wanted],
  );
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number++) if (!taken.includes(`${wanted} ${number}`)) return `${wanted} ${number}`;
}

/** Gives every pair, prompt, response (once a prompt it answers) and annotator of the new dataset its id. */
async function mapIds(session: Session, work: Work, target: Target): Promise<void> {
  const { signal } = work;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE curated_pair AS
     SELECT *, ${target.comparison} + row_number() OVER (ORDER BY place NULLS LAST, candidate_id) - 1 AS new_id FROM ${work.candidates} WHERE dropped_by IS NULL`,
    [],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE curated_prompt AS
     SELECT prompt_id, ${target.prompt} + row_number() OVER (ORDER BY first, prompt_id) - 1 AS new_id FROM (
       SELECT prompt_id, min(new_id) AS first FROM (SELECT prompt_id, new_id FROM ${maps.pair} UNION ALL SELECT prompt_b_id, new_id FROM ${maps.pair} WHERE prompt_b_id IS NOT NULL)
       GROUP BY prompt_id)`,
    [],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE curated_response AS
     SELECT response_id, prompt_id, position, ${target.response} + row_number() OVER (ORDER BY first, position, response_id) - 1 AS new_id FROM (
       SELECT response_id, prompt_id, min(new_id) AS first, min(position) AS position FROM (
         SELECT response_a_id AS response_id, prompt_id, new_id, 0 AS position FROM ${maps.pair}
         UNION ALL SELECT response_b_id, coalesce(prompt_b_id, prompt_id), new_id, 1 FROM ${maps.pair}) GROUP BY response_id, prompt_id)`,
    [],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE curated_annotator AS
     SELECT annotator_id, ${target.annotator} + row_number() OVER (ORDER BY annotator_id) - 1 AS new_id FROM annotator WHERE dataset_id = ?`,
    [work.datasetId],
  );
}

async function copyTexts(session: Session, work: Work, target: Target): Promise<void> {
  const { signal } = work;
  await session.run(
    `INSERT INTO prompt (prompt_id, dataset_id, text, messages, text_key, chars, turns, import_id)
     SELECT m.new_id, ${target.datasetId}, p.text, p.messages, md5_number(p.text), length(p.text),
       coalesce(len(list_filter(p.messages, lambda said: said."role" = 'user')), 1), 0
     FROM ${maps.prompt} m JOIN ${promptsOf(work)} p USING (prompt_id) ORDER BY m.new_id`,
    [],
    { signal },
  );
  await session.run(
    `INSERT INTO response (response_id, dataset_id, prompt_id, text, messages, model, position, chars, import_id, source_file, source_row)
     SELECT m.new_id, ${target.datasetId}, p.new_id, r.text, r.messages, r.model, m.position, length(r.text), 0,
       coalesce(o.source_file, 'made by the recipe'), coalesce(o.source_row, 0)
     FROM ${maps.response} m JOIN ${maps.prompt} p USING (prompt_id) JOIN ${responsesOf(work)} r ON r.response_id = m.response_id
     LEFT JOIN response o ON o.response_id = m.response_id ORDER BY m.new_id`,
    [],
    { signal },
  );
}

async function copyPairs(session: Session, target: Target): Promise<number> {
  const modelOf = (side: string) =>
    `CASE WHEN o.response_${side}_id = k.response_${side}_id THEN coalesce(o.model_${side}, r${side}.model) ELSE r${side}.model END`;
  const written = await session.run(
    `INSERT INTO comparison
     SELECT k.new_id, ${target.datasetId}, concat(coalesce(o.example_id, left(k.pair_key, 12)), CASE WHEN k.method = 'source' THEN '' ELSE ':' || k.method END),
       p.new_id, pb.new_id, a.new_id, b.new_id, k.label, k.strength, coalesce(CASE WHEN k.added_by = -1 THEN o.n_votes END, 0), ${modelOf('a')}, ${modelOf('b')},
       o.language, o.topic, o.subset, np.chars, ra.chars, rb.chars, np.turns, o.extra, 0, coalesce(o.source_file, 'made by ' || k.method), coalesce(o.source_row, k.candidate_id)
     FROM ${maps.pair} k JOIN ${maps.prompt} p ON p.prompt_id = k.prompt_id LEFT JOIN ${maps.prompt} pb ON pb.prompt_id = k.prompt_b_id
     JOIN ${maps.response} a ON a.response_id = k.response_a_id AND a.prompt_id = k.prompt_id
     JOIN ${maps.response} b ON b.response_id = k.response_b_id AND b.prompt_id = coalesce(k.prompt_b_id, k.prompt_id)
     JOIN prompt np ON np.prompt_id = p.new_id JOIN response ra ON ra.response_id = a.new_id JOIN response rb ON rb.response_id = b.new_id
     LEFT JOIN comparison o ON o.comparison_id = k.comparison_id ORDER BY k.new_id`,
  );
  await session.run(
    `INSERT INTO curation_row SELECT ${target.datasetId}, new_id, method, weight, soft_label, margin, place, stage, split, route, goal_score, is_relabelled, detail
     FROM ${maps.pair} ORDER BY new_id`,
  );
  return written;
}

/** What was said about the pairs and responses, and where they are from. A pair turned round keeps the votes, turned round. */
async function copyOpinions(session: Session, { datasetId, media }: Target): Promise<void> {
  const same = `o.response_a_id = k.response_a_id`;
  const turned = (label: string) =>
    `CASE WHEN ${same} THEN ${label} WHEN ${label} = 'a' THEN 'b' WHEN ${label} = 'b' THEN 'a' ELSE ${label} END`;
  const kept = `${maps.pair} k JOIN comparison o ON o.comparison_id = k.comparison_id`;
  const parts = [
    `INSERT INTO annotator SELECT m.new_id, ${datasetId}, n.name, n.kind, n.attributes, 0 FROM annotator n JOIN ${maps.annotator} m USING (annotator_id)`,
    `INSERT INTO vote SELECT k.new_id, ${datasetId}, n.new_id, v.aspect, ${turned('v.label')}, v.strength, ${turned('v.shown_first')}, v.ms, 0
     FROM ${kept} JOIN vote v ON v.comparison_id = k.comparison_id JOIN ${maps.annotator} n USING (annotator_id) WHERE NOT k.is_relabelled`,
    `INSERT INTO rationale SELECT ${datasetId}, k.new_id, NULL, n.new_id, t.aspect, t.text, 0
     FROM ${kept} JOIN rationale t ON t.comparison_id = k.comparison_id JOIN ${maps.annotator} n USING (annotator_id) WHERE NOT k.is_relabelled`,
    `INSERT INTO rationale SELECT ${datasetId}, NULL, r.new_id, n.new_id, t.aspect, t.text, 0
     FROM ${maps.response} r JOIN rationale t ON t.response_id = r.response_id JOIN ${maps.annotator} n USING (annotator_id)`,
    `INSERT INTO rating SELECT r.new_id, ${datasetId}, n.new_id, g.aspect, g."value", g.value_text, g.scale_min, g.scale_max, 0
     FROM ${maps.response} r JOIN rating g ON g.response_id = r.response_id JOIN ${maps.annotator} n USING (annotator_id)`,
    `INSERT INTO tag SELECT ${datasetId}, 'pairs', k.new_id, t.tag FROM ${maps.pair} k JOIN tag t ON t.relation = 'pairs' AND t.row_id = k.comparison_id`,
    `INSERT INTO media SELECT ${media} + row_number() OVER (ORDER BY r.new_id) - 1, ${datasetId}, r.new_id, m.path, 0
     FROM ${maps.response} r JOIN media m ON m.response_id = r.response_id`,
    `INSERT INTO lineage SELECT ${datasetId}, 'pairs', k.new_id, o.dataset_id, 'pairs', k.comparison_id, k.method, NULL FROM ${kept}`,
    `INSERT INTO lineage SELECT ${datasetId}, 'pairs', k.new_id, r.dataset_id, 'responses', r.response_id, k.method, NULL
     FROM ${maps.pair} k JOIN response r ON r.response_id IN (k.response_a_id, k.response_b_id) WHERE k.comparison_id IS NULL`,
  ];
  for (const sql of parts) await session.run(sql);
}

async function keepRecord(
  session: Session,
  target: Target,
  { spec, outcome, jobId }: { spec: CurationSpec; outcome: CurationOutcome; jobId: string },
): Promise<void> {
  await session.run(
    `UPDATE made_id SET highest = greatest(highest, CASE kind WHEN 'prompt' THEN (SELECT max(prompt_id) FROM prompt)
       WHEN 'response' THEN (SELECT max(response_id) FROM response) ELSE (SELECT max(comparison_id) FROM comparison) END)`,
  );
  await session.run(
    `INSERT INTO curation_run (curation_run_id, dataset_id, source_dataset_id, job_id, recipe, recipe_hash, seed, outcome)
     SELECT coalesce(max(curation_run_id), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM curation_run`,
    [
      target.datasetId,
      spec.datasetId,
      jobId,
      JSON.stringify(spec.steps),
      hashRecipe(spec),
      spec.seed,
      JSON.stringify(outcome),
    ],
  );
}

/** Removes what curation knows of a dataset; part of removing it. Datasets derived from it stay. */
export async function removeCuration(session: Session, datasetId: number): Promise<void> {
  for (const table of ['curation_row', 'curation_run', 'recipe_import'])
    await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

import {
  Binder,
  createSelection,
  scoreSql,
  type SelectionInput,
  type SelectionSummary,
  wholeNumber,
} from './selection-table.ts';

export interface CurriculumOptions {
  /** Rating aspect that orders the responses of a prompt. */
  readonly aspect: string;
  readonly stages?: number;
}

export interface CurriculumReport extends SelectionSummary {
  readonly prompts: number;
  readonly stages: readonly { stage: number; pairs: number; meanGap: number }[];
  /** Pairs of responses that no comparison of the dataset holds: comparison_id is NULL. */
  readonly newPairs: number;
}

/**
 * Curriculum of pairs: of each prompt with rated responses the best is chosen and each worse one rejected, easy (largest
 * gap) to hard. Stage = place of the gap in the prompt, cut into `stages` parts; a prompt with fewer pairs has the first
 * stages only. All of stage 1 comes first; inside a stage prompts are shuffled by the seed. Equal scores make no pair.
 * Adds prompt_id, chosen_response_id, rejected_response_id, curriculum_stage, gap. Source: P. Pattnaik et al., Curry-DPO
 * (2024); the recipe of the pairs is not confirmed.
 */
export async function orderCurriculum(
  input: SelectionInput,
  { aspect, stages = 3 }: CurriculumOptions,
): Promise<CurriculumReport> {
  const binder = new Binder();
  const count = wholeNumber(stages);
  const pool = binder.rows(input);
  const summary = await createSelection(
    input,
    `WITH pool AS (SELECT * FROM comparison WHERE comparison_id IN ${pool}),
       scored AS (SELECT r.response_id, r.prompt_id, avg(g."value") AS score FROM response r JOIN rating g USING (response_id)
         WHERE r.dataset_id = ${binder.bind(input.datasetId, 'INTEGER')} AND g.aspect = ${binder.bind(aspect, 'VARCHAR')} AND g."value" IS NOT NULL
           AND r.prompt_id IN (SELECT prompt_id FROM pool) GROUP BY ALL),
       best AS (SELECT prompt_id, arg_min(response_id, (-score, response_id)) AS best_id, max(score) AS best_score FROM scored GROUP BY prompt_id),
       gaps AS (SELECT s.prompt_id, b.best_id, s.response_id AS rejected_id, b.best_score - s.score AS gap
         FROM scored s JOIN best b USING (prompt_id) WHERE s.score < b.best_score),
       placed AS (SELECT *, row_number() OVER (PARTITION BY prompt_id ORDER BY gap DESC, rejected_id) AS rank,
         count(*) OVER (PARTITION BY prompt_id) AS pairs FROM gaps),
       staged AS (SELECT *, (CASE WHEN pairs >= ${count} THEN ceil(rank * ${count} / pairs) ELSE rank END)::INTEGER AS stage FROM placed),
       known AS (SELECT least(response_a_id, response_b_id) AS low, greatest(response_a_id, response_b_id) AS high,
         min(comparison_id) AS comparison_id FROM pool GROUP BY ALL)
     SELECT k.comparison_id, NULL::BIGINT AS response_id, true AS keep, 1::DOUBLE AS weight,
       row_number() OVER (ORDER BY stage, md5(s.prompt_id || '.' || ${wholeNumber(input.seed)}), gap DESC, rejected_id) AS place,
       concat('stage ', stage, ', gap ', gap) AS reason, s.prompt_id, best_id AS chosen_response_id, rejected_id AS rejected_response_id,
       stage AS curriculum_stage, gap
     FROM staged s LEFT JOIN known k ON k.low = least(best_id, rejected_id) AND k.high = greatest(best_id, rejected_id) ORDER BY place`,
    binder.parameters,
  );
  const found = await input.session.one<{ prompts: number; newPairs: number }>(
    `SELECT count(DISTINCT prompt_id) AS prompts, count(*) FILTER (comparison_id IS NULL) AS "newPairs" FROM ${input.into}`,
  );
  const parts = await input.session.all<CurriculumReport['stages'][number]>(
    `SELECT curriculum_stage AS stage, count(*) AS pairs, avg(gap) AS "meanGap" FROM ${input.into} GROUP BY ALL ORDER BY stage`,
  );
  return { ...summary, ...found, stages: parts };
}

/** Stages of equal size over existing pairs by a score of the pair, the highest first; pairs without a score are not kept. */
export async function orderByScore(
  input: SelectionInput,
  { score, stages = 3 }: { score: string; stages?: number },
): Promise<SelectionSummary> {
  const binder = new Binder();
  const pool = binder.rows(input);
  return createSelection(
    input,
    `WITH scored AS (SELECT c.comparison_id, c.prompt_id, ${scoreSql(score, binder)} AS score FROM comparison c WHERE c.comparison_id IN ${pool}),
       staged AS (SELECT *, CASE WHEN score IS NOT NULL THEN ntile(${wholeNumber(stages)}) OVER (PARTITION BY score IS NULL ORDER BY score DESC, comparison_id) END AS stage FROM scored)
     SELECT comparison_id, NULL::BIGINT AS response_id, score IS NOT NULL AS keep, 1::DOUBLE AS weight,
       CASE WHEN stage IS NOT NULL THEN row_number() OVER (PARTITION BY stage IS NULL ORDER BY stage, md5(prompt_id || '.' || ${wholeNumber(input.seed)}), comparison_id) END AS place,
       coalesce(concat('stage ', stage), 'no score') AS reason, stage AS curriculum_stage, score
     FROM staged ORDER BY place NULLS LAST, comparison_id`,
    binder.parameters,
  );
}

const groupColumns = ['language', 'topic', 'subset', 'source_file', 'model_a', 'model_b', 'label'] as const;
export type GroupColumn = (typeof groupColumns)[number];

/** Columns of a pair that say where it comes from. */
export const isGroupColumn = (name: string): name is GroupColumn =>
  groupColumns.some((column) => column === name);

export interface MatchedOptions {
  readonly by: GroupColumn;
  /** `prompts`: only prompts all groups have. `length`: as many of each tenth of the length difference. */
  readonly match?: 'size' | 'prompts' | 'length';
}

export interface MatchedReport extends SelectionSummary {
  readonly groups: readonly { group: string; in: number; kept: number }[];
}

/**
 * Equal numbers of pairs of every group, drawn by md5 of id and seed, so that groups can be compared at one size: k is the
 * size of the smallest group (of each tenth of the length difference under `length`). Pairs without a group are not
 * kept. Source: H. Ivison et al., Unpacking DPO and PPO (2024).
 */
export async function drawMatched(
  input: SelectionInput,
  { by, match = 'size' }: MatchedOptions,
): Promise<MatchedReport> {
  const binder = new Binder();
  const pool = binder.rows(input);
  const delta = scoreSql('length_difference', binder);
  const stratum = match === 'length' ? 'ntile(10) OVER (ORDER BY coalesce(delta, 0), comparison_id)' : '0';
  const shared =
    match === 'prompts'
      ? 'prompt_id IN (SELECT prompt_id FROM grouped GROUP BY prompt_id HAVING count(DISTINCT slice) = (SELECT count(DISTINCT slice) FROM grouped))'
      : 'true';
  const summary = await createSelection(
    input,
    `WITH pairs AS (SELECT c.comparison_id, c.prompt_id, c.${by}::VARCHAR AS slice, ${delta} AS delta FROM comparison c WHERE c.comparison_id IN ${pool}),
       grouped AS (SELECT *, ${stratum} AS stratum FROM pairs WHERE slice IS NOT NULL),
       drawn AS (SELECT *, row_number() OVER (PARTITION BY slice, stratum ORDER BY md5(comparison_id || '.' || ${wholeNumber(input.seed)}), comparison_id) AS place
         FROM grouped WHERE ${shared}),
       sizes AS (SELECT stratum, min(n) AS size, count(*) AS present FROM (SELECT stratum, slice, count(*) AS n FROM drawn GROUP BY ALL) GROUP BY stratum),
       limits AS (SELECT stratum, CASE WHEN present = (SELECT count(DISTINCT slice) FROM grouped) THEN size ELSE 0 END AS size FROM sizes)
     SELECT p.comparison_id, NULL::BIGINT AS response_id, coalesce(d.place <= l.size, false) AS keep, 1::DOUBLE AS weight,
       NULL::BIGINT AS place, CASE WHEN p.slice IS NULL THEN 'no group' WHEN d.place IS NULL THEN 'prompt is not in every group'
         WHEN d.place > l.size THEN 'over the size of the smallest group' END AS reason, p.slice
     FROM pairs p LEFT JOIN drawn d USING (comparison_id) LEFT JOIN limits l ON l.stratum = d.stratum ORDER BY p.comparison_id`,
    binder.parameters,
  );
  const groups = await input.session.all<MatchedReport['groups'][number]>(
    `SELECT slice AS "group", count(*) AS "in", count(*) FILTER (keep) AS kept FROM ${input.into} WHERE slice IS NOT NULL GROUP BY ALL ORDER BY slice`,
  );
  return { ...summary, groups };
}

/** The given number of pairs of each group, drawn by md5 of id and seed: what a collection budget says to take. */
export async function drawByGroup(
  input: SelectionInput,
  { by, sizes }: { by: GroupColumn; sizes: Readonly<Record<string, number>> },
): Promise<SelectionSummary> {
  const binder = new Binder();
  const pool = binder.rows(input);
  const wanted = `from_json(${binder.bind(JSON.stringify(Object.entries(sizes).map(([slice, size]) => ({ slice, size }))), 'JSON')}, '[{"slice":"VARCHAR","size":"BIGINT"}]')`;
  return createSelection(
    input,
    `WITH wanted AS (SELECT one.slice, one.size FROM (SELECT unnest(${wanted}) AS one)),
       drawn AS (SELECT c.comparison_id, c.${by}::VARCHAR AS slice,
         row_number() OVER (PARTITION BY c.${by} ORDER BY md5(c.comparison_id || '.' || ${wholeNumber(input.seed)}), c.comparison_id) AS place
         FROM comparison c WHERE c.comparison_id IN ${pool})
     SELECT d.comparison_id, NULL::BIGINT AS response_id, coalesce(d.place <= w.size, false) AS keep, 1::DOUBLE AS weight, NULL::BIGINT AS place,
       CASE WHEN w.size IS NULL THEN 'group has no budget' WHEN d.place > w.size THEN 'over the budget of its group' END AS reason, d.slice
     FROM drawn d LEFT JOIN wanted w USING (slice) ORDER BY d.comparison_id`,
    binder.parameters,
  );
}

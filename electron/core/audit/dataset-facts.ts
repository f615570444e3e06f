import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { AuditDataset } from './audits/audit.ts';

type Lists = Pick<AuditDataset, 'aspects' | 'attributes' | 'extraKeys'>;

/** Counts of a dataset that audits ask for. Throws DATASET_MISSING. */
export async function readFacts(session: Session, datasetId: number): Promise<AuditDataset> {
  const counts = await session.find<Omit<AuditDataset, keyof Lists>>(
    `WITH c AS (SELECT * FROM comparison WHERE dataset_id = $1),
       v AS (SELECT * FROM vote WHERE dataset_id = $1 AND aspect IS NULL),
       r AS (SELECT * FROM response WHERE dataset_id = $1)
     SELECT d.dataset_id AS "datasetId", d.name, d.has_sides AS "hasSides",
       (SELECT count(*) FROM c) AS pairs,
       (SELECT count(*) FROM c WHERE label IN ('a', 'b')) AS labelled,
       (SELECT count(*) FROM c WHERE label IN ('a', 'b') AND model_a IS NOT NULL AND model_b IS NOT NULL) AS "withModels",
       (SELECT count(DISTINCT m) FROM (SELECT unnest([model_a, model_b]) AS m FROM c WHERE label IN ('a', 'b'))) AS models,
       (SELECT count(*) FROM c WHERE strength IS NOT NULL) AS "withStrength",
       (SELECT count(*) FROM prompt WHERE dataset_id = $1) AS prompts,
       (SELECT count(*) FROM r) AS responses,
       (SELECT count(*) FROM (SELECT prompt_id FROM r GROUP BY prompt_id HAVING count(*) >= 3)) AS "promptsWithThree",
       (SELECT count(*) FROM c WHERE turns > 1) AS "multiTurn",
       (SELECT count(*) FROM v) AS votes,
       (SELECT count(*) FROM v WHERE shown_first IN ('a', 'b')) AS "votesWithOrder",
       (SELECT count(*) FROM v WHERE ms IS NOT NULL) AS "votesWithTime",
       (SELECT count(*) FROM (SELECT comparison_id FROM v GROUP BY comparison_id HAVING count(DISTINCT annotator_id) >= 2)) AS "pairsWithTwoVotes",
       (SELECT count(*) FROM annotator WHERE dataset_id = $1) AS annotators,
       (SELECT count(*) FROM annotator WHERE dataset_id = $1 AND kind = 'human') AS humans,
       (SELECT count(*) FROM annotator WHERE dataset_id = $1 AND kind = 'model') AS "modelJudges",
       (SELECT count(*) FROM rating WHERE dataset_id = $1) AS ratings,
       (SELECT count(*) FROM rationale WHERE dataset_id = $1) AS rationales,
       (SELECT count(*) FROM media WHERE dataset_id = $1) AS media,
       (SELECT count(*) FROM trajectory WHERE dataset_id = $1) AS trajectories,
       (SELECT count(*) FROM c JOIN trajectory ta ON ta.trajectory_id = c.response_a_id JOIN trajectory tb ON tb.trajectory_id = c.response_b_id
         WHERE c.label IN ('a', 'b', 'tie')) AS "trajectoryPairs",
       (SELECT greatest((SELECT count(DISTINCT language) FROM c), (SELECT count(DISTINCT language) FROM r))) AS languages,
       (SELECT greatest((SELECT count(DISTINCT topic) FROM c), (SELECT count(DISTINCT topic) FROM r))) AS topics,
       (SELECT greatest((SELECT count(DISTINCT subset) FROM c), (SELECT count(DISTINCT subset) FROM r))) AS subsets
     FROM dataset d WHERE d.dataset_id = $1`,
    [datasetId],
  );
  if (!counts)
    throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, {
      datasetId,
    });
  return { ...counts, ...(await readLists(session, datasetId)) };
}

async function readLists(session: Session, datasetId: number): Promise<Lists> {
  const list = async (sql: string) =>
    (await session.all<{ name: string }>(sql, [datasetId])).map(({ name }) => name);
  return {
    aspects: await list(
      `SELECT DISTINCT aspect AS name FROM (SELECT aspect, dataset_id FROM vote UNION ALL SELECT aspect, dataset_id FROM rating)
       WHERE dataset_id = ? AND aspect IS NOT NULL ORDER BY name`,
    ),
    attributes: await list(
      `SELECT DISTINCT unnest(map_keys(attributes)) AS name FROM annotator WHERE dataset_id = ? ORDER BY name`,
    ),
    extraKeys: await list(
      `SELECT DISTINCT unnest(json_keys(extra)) AS name FROM (SELECT extra FROM comparison WHERE dataset_id = ?
         AND extra IS NOT NULL AND json_valid(extra) AND json_type(extra) = 'OBJECT' LIMIT 200) ORDER BY name LIMIT 50`,
    ),
  };
}

/** Counts that a judge's votes, put in place of the label, change. */
export async function readLabelFacts(
  session: Session,
  pairs: string,
): Promise<Pick<AuditDataset, 'labelled' | 'withModels' | 'models'>> {
  return session.one(
    `SELECT count(*) FILTER (label IN ('a', 'b')) AS labelled,
       count(*) FILTER (label IN ('a', 'b') AND model_a IS NOT NULL AND model_b IS NOT NULL) AS "withModels",
       len(list_distinct(flatten(list(DISTINCT [model_a, model_b]) FILTER (label IN ('a', 'b'))))) AS models
     FROM ${pairs}`,
  );
}

/** Changes with the rows of a dataset and with every edit of them. */
export async function readVersion(session: Session, datasetId: number): Promise<string> {
  const { version } = await session.one<{ version: string }>(
    `SELECT concat_ws('.', (SELECT count(*) FROM comparison WHERE dataset_id = $1), (SELECT coalesce(max(import_id), 0) FROM import_run WHERE dataset_id = $1),
       (SELECT coalesce(max(change_id), 0) FROM change WHERE dataset_id = $1)) AS version`,
    [datasetId],
  );
  return version;
}

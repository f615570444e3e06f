import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { cellColumns, planTables } from './cells.ts';

/** A session on which one edit is being planned, in temporary tables. */
export interface Plan {
  readonly session: Session;
  readonly datasetId: number;
  run(sql: string, parameters?: readonly Parameter[]): Promise<number>;
  one<T>(sql: string, parameters?: readonly Parameter[]): Promise<T>;
  all<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
}

/** Makes the empty tables of a plan. What a former plan on this session left is dropped. */
export async function startPlan(
  session: Session,
  options: {
    readonly datasetId: number;
    readonly target?: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Plan> {
  const { signal } = options;
  const plan: Plan = {
    session,
    datasetId: options.datasetId,
    run: (sql, parameters = []) => session.run(sql, parameters, { signal }),
    one: (sql, parameters = []) => session.one(sql, parameters, { signal }),
    all: (sql, parameters = []) => session.all(sql, parameters, { signal }),
  };
  const create = (table: string, columns: string) =>
    plan.run(`CREATE OR REPLACE TEMP TABLE ${table.replace('temp.', '')} (${columns})`);
  await plan.run(
    `CREATE OR REPLACE TEMP TABLE edit_target AS SELECT row_id FROM ${options.target ?? '(SELECT NULL::BIGINT AS row_id WHERE false)'}`,
  );
  await create(
    planTables.aim,
    'entity VARCHAR, entity_id BIGINT, pointer VARCHAR, text_id BIGINT, kind VARCHAR',
  );
  await create(
    planTables.revised,
    'kind VARCHAR, text_id BIGINT, text VARCHAR, messages STRUCT("role" VARCHAR, content VARCHAR)[], model VARCHAR',
  );
  await create(planTables.copied, 'kind VARCHAR, text_id BIGINT, new_id BIGINT');
  await create(planTables.cell, cellColumns);
  return plan;
}

/** Drops the tables of a plan; also those of one that failed half-way. */
export async function endPlan(session: Session): Promise<void> {
  for (const table of Object.values(planTables)) await session.run(`DROP TABLE IF EXISTS ${table}`);
}

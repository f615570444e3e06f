import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Work } from '../work.ts';
import { hashSetting, type MiningMethod } from './mining-method.ts';

/** A model a person has added, as far as a recipe names it. */
export interface NamedModel {
  readonly modelId: string;
  readonly name: string;
  readonly hash: string;
}

/** The models of a step's roles by what its parameters call them. Throws RECIPE_INVALID for an unknown one. */
export async function findModels(
  session: Pick<Session, 'find'>,
  chosen: Readonly<Record<string, string>>,
): Promise<Record<string, NamedModel>> {
  const found: Record<string, NamedModel> = {};
  for (const [role, called] of Object.entries(chosen)) {
    const model = await session.find<NamedModel>(
      `SELECT model_id AS "modelId", name, hash FROM model WHERE model_id = ? OR name = ? ORDER BY model_id = ? DESC, model_id LIMIT 1`,
      [called, called, called],
    );
    if (!model)
      throw new AppError(
        'RECIPE_INVALID',
        `The step was not run: this computer has no model called “${called}”. Add it under Models, or name another.`,
        { role, model: called },
      );
    found[role] = model;
  }
  return found;
}

const hashesOf = (models: Readonly<Record<string, NamedModel>>) =>
  Object.fromEntries(Object.entries(models).map(([role, { hash }]) => [role, hash]));

/** Identity of a step's answers in a workspace. */
export const settingOf = (
  method: MiningMethod,
  params: unknown,
  models: Readonly<Record<string, NamedModel>>,
): string => hashSetting(method, params, hashesOf(models));

/** SQL of a method's items with their stored answers: the items' columns, result (JSON), fail_reason, is_asked. */
export function answeredItems(
  method: MiningMethod,
  work: Work,
  { params, seed, settingHash }: { params: unknown; seed: number; settingHash: string },
) {
  const items = method.selectItems(work, params, seed);
  return {
    sql: `SELECT i.*, m.result, m.fail_reason, m.item_key IS NOT NULL AS is_asked FROM (${items.sql}) i
      LEFT JOIN mined_item m ON m.setting_hash = ? AND m.item_key = i.item_key`,
    parameters: [...(items.parameters ?? []), settingHash],
  };
}

export interface AnsweredTable {
  readonly items: number;
  readonly asked: number;
  readonly failed: number;
  /** What the person should know of it. */
  readonly notes: string[];
}

/**
 * Creates the table of a step's items with their stored answers. Null where the step names no model, with nothing created:
 * `whatIsMissing` then says so.
 */
export async function createAnsweredTable(
  method: MiningMethod,
  work: Work,
  { table, params, seed }: { readonly table: string; readonly params: unknown; readonly seed: number },
): Promise<AnsweredTable | null> {
  const chosen = method.chooseModels(params);
  if (chosen === null) return null;
  const models = await findModels(work.session, chosen);
  const settingHash = settingOf(method, params, models);
  const { sql, parameters } = answeredItems(method, work, { params, seed, settingHash });
  await work.session.run(`CREATE OR REPLACE TABLE ${table} AS ${sql}`, parameters, { signal: work.signal });
  const counts = await work.session.one<{ items: number; asked: number; failed: number }>(
    `SELECT count(*) AS items, count(*) FILTER (is_asked) AS asked, count(*) FILTER (is_asked AND fail_reason IS NOT NULL) AS failed FROM ${table}`,
  );
  const reasons = await work.session.all<{ reason: string; n: number }>(
    `SELECT fail_reason AS reason, count(*) AS n FROM ${table} WHERE fail_reason IS NOT NULL GROUP BY ALL ORDER BY n DESC, reason LIMIT 3`,
  );
  const waiting = counts.items - counts.asked;
  return {
    ...counts,
    notes: [
      ...(waiting > 0
        ? [
            `${waiting} of ${counts.items} items have not been put to the models yet; the run asks them first.`,
          ]
        : []),
      ...reasons.map(({ reason, n }) => `${n} without a result: ${reason}`),
    ],
  };
}

/** Said by a step whose parameters name no model. */
export const whatIsMissing = (needs: string): string =>
  `Nothing was changed: the step needs ${needs}, and its parameter “model” names none. There is no way to do it by rules.`;

import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Session } from '../../../native/duckdb/session.ts';
import { openWorkspace, type Workspace } from '../../../electron/core/workspace/workspace.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';

export interface PairRow {
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
  readonly label: 'a' | 'b' | 'tie' | null;
  readonly modelA?: string;
  readonly modelB?: string;
}

export async function openTestWorkspace(): Promise<Workspace> {
  const workspace = await openWorkspace(path.join(await makeTemporaryDirectory(), 'test.assay'));
  onTestFinished(() => workspace.close());
  return workspace;
}

/** Fills prompt, response and comparison from a relation with row_no (from 0), prompt, a, b, label, model_a, model_b. */
async function fill(
  session: Session,
  relation: string,
  dataset: { name: string; hasSides: boolean },
): Promise<number> {
  const { id } = await session.one<{ id: number }>(
    'SELECT coalesce(max(dataset_id), 0) + 1 AS id FROM dataset',
  );
  const base = id * 10_000_000;
  await session.run(
    `INSERT INTO dataset (dataset_id, name, format, relation, has_sides, is_ready) VALUES (?, ?, 'test', 'pairs', ?, true)`,
    [id, dataset.name, dataset.hasSides],
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE source AS SELECT *, md5_number(prompt) AS key FROM ${relation}`,
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE prompt_map AS SELECT key, ${base} + min(row_no) AS prompt_id FROM source GROUP BY key`,
  );
  await session.run(
    `INSERT INTO prompt SELECT ${base} + row_no, ${id}, prompt, NULL, key, length(prompt), 1, 1 FROM source JOIN prompt_map USING (key) WHERE prompt_id = ${base} + row_no`,
  );
  for (const [place, side] of ['a', 'b'].entries()) {
    await session.run(
      `INSERT INTO response (response_id, dataset_id, prompt_id, text, model, position, chars, import_id, source_file, source_row)
       SELECT ${base} + row_no * 2 + ${place}, ${id}, prompt_id, ${side}, model_${side}, ${place}, length(${side}), 1, 'test', row_no + 1
       FROM source JOIN prompt_map USING (key)`,
    );
  }
  await session.run(
    `INSERT INTO comparison (comparison_id, dataset_id, example_id, prompt_id, response_a_id, response_b_id, label, n_votes, model_a,
       model_b, prompt_chars, chars_a, chars_b, turns, import_id, source_file, source_row)
     SELECT ${base} + row_no, ${id}, row_no::VARCHAR, prompt_id, ${base} + row_no * 2, ${base} + row_no * 2 + 1, label, 1, model_a, model_b,
       length(prompt), length(a), length(b), 1, 1, 'test', row_no + 1
     FROM source JOIN prompt_map USING (key)`,
  );
  return id;
}

/** Stores pairs as a dataset; ids follow the order of the rows. */
export async function storePairs(
  workspace: Workspace,
  rows: readonly PairRow[],
  { name = 'test', hasSides = true }: { name?: string; hasSides?: boolean } = {},
): Promise<number> {
  const file = path.join(workspace.incoming, 'pairs.jsonl');
  const lines = rows.map((row, index) =>
    JSON.stringify({ row_no: index, modelA: null, modelB: null, ...row }),
  );
  writeFileSync(file, lines.join('\n'));
  const relation = `(SELECT row_no, prompt, a, b, label, "modelA" AS model_a, "modelB" AS model_b FROM read_json('${file}', format = 'newline_delimited',
    columns = {row_no: 'BIGINT', prompt: 'VARCHAR', a: 'VARCHAR', b: 'VARCHAR', label: 'VARCHAR', "modelA": 'VARCHAR', "modelB": 'VARCHAR'}))`;
  return workspace.database.write((session) => fill(session, relation, { name, hasSides }));
}

/** Stores the AlpacaEval judgements (all, or those of some rows) as a dataset. */
export async function storeAlpacaEval(
  workspace: Workspace,
  parquet: string,
  where = 'true',
): Promise<number> {
  const copy = path.join(workspace.incoming, 'alpaca.parquet');
  copyFileSync(parquet, copy);
  const relation = `(SELECT row_number() OVER () - 1 AS row_no, instruction AS prompt, output_1 AS a, output_2 AS b,
      CASE preference WHEN 'output_1' THEN 'a' WHEN 'output_2' THEN 'b' ELSE preference END AS label,
      generator_1 AS model_a, generator_2 AS model_b
    FROM read_parquet('${copy}') WHERE ${where})`;
  return workspace.database.write((session) => fill(session, relation, { name: 'alpaca', hasSides: true }));
}

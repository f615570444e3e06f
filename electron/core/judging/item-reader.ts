import type { Database } from '../../../native/duckdb/database.ts';
import type { ChatMessage } from '../../../native/host/inference.ts';
import { flattenMessages, type JudgePair, type JudgeResponse } from './protocol.ts';
import type { StoredRun } from './judge-run.repository.ts';

export type JudgeItem =
  | { readonly subject: 'pair'; readonly itemId: number; readonly pair: JudgePair }
  | { readonly subject: 'response'; readonly itemId: number; readonly response: JudgeResponse };

interface PairRow {
  comparisonId: number;
  text: string;
  messages: ChatMessage[] | null;
  promptB: string | null;
  responseA: string;
  responseB: string;
  modelA: string | null;
  modelB: string | null;
  extra: string | null;
}

interface ResponseRow {
  responseId: number;
  text: string;
  messages: ChatMessage[] | null;
  response: string;
  model: string | null;
  extra: string | null;
}

const pairColumns = `c.comparison_id AS "comparisonId", p.text, p.messages, pb.text AS "promptB", a.text AS "responseA",
  b.text AS "responseB", c.model_a AS "modelA", c.model_b AS "modelB", c.extra`;
const pairJoins = `JOIN prompt p ON p.prompt_id = c.prompt_id LEFT JOIN prompt pb ON pb.prompt_id = c.prompt_b_id
  JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id`;
const responseColumns = `r.response_id AS "responseId", p.text, p.messages, r.text AS response, r.model, r.extra`;

const pageSize = 128;

/** The items of a run that have no result yet, in the run's order; texts are read a page at a time. */
export async function* readPending(
  database: Database,
  run: StoredRun,
  signal?: AbortSignal,
): AsyncGenerator<JudgeItem> {
  const results = run.subject === 'pair' ? 'judgement' : 'response_judgement';
  const key = run.subject === 'pair' ? 'comparison_id' : 'response_id';
  for (let after = -1; ;) {
    const pending = await database.all<{ pos: number; itemId: number }>(
      `SELECT i.pos, i.item_id AS "itemId" FROM judge_item i WHERE i.judge_run_id = ? AND i.pos > ?
         AND NOT EXISTS (SELECT 1 FROM ${results} d WHERE d.judge_run_id = i.judge_run_id AND d.${key} = i.item_id)
       ORDER BY i.pos LIMIT ${pageSize}`,
      [run.judgeRunId, after],
      { signal },
    );
    const last = pending.at(-1);
    if (!last) return;
    after = last.pos;
    yield* await readItems(
      database,
      run.subject,
      pending.map((item) => item.itemId),
    );
  }
}

/** Items by id, in the order given; those that have been removed since are left out. */
export async function readItems(
  database: Database,
  subject: 'pair' | 'response',
  ids: readonly number[],
): Promise<JudgeItem[]> {
  if (ids.length === 0) return [];
  const marks = ids.map(() => '?').join(', ');
  if (subject === 'pair') {
    const rows = await database.all<PairRow>(
      `SELECT ${pairColumns} FROM comparison c ${pairJoins} WHERE c.comparison_id IN (${marks})`,
      ids,
    );
    const items = rows.map((row) => ({ subject, itemId: row.comparisonId, pair: toPair(row) }) as const);
    return inOrder(items, ids);
  }
  const rows = await database.all<ResponseRow>(
    `SELECT ${responseColumns} FROM response r JOIN prompt p USING (prompt_id) WHERE r.response_id IN (${marks})`,
    ids,
  );
  const items = rows.map((row) => ({ subject, itemId: row.responseId, response: toResponse(row) }) as const);
  return inOrder(items, ids);
}

function inOrder<T extends { itemId: number }>(items: readonly T[], ids: readonly number[]): T[] {
  const byId = new Map(items.map((item) => [item.itemId, item]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function toPair({ text, messages, extra, ...row }: PairRow): JudgePair {
  const turns = messages ?? [{ role: 'user' as const, content: text }];
  return { ...row, prompt: flattenMessages(turns), messages: turns, extra: parseExtra(extra) };
}

function toResponse({ text, messages, extra, ...row }: ResponseRow): JudgeResponse {
  const turns = messages ?? [{ role: 'user' as const, content: text }];
  return { ...row, prompt: flattenMessages(turns), messages: turns, extra: parseExtra(extra) };
}

function parseExtra(extra: string | null): Readonly<Record<string, unknown>> {
  if (extra === null) return {};
  const value: unknown = JSON.parse(extra);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

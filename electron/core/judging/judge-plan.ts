import type { Database } from '../../../native/duckdb/database.ts';
import type { JudgePlan, JudgeRequest } from '../../contract/judging.contract.ts';
import { readItems } from './item-reader.ts';
import { judgeItem, type JudgeSetting } from './judge-item.ts';
import type { JudgingService } from './judging.service.ts';
import type { ItemCost, Protocol } from './protocol.ts';
import { getProtocol } from './protocols/registry.ts';

/** Characters of a token, roughly, until a run measures its own. */
const charactersPerToken = 4;
const calibrationItems = 4;

interface Counted {
  readonly items: number;
  readonly prompt: number;
  readonly response: number;
}

/**
 * What a run will cost. Lengths are averages over its items at four characters a token; with `calibrate` a few of its
 * items are judged now, and their time is taken for all. Nothing is stored.
 */
export async function planRun(
  judging: JudgingService,
  database: Database,
  { calibrate, ...request }: JudgeRequest & { calibrate: boolean },
  signal?: AbortSignal,
): Promise<JudgePlan> {
  const protocol = getProtocol(request.protocol);
  const setting = calibrate ? await judging.prepare(request, { signal }) : undefined;
  const counted = await countItems(judging, database, request, protocol);
  const items = Math.min(counted.items, request.limit ?? counted.items);
  const cost = estimate(protocol, request, counted);
  const milliseconds = setting ? await timeItems(judging, database, setting, signal) : undefined;
  const warnings: string[] = [];
  const families = setting ? listFamilies(setting) : [];
  if (families.length > 0) warnings.push(...(await warnOfFamily(database, request.datasetId, families)));
  return {
    items,
    calls: items * cost.calls,
    promptTokens: Math.round(items * cost.prompt),
    reusedTokens: Math.round(items * cost.reused),
    generatedTokens: Math.round(items * cost.generated),
    embeddings: items * cost.embeddings,
    minutes: milliseconds === undefined ? null : (items * milliseconds.each) / 60_000,
    calibratedOn: milliseconds?.items ?? 0,
    warnings,
  };
}

async function countItems(
  judging: JudgingService,
  database: Database,
  request: JudgeRequest,
  protocol: Protocol,
): Promise<Counted> {
  const source = await judging.selectItems(request, protocol);
  const sql =
    protocol.subject === 'pair'
      ? `SELECT count(*) AS items, coalesce(avg(c.prompt_chars), 0) AS prompt, coalesce(avg((c.chars_a + c.chars_b) / 2), 0) AS response
         FROM (${source.sql}) i JOIN comparison c ON c.comparison_id = i.item_id`
      : `SELECT count(*) AS items, coalesce(avg(p.chars), 0) AS prompt, coalesce(avg(r.chars), 0) AS response
         FROM (${source.sql}) i JOIN response r ON r.response_id = i.item_id JOIN prompt p USING (prompt_id)`;
  return database.one(sql, source.parameters);
}

function estimate(
  protocol: Protocol,
  request: JudgeRequest,
  { prompt, response }: { prompt: number; response: number },
): ItemCost {
  return protocol.estimate(
    { prompt: prompt / charactersPerToken, response: response / charactersPerToken },
    protocol.params.parse(request.params),
    { order: request.order, tieEpsilon: request.tieEpsilon },
  );
}

async function timeItems(
  judging: JudgingService,
  database: Database,
  setting: JudgeSetting,
  signal?: AbortSignal,
): Promise<{ each: number; items: number }> {
  const source = await judging.selectItems(setting.request, setting.protocol);
  const sample = await database.all<{ itemId: number }>(
    `SELECT item_id AS "itemId" FROM (${source.sql}) ORDER BY md5(item_id::VARCHAR || ?), item_id LIMIT ${calibrationItems}`,
    [...source.parameters, `/${setting.request.seed}`],
    { signal },
  );
  const items = await readItems(
    database,
    setting.protocol.subject,
    sample.map((row) => row.itemId),
  );
  const startedAt = performance.now();
  await Promise.all(items.map((item) => judgeItem(setting, item)));
  return { each: (performance.now() - startedAt) / Math.max(1, items.length), items: items.length };
}

function listFamilies({ models }: JudgeSetting): string[] {
  const names = [...models.values()].flat().map((model) => model.identity.name.toLowerCase());
  return [...new Set(names.flatMap((name) => /[a-z]{3,}/.exec(name)?.[0] ?? []))];
}

async function warnOfFamily(
  database: Database,
  datasetId: number,
  families: readonly string[],
): Promise<string[]> {
  const warnings: string[] = [];
  for (const family of families) {
    const { n } = await database.one<{ n: number }>(
      'SELECT count(DISTINCT model) AS n FROM response WHERE dataset_id = ? AND contains(lower(model), ?)',
      [datasetId, family],
    );
    if (n > 0)
      warnings.push(
        `The judge’s family (${family}) also wrote responses of this dataset: it may prefer its own. ${n} of the models named here.`,
      );
  }
  return warnings;
}

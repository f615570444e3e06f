import type { Database } from '../../../native/duckdb/database.ts';
import { isAppError } from '../../contract/app-error.ts';
import type { ConstitutionDocument, Explanation } from '../../contract/constitution.contract.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';

type Example = ReportDocument['examples'][number];

/** What a report asks of stored constitutions. */
export interface ConstitutionReader {
  get(constitutionId: number): Promise<{ constitutionId: number; document: ConstitutionDocument }>;
  explain(constitutionId: number, comparisonId: number): Promise<Explanation>;
  rows(
    query: {
      constitutionId: number;
      principleId?: string | undefined;
      which: 'for' | 'against' | 'not_applicable' | 'unexplained' | 'silent';
      limit: number;
    },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<{ total: number; ids: number[] }>;
}

const examplesEach = 3;
const textLimit = 600;
/** Pairs by id in which a vote is looked up; examples come from these. */
const idsEach = 10_000;
const candidatesEach = 12;

/** The text up to `limit` characters, cut between words where that loses little; a cut text ends in an ellipsis. */
export function cutText(text: string, limit = textLimit): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit + 1);
  const space = head.search(/\s\S*$/);
  const end = space > limit * 0.8 ? space : limit;
  return `${head
    .slice(0, end)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()} …`;
}

interface VoteList {
  readonly weight: number;
  readonly ids: readonly number[];
}

/**
 * The votes of the selected principles for (positive weight) and against the label, and the last id up to which all
 * lists are complete; beyond it the sum of weights of a pair would lack votes.
 */
async function listVotes(
  constitutions: ConstitutionReader,
  constitutionId: number,
  document: ConstitutionDocument,
): Promise<{ lists: VoteList[]; lastId: number }> {
  const lists: VoteList[] = [];
  let lastId = Number.MAX_SAFE_INTEGER;
  for (const principle of document.principles) {
    if (!principle.is_selected || principle.weight === null) continue;
    for (const which of ['for', 'against'] as const) {
      const query = { constitutionId, principleId: principle.id, which, limit: idsEach };
      const { total, ids } = await constitutions.rows(query);
      lists.push({ weight: which === 'for' ? principle.weight : -principle.weight, ids });
      if (total > ids.length) lastId = Math.min(lastId, ids.at(-1) ?? 0);
    }
  }
  return { lists, lastId };
}

/**
 * Pairs with the largest log-odds for the label (sign 1) or against it (−1), at most one a prompt. Among equals those
 * whose texts are shown whole come first, then in the order of md5(id:seed).
 */
const selectCandidates = `WITH list AS (SELECT unnest(from_json(?::JSON, '[{"weight":"DOUBLE","ids":["BIGINT"]}]')) AS item),
  vote AS (SELECT item.weight AS weight, unnest(item.ids) AS id FROM list),
  odds AS (SELECT id, sum(weight) * ? AS odds FROM vote WHERE id <= ? GROUP BY id),
  found AS (SELECT o.id, round(o.odds, 6) AS odds, greatest(c.prompt_chars, c.chars_a, c.chars_b) <= ${textLimit} AS is_short,
      md5(concat(o.id, ':', ?::BIGINT)) AS place, p.text_key
    FROM odds o JOIN comparison c ON c.comparison_id = o.id JOIN prompt p USING (prompt_id) WHERE o.odds > 1e-12)
  SELECT id FROM found QUALIFY row_number() OVER (PARTITION BY text_key ORDER BY odds DESC, is_short DESC, place) = 1
  ORDER BY odds DESC, is_short DESC, place LIMIT ${candidatesEach}`;

interface PairText {
  readonly example_id: string;
  readonly source_file: string;
  readonly source_row: number;
  readonly prompt: string;
  readonly chosen: string | null;
  readonly rejected: string | null;
}

async function readExample(
  database: Database,
  kind: Example['kind'],
  { comparisonId, explanation }: { comparisonId: number; explanation: Explanation },
): Promise<Example> {
  const pair = await database.one<PairText>(
    'SELECT example_id, source_file, source_row, prompt, chosen, rejected FROM pairs WHERE comparison_id = ?',
    [comparisonId],
  );
  const speaking = explanation.votes.filter((vote) => vote.isSelected && vote.side !== null);
  return {
    kind,
    example_id: pair.example_id,
    source_file: pair.source_file,
    source_row: pair.source_row,
    prompt: cutText(pair.prompt),
    chosen: cutText(pair.chosen ?? ''),
    rejected: cutText(pair.rejected ?? ''),
    spoke_for: speaking.filter((vote) => vote.side === explanation.label).map((vote) => vote.text),
    spoke_against: speaking.filter((vote) => vote.side !== explanation.label).map((vote) => vote.text),
  };
}

/**
 * Up to three pairs whose label the weighted vote gives most clearly and three whose label it contradicts most clearly,
 * each of another prompt, texts cut at 600 characters. None where the dataset has changed since the constitution.
 */
export async function chooseExamples(
  { database, constitutions }: { database: Database; constitutions: ConstitutionReader },
  constitutionId: number,
  document: ConstitutionDocument,
): Promise<Example[]> {
  let votes: Awaited<ReturnType<typeof listVotes>>;
  try {
    votes = await listVotes(constitutions, constitutionId, document);
  } catch (error) {
    if (isAppError(error) && error.code === 'CONSTITUTION_NOT_APPLICABLE') return [];
    throw error;
  }
  const examples: Example[] = [];
  for (const kind of ['explained', 'unexplained'] as const) {
    const candidates = await database.all<{ id: number }>(selectCandidates, [
      JSON.stringify(votes.lists),
      kind === 'explained' ? 1 : -1,
      votes.lastId,
      document.seed,
    ]);
    let found = 0;
    for (const { id: comparisonId } of candidates) {
      if (found === examplesEach) break;
      const explanation = await constitutions.explain(constitutionId, comparisonId);
      if (explanation.isExplained !== (kind === 'explained')) continue;
      examples.push(await readExample(database, kind, { comparisonId, explanation }));
      found++;
    }
  }
  return examples;
}

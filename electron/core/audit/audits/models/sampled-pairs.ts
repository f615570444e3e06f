import type { Parameter } from '../../../../../native/duckdb/session.ts';
import type { ChatMessage } from '../../../../../native/host/inference.ts';
import { flattenMessages } from '../../../judging/protocol.ts';
import type { AuditContext } from '../audit.ts';

export interface SampledPair {
  readonly comparisonId: number;
  readonly label: string | null;
  readonly prompt: string;
  readonly responseA: string;
  readonly responseB: string;
  readonly responseAId: number;
  readonly responseBId: number;
}

interface PairRow extends SampledPair {
  readonly messages: ChatMessage[] | null;
}

/** What narrows a sample: SQL over the pairs `x`, the prompt `p`, and the responses `ra` and `rb`. */
export interface SampleChoice {
  readonly where?: string;
  readonly parameters?: readonly Parameter[];
}

/**
 * Pairs drawn by the md5 of id and seed, so that the same seed draws the same whatever the number of threads. Pairs of two
 * prompts and pairs with an empty response are left out.
 */
export async function samplePairs(
  { session, pairs, seed, signal }: AuditContext<unknown>,
  size: number,
  { where = 'true', parameters = [] }: SampleChoice = {},
): Promise<SampledPair[]> {
  const rows = await session.all<PairRow>(
    `WITH x AS (SELECT DISTINCT ON (comparison_id) comparison_id, prompt_id, response_a_id, response_b_id, label, language, topic FROM ${pairs} ORDER BY comparison_id, row_id)
     SELECT x.comparison_id AS "comparisonId", x.label, p.text AS prompt, p.messages, ra.text AS "responseA", rb.text AS "responseB",
       ra.response_id AS "responseAId", rb.response_id AS "responseBId"
     FROM x JOIN comparison c USING (comparison_id) JOIN prompt p ON p.prompt_id = x.prompt_id
     JOIN response ra ON ra.response_id = x.response_a_id JOIN response rb ON rb.response_id = x.response_b_id
     WHERE c.prompt_b_id IS NULL AND trim(ra.text) <> '' AND trim(rb.text) <> '' AND ${where}
     ORDER BY md5(x.comparison_id || '/' || ${Number(seed)}), x.comparison_id LIMIT ${Math.trunc(size)}`,
    parameters,
    { signal },
  );
  return rows.map(({ messages, ...row }) => ({
    ...row,
    prompt: messages ? flattenMessages(messages) : row.prompt,
  }));
}

export interface SampledResponse {
  readonly responseId: number;
  readonly prompt: string;
  readonly text: string;
}

/** Both responses of each sampled pair, each once. */
export function listResponses(pairs: readonly SampledPair[]): SampledResponse[] {
  const all = pairs.flatMap(({ prompt, responseA, responseB, responseAId, responseBId }) => [
    { responseId: responseAId, prompt, text: responseA },
    { responseId: responseBId, prompt, text: responseB },
  ]);
  return [...new Map(all.map((response) => [response.responseId, response])).values()];
}

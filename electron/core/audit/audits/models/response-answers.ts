import type { AuditContext } from '../audit.ts';
import type { ModelCall, ModelQuestion } from '../model-question.ts';
import { listResponses, type SampledResponse, samplePairs } from './sampled-pairs.ts';

/** One question about each response of a sample of labelled pairs. */
export async function askResponses(
  context: AuditContext<{ sample: number }>,
  ask: (response: SampledResponse) => ModelCall,
): Promise<ModelQuestion[]> {
  const pairs = await samplePairs(context, context.params.sample, { where: `x.label IN ('a', 'b')` });
  return listResponses(pairs).map((response) => ({
    call: ask(response),
    row: { response_id: response.responseId },
  }));
}

/**
 * Stores the labelled pairs both of whose responses were answered about in a pass, with chosen_p and rejected_p (and
 * chosen_numbers, rejected_numbers). Answers the table.
 */
export async function storeAnsweredPairs(context: AuditContext<unknown>, pass = 0): Promise<string> {
  const table = context.scratch('answered_pairs');
  const answered = `(SELECT response_id, any_value(p) AS p, any_value(numbers) AS numbers FROM ${context.answers(pass)} WHERE is_answered AND response_id IS NOT NULL GROUP BY response_id)`;
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT x.*, c.p AS chosen_p, r.p AS rejected_p, c.numbers AS chosen_numbers, r.numbers AS rejected_numbers
     FROM ${context.pairs} x JOIN ${answered} c ON c.response_id = x.chosen_id JOIN ${answered} r ON r.response_id = x.rejected_id WHERE x.label IN ('a', 'b')`,
    [],
    { signal: context.signal },
  );
  return table;
}

import { z } from 'zod';
import { clauseSchema } from '../../../contract/filter.contract.ts';
import { compileClauses } from '../../corpus/views/compile-filter.ts';
import { listJoins } from '../../corpus/views/field-table.ts';
import { defineStep } from '../step.ts';
import { dropPairs, liveOf, pairsOf, promptsOf, responsesOf, type Work } from '../work.ts';

/** The live candidates with the tables that some fields of the grid are read from. */
function fromCandidates(work: Work, fields: Parameters<typeof listJoins>[0]): string {
  const joined = listJoins(fields).map(({ table, alias, key, foreignKey }) => {
    const relation = table === 'prompt' ? promptsOf(work) : responsesOf(work);
    return `JOIN ${relation} ${alias} ON ${alias}.${key} = x.${foreignKey}`;
  });
  return [`${pairsOf(work)} x`, ...joined].join(' ');
}

export const filterStep = defineStep({
  id: 'filter',
  family: 'remove',
  title: 'Filter',
  description:
    'Keeps the pairs that meet every condition, or drops them; the conditions are those of the grid.',
  source: null,
  unconfirmed: null,
  params: {
    clauses: z
      .array(clauseSchema)
      .min(1)
      .max(100)
      .describe('Conditions on fields of the pairs, such as {op: in, field: label, values: [a, b]}.'),
    drop: z
      .boolean()
      .default(false)
      .describe('Drops the pairs that meet all conditions instead of keeping them.'),
    reason: z.string().max(200).default('').describe('What to call the dropped pairs.'),
  },
  apply: async ({ work, params }) => {
    const { sql, parameters, fields } = compileClauses('pairs', params.clauses);
    const met = `SELECT x.candidate_id FROM ${fromCandidates(work, fields)} WHERE ${sql}`;
    const why = params.reason || (params.drop ? 'meets the condition' : 'does not meet the condition');
    await dropPairs(work, {
      sql: `SELECT candidate_id, ?::VARCHAR AS why FROM ${liveOf(work)} WHERE candidate_id ${params.drop ? 'IN' : 'NOT IN'} (${met})`,
      parameters: [why, ...parameters],
    });
    return {};
  },
});

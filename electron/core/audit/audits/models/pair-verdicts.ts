import verdict from '../../../../../resources/prompts/pairwise/verdict.md?raw';
import { arrange } from '../../../judging/both-orders.ts';
import { parseTemplate, renderTemplate } from '../../../judging/template.ts';
import { letterForms } from '../../../judging/verdict.ts';
import type { AuditContext } from '../audit.ts';
import type { ModelPass } from '../audit.ts';
import type { ModelQuestion } from '../model-question.ts';

const template = parseTemplate(verdict);
const criterion = 'Which response is better?';

/** Columns of a pass of pairs that are asked in both orders. */
export const verdictColumns = {
  item: 'BIGINT',
  variant: 'VARCHAR',
  first: 'VARCHAR',
} as const satisfies ModelPass['columns'];

export interface PairToJudge {
  readonly item: number;
  /** Which version of the pair: `original`, or what was changed in it. */
  readonly variant: string;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

/** The two questions about a pair, one per order: the same as those of the pairwise judge. */
export function askBothOrders({ item, variant, prompt, a, b }: PairToJudge): ModelQuestion[] {
  return (['a', 'b'] as const).map((first) => {
    const slots = arrange({ responseA: a, responseB: b }, first);
    const values = { prompt, response_1: slots.response_1, response_2: slots.response_2, criterion };
    return {
      call: { operation: 'decide', input: renderTemplate(template, values), candidates: letterForms },
      row: { item, variant, first },
    };
  });
}

/**
 * Stores one row per pair and version: item, variant, p_a (mean over both orders; NULL unless both answered), lean (mean
 * probability of the first slot − ½), verdict (a, b or tie within `tieEpsilon` of ½; NULL where invalid), order_state
 * (consistent, first, second, tie_once, tie_twice; NULL where invalid).
 */
export async function storeVerdicts(
  { session, answers, scratch, signal }: AuditContext<unknown>,
  pass: number,
  tieEpsilon: number,
): Promise<string> {
  const table = scratch(`verdicts_${pass}`);
  const isTie = (p: string) => `abs(${p} - 0.5) < ${tieEpsilon}`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH asked AS (SELECT item, variant, any_value(p) FILTER (first = 'a') AS pa, any_value(p) FILTER (first = 'b') AS pb FROM ${answers(pass)} GROUP BY item, variant)
     SELECT item, variant, (pa + 1 - pb) / 2 AS p_a, (pa + pb) / 2 - 0.5 AS lean,
       CASE WHEN pa IS NULL OR pb IS NULL THEN NULL WHEN ${isTie('(pa + 1 - pb) / 2')} THEN 'tie' WHEN pa + 1 - pb > 1 THEN 'a' ELSE 'b' END AS verdict,
       CASE WHEN pa IS NULL OR pb IS NULL THEN NULL WHEN ${isTie('pa')} AND ${isTie('pb')} THEN 'tie_twice'
         WHEN ${isTie('pa')} OR ${isTie('pb')} THEN 'tie_once' WHEN pa > 0.5 AND pb > 0.5 THEN 'first'
         WHEN pa < 0.5 AND pb < 0.5 THEN 'second' ELSE 'consistent' END AS order_state
     FROM asked ORDER BY item, variant`,
    [],
    { signal },
  );
  return table;
}

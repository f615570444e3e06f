import type { Database } from '../../../native/duckdb/database.ts';
import { isAppError } from '../../contract/app-error.ts';
import type { ConstitutionDocument } from '../../contract/constitution.contract.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';
import { type ConstitutionReader, cutText } from './example-pairs.ts';
import { selectedPrinciples } from './report-content.ts';

type PrincipleExample = NonNullable<ReportDocument['principle_examples']>[number];

const textLimit = 300;
const mostPrinciples = 12;
const idsEach = 5_000;

/**
 * For each selected principle one pair it speaks for the label of and one it speaks against, drawn by the seed of the
 * constitution among the first 5000 of each. None where the dataset has changed since.
 */
export async function choosePrincipleExamples(
  { database, constitutions }: { database: Database; constitutions: ConstitutionReader },
  constitutionId: number,
  document: ConstitutionDocument,
): Promise<PrincipleExample[]> {
  const examples: PrincipleExample[] = [];
  for (const { id, text } of selectedPrinciples(document).slice(0, mostPrinciples))
    for (const which of ['for', 'against'] as const) {
      try {
        const { ids } = await constitutions.rows({ constitutionId, principleId: id, which, limit: idsEach });
        const pair = await drawPair(database, ids, document.seed);
        if (pair) examples.push({ principle: text, which, ...pair });
      } catch (error) {
        if (isAppError(error) && error.code === 'CONSTITUTION_NOT_APPLICABLE') return [];
        throw error;
      }
    }
  return examples;
}

async function drawPair(
  database: Database,
  ids: readonly number[],
  seed: number,
): Promise<Omit<PrincipleExample, 'principle' | 'which'> | undefined> {
  const pair = await database.find<{
    example_id: string;
    prompt: string;
    chosen: string | null;
    rejected: string | null;
  }>(
    `SELECT example_id, prompt, chosen, rejected FROM pairs
     WHERE comparison_id = (SELECT id FROM (SELECT unnest(from_json(?::JSON, '["BIGINT"]')) AS id) ORDER BY md5(concat(id, ':', ?::BIGINT)) LIMIT 1)`,
    [JSON.stringify(ids), seed],
  );
  if (!pair) return undefined;
  return {
    example_id: pair.example_id,
    prompt: cutText(pair.prompt, textLimit),
    chosen: cutText(pair.chosen ?? '', textLimit),
    rejected: cutText(pair.rejected ?? '', textLimit),
  };
}

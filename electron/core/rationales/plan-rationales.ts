import type { JudgePlan } from '../../contract/judging.contract.ts';
import { AppError } from '../../contract/app-error.ts';
import type { RationaleRequest } from '../../contract/rationale.contract.ts';
import { arrange } from '../judging/both-orders.ts';
import { readItems } from '../judging/item-reader.ts';
import type { JudgePair } from '../judging/protocol.ts';
import { templateTokens } from '../judging/verdict.ts';
import { checkRationale, renderCheck } from './check-rationale.ts';
import type { RationaleItem } from './rationale-run.repository.ts';
import type { RationaleService, RationaleSetting } from './rationale.service.ts';
import { renderWriting, writeRationale } from './write-rationale.ts';

/** Characters of a token, roughly, until a run measures its own. */
const charactersPerToken = 4;
const calibrationPairs = 4;

interface Counted {
  readonly pairs: number;
  readonly prompt: number;
  readonly responses: number;
  readonly rationale: number;
  readonly skipped: number;
}

/**
 * What a run will cost. Lengths are averages over its pairs at four characters a token; with `calibrate` a few of its
 * pairs are asked about now, and their time is taken for all. Nothing is stored.
 */
export async function planRationales(
  rationales: RationaleService,
  { calibrate, ...request }: RationaleRequest & { calibrate: boolean },
  signal?: AbortSignal,
): Promise<JudgePlan> {
  const setting = calibrate ? await rationales.prepare(request, signal) : undefined;
  const counted = await countPairs(rationales, request);
  const items = Math.min(counted.pairs, request.limit ?? counted.pairs);
  const isCheck = request.task === 'check';
  const read = (counted.prompt + counted.responses + counted.rationale) / charactersPerToken + templateTokens;
  const calls = isCheck ? 4 : 1;
  const timed = setting && items > 0 ? await timePairs(rationales, request, { setting, signal }) : undefined;
  const warnings =
    counted.skipped > 0
      ? [
          `${counted.skipped} pairs of the dataset are skipped: they have no chosen response${isCheck ? ' or no rationale' : ''}, or are not in the view.`,
        ]
      : [];
  return {
    items,
    calls: items * calls,
    promptTokens: Math.round(items * calls * read),
    reusedTokens: 0,
    generatedTokens: isCheck ? 0 : items * request.maxTokens,
    embeddings: 0,
    minutes: timed === undefined ? null : (items * timed.each) / 60_000,
    calibratedOn: timed?.pairs ?? 0,
    warnings,
  };
}

async function countPairs(rationales: RationaleService, request: RationaleRequest): Promise<Counted> {
  const source = await rationales.selectItems(request);
  return rationales.database.one<Counted>(
    `SELECT count(*) AS pairs, coalesce(avg(c.prompt_chars), 0) AS prompt, coalesce(avg(c.chars_a + c.chars_b), 0) AS responses,
       coalesce(avg(length(i.text)), 0) AS rationale,
       (SELECT count(*) FROM comparison WHERE dataset_id = ?) - count(*) AS skipped
     FROM (${source.sql}) i JOIN comparison c USING (comparison_id)`,
    [request.datasetId, ...source.parameters],
  );
}

async function readSample(
  rationales: RationaleService,
  request: RationaleRequest,
  { count, comparisonId }: { count: number; comparisonId?: number | undefined },
): Promise<{ item: RationaleItem; pair: JudgePair }[]> {
  const source = await rationales.selectItems(request);
  const items = await rationales.database.all<RationaleItem>(
    `SELECT comparison_id AS "comparisonId", winner, annotator_id AS "annotatorId", text, shown_first AS "shownFirst", text AS "donorText"
     FROM (${source.sql}) ${comparisonId === undefined ? '' : 'WHERE comparison_id = ?'}
     ORDER BY md5(comparison_id::VARCHAR || ?), comparison_id LIMIT ${count}`,
    [...source.parameters, ...(comparisonId === undefined ? [] : [comparisonId]), `/${request.seed}`],
  );
  const read = await readItems(
    rationales.database,
    'pair',
    items.map((item) => item.comparisonId),
  );
  return read.flatMap((one) => {
    const item = items.find((candidate) => candidate.comparisonId === one.itemId);
    return item && one.subject === 'pair' ? [{ item, pair: one.pair }] : [];
  });
}

async function timePairs(
  rationales: RationaleService,
  request: RationaleRequest,
  { setting, signal }: { setting: RationaleSetting; signal?: AbortSignal | undefined },
): Promise<{ each: number; pairs: number }> {
  const sample = await readSample(rationales, request, { count: calibrationPairs });
  const { model, template } = setting;
  const startedAt = performance.now();
  await Promise.all(
    sample.map(async ({ item, pair }) =>
      request.task === 'check'
        ? checkRationale(pair, item, { model, template, seed: request.seed, signal })
        : writeRationale(pair, item.winner, { ...request, template }, { model, signal }),
    ),
  );
  return { each: (performance.now() - startedAt) / Math.max(1, sample.length), pairs: sample.length };
}

/** One prompt as the model would read it, for a pair or a pair of the request's sample. Throws ROW_MISSING. */
export async function previewRationale(
  rationales: RationaleService,
  { comparisonId, ...request }: RationaleRequest & { comparisonId?: number | undefined },
): Promise<{ exampleId: string; comparisonId: number; text: string }> {
  const template = await rationales.chooseTemplate(request);
  const [one] = await readSample(rationales, request, { count: 1, comparisonId });
  if (!one)
    throw new AppError(
      'ROW_MISSING',
      request.task === 'check'
        ? 'There is no pair with a chosen response and a rationale to preview the prompt on.'
        : 'There is no pair with a chosen response to preview the prompt on.',
    );
  const { pair, item } = one;
  const input =
    request.task === 'check'
      ? renderCheck(pair, item.text ?? '', { template, ...arrange(pair, 'a') })
      : renderWriting(pair, item.winner, { ...request, template }).input;
  const { exampleId } = await rationales.database.one<{ exampleId: string }>(
    'SELECT example_id AS "exampleId" FROM comparison WHERE comparison_id = ?',
    [pair.comparisonId],
  );
  const messages = input.messages.map(({ role, content }) => `[${role}]\n${content}`);
  const text = [...messages, `[assistant]\n${input.answer ?? ''}`].join('\n\n');
  return { exampleId, comparisonId: pair.comparisonId, text };
}

import { AppError } from '../../contract/app-error.ts';
import {
  type RationaleDraft,
  rationaleRequestSchema,
  type WritingEvent,
} from '../../contract/rationale.contract.ts';
import { readItems } from '../judging/item-reader.ts';
import { insertWritten } from './rationale-store.ts';
import { splitPrompt } from './rationale-templates.ts';
import { nameOf, type RationaleService } from './rationale.service.ts';
import { drawFirst, writeRationale } from './write-rationale.ts';

const noItems = `SELECT NULL::BIGINT AS comparison_id, NULL::VARCHAR AS winner, NULL::INTEGER AS annotator_id, NULL::VARCHAR AS text,
  NULL::VARCHAR AS shown_first WHERE false`;

type WriteRequest = Pick<
  RationaleDraft,
  'kind' | 'modelId' | 'template' | 'seed' | 'maxTokens' | 'temperature' | 'comparisonId'
>;

/**
 * Writes a rationale for one pair and tells of it token by token; the last event holds the whole. Nothing is stored.
 * Whoever stops reading, or aborts, cancels the model’s work. Throws ROW_MISSING for a pair without a chosen response.
 */
export async function* streamRationale(
  rationales: RationaleService,
  request: WriteRequest,
  signal?: AbortSignal,
): AsyncGenerator<WritingEvent> {
  const { comparisonId } = request;
  const row = await rationales.database.find<{ datasetId: number; label: string | null }>(
    'SELECT dataset_id AS "datasetId", label FROM comparison WHERE comparison_id = ?',
    [comparisonId],
  );
  const [item] = await readItems(rationales.database, 'pair', [comparisonId]);
  if (!row || item?.subject !== 'pair' || (row.label !== 'a' && row.label !== 'b'))
    throw new AppError('ROW_MISSING', 'No rationale was written: this pair has no chosen response.', {
      comparisonId,
    });
  const { model, template } = await rationales.prepare({ ...request, task: 'write' }, signal);
  const winner = row.label;
  yield { type: 'started', shownFirst: drawFirst(request.seed, comparisonId), model: model.identity.name };

  const waiting: WritingEvent[] = [];
  let wake: () => void = () => undefined;
  const tell = (event: WritingEvent) => {
    waiting.push(event);
    wake();
  };
  const stop = new AbortController();
  let failure: { readonly cause: unknown } | undefined;
  const work = writeRationale(
    item.pair,
    winner,
    { ...request, template },
    {
      model,
      onText: (delta) => tell({ type: 'text', delta }),
      onAgain: (reason) => tell({ type: 'again', reason }),
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    },
  ).then(
    ({ named: _named, ...written }) => {
      const draft = { ...request, ...written, findings: [...written.findings], datasetId: row.datasetId };
      tell({ type: 'done', draft });
    },
    (cause: unknown) => {
      failure = { cause };
      wake();
    },
  );
  try {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        yield next;
        if (next.type === 'done') return;
      } else if (failure) throw failure.cause;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop.abort();
    await work;
  }
}

/**
 * Keeps a rationale that was written on request. Those of one model, prompt and settings make one run, so that they stand
 * under one name. Throws EDIT_NOTHING for a draft without text or one that is kept already.
 */
export async function keepRationale(
  rationales: RationaleService,
  draft: RationaleDraft,
  signal?: AbortSignal,
): Promise<{ rationaleRunId: number }> {
  const { text, datasetId, comparisonId } = draft;
  if (text === null)
    throw new AppError('EDIT_NOTHING', 'Nothing was kept: the model gave no usable rationale.');
  const request = rationaleRequestSchema.parse({
    datasetId,
    modelId: draft.modelId,
    kind: draft.kind,
    template: draft.template,
    seed: draft.seed,
    maxTokens: draft.maxTokens,
    temperature: draft.temperature,
  });
  const setting = await rationales.prepare(request, signal);
  const record = rationales.makeRecord(request, setting);
  const wanted = JSON.stringify(record);
  const runs = await rationales.runs.list(datasetId);
  const found = runs.find((run) => run.isKept && JSON.stringify(run.record) === wanted);
  const rationaleRunId =
    found?.rationaleRunId ??
    (await rationales.runs.create({
      datasetId,
      name: `${nameOf(request, setting.model)}, kept`,
      record,
      promptParts: splitPrompt(setting.template),
      items: { sql: noItems, parameters: [] },
      isKept: true,
    }));
  const run = await rationales.runs.get(rationaleRunId);
  await rationales.database.write(async (session) => {
    const known = await session.find(
      'SELECT 1 AS one FROM generated_rationale WHERE rationale_run_id = ? AND comparison_id = ?',
      [rationaleRunId, comparisonId],
    );
    if (known) throw new AppError('EDIT_NOTHING', 'Nothing was kept: this rationale is kept already.');
    await session.run(
      `INSERT INTO rationale_item (rationale_run_id, dataset_id, pos, comparison_id, winner)
       SELECT ?, ?, (SELECT count(*) FROM rationale_item WHERE rationale_run_id = ?), ?, ?`,
      [rationaleRunId, datasetId, rationaleRunId, comparisonId, draft.winner],
    );
    await session.run(
      'UPDATE rationale_run SET planned = planned + 1, is_finished = true, finished_at = now() WHERE rationale_run_id = ?',
      [rationaleRunId],
    );
    await insertWritten(session, run, [{ ...draft, text, named: draft.winner }]);
  });
  return { rationaleRunId };
}

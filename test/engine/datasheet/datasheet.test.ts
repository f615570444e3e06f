import { describe, expect, it } from 'vitest';
import { datasheetDocumentSchema } from '../../../electron/contract/datasheet.contract.ts';
import { DatasheetService } from '../../../electron/core/datasheet/datasheet.service.ts';
import { questions, sections } from '../../../electron/core/datasheet/questions.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';

async function openDatasheet() {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, [
    { prompt: 'p1', a: 'a longer answer', b: 'short', label: 'a' },
    { prompt: 'p1', a: 'x', b: 'a longer one', label: 'a' },
    { prompt: 'p2', a: 'same', b: 'same', label: 'tie' },
  ]);
  return { workspace, datasetId, service: new DatasheetService(workspace.database) };
}

const entryOf = (document: Awaited<ReturnType<DatasheetService['answer']>>, question: string) =>
  document.sections.flatMap((section) => section.entries).find((entry) => entry.question === question);

describe('datasheet', () => {
  it('asks 24 questions with the four value tensions among its sections', () => {
    expect(questions.length).toBe(24);
    expect(sections.filter((section) => section.isTension).map((section) => section.id)).toEqual([
      'care',
      'contextuality',
      'positionality',
      'data_work',
    ]);
    expect(new Set(questions.map((question) => question.id)).size).toBe(24);
  });

  it('fills in counts, labels, length and duplicates from the data, by hand: 1 of 2 longer wins', async () => {
    const { service, datasetId } = await openDatasheet();
    const { document } = await service.get(datasetId);
    datasheetDocumentSchema.parse(document);
    expect(entryOf(document, 'composition.contents')?.auto).toBe('3 pairs; 2 prompts; 6 responses.');
    expect(entryOf(document, 'composition.labels')?.auto).toBe(
      'Labels of 3 pairs: a 66.7 %, b 0.0 %, ties 33.3 %, none 0.0 %. The longer side wins 50.0 % of 2 pairs of unequal length.',
    );
    expect(entryOf(document, 'preprocessing.duplicates')?.auto).toContain('33.3 % have two equal responses');
    expect(entryOf(document, 'collection.raters')).toMatchObject({ auto: null, status: 'open' });
  });

  it('18 of 24 answered is .75; “unknown” is stored and scores 0; an empty answer is taken back (H1)', async () => {
    const { service, datasetId } = await openDatasheet();
    const { document } = await service.get(datasetId);
    const open = document.gaps;
    const missing = 18 - document.completeness.answered;
    let sheet = document;
    for (const question of open.slice(0, missing))
      sheet = await service.answer(datasetId, question, 'Said so.');
    expect(sheet.completeness).toEqual({ answered: 18, required: 24, share: 0.75 });
    const last = open[missing] ?? '';
    sheet = await service.answer(datasetId, last, 'Unknown');
    expect(entryOf(sheet, last)).toMatchObject({ status: 'unknown', answer: 'Unknown' });
    expect(sheet.completeness.answered).toBe(18);
    sheet = await service.answer(datasetId, open[0] ?? '', '  ');
    expect(sheet.completeness.answered).toBe(17);
  });

  it('an answer beside a figure of the data is stale when the data change, and no longer once it is stored again', async () => {
    const { service, datasetId, workspace } = await openDatasheet();
    await service.answer(datasetId, 'composition.labels', 'Labels were given by two people.');
    await workspace.database.write((session) =>
      session.run(`UPDATE comparison SET label = 'b' WHERE label = 'a'`),
    );
    const { document } = await service.get(datasetId);
    expect(entryOf(document, 'composition.labels')?.status).toBe('stale');
    const again = await service.answer(datasetId, 'composition.labels', 'Labels were given by two people.');
    expect(entryOf(again, 'composition.labels')?.status).toBe('answered');
  });

  it('prints the gaps, keeps a version per change and says what changed', async () => {
    const { service, datasetId } = await openDatasheet();
    const first = await service.export(datasetId, 'markdown');
    expect(first.version).toBe(1);
    expect(first.text).toContain('- Who might be hurt by it, and what was done about that? (`care.harm`)');
    expect((await service.export(datasetId, 'json')).version).toBe(1);
    await service.answer(datasetId, 'care.harm', 'Nobody | <b>we</b> know of.');
    const { changes } = await service.get(datasetId);
    expect(changes).toEqual([
      {
        question: 'care.harm',
        text: 'Who might be hurt by it, and what was done about that?',
        before: null,
        after: 'Nobody | <b>we</b> know of.',
      },
    ]);
    const second = await service.export(datasetId, 'json');
    expect(JSON.parse(second.text)).toMatchObject({ version: 2, changes: [{ question: 'care.harm' }] });
  });

  it('refuses a question that does not exist and a dataset that does not', async () => {
    const { service, datasetId } = await openDatasheet();
    await expect(service.answer(datasetId, 'care.nothing', 'x')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(service.get(99)).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });

  it('agreement: Krippendorff’s α of two raters with one disagreement in four, by hand', async () => {
    const { service, datasetId, workspace } = await openDatasheet();
    await workspace.database.write(async (session) => {
      await session.run(
        `INSERT INTO annotator VALUES (1, ?, 'r1', 'human', NULL, 1), (2, ?, 'r2', 'human', NULL, 1)`,
        [datasetId, datasetId],
      );
      await session.run(
        `INSERT INTO vote SELECT comparison_id, dataset_id, 1, NULL, 'a', NULL, NULL, NULL, 1 FROM comparison`,
      );
      await session.run(
        `INSERT INTO vote SELECT comparison_id, dataset_id, 2, NULL, CASE WHEN source_row = 1 THEN 'b' ELSE 'a' END, NULL, NULL, NULL, 1 FROM comparison`,
      );
    });
    const { document } = await service.get(datasetId);
    // Six votes, five a and one b: observed 2/6, expected 2·5·1/(6·5) = 1/3, so α = 0; two of three pairs agree.
    expect(entryOf(document, 'collection.agreement')?.auto).toBe(
      'Two votes on a pair agree 66.7 % of the time; Krippendorff’s α 0.000 over 3 pairs with two votes or more.',
    );
    expect(entryOf(document, 'collection.raters')?.auto).toContain(
      '2 people; 6 overall votes, 0 ratings. The most active gave 50.0 % of the votes.',
    );
  });
});

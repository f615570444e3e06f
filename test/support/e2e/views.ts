import { settle, type Watch } from './browser.ts';

/** A screen as a test or a picture of it needs it: opened, filled, at rest. */
export interface View {
  readonly name: string;
  readonly open: (watch: Watch) => Promise<void>;
}

async function openBrowse({ page, visit }: Watch): Promise<void> {
  await visit('/d/1/browse');
  await page
    .getByRole('grid', { name: /^Rows of / })
    .getByRole('gridcell')
    .first()
    .waitFor();
  await page.getByRole('complementary', { name: 'Charts' }).getByRole('listitem').first().waitFor();
}

async function openDetail(watch: Watch): Promise<void> {
  await openBrowse(watch);
  await watch.page
    .getByRole('grid', { name: /^Rows of / })
    .getByRole('gridcell')
    .first()
    .click();
  const pane = watch.page.getByRole('complementary', { name: 'Row' });
  await pane.getByRole('article').first().waitFor();
}

async function runStatement({ page, visit }: Watch): Promise<void> {
  await visit('/sql');
  const editor = page.getByRole('textbox', { name: /SQL statement/ });
  await editor.waitFor();
  await editor.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(
    'SELECT chosen_model AS model, count(*) AS wins, round(avg(chars_a), 0) AS chars\nFROM pairs\nWHERE chosen_model IS NOT NULL\nGROUP BY model\nORDER BY wins DESC',
  );
  await page.keyboard.press('Control+Enter');
  await page.getByRole('grid', { name: 'Result' }).getByRole('gridcell').first().waitFor();
  await page.keyboard.press('Escape');
}

async function previewImport({ page, visit }: Watch, file: string): Promise<void> {
  await visit('/import');
  await page.getByLabel('Files or folders on this machine').fill(file);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('heading', { name: 'Records these rows become' }).waitFor();
}

async function openDialog(watch: Watch, keys: string, name: string): Promise<void> {
  await watch.visit('/jobs');
  await settle(watch.page);
  await watch.page.keyboard.press('Escape');
  await watch.page.getByRole('dialog').waitFor({ state: 'hidden' });
  await watch.page.keyboard.press(keys);
  await watch.page.getByRole('dialog', { name }).waitFor();
}

const at =
  (place: string, ready: (watch: Watch) => Promise<void>): View['open'] =>
  async (watch) => {
    await watch.visit(place);
    await ready(watch);
  };

const heading = (name: string | RegExp) => (watch: Watch) =>
  watch.page.getByRole('heading', { name }).first().waitFor();

/** Every screen, in a workspace whose first dataset has a constitution, audits and a report. */
export function views(sample: string): readonly View[] {
  return [
    { name: 'datasets', open: at('/', heading('Datasets')) },
    { name: 'overview of a dataset', open: at('/d/1', heading('pandalm')) },
    { name: 'browse', open: openBrowse },
    { name: 'detail', open: openDetail },
    { name: 'import', open: (watch) => previewImport(watch, sample) },
    { name: 'rows set aside', open: at('/d/2/rejected', heading(/^Rows set aside/)) },
    { name: 'jobs', open: at('/jobs', (watch) => watch.page.getByRole('article').first().waitFor()) },
    { name: 'sql', open: runStatement },
    {
      name: 'constitution',
      open: at('/d/1/constitution', (watch) =>
        watch.page.getByRole('grid', { name: 'All principles' }).waitFor(),
      ),
    },
    {
      name: 'audits',
      open: at('/d/1/audits', (w) => w.page.getByRole('button', { name: 'Run again' }).waitFor()),
    },
    { name: 'reports', open: at('/reports', (watch) => watch.page.getByTitle(/^Report on/).waitFor()) },
    { name: 'export', open: at('/d/1/export', heading(/Export/)) },
    { name: 'judge', open: at('/d/1/judge', heading('Judge')) },
    { name: 'models', open: at('/models', heading('Models')) },
    { name: 'datasheet', open: at('/d/1/datasheet', heading(/Datasheet/)) },
    { name: 'history', open: at('/d/1/history', heading('History')) },
    { name: 'command palette', open: (watch) => openDialog(watch, 'Control+k', 'Command palette') },
    { name: 'keyboard shortcuts', open: (watch) => openDialog(watch, 'Shift+?', 'Keyboard shortcuts') },
  ];
}

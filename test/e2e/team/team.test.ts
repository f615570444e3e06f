import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { findAccessFaults, narrow, openBrowser, type Watch, watchPage } from '../../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../../support/e2e/command.ts';
import { serve, type Served } from '../../support/e2e/served.ts';
import {
  hasPostgres,
  makeDatabase,
  owner,
  ownerPassword,
  postgresMissing,
  queryIn,
  startPostgres,
} from '../../support/postgres.ts';

const shots = process.env['TEAM_SHOTS'];
const patience = { timeout: 40_000 };
let server: Awaited<ReturnType<typeof startPostgres>>;
let browser: Browser;
let folder: string;
let remove: () => void;
let atHome: Served;
let atAway: Served;

async function shoot(page: Page, name: string): Promise<void> {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

async function openPage(served: Served, options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  const watch = await watchPage(browser, served, options);
  watch.context.setDefaultTimeout(patience.timeout);
  onTestFailed(async () => {
    const text = await watch.page.locator('main').innerText().catch(String);
    console.error(`${watch.page.url()}\n${text}\n${watch.trouble.join('\n')}\n${served.told()}`);
  });
  await watch.signIn();
  return watch;
}

async function connect({ page }: Watch, database: string, act: string): Promise<void> {
  await page.getByLabel('Server', { exact: true }).fill('127.0.0.1');
  await page.getByLabel('Port').fill(String(server.port));
  await page.getByLabel('Database').fill(database);
  await page.getByLabel('Role').fill(owner);
  await page.getByLabel('Password', { exact: true }).fill(ownerPassword);
  await page.getByRole('button', { name: act, exact: true }).click();
}

async function sitDown({ page, visit }: Watch, desk: string, name: string): Promise<void> {
  await visit(desk);
  await page.getByLabel('New rater').fill(name);
  await page.keyboard.press('Enter');
  await page.getByRole('group', { name: 'Answers' }).waitFor();
}

describe.skipIf(!hasPostgres)(`the page of a team${hasPostgres ? '' : `: ${postgresMissing}`}`, () => {
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser?.close());
  // a second try begins with nothing of the first: its server may be stopped, its workspaces in the team
  beforeEach(async () => {
    ({ folder, remove } = makeFolder('assay-team-page'));
    const home = path.join(folder, 'home.assay');
    server = await startPostgres();
    await readAssay('import', sampleFile, '-w', home, '-d', 'pandalm');
    await readAssay(
      ...['annotate-project', 'create', '-w', home, '-d', 'pandalm'],
      ...['-n', '6', '--name', 'Study', '--overlap', '2'],
    );
    atHome = await serve(home);
    atAway = await serve(path.join(folder, 'away.assay'));
  }, 180_000);
  afterEach(async () => {
    await atHome?.stop();
    await atAway?.stop();
    await server?.end();
    remove();
  });

  it('connect, publish and join; PostgreSQL stops in the middle of annotation: the desk goes on, says so, and nothing is lost', async () => {
    const database = await makeDatabase(server);
    const first = await openPage(atHome);
    await first.visit('/d/1/annotate');
    await first.page.getByRole('button', { name: 'Team', exact: true }).click();
    await first.page.getByRole('form', { name: /Connect to a PostgreSQL/ }).waitFor();
    expect(await findAccessFaults(first.page)).toEqual([]);
    await connect(first, database, 'Connect');
    await first.page.getByText('TEAM_SCHEMA_MISSING').waitFor();
    await shoot(first.page, 'team-connect');
    await connect(first, database, 'Set up and connect');
    await first.page.getByRole('combobox', { name: /Publish a project/ }).selectOption('Study');
    await first.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await first.page.getByText('6 items are in the team').waitFor();
    await shoot(first.page, 'team-panel');
    expect(await findAccessFaults(first.page)).toEqual([]);
    await first.page.getByText('1 address is on: data may leave').waitFor();

    const second = await openPage(atAway, { viewport: narrow, colorScheme: 'dark' });
    await second.visit('/team');
    await connect(second, database, 'Connect');
    await second.page.getByRole('button', { name: 'Show the projects in the team' }).click();
    await second.page.getByRole('button', { name: 'Join: Study' }).click();
    await second.page.getByText('The project is in the dataset pandalm.').waitFor();
    await shoot(second.page, 'team-join-narrow-dark');
    expect(await findAccessFaults(second.page)).toEqual([]);

    await sitDown(second, '/d/1/annotate/1', 'Ben');
    const answer = async () => {
      const before = await second.page.locator('.desk .count').textContent();
      await second.page.keyboard.press('1');
      await second.page.keyboard.press('Enter');
      await expect.poll(() => second.page.locator('.desk .count').textContent(), patience).not.toBe(before);
    };
    const sent = async () =>
      (await queryIn(server, database, 'SELECT count(*)::integer AS n FROM assay_team.answer'))[0];
    await answer();
    // the strip also says so before the answer is given, so the server is asked
    await expect.poll(sent, patience).toEqual({ n: 1 });
    await second.page.getByText('Team: all answers are sent').waitFor();
    await server.stop('immediate');
    await answer();
    await answer();
    await second.page.getByText('Offline, 2 answers waiting').waitFor();
    await shoot(second.page, 'team-offline-narrow-dark');
    expect(await findAccessFaults(second.page)).toEqual([]);
    await server.start();
    await second.page.getByText('Team: all answers are sent').waitFor(patience);
    const [row] = await queryIn(
      server,
      database,
      'SELECT count(*)::integer AS n, count(DISTINCT item_key)::integer AS items FROM assay_team.answer',
    );
    expect(row).toEqual({ n: 3, items: 3 });
  }, 240_000);
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, settle, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-hostile');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;
let watch: Watch;

/** Each would leave `window.ran` or a request behind if a page took it for more than text. */
const attacks = [
  '<img src=x onerror="window.ran=1;alert(1)">',
  '<script>window.ran=2;alert(2)</script>',
  '<svg onload="window.ran=3"><animate onbegin="window.ran=3" attributeName=x dur=1s>',
  '[press me](javascript:window.ran=4)',
  '![pixel](https://evil.example/pixel.png) ![local](http://127.0.0.1:9/pixel.png)',
  '<iframe srcdoc="<script>parent.ran=5</script>"></iframe><object data="https://evil.example/o"></object>',
  '<style>@import url(https://evil.example/s.css); body { display: none }</style><link rel=stylesheet href=https://evil.example/l.css>',
  '<a href="https://evil.example/" ping="https://evil.example/ping">link</a> <https://evil.example/auto> https://evil.example/bare',
  '{{constructor.constructor("window.ran=6")()}} ${window.ran=7}',
  '<form action="https://evil.example/"><button autofocus onfocus="window.ran=8">go</button></form>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.ran=9&gt;">',
  '[ref]: https://evil.example/ref "title"\n\n![alt][ref] <meta http-equiv=refresh content="0;url=https://evil.example/">',
];
const name = '<img src=x onerror=window.ran=10>';

beforeAll(async () => {
  const file = path.join(folder, `${'<b onclick=x>'.replaceAll(/[<>]/g, '_')}.jsonl`);
  const rows = attacks.map((attack, index) => ({
    prompt: [{ role: 'user', content: attack }],
    chosen: [{ role: 'assistant', content: `${attack}\n\n# ${attack}\n\n| ${attack} |\n|---|\n| x |` }],
    rejected: [{ role: 'assistant', content: `\`\`\`html\n${attack}\n\`\`\` ${index}` }],
    [attack.slice(0, 40)]: attack,
    topic: attack,
    language: attack,
    image: 'https://evil.example/column.png',
  }));
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  await readAssay('import', file, '-w', workspace, '-d', name);
  const plain = Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({
      prompt: `${attacks[i % attacks.length]} ${i}`,
      chosen: `${attacks[i % attacks.length]} longer ${'word '.repeat(i % 9)}`,
      rejected: `short ${i}`,
    }),
  );
  writeFileSync(path.join(folder, 'plain.jsonl'), plain.join('\n'));
  await readAssay('import', path.join(folder, 'plain.jsonl'), '-w', workspace, '-d', `${name}2`);
  await readAssay('constitution', '-w', workspace, '-d', `${name}2`, '-o', path.join(folder, 'report'));
  browser = await openBrowser();
  served = await serve(workspace);
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

const ran = () => watch.page.evaluate(() => (window as unknown as { ran?: number }).ran);

/** True where the page holds an element that only data could have put there. */
const foreign = () =>
  watch.page
    .locator(
      'main :is(script, object, embed, form[action], img:not([src^="data:"], [src^="blob:"]), a[href^="http"], a[href^="javascript"], [onerror], [onload], [onclick])',
    )
    .count();

describe.sequential('markup in the data stays text', () => {
  it('in the list of datasets and in the grid', async () => {
    const { page } = watch;
    await page.getByRole('link', { name, exact: true }).waitFor();
    await watch.visit('/d/1/browse');
    const grid = page.getByRole('grid');
    await grid
      .getByRole('gridcell', { name: /onerror/ })
      .first()
      .waitFor();
    expect(await foreign()).toBe(0);
    expect(await ran()).toBeUndefined();
  });

  it.each(attacks.map((attack, index) => [index + 1, attack]))('in row %i: %s', async (position) => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    await settle(page);
    const grid = page.getByRole('grid');
    await grid.focus();
    await page.keyboard.press('Control+Home');
    for (let step = 1; step < Number(position); step++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const pane = page.getByRole('complementary', { name: 'Row' });
    await pane.getByText(`${position} of ${attacks.length}`).waitFor();
    await pane.getByRole('article').first().waitFor();
    for (const diff of [false, true]) {
      if (diff) await page.keyboard.press('d');
      await page.waitForTimeout(100);
      expect(await foreign()).toBe(0);
      expect(await ran()).toBeUndefined();
    }
    await page.keyboard.press('d');
    for (const link of await pane.locator('.inert-link').all()) await link.click();
    await page.keyboard.press('Escape');
    expect(await ran()).toBeUndefined();
  });

  it('in the result of a statement and in its column names', async () => {
    const { page } = watch;
    await watch.visit('/sql');
    const editor = page.getByRole('textbox', { name: /SQL statement/ });
    await editor.focus();
    await page.keyboard.insertText(`SELECT prompt, response_a AS "${name}" FROM pairs`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('grid', { name: 'Result' }).getByText('onerror').first().waitFor();
    await page.getByRole('group', { name: 'Result' }).getByRole('button', { name: 'Chart' }).click();
    await page.waitForTimeout(300);
    expect(await foreign()).toBe(0);
    expect(await ran()).toBeUndefined();
  });

  it('in a report, whose frame may neither run nor load', async () => {
    const { page } = watch;
    await watch.visit('/reports');
    const frame = page.locator('iframe[title^="Report on"]');
    await frame.waitFor();
    const inside = page.frameLocator('iframe[title^="Report on"]');
    await inside.getByRole('heading', { level: 1 }).waitFor();
    expect(await inside.locator('script, object, embed, link, [onerror], [onload]').count()).toBe(0);
    expect(await inside.locator('img:not([src^="data:"])').count()).toBe(0);
    expect(await ran()).toBeUndefined();
  });

  it('asked nobody but its own server, opened no dialog, and broke no rule of the page', () => {
    expect(watch.trouble).toEqual([]);
  });

  it('the page itself may not ask anybody else, even if something did run', async () => {
    const { page } = watch;
    const refused = await page.evaluate(async () => {
      const outcomes: string[] = [];
      const note = (what: string) => (event: Event) => outcomes.push(`${what} ${event.type}`);
      await fetch('https://evil.example/').catch(() => outcomes.push('fetch refused'));
      const image = new Image();
      await new Promise<void>((resolve) => {
        image.addEventListener('error', (event) => {
          note('image')(event);
          resolve();
        });
        image.src = 'https://evil.example/pixel.png';
      });
      try {
        // a string that is run: the policy has to forbid it
        // eslint-disable-next-line @typescript-eslint/no-implied-eval
        (new Function('return 1') as () => number)();
        outcomes.push('eval ran');
      } catch {
        outcomes.push('eval refused');
      }
      return outcomes;
    });
    expect(refused).toEqual(['fetch refused', 'image error', 'eval refused']);
  });
});

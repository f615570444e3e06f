import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { describe, it } from 'vitest';
import { openBrowser, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve } from '../support/e2e/served.ts';
import { printFigures, quantileOf } from './measure.ts';

const rows = Number(process.env.BENCH_PAGE_ROWS ?? 200_000);
const jumps = 20;

/** Time from a jump of the scroll bar until no visible cell is a placeholder, as the page itself sees it. */
async function measureJump(page: Page, share: number): Promise<number> {
  return page.evaluate(
    (part) =>
      new Promise<number>((resolve) => {
        const grid = document.querySelector('[role=grid]');
        const scroller = [...document.querySelectorAll('*')].find(
          (element) => element.scrollHeight > 100_000 && grid?.parentElement?.contains(element),
        );
        if (!scroller) throw new Error('the grid does not scroll');
        const startedAt = performance.now();
        scroller.scrollTop = part * (scroller.scrollHeight - scroller.clientHeight);
        const look = () => {
          const isBlank = document.querySelector('[role=grid] .placeholder') !== null;
          if (isBlank || performance.now() - startedAt < 20) requestAnimationFrame(look);
          else resolve(performance.now() - startedAt);
        };
        requestAnimationFrame(look);
      }),
    share,
  );
}

describe('page', () => {
  it('first paint and scrolling on a warm server', async () => {
    const { folder, remove } = makeFolder('assay-bench');
    const file = path.join(folder, 'pairs.csv');
    const lines = Array.from(
      { length: rows },
      (_, i) => `Question ${i}?,"Answer ${i}, ${'long '.repeat(1 + (i % 40))}",No ${i}.`,
    );
    writeFileSync(file, ['prompt,chosen,rejected', ...lines].join('\n'));
    const workspace = path.join(folder, 'bench.assay');
    await readAssay('import', file, '--workspace', workspace, '--json');
    // Builds the search index, which a server would otherwise do while it is measured.
    await readAssay('search', 'answer', '--workspace', workspace, '--dataset', 'pairs', '--json');
    const served = await serve(workspace);
    const browser = await openBrowser();
    const paints: number[] = [];
    const watch = await watchPage(browser, served);
    await watch.signIn();
    for (let run = 0; run < 7; run++) {
      await watch.page.goto(`${served.origin}/#/d/1/browse`);
      await watch.page.waitForLoadState('networkidle');
      const startedAt = performance.now();
      await watch.page.reload({ waitUntil: 'commit' });
      await watch.page.getByText('Question 0?').first().waitFor();
      paints.push(performance.now() - startedAt);
    }
    const times: number[] = [];
    for (let index = 0; index < jumps; index++)
      times.push(await measureJump(watch.page, (0.13 + index * 0.618_034) % 1));
    printFigures(`The page over ${rows} pairs`, [
      {
        what: 'reload until the first rows show, median',
        value: quantileOf(paints, 0.5),
        unit: 'ms',
        bar: 'under 1000',
      },
      {
        what: 'scroll jump until no blank row, median',
        value: quantileOf(times, 0.5),
        unit: 'ms',
        bar: 'under 150',
      },
      {
        what: 'scroll jump until no blank row, p95',
        value: quantileOf(times, 0.95),
        unit: 'ms',
        bar: 'under 150',
      },
    ]);
    await browser.close();
    await served.stop();
    remove();
  });
});

import type { Page } from 'playwright-core';

/** Presses Tab until the focused element has this accessible text or label. */
export async function tabTo(page: Page, name: RegExp, most = 80): Promise<void> {
  for (let n = 0; n < most; n++) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => {
      const element = document.activeElement;
      const isField = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
      const label = isField || element instanceof HTMLSelectElement ? element.labels?.[0]?.textContent : '';
      return `${element?.getAttribute('aria-label') ?? ''} ${label ?? ''} ${element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement ? element.textContent : ''}`.trim();
    });
    if (name.test(text)) return;
  }
  throw new Error(`nothing called ${name.source} can be reached by Tab`);
}

import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { vi } from 'vitest';
import type { Served } from './served.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export const wide = { width: 1440, height: 900 } as const;
export const narrow = { width: 1024, height: 700 } as const;

/** Starts Chromium; the browser tests are part of the test command, so its absence is a failure, not a skip. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(
      `The browser tests need Chromium, and ${executablePath} is not there. Install it (apt-get install chromium) or set CHROMIUM_PATH.`,
    );
  }
  return chromium.launch({ executablePath, args: quiet });
}

/** What a page did that no page may do. */
export interface Watch {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests to anywhere but the server, dialogs, console errors and refusals by the content policy. */
  readonly trouble: string[];
  /** Signs in with a fresh address; the token goes out of the address bar. */
  readonly signIn: () => Promise<void>;
  /** Goes to a place of the page, such as `/d/1/browse`, without loading it anew. */
  readonly visit: (place: string) => Promise<void>;
}

export interface WatchOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  /** Console errors that a journey brings about on purpose, such as a lost connection. */
  readonly expected?: RegExp;
}

/** A page of its own, signed in to nothing yet, that records everything it may not do. */
export async function watchPage(
  browser: Browser,
  served: Served,
  options: WatchOptions = {},
): Promise<Watch> {
  const { viewport = wide, colorScheme = 'light', expected } = options;
  const context = await browser.newContext({
    viewport,
    colorScheme,
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const trouble: string[] = [];
  const { origin, host } = new URL(served.origin);
  const own = new Set([origin, `ws://${host}`]);
  context.on('request', (request) => {
    const url = new URL(request.url());
    const isOwn = own.has(url.origin) || url.protocol === 'blob:' || url.protocol === 'data:';
    if (!isOwn && url.href !== 'about:srcdoc' && url.href !== 'about:blank')
      trouble.push(`request ${url.href}`);
  });
  page.on('websocket', (socket) => {
    if (!own.has(`ws://${new URL(socket.url()).host}`)) trouble.push(`socket ${socket.url()}`);
  });
  page.on('dialog', (dialog) => {
    trouble.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('page', (other) => {
    if (other !== page) trouble.push(`window ${other.url()}`);
  });
  page.on('pageerror', (error) => trouble.push(`error ${error.message}`));
  page.on('console', (message) => {
    const isBad = message.type() === 'error' || /Content Security Policy/i.test(message.text());
    if (isBad && !expected?.test(`${message.text()} ${message.location().url}`))
      trouble.push(`console ${message.text()} ${message.location().url}`);
  });
  return {
    context,
    page,
    trouble,
    signIn: async () => {
      await page.goto(await served.address());
      await page.getByRole('main').getByRole('heading').first().waitFor();
    },
    visit: async (place) => {
      await page.goto(`${served.origin}/#${place}`);
    },
  };
}

/** Waits until nothing on the page says that it is still loading. */
export async function settle(page: Page): Promise<void> {
  await page.locator('main').waitFor();
  await vi.waitUntil(async () => (await page.locator('main [aria-busy="true"]').count()) === 0, {
    timeout: 20_000,
  });
  await page.waitForTimeout(250);
}

/** What axe finds: one line a fault, with the first element that has it. */
export async function findAccessFaults(page: Page): Promise<string[]> {
  // legacy mode looks at this document alone, which is a fifth of the time; the report in its frame has its own test
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help} (${nodes.length}×) ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`,
  );
}

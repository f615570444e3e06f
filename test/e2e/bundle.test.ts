import { describe, expect, it } from 'vitest';
import { checkBundle, describeBundle, initialBudget } from '../support/bundle-size.ts';

/** A text that the library's own code holds and that a minifier keeps. */
const marks = {
  echarts: '__ec_inner_',
  monaco: 'monaco-editor',
  'markdown-it': 'commonmark',
} as const;

describe('the built page', () => {
  const bundle = checkBundle();

  it('loads at most 250 KiB (gzipped) before it shows anything', () => {
    console.log(describeBundle(bundle));
    expect(bundle.initialBytes).toBeLessThanOrEqual(initialBudget);
    expect(bundle.initialBytes).toBeGreaterThan(20 * 1024);
  });

  it.each(Object.entries(marks))('loads %s only where it is used', (_, mark) => {
    const holders = bundle.files.filter(({ text }) => text.includes(mark));
    expect(holders.length).toBeGreaterThan(0);
    expect(holders.filter(({ isInitial }) => isInitial).map(({ file }) => file)).toEqual([]);
  });

  it('leaves the schema library to the core', () => {
    const holders = bundle.files.filter(({ text }) => /ZodError|\$ZodType/.test(text));
    expect(holders.filter(({ isInitial }) => isInitial).map(({ file }) => file)).toEqual([]);
  });

  it('no lazy part but the editor is over 250 KiB (gzipped)', () => {
    const large = bundle.files.filter(({ bytes }) => bytes > initialBudget).map(({ file }) => file);
    expect(large.filter((file) => !/monaco|editor|worker|ts\.worker/i.test(file))).toEqual([]);
  });
});

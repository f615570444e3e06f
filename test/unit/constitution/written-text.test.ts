import { describe, expect, it } from 'vitest';
import type { WrittenConstitution } from '../../../electron/contract/constitution-exchange.ts';
import {
  readConstitutionText,
  spellPrinciple,
  writeConstitutionText,
} from '../../../electron/core/constitution/exchange/written-text.ts';

const awkward: WrittenConstitution = {
  title: 'Rules: of “pairs” # 1',
  principles: [
    { text: 'Select the response that is more concise', weight: null, polarity: 'for', isPinned: false },
    { text: 'Select the response that has {cat}', weight: 0.1 + 0.2, polarity: 'for', isPinned: true },
    { text: 'Select the response that ends in {}', weight: null, polarity: 'for', isPinned: false },
    {
      text: 'Select the response that says: “# no”, - {weight 2}',
      weight: -1e-7,
      polarity: 'against',
      isPinned: false,
    },
    { text: 'Select the response that uses 日本語 and 😀', weight: 12, polarity: 'against', isPinned: true },
  ],
};

const strip = (text: string, format: 'md' | 'yaml') => {
  const { title, principles, problems } = readConstitutionText(text, format);
  expect(problems).toEqual([]);
  return { title, principles: principles.map(({ line: _, ...own }) => own) };
};

describe('a constitution as text', () => {
  it('comes back digit by digit from either format, also where texts end in braces', () => {
    for (const format of ['md', 'yaml'] as const)
      expect(strip(writeConstitutionText(awkward, format), format)).toEqual(awkward);
  });

  it('is the same text again after a switch to the other format and back', () => {
    const markdown = writeConstitutionText(awkward, 'md');
    const yaml = writeConstitutionText(strip(markdown, 'md'), 'yaml');
    expect(writeConstitutionText(strip(yaml, 'yaml'), 'md')).toBe(markdown);
  });

  it('marks each fault at its line and still reads the rest', () => {
    const text = [
      '# Mine',
      '- Select the response that is polite {weight much}',
      '',
      '- is shorter',
      '## Part two',
      '3. IS SHORTER',
      '* is kinder {loud}',
    ].join('\n');
    const { principles, problems } = readConstitutionText(text, 'md');
    expect(problems.map(({ line }) => line)).toEqual([2, 5, 6, 7]);
    expect(problems[0]).toMatchObject({ column: 38, message: expect.stringContaining('much') as string });
    expect(principles).toMatchObject([{ text: 'Select the response that is shorter', line: 4 }]);
  });

  it('names line and key of what YAML holds and no principle has', () => {
    const broken = readConstitutionText('principles:\n  - text: is kind\n    wieght: 2\n  - 7\n', 'yaml');
    expect(broken.problems).toMatchObject([
      { line: 2, message: '“wieght” is none of text, weight, polarity, pinned.' },
      { line: 4 },
    ]);
    expect(readConstitutionText('principles: [a\n', 'yaml').problems[0]?.line).toBeGreaterThan(0);
    expect(readConstitutionText('', 'md').problems).toHaveLength(1);
  });

  it('reads “Do not select …” as the same principle with the other polarity, and says so to a model', () => {
    const { principles } = readConstitutionText('- Do not select the response that is rude', 'md');
    expect(principles).toMatchObject([{ text: 'Select the response that is rude', polarity: 'against' }]);
    expect(principles.map(spellPrinciple)).toEqual(['Do not select the response that is rude']);
  });
});

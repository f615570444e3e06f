import { describe, expect, it } from 'vitest';
import { quoteName, suggestSql } from '../../../renderer/editor/sql-completion.ts';

const tables = [
  {
    name: 'comparison',
    isView: false,
    columns: [
      { name: 'label', type: 'VARCHAR' },
      { name: 'Odd name', type: 'VARCHAR' },
    ],
  },
  {
    name: 'pairs',
    isView: true,
    columns: [
      { name: 'prompt', type: 'VARCHAR' },
      { name: 'label', type: 'VARCHAR' },
    ],
  },
];

/** Suggestions at the bar in a text. */
function at(text: string) {
  const offset = text.indexOf('|');
  return suggestSql(text.replace('|', ''), offset, tables);
}
const labels = (text: string) => at(text).items.map((item) => item.label);

describe('completion of SQL', () => {
  it('offers only the columns of the table behind an alias, also one that is named later', () => {
    expect(labels('SELECT p.| FROM pairs AS p JOIN comparison c USING (label)')).toEqual(['prompt', 'label']);
    expect(labels('SELECT c.la| FROM pairs AS p JOIN comparison c USING (label)')).toEqual([
      'label',
      'Odd name',
    ]);
  });

  it('does not take the word after a table for its alias where it is SQL', () => {
    expect(labels('SELECT pairs.| FROM pairs WHERE true')).toEqual(['prompt', 'label']);
    expect(labels('SELECT where.| FROM pairs WHERE true')).toEqual([]);
  });

  it('offers only tables after FROM and JOIN, views before tables', () => {
    expect(labels('SELECT * FROM |')).toEqual(['pairs', 'comparison']);
    expect(labels('SELECT * FROM pairs JOIN com|')).toEqual(['pairs', 'comparison']);
  });

  it('elsewhere offers tables, then the columns of named tables, then keywords and functions', () => {
    const items = at('SELECT | FROM pairs').items;
    expect(items.slice(0, 4).map((item) => item.label)).toEqual(['pairs', 'comparison', 'prompt', 'label']);
    const keyword = items.findIndex((item) => item.kind === 'keyword');
    expect(keyword).toBe(4);
    expect(items.findIndex((item) => item.kind === 'function')).toBeGreaterThan(keyword);
  });

  it('replaces the word that is being typed, not what stands before it', () => {
    expect(at('SELECT pro| FROM pairs').from).toBe('SELECT '.length);
    expect(at('SELECT p.pro| FROM pairs p').from).toBe('SELECT p.'.length);
  });

  it('quotes names SQL would fold or break, so that an inserted name can be run', () => {
    expect(quoteName('prompt')).toBe('prompt');
    expect(quoteName('Odd name')).toBe('"Odd name"');
    expect(quoteName('say "hi"')).toBe('"say ""hi"""');
  });
});

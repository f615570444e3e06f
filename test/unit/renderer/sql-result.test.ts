import { describe, expect, it } from 'vitest';
import { chooseChart } from '../../../renderer/features/sql/chart-choice.ts';
import { binNumbers } from '../../../renderer/features/sql/chart-option.ts';
import { formatTable } from '../../../renderer/features/sql/copy-table.ts';

const column = (name: string, type: string) => ({ name, type, isNumeric: /INT|DOUBLE/.test(type) });

describe('copying a result', () => {
  it('makes formulas harmless and leaves negative numbers as numbers', () => {
    const rows = [
      ['=HYPERLINK("x")', -5],
      ['-1+1', null],
      ['@cmd', 2.5],
      ['\t=1+1', true],
    ];
    expect(formatTable(['text', 'n'], rows, 'csv').split('\r\n')).toEqual([
      'text,n',
      `"'=HYPERLINK(""x"")",-5`,
      `'-1+1,`,
      `'@cmd,2.5`,
      `"'\t=1+1",true`,
      '',
    ]);
  });

  it('quotes what would break a line or a column of the format in use', () => {
    expect(formatTable(['a'], [['one, two'], ['line\nbreak']], 'csv')).toBe(
      'a\r\n"one, two"\r\n"line\nbreak"\r\n',
    );
    expect(formatTable(['a'], [['one, two']], 'tsv')).toBe('a\r\none, two\r\n');
  });

  it('marks a text that was cut instead of passing it off as whole', () => {
    expect(formatTable(['a'], [[{ preview: 'begin', length: 900 }]], 'csv')).toBe('a\r\nbegin…\r\n');
  });
});

describe('the first chart of a result', () => {
  it('draws bars for few names and a histogram for many rows', () => {
    const columns = [column('model', 'VARCHAR'), column('pairs', 'BIGINT')];
    expect(chooseChart(columns, 12)).toEqual({ kind: 'bar', x: 0, y: 1 });
    expect(chooseChart(columns, 5_000)).toEqual({ kind: 'histogram', x: 1, y: 1 });
  });

  it('draws a line over time and points of two measures', () => {
    expect(chooseChart([column('share', 'DOUBLE'), column('day', 'DATE')], 400)?.kind).toBe('line');
    const two = [column('chars_a', 'INTEGER'), column('chars_b', 'INTEGER')];
    expect(chooseChart(two, 400)).toEqual({ kind: 'scatter', x: 0, y: 1 });
  });

  it('never measures an id where there is a measure', () => {
    const columns = [column('comparison_id', 'BIGINT'), column('chars', 'INTEGER')];
    expect(chooseChart(columns, 400)).toEqual({ kind: 'histogram', x: 1, y: 1 });
  });

  it('draws nothing without a number', () => {
    expect(chooseChart([column('prompt', 'VARCHAR')], 10)).toBeUndefined();
  });
});

describe('bins of a histogram', () => {
  it('gives each whole number its own bar where there are few of them', () => {
    expect(binNumbers([1, 1, 2, 4]).map((bin) => bin.count)).toEqual([2, 1, 0, 1]);
  });

  it('loses no value, the largest included', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i * 0.37);
    expect(binNumbers(values).reduce((sum, bin) => sum + bin.count, 0)).toBe(1_000);
    expect(binNumbers([]).length).toBe(0);
    expect(binNumbers([3, 3])).toEqual([{ min: 3, max: 3, count: 2 }]);
  });
});

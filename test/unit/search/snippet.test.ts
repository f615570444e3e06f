import { describe, expect, it } from 'vitest';
import { makePhrasePattern } from '../../../electron/core/corpus/search/phrase-pattern.ts';
import { parseSearchWords } from '../../../electron/core/corpus/search/search-words.ts';
import type { Unit } from '../../../electron/core/corpus/search/search-units.ts';
import { makeSnippet } from '../../../electron/core/corpus/search/snippet.ts';
import { placeTerms } from '../../../electron/core/corpus/search/tokenise.ts';

const exact = (...terms: string[]): Unit[] => terms.map((term) => ({ match: 'exact', term }));

describe('parseSearchWords', () => {
  it('reads words, beginnings, phrases in any quotes, exclusions and OR', () => {
    expect(parseSearchWords('cat photo* “big dog” -bird -"old cat" red OR blue OR green')).toEqual({
      clauses: [
        [{ kind: 'word', text: 'cat' }],
        [{ kind: 'prefix', text: 'photo' }],
        [{ kind: 'phrase', text: 'big dog' }],
        ['red', 'blue', 'green'].map((text) => ({ kind: 'word', text })),
      ],
      excluded: [
        { kind: 'word', text: 'bird' },
        { kind: 'phrase', text: 'old cat' },
      ],
    });
  });

  it('takes a quote left open to the end, and a lone or trailing OR for nothing', () => {
    expect(parseSearchWords('OR "big dog OR').clauses).toEqual([[{ kind: 'phrase', text: 'big dog OR' }]]);
    expect(parseSearchWords('cat OR').clauses).toEqual([[{ kind: 'word', text: 'cat' }]]);
  });

  it('keeps a dash inside a word (catches well-known read as an exclusion)', () => {
    expect(parseSearchWords('well-known')).toEqual({
      clauses: [[{ kind: 'word', text: 'well-known' }]],
      excluded: [],
    });
  });
});

describe('placeTerms', () => {
  it('places each term on its word in UTF-16 units, past emoji and decomposed letters', () => {
    const text = '👩‍🚀 Cafe\u0301’s 東京都 x2';
    const placed = placeTerms(text).map(({ term, start, end }) => [term, text.slice(start, end)]);
    expect(placed).toEqual([
      ['café', 'Cafe\u0301’s'],
      ['東京', '東京'],
      ['京都', '京都'],
      ['x2', 'x2'],
    ]);
  });
});

describe('makePhrasePattern', () => {
  it('holds no character of the phrase that a pattern could take for a sign', () => {
    expect(makePhrasePattern('.*+?|(){}[]^$\\')).toBe('');
    expect(makePhrasePattern('a.*b')).toBe(makePhrasePattern('a b'));
  });
});

describe('makeSnippet', () => {
  it('shows where most different words stand together, not where the first one is', () => {
    const filler = 'lorem ipsum '.repeat(60);
    const text = `cat ${filler} cat cat cat ${filler} the cat saw a dog ${filler}`;
    const { snippet, marks } = makeSnippet(text, exact('cat', 'dog'));
    expect(snippet).toContain('the cat saw a dog');
    expect(marks.map(([start, end]) => snippet.slice(start, end))).toEqual(['cat', 'dog']);
  });

  it('shows a short text whole and marks overlapping character pairs as one range', () => {
    expect(makeSnippet('東京都です', exact('東京', '京都'))).toMatchObject({
      snippet: '東京都です',
      marks: [[0, 3]],
    });
  });

  it('never cuts a character in two and never drops a mark it counts', () => {
    for (let shift = 0; shift < 12; shift++) {
      const text = `${'x'.repeat(shift)}${'😀'.repeat(300)} cat ${'😀'.repeat(300)}`;
      const { snippet, marks } = makeSnippet(text, exact('cat'));
      expect(snippet).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
      expect(marks.map(([start, end]) => snippet.slice(start, end))).toEqual(['cat']);
    }
  });

  it('marks a word longer than the snippet whole', () => {
    const word = 'y'.repeat(300);
    const { snippet, marks } = makeSnippet(`a ${word} b`, [{ match: 'prefix', term: 'yy' }]);
    expect(marks.map(([start, end]) => snippet.slice(start, end))).toEqual([word]);
  });

  it('gives the beginning where nothing matches', () => {
    expect(makeSnippet('some text', exact('cat'))).toEqual({ snippet: 'some text', marks: [], weight: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { findErrorPlace, messageWithoutPlace, placeInWhole } from '../../../renderer/editor/error-place.ts';

/** Messages as DuckDB 1.5 writes them; the caret stands under the first letter of the wrong word. */
const wrapped = `Binder Error: Referenced column "promt" not found in FROM clause!
Candidate bindings: "prompt"

LINE 3: SELECT label, promt
                      ^`;

describe('place of an error', () => {
  it('finds the line by its words: a statement that was run inside another one would be off by a line', () => {
    const sql = '-- first look\nSELECT label, promt\nFROM pairs';
    // "SELECT label, " has 14 letters, so the word begins in column 15.
    expect(findErrorPlace(wrapped, sql)).toEqual({ line: 2, column: 15 });
  });

  it('takes the nearest of equal lines, not the first of the text', () => {
    const line = 'SELECT label, promt';
    const sql = [line, 'UNION ALL', line, 'UNION ALL', line].join('\n');
    expect(findErrorPlace(wrapped, sql)?.line).toBe(3);
  });

  it('counts columns from the start of a line that is quoted in part', () => {
    const tail = 'AND labl IS NOT NULL';
    const sql = `SELECT * FROM pairs WHERE ${'length(prompt) > 10 AND '.repeat(6)}${tail}`;
    const message = `Binder Error: no\n\nLINE 1: ...length(prompt) > 10 AND ${tail}\n${' '.repeat(11 + 24 + 4)}^`;
    // Head "LINE 1: " and "..." take 11 letters, then 24 of the quoted condition and 4 of "AND ".
    expect(findErrorPlace(message, sql)).toEqual({ line: 1, column: sql.indexOf('labl') + 1 });
  });

  it('says nothing where the message names no place', () => {
    expect(findErrorPlace('Out of Memory Error: could not allocate', 'SELECT 1')).toBeUndefined();
    expect(findErrorPlace(wrapped, 'SELECT 1')).toBeUndefined();
  });

  it('moves a place in the selected part to the whole text; only its first line is indented', () => {
    const start = { line: 4, column: 7 };
    expect(placeInWhole({ line: 1, column: 3 }, start)).toEqual({ line: 4, column: 9 });
    expect(placeInWhole({ line: 2, column: 3 }, start)).toEqual({ line: 5, column: 3 });
  });

  it('keeps the words and the suggestion when it cuts the quoted line', () => {
    expect(messageWithoutPlace(wrapped)).toMatch(/not found in FROM clause!\nCandidate bindings: "prompt"$/);
  });
});

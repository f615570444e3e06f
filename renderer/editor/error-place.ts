/** Where a statement is wrong: 1-based line and column in the text that was run. */
export interface ErrorPlace {
  readonly line: number;
  readonly column: number;
}

const lineHead = /^LINE (\d+): /m;

/**
 * Reads the place out of DuckDB's message, which quotes the line and puts a caret under it:
 *
 *     LINE 2: SELECT promt FROM pairs
 *                    ^
 *
 * The line is looked up in the statement by its words, because the core may have run it inside another one. Long lines
 * are quoted in part, with `...` at the cut ends. Undefined where the message names no place.
 */
export function findErrorPlace(message: string, sql: string): ErrorPlace | undefined {
  const lines = message.split('\n');
  const index = lines.findIndex((line) => lineHead.test(line));
  const quoted = lines[index];
  const head = quoted === undefined ? null : lineHead.exec(quoted);
  if (!quoted || !head) return undefined;
  const caret = lines[index + 1]?.indexOf('^') ?? -1;
  const isCutAhead = quoted.startsWith('...', head[0].length);
  const bodyStart = head[0].length + (isCutAhead ? 3 : 0);
  const body = quoted.slice(bodyStart).replace(/\.\.\.$/, '');
  const said = Number(head[1]);
  const source = sql.split('\n');
  const candidates = source
    .map((text, at) => ({ line: at + 1, start: text.indexOf(body.trimEnd()) }))
    .filter(({ start }) => start >= 0 && body.trim() !== '')
    .sort((a, b) => Math.abs(a.line - said) - Math.abs(b.line - said) || a.line - b.line);
  const [found] = candidates;
  if (!found) return undefined;
  return { line: found.line, column: found.start + Math.max(0, caret - bodyStart) + 1 };
}

/** DuckDB's message without the quoted line and the caret, which are shown at their place. */
export function messageWithoutPlace(message: string): string {
  const at = message.search(lineHead);
  return (at < 0 ? message : message.slice(0, at)).trim();
}

/** A place inside a part of a text that begins at `start`, as a place in the whole text. */
export function placeInWhole(place: ErrorPlace, start: ErrorPlace): ErrorPlace {
  return {
    line: place.line + start.line - 1,
    column: place.line === 1 ? place.column + start.column - 1 : place.column,
  };
}

import type { Unit } from './search-units.ts';
import { type PlacedTerm, placeTerms } from './tokenise.ts';

export interface Snippet {
  readonly snippet: string;
  /** Ranges [start, end) of matched words in `snippet`, in UTF-16 units, in order, without overlap. */
  readonly marks: [number, number][];
  /** Higher is better: different words first, then all matches. 0 where nothing matches. */
  readonly weight: number;
}

const span = 200;
const slack = 24;

function findUnit(units: readonly Unit[], term: string): number {
  return units.findIndex((unit) => {
    if (unit.match === 'exact') return term === unit.term;
    return unit.match === 'prefix' ? term.startsWith(unit.term) : term.includes(unit.term);
  });
}

interface Cluster {
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

/** The stretch of at most `span` units with the most different words, then the most matches, then the earliest. */
function findCluster(matches: readonly (PlacedTerm & { readonly unit: number })[]): Cluster | undefined {
  let best: Cluster | undefined;
  const counts = new Map<number, number>();
  let first = 0;
  for (const [index, match] of matches.entries()) {
    counts.set(match.unit, (counts.get(match.unit) ?? 0) + 1);
    let head = matches[first];
    while (head && first < index && match.end - head.start > span) {
      const left = (counts.get(head.unit) ?? 1) - 1;
      if (left === 0) counts.delete(head.unit);
      else counts.set(head.unit, left);
      first += 1;
      head = matches[first];
    }
    const weight = counts.size * 1_000 + Math.min(999, index - first + 1);
    if (head && weight > (best?.weight ?? 0)) best = { start: head.start, end: match.end, weight };
  }
  return best;
}

/** Moves a cut to the nearest space ahead, or else off the middle of a character. */
function snap(text: string, position: number, direction: 1 | -1, limit: number): number {
  for (let step = 0; step < slack; step++) {
    const place = position + direction * step;
    if (direction === 1 ? place >= limit : place <= limit) break;
    if (/\s/u.test(text[direction === 1 ? place - 1 : place] ?? ' ')) return place;
  }
  const isInside = /[\udc00-\udfff]/.test(text[position] ?? '') || /\p{M}/u.test(text[position] ?? '');
  return isInside ? position - direction : position;
}

function mergeMarks(ranges: readonly [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [start, end] of ranges) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** About 200 characters of a text around its densest matches, white space shown as spaces, `…` where it is cut. */
export function makeSnippet(text: string, units: readonly Unit[]): Snippet {
  const matches = placeTerms(text).flatMap((placed) => {
    const unit = findUnit(units, placed.term);
    return unit < 0 ? [] : [{ ...placed, unit }];
  });
  const cluster = findCluster(matches);
  const focus = cluster ?? { start: 0, end: 0, weight: 0 };
  const length = Math.max(span, focus.end - focus.start);
  const ideal = Math.floor((focus.start + focus.end - length) / 2);
  const from = Math.max(0, Math.min(ideal, text.length - length));
  const to = Math.min(text.length, from + length);
  const start = from === 0 ? 0 : snap(text, from, 1, focus.start);
  const end = to === text.length ? to : snap(text, to, -1, Math.max(focus.end, start));
  const lead = start > 0 ? '…' : '';
  const shift = lead.length - start;
  return {
    snippet: lead + text.slice(start, end).replace(/\s/gu, ' ') + (end < text.length ? '…' : ''),
    marks: mergeMarks(
      matches
        .filter((match) => match.start >= start && match.end <= end)
        .map((match) => [match.start + shift, match.end + shift]),
    ),
    weight: focus.weight,
  };
}

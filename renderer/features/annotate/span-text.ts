import type { Answer, Span } from '../../../electron/contract/annotation.contract.ts';

/**
 * The offset in a raw text, in UTF-16 code units, of an offset in the same text as a text field shows it, where CR LF and CR
 * have become LF.
 */
export function rawOffset(raw: string, shown: number): number {
  let offset = 0;
  for (let seen = 0; seen < shown && offset < raw.length; seen++)
    offset += raw[offset] === '\r' && raw[offset + 1] === '\n' ? 2 : 1;
  return offset;
}

const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/** A marked part that holds whole characters and neither begins nor ends in white space; undefined where nothing is left. */
export function trimSpan(raw: string, span: Span): Span | undefined {
  let { start, end } = span;
  if (isLowSurrogate(raw.charCodeAt(start))) start -= 1;
  if (isLowSurrogate(raw.charCodeAt(end))) end += 1;
  while (start < end && /\s/.test(raw[start] ?? '')) start += 1;
  while (end > start && /\s/.test(raw[end - 1] ?? '')) end -= 1;
  return start < end ? { ...span, start, end } : undefined;
}

const isSame = (left: Span, right: Span) =>
  left.side === right.side &&
  left.start === right.start &&
  left.end === right.end &&
  left.label === right.label;

/** The answer with a span put in, in the order of the texts, or taken out where it is there. */
export function toggleSpan(former: Answer | undefined, span: Span): Answer {
  const spans = former?.kind === 'span' ? former.spans : [];
  const others = spans.filter((one) => !isSame(one, span));
  if (others.length < spans.length) return { kind: 'span', spans: others };
  const sorted = [...spans, span].sort((left, right) =>
    left.side === right.side
      ? left.start - right.start || left.end - right.end
      : left.side < right.side
        ? -1
        : 1,
  );
  return { kind: 'span', spans: sorted };
}

/** A marked part as it is shown: who marked it is told where several did. */
export interface NamedSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly who?: string | undefined;
}

/** A part of a text over which the marks do not change. */
export interface Piece {
  readonly start: number;
  readonly text: string;
  readonly spans: readonly NamedSpan[];
  /** Those of its marks that begin here. */
  readonly begins: readonly NamedSpan[];
}

/** A text cut wherever a mark begins or ends; marks may overlap, and what lies behind the end of the text is left out. */
export function cutAtSpans(text: string, spans: readonly NamedSpan[]): Piece[] {
  const within = (offset: number) => Math.min(text.length, Math.max(0, offset));
  const cuts = new Set([0, text.length, ...spans.flatMap(({ start, end }) => [within(start), within(end)])]);
  const sorted = [...cuts].sort((left, right) => left - right);
  return sorted.slice(0, -1).map((start, index) => {
    const end = sorted[index + 1] ?? text.length;
    const over = spans.filter((span) => span.start <= start && span.end >= end);
    return {
      start,
      text: text.slice(start, end),
      spans: over,
      begins: over.filter((one) => one.start === start),
    };
  });
}

import type { PrincipleResult } from '../../../electron/contract/constitution.contract.ts';
import type { Interval } from '../../charts/figure-text.ts';
import { plainText, pText, shareText, signedText } from '../../charts/figure-text.ts';

export const columnIds = [
  'rank',
  'text',
  'forest',
  'strength',
  'strength_length_controlled',
  'strength_test',
  'p_adjusted',
  'for',
  'against',
  'not_applicable',
  'accuracy',
  'relevance',
  'agreement',
  'kappa_adjusted',
  'kappa_cohen',
  'n',
  'family',
  'status',
] as const;
export type ColumnId = (typeof columnIds)[number];

/** Which strength is drawn and ranked by. */
export type StrengthView = 'raw' | 'controlled';

const figures = [
  'strength',
  'strength_length_controlled',
  'strength_test',
  'p_adjusted',
  'accuracy',
  'relevance',
  'agreement',
  'kappa_adjusted',
  'kappa_cohen',
] as const;
type FigureId = (typeof figures)[number];
const counts = ['for', 'against', 'not_applicable'] as const;
export type CountId = (typeof counts)[number];

export const isFigure = (id: ColumnId): id is FigureId => figures.some((figure) => figure === id);
export const isCount = (id: ColumnId): id is CountId => counts.some((count) => count === id);

const formats: Record<FigureId, (value: number) => string> = {
  strength: signedText,
  strength_length_controlled: signedText,
  strength_test: signedText,
  p_adjusted: pText,
  accuracy: shareText,
  relevance: shareText,
  agreement: shareText,
  kappa_adjusted: plainText,
  kappa_cohen: plainText,
};

export interface PrincipleFigure {
  readonly value: number | null;
  readonly ci: Interval;
  /** Pairs the figure rests on. */
  readonly n: number;
  readonly format: (value: number) => string;
}

/** The strength of a view, with its interval. */
export function strengthOf(principle: PrincipleResult, view: StrengthView): PrincipleFigure {
  return figureOf(principle, view === 'raw' ? 'strength' : 'strength_length_controlled', 0);
}

/**
 * A figure with its interval and the pairs it rests on: those where the principle speaks for accuracy and the kappas,
 * the `heldOut` pairs for the held-out strength, else all labelled pairs.
 */
export function figureOf(principle: PrincipleResult, id: FigureId, heldOut: number): PrincipleFigure {
  const spoken = principle.for + principle.against;
  const intervals: Partial<Record<FigureId, Interval>> = {
    strength: principle.strength_ci,
    strength_length_controlled: principle.strength_length_controlled_ci,
    strength_test: principle.strength_test_ci,
  };
  const isOfSpoken = id === 'accuracy' || id === 'kappa_adjusted' || id === 'kappa_cohen';
  return {
    value: principle[id],
    ci: intervals[id] ?? null,
    n: id === 'strength_test' ? heldOut : isOfSpoken ? spoken : principle.n,
    format: formats[id],
  };
}

import type { ConstitutionDocument, PrincipleResult } from '../../../contract/constitution.contract.ts';

export interface DiffedPrinciple {
  readonly text: string;
  readonly left: Side | null;
  readonly right: Side | null;
  /** Strength on the right minus on the left, with a 95 % interval as of independent samples; null without both intervals. */
  readonly difference: number | null;
  readonly ci: [number, number] | null;
}

interface Side {
  readonly rank: number | null;
  readonly strength: number | null;
  readonly ci: readonly [number, number] | null;
  readonly n: number;
}

export interface ConstitutionDiff {
  /** In both constitutions. */
  readonly shared: readonly DiffedPrinciple[];
  /** In one constitution, while on the other data the same principle points the other way, distinct from zero. */
  readonly opposite: readonly DiffedPrinciple[];
  readonly onlyLeft: readonly DiffedPrinciple[];
  readonly onlyRight: readonly DiffedPrinciple[];
}

const sideOf = (result: PrincipleResult | undefined): Side | null =>
  result ? { rank: result.rank, strength: result.strength, ci: result.strength_ci, n: result.n } : null;

/**
 * Compares two constitutions principle by principle, matched by wording. Half widths of the two intervals are added in
 * quadrature, which holds for different datasets, not for two runs over the same pairs.
 */
export function diffConstitutions(left: ConstitutionDocument, right: ConstitutionDocument): ConstitutionDiff {
  const keyed = (document: ConstitutionDocument) =>
    new Map(document.principles.map((result) => [result.text.toLowerCase(), result]));
  const [ours, theirs] = [keyed(left), keyed(right)];
  const listed = [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((key) => [ours.get(key), theirs.get(key)] as const)
    .filter(([one, other]) => one?.is_selected === true || other?.is_selected === true)
    .map(([one, other]) => ({ one, other, diffed: compare(one, other) }))
    .sort((a, b) => (a.one?.rank ?? a.other?.rank ?? 0) - (b.one?.rank ?? b.other?.rank ?? 0));
  const isShared = ({ one, other }: (typeof listed)[number]) =>
    one?.is_selected === true && other?.is_selected === true;
  const isOpposite = ({ one, other }: (typeof listed)[number]) =>
    [one, other].some((result) => result?.strength_ci !== undefined && (result.strength_ci?.[1] ?? 0) < 0);
  const pick = (wanted: (entry: (typeof listed)[number]) => boolean) =>
    listed.filter(wanted).map(({ diffed }) => diffed);
  const isAlone = (entry: (typeof listed)[number]) => !isShared(entry) && !isOpposite(entry);
  return {
    shared: pick(isShared),
    opposite: pick((entry) => !isShared(entry) && isOpposite(entry)),
    onlyLeft: pick((entry) => isAlone(entry) && entry.one?.is_selected === true),
    onlyRight: pick((entry) => isAlone(entry) && entry.other?.is_selected === true),
  };
}

function compare(one: PrincipleResult | undefined, other: PrincipleResult | undefined): DiffedPrinciple {
  const [left, right] = [sideOf(one), sideOf(other)];
  const known = left?.strength != null && right?.strength != null;
  const difference = known ? (right.strength ?? 0) - (left.strength ?? 0) : null;
  const halves = [left?.ci, right?.ci].map((ci) => (ci ? (ci[1] - ci[0]) / 2 : null));
  const [a, b] = halves;
  const half = a == null || b == null ? null : Math.hypot(a, b);
  return {
    text: one?.text ?? other?.text ?? '',
    left,
    right,
    difference,
    ci: difference === null || half === null ? null : [difference - half, difference + half],
  };
}

import { alphaOfTotals } from './agreement.ts';
import { createPause } from './pause.ts';
import { createRandom, shuffle } from './random.ts';

/** Votes as codes: vote v is `category[v]` by `rater[v]` on `item[v]`. */
export interface CodedVotes {
  items: number;
  raters: number;
  categories: number;
  item: ArrayLike<number>;
  rater: ArrayLike<number>;
  category: ArrayLike<number>;
}

/** Votes counted by item and category, row-major, of the group and of everybody else. */
export interface GroupCounts {
  categories: number;
  inside: ArrayLike<number>;
  outside: ArrayLike<number>;
}

export interface GroupAgreement {
  /** Krippendorff's nominal alpha inside the group. */
  irr: number;
  /** Cross-replication reliability with everybody else, κx = 1 − d_o/d_e. */
  xrr: number;
  /** Group association index IRR/XRR: 1 = no group effect, above = the group agrees with itself more than with others. */
  gai: number;
  /** Items on which the group and the others both voted. */
  sharedItems: number;
}

/**
 * Agreement inside a group of raters and with the rest. With R_i and S_i their numbers of votes on item i, R and S the sums:
 * d_o = Σ_i ((R_i+S_i)/(R_i S_i)) Σ_rs δ / (R + S) over the items both voted on, d_e the mean δ over all cross pairs of votes on
 * any of these items; δ is 1 for different categories. Source: DICES (Aroyo et al. 2023) and GRASP (Prabhakaran et al. 2023)
 * after K. Wong, P. Paritosh & L. Aroyo (2021). NaN where undefined; GAI is NaN for XRR ≤ 0.
 */
export function measureGroup(counts: GroupCounts): GroupAgreement {
  const totals = new Float64Array(cellCount(counts.categories));
  for (let item = 0; item * counts.categories < counts.inside.length; item++) addItem(totals, counts, item);
  return groupOfTotals(totals, counts.categories);
}

/**
 * Per-cluster columns for a bootstrap of {@link measureGroup}: their totals are what {@link groupOfTotals} takes.
 * @param clusterOf The cluster of each item, 0 … `clusters` − 1.
 */
export function groupColumns(
  counts: GroupCounts,
  clusterOf: ArrayLike<number>,
  clusters: number,
): Float64Array[] {
  const cells = cellCount(counts.categories);
  const columns = Array.from({ length: cells }, () => new Float64Array(clusters));
  const one = new Float64Array(cells);
  for (let item = 0; item * counts.categories < counts.inside.length; item++) {
    one.fill(0);
    addItem(one, counts, item);
    const cluster = clusterOf[item] ?? 0;
    for (const [cell, column] of columns.entries())
      column[cluster] = (column[cluster] ?? 0) + (one[cell] ?? 0);
  }
  return columns;
}

/** The measures from summed columns. */
export function groupOfTotals(totals: Float64Array, categories: number): GroupAgreement {
  const [observed = 0, votes = 0, sharedItems = 0] = totals;
  const irr = alphaOfTotals(totals.subarray(3 + 2 * categories), categories, { level: 'nominal' });
  let [inside, outside, same] = [0, 0, 0];
  for (let c = 0; c < categories; c++) {
    const [r, s] = [totals[3 + c] ?? 0, totals[3 + categories + c] ?? 0];
    inside += r;
    outside += s;
    same += r * s;
  }
  const expected = inside * outside > 0 ? 1 - same / (inside * outside) : 0;
  const xrr = votes > 0 && expected > 0 ? 1 - observed / votes / expected : Number.NaN;
  return { irr, xrr, gai: xrr > 0 ? irr / xrr : Number.NaN, sharedItems };
}

/** Cells: weighted disagreements, votes, shared items; votes by category inside and outside; coincidences inside. */
const cellCount = (categories: number) => 3 + 2 * categories + categories * categories;

function addItem(totals: Float64Array, counts: GroupCounts, item: number): void {
  const { categories } = counts;
  const from = item * categories;
  const add = (cell: number, value: number) => {
    totals[cell] = (totals[cell] ?? 0) + value;
  };
  const [r, s] = [sumOf(counts.inside, from, categories), sumOf(counts.outside, from, categories)];
  if (r > 1) {
    for (let c = 0; c < categories; c++) {
      const own = counts.inside[from + c] ?? 0;
      if (own === 0) continue;
      for (let k = 0; k < categories; k++) {
        const other = (counts.inside[from + k] ?? 0) - (c === k ? 1 : 0);
        add(3 + 2 * categories + c * categories + k, (own * other) / (r - 1));
      }
    }
  }
  if (r === 0 || s === 0) return;
  let agreeing = 0;
  for (let c = 0; c < categories; c++) {
    const [inside, outside] = [counts.inside[from + c] ?? 0, counts.outside[from + c] ?? 0];
    agreeing += inside * outside;
    add(3 + c, inside);
    add(3 + categories + c, outside);
  }
  add(0, ((r + s) / (r * s)) * (r * s - agreeing));
  add(1, r + s);
  add(2, 1);
}

export interface GroupTest extends GroupAgreement {
  /** Shuffles beyond the observed GAI on its own side of their median, (1 + #)/(1 + m), doubled, at most 1. */
  p: number;
  /** 2.5 and 97.5 % points of the GAI with shuffled membership. */
  shuffledLower: number;
  shuffledUpper: number;
  members: number;
  votes: number;
}

/**
 * {@link measureGroup} with a permutation test: raters keep their votes and swap their groups (N = 1,000 unless told).
 * Work is rounds × votes, and the event loop is handed back in between.
 */
export async function testGroup(
  votes: CodedVotes,
  isMember: ArrayLike<number>,
  options: { seed: number; rounds?: number; signal?: AbortSignal | undefined },
): Promise<GroupTest> {
  const { rounds = 1000 } = options;
  const membership = Uint8Array.from(isMember);
  const counts = createCounts(votes);
  const observed = measureGroup(fillCounts(votes, membership, counts));
  const members = membership.reduce((sum, member) => sum + member, 0);
  const voted = counts.inside.reduce((sum, count) => sum + count, 0);
  const random = createRandom(options.seed);
  const pause = createPause(options.signal);
  const shuffled: number[] = [];
  for (let round = 0; round < rounds && !Number.isNaN(observed.gai); round++) {
    shuffle(membership, random);
    const { gai } = measureGroup(fillCounts(votes, membership, counts));
    if (!Number.isNaN(gai)) shuffled.push(gai);
    const paused = pause();
    if (paused) await paused;
  }
  shuffled.sort((a, b) => a - b);
  const at = (share: number) => shuffled[Math.round(share * (shuffled.length - 1))] ?? Number.NaN;
  const above = observed.gai >= at(0.5);
  const beyond = shuffled.filter((gai) => (above ? gai >= observed.gai : gai <= observed.gai)).length;
  return {
    ...observed,
    members,
    votes: voted,
    p: shuffled.length === 0 ? Number.NaN : Math.min(1, (2 * (1 + beyond)) / (1 + shuffled.length)),
    shuffledLower: at(0.025),
    shuffledUpper: at(0.975),
  };
}

/** How concentrated the votes on an item are: the share of its most common category, and ln k − H in nats. */
export function measureConcentration(counts: ArrayLike<number>): { plurality: number; negentropy: number } {
  const total = sumOf(counts, 0, counts.length);
  if (total === 0) return { plurality: Number.NaN, negentropy: Number.NaN };
  let largest = 0;
  let entropy = 0;
  for (let c = 0; c < counts.length; c++) {
    const share = (counts[c] ?? 0) / total;
    largest = Math.max(largest, share);
    if (share > 0) entropy -= share * Math.log(share);
  }
  return { plurality: largest, negentropy: Math.log(counts.length) - entropy };
}

function createCounts(votes: CodedVotes) {
  const cells = votes.items * votes.categories;
  return { inside: new Float64Array(cells), outside: new Float64Array(cells) };
}

/** Votes counted by item and category, of the members and of everybody else; `counts` is reused where given. */
export function fillCounts(
  votes: CodedVotes,
  membership: Uint8Array,
  counts: { inside: Float64Array; outside: Float64Array } = createCounts(votes),
): GroupCounts {
  counts.inside.fill(0);
  counts.outside.fill(0);
  for (let v = 0; v < votes.item.length; v++) {
    const side = membership[votes.rater[v] ?? 0] === 1 ? counts.inside : counts.outside;
    const cell = (votes.item[v] ?? 0) * votes.categories + (votes.category[v] ?? 0);
    side[cell] = (side[cell] ?? 0) + 1;
  }
  return { categories: votes.categories, ...counts };
}

function sumOf(values: ArrayLike<number>, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i] ?? 0;
  return sum;
}

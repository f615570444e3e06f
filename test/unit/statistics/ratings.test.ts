import { describe, expect, it } from 'vitest';
import {
  fitBradleyTerry,
  gapStandardError,
  toRatings,
} from '../../../electron/core/statistics/bradley-terry.ts';
import type { PairedGames } from '../../../electron/core/statistics/game-graph.ts';
import { traceElo, updateElo } from '../../../electron/core/statistics/elo.ts';
import { rateGlicko2, unrated } from '../../../electron/core/statistics/glicko2.ts';
import { estimateDifficulty, fitRasch } from '../../../electron/core/statistics/irt.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { rankCentrality } from '../../../electron/core/statistics/rank-centrality.ts';
import { findRankRanges, rateWithIntervals } from '../../../electron/core/statistics/rating-intervals.ts';

function games(players: number, rows: [number, number, number, number][]): PairedGames {
  return {
    players,
    left: rows.map((row) => row[0]),
    right: rows.map((row) => row[1]),
    leftWins: rows.map((row) => row[2]),
    rightWins: rows.map((row) => row[3]),
  };
}

/** Round-robin games of players with known strengths, `prompts` per pair, each prompt its own cluster. */
function simulate(strengths: number[], prompts: number, seed: number) {
  const random = createRandom(seed);
  const pairs = strengths.flatMap((_, i) => strengths.slice(i + 1).map((__, j) => [i, i + 1 + j] as const));
  const rows: { cluster: number; pair: number; won: number }[] = [];
  for (let cluster = 0; cluster < prompts; cluster++) {
    for (const [pair, [i, j]] of pairs.entries()) {
      const p = 1 / (1 + Math.exp((strengths[j] ?? 0) - (strengths[i] ?? 0)));
      rows.push({ cluster, pair, won: random.next() < p ? 1 : 0 });
    }
  }
  const sum = (pair: number, of: (won: number) => number) =>
    rows.filter((row) => row.pair === pair).reduce((total, row) => total + of(row.won), 0);
  const counted = games(
    strengths.length,
    pairs.map(([i, j], pair) => [i, j, sum(pair, (won) => won), sum(pair, (won) => 1 - won)]),
  );
  const clustered = {
    cluster: rows.map((row) => row.cluster),
    clusters: prompts,
    pair: rows.map((row) => row.pair),
    leftWins: rows.map((row) => row.won),
    rightWins: rows.map((row) => 1 - row.won),
  };
  return { counted, clustered };
}

describe('Bradley-Terry', () => {
  it('3–1 is a gap of 190.85 points with Wald error 200.6 (audit specification D2)', () => {
    const played = games(2, [[0, 1, 3, 1]]);
    const fit = fitBradleyTerry(played);
    const ratings = toRatings(fit.strengths);
    expect((ratings[0] ?? 0) - (ratings[1] ?? 0)).toBeCloseTo(190.85, 2);
    expect(((ratings[0] ?? 0) + (ratings[1] ?? 0)) / 2).toBeCloseTo(1000, 9);
    expect(gapStandardError(played, fit, [0, 1])).toBeCloseTo(200.6, 1);
  });

  it('chained errors add like resistances: A–B and B–C of 3–1 each, A–C error √2·200.6', () => {
    const played = games(3, [
      [0, 1, 3, 1],
      [1, 2, 3, 1],
    ]);
    const fit = fitBradleyTerry(played);
    expect(gapStandardError(played, fit, [0, 2])).toBeCloseTo(Math.SQRT2 * 200.594, 1);
    expect(gapStandardError(played, fit, [2, 0])).toBeCloseTo(Math.SQRT2 * 200.594, 1);
  });

  it('swapping all labels turns every strength around (would catch an intercept or a first-player advantage)', () => {
    const rows: [number, number, number, number][] = [
      [0, 1, 7, 3],
      [1, 2, 4.5, 5.5],
      [0, 2, 8, 2],
      [3, 0, 1, 9],
    ];
    const fit = fitBradleyTerry(games(4, rows));
    const turned = fitBradleyTerry(
      games(
        4,
        rows.map(([a, b, w, l]) => [a, b, l, w]),
      ),
    );
    for (const [player, strength] of fit.strengths.entries()) {
      expect(turned.strengths[player]).toBeCloseTo(-strength, 9);
    }
  });

  it('solves the likelihood equations: expected wins equal wins on a dense and on a star graph', () => {
    const random = createRandom(3);
    const dense = Array.from({ length: 12 }, (_, i) =>
      Array.from({ length: i }, (__, j): [number, number, number, number] => [
        i,
        j,
        1 + random.nextBelow(20),
        1 + random.nextBelow(20),
      ]),
    ).flat();
    const star = Array.from({ length: 30 }, (_, i): [number, number, number, number] => [
      i + 1,
      0,
      1 + random.nextBelow(9),
      1 + random.nextBelow(9),
    ]);
    for (const rows of [dense, star]) {
      const fit = fitBradleyTerry(games(31, rows));
      const surplus = new Float64Array(31);
      for (const [a, b, w, l] of rows) {
        const p = 1 / (1 + Math.exp((fit.strengths[b] ?? 0) - (fit.strengths[a] ?? 0)));
        surplus[a] = (surplus[a] ?? 0) + w - (w + l) * p;
        surplus[b] = (surplus[b] ?? 0) + l - (w + l) * (1 - p);
      }
      for (const value of surplus) expect(Math.abs(value)).toBeLessThan(1e-6);
    }
  });

  it('rates unconnected groups apart and leaves players without games out', () => {
    const fit = fitBradleyTerry(
      games(5, [
        [0, 1, 3, 1],
        [2, 3, 1, 1],
      ]),
    );
    expect(Array.from(fit.groups)).toEqual([0, 0, 1, 1, -1]);
    expect(fit.strengths[2]).toBeCloseTo(0, 9);
    expect(fit.strengths[4]).toBeNaN();
    expect(gapStandardError(games(5, [[0, 1, 3, 1]]), fit, [0, 2])).toBeNaN();
  });

  it('gives an undefeated player half a pseudo-win each way and marks it: 4–0 becomes 4.5–0.5, gap 400·log10(9)', () => {
    const fit = fitBradleyTerry(games(2, [[0, 1, 4, 0]]));
    const ratings = toRatings(fit.strengths);
    expect((ratings[0] ?? 0) - (ratings[1] ?? 0)).toBeCloseTo(400 * Math.log10(9), 6);
    expect(fit.propped.some((mark) => mark === 1)).toBe(true);
    const triangle = fitBradleyTerry(
      games(4, [
        [0, 1, 2, 1],
        [1, 2, 2, 1],
        [2, 0, 2, 1],
        [3, 0, 5, 0],
      ]),
    );
    expect(Array.from(triangle.propped)).toEqual([0, 0, 0, 1]);
    expect(triangle.leftWins[0]).toBe(2);
    expect(triangle.leftWins[3]).toBe(5.5);
  });

  it('covers the true gap of simulated players in 87 to 100 % of 60 seeds', async () => {
    const truth = [0.8, 0.3, 0, -0.3, -0.8];
    let covered = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { counted, clustered } = simulate(truth, 60, seed);
      const { ratings } = await rateWithIntervals(counted, clustered, { seed, rounds: 200 });
      const top = ratings[0];
      const expected = 1000 + (400 / Math.LN10) * 0.8;
      if (top && top.lower !== null && top.upper !== null && top.lower <= expected && expected <= top.upper) {
        covered += 1;
      }
    }
    expect(covered).toBeGreaterThanOrEqual(52);
  });

  it('gives the same intervals for the same seed, others for another, none for a single prompt', async () => {
    const { counted, clustered } = simulate([0.5, 0, -0.5], 40, 9);
    const [first, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => rateWithIntervals(counted, clustered, { seed, rounds: 100 })),
    );
    expect(again?.ratings).toEqual(first?.ratings);
    expect(other?.ratings).not.toEqual(first?.ratings);
    const single = { ...clustered, cluster: clustered.cluster.map(() => 0), clusters: 1 };
    expect((await rateWithIntervals(counted, single, { seed: 1 })).ratings[0]?.lower).toBeNull();
  });

  it('has intervals near the Wald error where prompts are independent games', async () => {
    const played = games(2, [[0, 1, 120, 80]]);
    const rows = {
      cluster: Array.from({ length: 200 }, (_, i) => i),
      clusters: 200,
      pair: new Array<number>(200).fill(0),
      leftWins: Array.from({ length: 200 }, (_, i) => (i < 120 ? 1 : 0)),
      rightWins: Array.from({ length: 200 }, (_, i) => (i < 120 ? 0 : 1)),
    };
    const { ratings, fit } = await rateWithIntervals(played, rows, { seed: 4 });
    const wald = gapStandardError(played, fit, [0, 1]) / 2;
    expect((ratings[0]?.standardError ?? 0) / wald).toBeGreaterThan(0.85);
    expect((ratings[0]?.standardError ?? 0) / wald).toBeLessThan(1.15);
  });
});

describe('rank ranges', () => {
  it('count only entries wholly above: overlapping intervals share ranks', () => {
    const ranges = findRankRanges([
      { lower: 10, upper: 20 },
      { lower: 5, upper: 12 },
      { lower: 0, upper: 4 },
      { lower: null, upper: null },
    ]);
    expect(ranges).toEqual([{ best: 1, worst: 2 }, { best: 1, worst: 2 }, { best: 3, worst: 3 }, null]);
  });
});

describe('Elo', () => {
  it('moves two new players to 1002 and 998 after one win (audit specification D2)', () => {
    expect(updateElo([1000, 1000], 1)).toEqual([1002, 998]);
    expect(updateElo([1000, 1000], 0.5)).toEqual([1000, 1000]);
  });

  it('keeps the sum of ratings and ends at the last mark', () => {
    const rows = traceElo(
      { players: 2, left: [0, 0, 1, 0, 0], right: [1, 1, 0, 1, 1], score: [1, 1, 0.5, 0, 1] },
      2,
    );
    expect(rows).toHaveLength(2);
    for (const row of rows) expect((row[0] ?? 0) + (row[1] ?? 0)).toBeCloseTo(2000, 9);
  });
});

describe('Glicko-2', () => {
  const opponents = [
    { opponent: { rating: 1400, deviation: 30 }, score: 1 },
    { opponent: { rating: 1550, deviation: 100 }, score: 0 },
    { opponent: { rating: 1700, deviation: 300 }, score: 0 },
  ];

  it('gives Glickman’s example: 1464.05, 151.52, .059996 (audit specification D1)', () => {
    const after = rateGlicko2({ rating: 1500, deviation: 200, volatility: 0.06 }, opponents);
    expect(after.rating).toBeCloseTo(1464.05, 1);
    expect(after.deviation).toBeCloseTo(151.52, 2);
    expect(after.volatility).toBeCloseTo(0.059996, 5);
  });

  it('takes a counted game as that many games and only widens without games', () => {
    const one = { opponent: { rating: 1400, deviation: 30 }, score: 1 };
    const counted = rateGlicko2(unrated, [{ ...one, count: 3 }]);
    expect(counted).toEqual(rateGlicko2(unrated, [one, one, one]));
    expect(rateGlicko2({ ...unrated, deviation: 200 }, []).deviation).toBeCloseTo(
      Math.hypot(200, 173.7178 * 0.06),
      9,
    );
  });
});

describe('item response theory', () => {
  const answers = [{ ability: 0, right: 1, asked: 4 }];

  it('1 of 4 right at ability 0 is difficulty 1.0986 without prior, .5052 with N(0,1) (audit specification D1)', () => {
    expect(estimateDifficulty(answers, 0).difficulty).toBeCloseTo(Math.log(3), 4);
    expect(estimateDifficulty(answers).difficulty).toBeCloseTo(0.5052, 4);
  });

  it('keeps items finite that everybody got right, and orders items by their share right', async () => {
    const fit = await fitRasch({
      respondents: 3,
      items: 3,
      respondent: [0, 1, 2, 0, 1, 2, 0, 1, 2],
      item: [0, 0, 0, 1, 1, 1, 2, 2, 2],
      right: [1, 1, 1, 1, 1, 0, 0, 0, 0],
      asked: [1, 1, 1, 1, 1, 1, 1, 1, 1],
    });
    expect(fit.abilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
    const [easy, middle, hard] = fit.difficulties;
    expect(easy).toBeLessThan(middle ?? 0);
    expect(middle).toBeLessThan(hard ?? 0);
    expect(Number.isFinite(hard)).toBe(true);
    expect(fit.isConnected).toBe(true);
  });

  it('says so where respondents and items fall apart (their scales cannot be compared)', async () => {
    const fit = await fitRasch({
      respondents: 2,
      items: 2,
      respondent: [0, 1],
      item: [0, 1],
      right: [1, 0],
      asked: [1, 1],
    });
    expect(fit.isConnected).toBe(false);
  });

  it('recovers simulated difficulties (correlation above .95 with 200 respondents)', async () => {
    const random = createRandom(5);
    const [respondents, items] = [200, 30];
    const abilities = Array.from({ length: respondents }, () => random.nextNormal());
    const truth = Array.from({ length: items }, () => random.nextNormal());
    const cells = truth.flatMap((b, item) =>
      abilities.map((theta, respondent) => ({
        item,
        respondent,
        right: random.next() < 1 / (1 + Math.exp(b - theta)) ? 1 : 0,
      })),
    );
    const fit = await fitRasch({
      respondents,
      items,
      respondent: cells.map((cell) => cell.respondent),
      item: cells.map((cell) => cell.item),
      right: cells.map((cell) => cell.right),
      asked: cells.map(() => 1),
    });
    const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / items;
    const [mx, my] = [meanOf(truth), meanOf(fit.difficulties)];
    let [xy, xx, yy] = [0, 0, 0];
    for (const [i, value] of truth.entries()) {
      const [dx, dy] = [value - mx, (fit.difficulties[i] ?? 0) - my];
      xy += dx * dy;
      xx += dx * dx;
      yy += dy * dy;
    }
    expect(xy / Math.sqrt(xx * yy)).toBeGreaterThan(0.95);
  });
});

describe('rank centrality', () => {
  it('wins 3–1 with prior 1 are (2/3, 1/3) (audit specification E3)', () => {
    const shares = rankCentrality([0, 3, 1, 0], 2);
    expect(shares[0]).toBeCloseTo(2 / 3, 9);
    expect(shares[1]).toBeCloseTo(1 / 3, 9);
  });

  it('agrees with Bradley-Terry where the counts follow it exactly', () => {
    const merit = [4, 2, 1];
    const wins = merit.flatMap((a, i) => merit.map((b, j) => (i === j ? 0 : (1200 * a) / (a + b))));
    const shares = rankCentrality(wins, 3, 0);
    for (const [i, expected] of [4 / 7, 2 / 7, 1 / 7].entries()) expect(shares[i]).toBeCloseTo(expected, 6);
  });
});

/**
 * Games counted per pair of players: entry k is the pair (`left[k]`, `right[k]`), player codes 0 … `players` − 1,
 * each unordered pair at most once. Ties are counted as half a win for either side.
 */
export interface PairedGames {
  players: number;
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  leftWins: ArrayLike<number>;
  rightWins: ArrayLike<number>;
}

/** The number of opponents of each player with at least one game. */
export function listNeighbours(games: PairedGames): Int32Array {
  const degrees = new Int32Array(games.players);
  for (const [left, right] of listPlayed(games)) {
    degrees[left] = (degrees[left] ?? 0) + 1;
    degrees[right] = (degrees[right] ?? 0) + 1;
  }
  return degrees;
}

/** The connected group of each player, numbered from 0 by its smallest player; −1 for a player without games. */
export function findGroups(games: PairedGames): { groups: Int32Array; groupCount: number } {
  const parent = Int32Array.from({ length: games.players }, (_, player) => player);
  const rootOf = (player: number): number => {
    let root = player;
    while ((parent[root] ?? root) !== root) root = parent[root] ?? root;
    parent[player] = root;
    return root;
  };
  const hasPlayed = new Uint8Array(games.players);
  for (const [left, right] of listPlayed(games)) {
    hasPlayed[left] = 1;
    hasPlayed[right] = 1;
    const [a, b] = [rootOf(left), rootOf(right)];
    parent[Math.max(a, b)] = Math.min(a, b);
  }
  const groups = new Int32Array(games.players).fill(-1);
  const numbers = new Map<number, number>();
  for (let player = 0; player < games.players; player++) {
    if (hasPlayed[player] === 0) continue;
    const root = rootOf(player);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    groups[player] = number;
  }
  return { groups, groupCount: numbers.size };
}

/**
 * The strongly connected part of each player in the graph "beat at least once" (R. Kosaraju's two passes): inside a part
 * every player leads to every other along wins. Part numbers carry no order.
 */
export function findStrongParts(games: PairedGames): Int32Array {
  const beaten: number[][] = Array.from({ length: games.players }, () => []);
  const beatenBy: number[][] = Array.from({ length: games.players }, () => []);
  const link = (winner: number, loser: number) => {
    beaten[winner]?.push(loser);
    beatenBy[loser]?.push(winner);
  };
  for (const [left, right, pair] of listPlayed(games)) {
    if ((games.leftWins[pair] ?? 0) > 0) link(left, right);
    if ((games.rightWins[pair] ?? 0) > 0) link(right, left);
  }
  const finished: number[] = [];
  const seen = new Uint8Array(games.players);
  for (let player = 0; player < games.players; player++) walk(player, beaten, { seen, finished });
  const parts = new Int32Array(games.players).fill(-1);
  const seenBack = new Uint8Array(games.players);
  let part = 0;
  for (const player of finished.reverse()) {
    if (seenBack[player] === 1) continue;
    const members: number[] = [];
    walk(player, beatenBy, { seen: seenBack, finished: members });
    for (const member of members) parts[member] = part;
    part += 1;
  }
  return parts;
}

/** Depth-first walk from a player; appends every newly seen player to `finished` when all it leads to is done. */
function walk(
  from: number,
  edges: readonly (readonly number[])[],
  { seen, finished }: { seen: Uint8Array; finished: number[] },
): void {
  if (seen[from] === 1) return;
  seen[from] = 1;
  const stack: { player: number; next: number }[] = [{ player: from, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const to = edges[top.player]?.[top.next];
    top.next += 1;
    if (to === undefined) {
      finished.push(top.player);
      stack.pop();
    } else if (seen[to] !== 1) {
      seen[to] = 1;
      stack.push({ player: to, next: 0 });
    }
  }
}

function* listPlayed(games: PairedGames): Generator<[number, number, number]> {
  for (let pair = 0; pair < games.left.length; pair++) {
    if ((games.leftWins[pair] ?? 0) + (games.rightWins[pair] ?? 0) > 0) {
      yield [games.left[pair] ?? 0, games.right[pair] ?? 0, pair];
    }
  }
}

import type { Sql } from '../corpus/reading/reader.ts';

/** A label as a verdict (a, b or tie): both bad prefers no side. */
export const asVerdict = (label: Sql): Sql => `CASE WHEN ${label} = 'both_bad' THEN 'tie' ELSE ${label} END`;

/**
 * The verdict of one rater on one pair, over the group of its votes `v` (skips left out): where they differ, as they may
 * between the two orders, it has none, a tie.
 */
export const verdictOfVotes: Sql = `CASE WHEN count(DISTINCT v.label) = 1 THEN ${asVerdict('any_value(v.label)')} ELSE 'tie' END`;

/**
 * The chance that a response shown but not voted for was liked all the same: with the modelled liking s and the rate g at
 * which a liked response stays unvoted, g·s/((1 − s) + g·s) (NBPO; both in [0, 1]).
 */
export function falseNegativeProbability(liking: number, hidingRate: number): number {
  const hidden = hidingRate * liking;
  const unvoted = 1 - liking + hidden;
  return unvoted > 0 ? hidden / unvoted : 0;
}

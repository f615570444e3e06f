/** A place on the screen, both in [0, 1]; y first, as in the source. */
export interface ScreenPoint {
  readonly y: number;
  readonly x: number;
}

/** A box on the screen by its upper left corner and size, all in [0, 1]. */
export interface ScreenBox extends ScreenPoint {
  readonly h: number;
  readonly w: number;
}

/** One action of a screen episode. `type` is the source's name or number; only `gesture` has places. */
export interface ScreenAction {
  readonly type: string;
  readonly isGesture: boolean;
  readonly touch?: ScreenPoint | undefined;
  readonly lift?: ScreenPoint | undefined;
}

export interface MatchLimits {
  /** Taps closer than this share of the screen match. */
  readonly tapDistance: number;
  /** A gesture that travels at most this far is a tap. */
  readonly swipeDistance: number;
  /** A box grows by this share of its size, half on each side. */
  readonly boxGrowth: number;
}

/** Of C. Rawles et al., Android in the Wild (2023), its released code. */
export const defaultLimits: MatchLimits = { tapDistance: 0.14, swipeDistance: 0.04, boxGrowth: 1.4 };

/** Euclidean distance in shares of the screen; Infinity where a place is missing. */
export function screenDistance(first: ScreenPoint | undefined, second: ScreenPoint | undefined): number {
  if (!first || !second) return Number.POSITIVE_INFINITY;
  return Math.hypot(first.y - second.y, first.x - second.x);
}

/** Places are often stored in single precision. */
const rounding = 1e-6;

/** A gesture that travels no farther than the swipe distance. One without a lift point is a tap. */
export function isTap({ isGesture, touch, lift }: ScreenAction, limits = defaultLimits): boolean {
  return isGesture && (lift === undefined || screenDistance(touch, lift) <= limits.swipeDistance + rounding);
}

/** The box enlarged by `growth` of its size (1.4 makes it 2.4 times as wide and high), kept on the screen. */
export function growBox({ y, x, h, w }: ScreenBox, growth = defaultLimits.boxGrowth): ScreenBox {
  const top = Math.max(0, y - (growth * h) / 2);
  const left = Math.max(0, x - (growth * w) / 2);
  return {
    y: top,
    x: left,
    h: Math.min(1, y + h + (growth * h) / 2) - top,
    w: Math.min(1, x + w + (growth * w) / 2) - left,
  };
}

function isInside(point: ScreenPoint, { y, x, h, w }: ScreenBox): boolean {
  return point.y >= y && point.y <= y + h && point.x >= x && point.x <= x + w;
}

/** The axis along which a swipe travels farther; the direction along it is not compared, as in the source. */
function mainAxis({ touch, lift }: ScreenAction): 'x' | 'y' | undefined {
  if (!touch || !lift) return undefined;
  return Math.abs(lift.y - touch.y) >= Math.abs(lift.x - touch.x) ? 'y' : 'x';
}

/**
 * Whether two actions on the same screen are the same. Not both gestures: the types are equal. Two taps: within the
 * tap distance, or both inside one enlarged box. Two swipes: the same main axis. A tap and a swipe never match.
 *
 * @param boxes Elements of the screen; without them only the distance counts.
 */
export function isActionMatch(
  first: ScreenAction,
  second: ScreenAction,
  { boxes = [], limits = defaultLimits }: { boxes?: readonly ScreenBox[]; limits?: MatchLimits } = {},
): boolean {
  if (!first.isGesture || !second.isGesture) return first.type === second.type;
  const isFirstTap = isTap(first, limits);
  if (isFirstTap !== isTap(second, limits)) return false;
  if (!isFirstTap) {
    const axis = mainAxis(first);
    return axis !== undefined && axis === mainAxis(second);
  }
  const [a, b] = [first.touch, second.touch];
  if (!a || !b) return false;
  if (screenDistance(a, b) <= limits.tapDistance + rounding) return true;
  return boxes.some((box) => {
    const grown = growBox(box, limits.boxGrowth);
    return isInside(a, grown) && isInside(b, grown);
  });
}

export interface EpisodeMatch {
  /** Matched steps before the first that differs or is missing. */
  matchedPrefix: number;
  matched: number;
  /** Steps of the reference. */
  length: number;
  /** matched / length. */
  partial: number;
  /** All steps match and both have the same length. */
  isComplete: boolean;
}

/** Step by step comparison with a reference episode; a missing step counts as not matched. */
export function matchEpisodes(
  matches: readonly boolean[],
  referenceLength: number,
  length: number,
): EpisodeMatch {
  const compared = matches.slice(0, referenceLength);
  const matched = compared.filter(Boolean).length;
  const first = compared.indexOf(false);
  return {
    matchedPrefix: first < 0 ? compared.length : first,
    matched,
    length: referenceLength,
    partial: referenceLength === 0 ? Number.NaN : matched / referenceLength,
    isComplete: matched === referenceLength && length === referenceLength,
  };
}

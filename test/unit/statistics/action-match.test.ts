import { describe, expect, it } from 'vitest';
import {
  growBox,
  isActionMatch,
  isTap,
  matchEpisodes,
  type ScreenAction,
  screenDistance,
} from '../../../electron/core/statistics/action-match.ts';

const gesture = (y: number, x: number, toY = y, toX = x): ScreenAction => ({
  type: 'dual_point',
  isGesture: true,
  touch: { y, x },
  lift: { y: toY, x: toX },
});

describe('screen actions', () => {
  it('taps (.50,.50) and (.55,.60): distance .1118, a match (audit specification H5)', () => {
    expect(screenDistance({ y: 0.5, x: 0.5 }, { y: 0.55, x: 0.6 })).toBeCloseTo(0.1118, 4);
    expect(isActionMatch(gesture(0.5, 0.5), gesture(0.55, 0.6))).toBe(true);
    expect(isActionMatch(gesture(0.5, 0.5), gesture(0.5, 0.65))).toBe(false);
  });

  it('taps far apart match inside one enlarged box, and not in the box as it is', () => {
    const box = { y: 0.4, x: 0.2, h: 0.1, w: 0.2 };
    const [left, right] = [gesture(0.45, 0.08), gesture(0.45, 0.52)];
    expect(growBox(box)).toEqual({
      y: expect.closeTo(0.33, 9) as number,
      x: expect.closeTo(0.06, 9) as number,
      h: expect.closeTo(0.24, 9) as number,
      w: expect.closeTo(0.48, 9) as number,
    });
    expect(isActionMatch(left, right)).toBe(false);
    expect(isActionMatch(left, right, { boxes: [box] })).toBe(true);
    expect(growBox({ y: 0, x: 0.9, h: 0.1, w: 0.1 })).toMatchObject({
      y: 0,
      h: expect.closeTo(0.17, 9) as number,
    });
  });

  it('a gesture that travels .04 is a tap, beyond it a swipe; a tap and a swipe never match', () => {
    expect(isTap(gesture(0.5, 0.5, 0.54, 0.5))).toBe(true);
    expect(isTap(gesture(0.5, 0.5, 0.55, 0.5))).toBe(false);
    expect(isActionMatch(gesture(0.5, 0.5), gesture(0.5, 0.5, 0.8, 0.5))).toBe(false);
  });

  it('swipes match by main axis wherever they start and whichever way they go', () => {
    expect(isActionMatch(gesture(0.8, 0.5, 0.2, 0.5), gesture(0.1, 0.1, 0.9, 0.3))).toBe(true);
    expect(isActionMatch(gesture(0.8, 0.5, 0.2, 0.5), gesture(0.5, 0.1, 0.5, 0.9))).toBe(false);
  });

  it('other actions match by type only', () => {
    const typed = (type: string): ScreenAction => ({ type, isGesture: false });
    expect(isActionMatch(typed('type'), typed('type'))).toBe(true);
    expect(isActionMatch(typed('type'), typed('press_back'))).toBe(false);
    expect(isActionMatch(typed('type'), gesture(0.5, 0.5))).toBe(false);
  });

  it('an episode that goes on after the reference ends is partly right but not complete', () => {
    expect(matchEpisodes([true, true, false, true], 4, 4)).toEqual({
      matchedPrefix: 2,
      matched: 3,
      length: 4,
      partial: 0.75,
      isComplete: false,
    });
    expect(matchEpisodes([true, true], 2, 3).isComplete).toBe(false);
    expect(matchEpisodes([true, true], 2, 2).isComplete).toBe(true);
    expect(matchEpisodes([true], 2, 1)).toMatchObject({ partial: 0.5, matchedPrefix: 1 });
  });
});

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const rectangleSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
export type Rectangle = z.infer<typeof rectangleSchema>;

const stateSchema = z.object({
  bounds: rectangleSchema.optional(),
  isMaximised: z.boolean().default(false),
  /** The workspace to open at the next start. */
  workspace: z.string().optional(),
});
export type ShellState = z.infer<typeof stateSchema>;

const SMALLEST = { width: 960, height: 640 };
const USUAL = { width: 1440, height: 900 };
/** Pixels of a window that have to lie on a screen for it to be found and dragged. */
const VISIBLE = 100;

/** What was kept at the last end; the defaults where there is nothing readable. */
export function readShellState(file: string): ShellState {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return stateSchema.parse({});
  }
}

/** Written beside and renamed, so that a crash leaves the old state or the new one. */
export function writeShellState(file: string, state: ShellState): void {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

/**
 * Bounds for a window that was kept as `bounds`, given the work areas of the screens there are now: the same place where
 * it can still be seen, else only the size.
 */
export function placeWindow(bounds: Rectangle | undefined, areas: readonly Rectangle[]): Partial<Rectangle> {
  if (!bounds) return USUAL;
  const size = {
    width: Math.max(SMALLEST.width, bounds.width),
    height: Math.max(SMALLEST.height, bounds.height),
  };
  const isVisible = areas.some((area) => {
    const across = Math.min(bounds.x + size.width, area.x + area.width) - Math.max(bounds.x, area.x);
    const isTitleOn = bounds.y >= area.y && bounds.y <= area.y + area.height - VISIBLE;
    return across >= VISIBLE && isTitleOn;
  });
  return isVisible ? { x: bounds.x, y: bounds.y, ...size } : size;
}

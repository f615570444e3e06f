export interface HeatCell {
  /** Null = undefined: drawn empty. */
  readonly value: number | null;
  readonly text: string;
  /** Rests on little: drawn with a dashed border. */
  readonly isWeak: boolean;
  readonly said: string;
}

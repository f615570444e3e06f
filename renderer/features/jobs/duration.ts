/** A duration in its two largest units; `small` has two digits where it follows a larger unit. */
export interface DurationParts {
  readonly unit: 'seconds' | 'minutes' | 'hours';
  readonly big: number;
  readonly small: string;
}

/** Splits milliseconds into hours and minutes, minutes and seconds, or seconds with one decimal below ten. */
export function splitDuration(milliseconds: number): DurationParts {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return { unit: 'seconds', big: Math.round(seconds * 10) / 10, small: '' };
  const whole = Math.round(seconds);
  if (whole < 60) return { unit: 'seconds', big: whole, small: '' };
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return { unit: 'minutes', big: minutes, small: pad(whole % 60) };
  return { unit: 'hours', big: Math.floor(minutes / 60), small: pad(minutes % 60) };
}

const pad = (value: number) => String(value).padStart(2, '0');

import { useI18n } from 'vue-i18n';
import type { MessageKey } from './messages/en.ts';

const locale = 'en';
const numbers = new Intl.NumberFormat(locale);
const fractions = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
let times: Intl.DateTimeFormat | undefined;

export interface Text {
  /** A message by its key; with `plural` the form for that number is chosen and `{n}` is filled in. */
  readonly t: (key: MessageKey, named?: Record<string, unknown>, plural?: number) => string;
  /** A whole number with group separators, or a fraction with three significant digits. */
  readonly number: (value: number) => string;
  /** A share of 0..1 as per cent. */
  readonly percent: (share: number) => string;
  /** An ISO time as local date and time. */
  readonly time: (iso: string) => string;
  /** A size in bytes as B, KiB, MiB or GiB. */
  readonly bytes: (size: number) => string;
}

/** The first of a person's languages that the texts are in, with its region, so that dates have the order used there. */
export function regionOf(languages: readonly string[]): string {
  return languages.find((language) => language === locale || language.startsWith(`${locale}-`)) ?? locale;
}

/** UI texts and number formats; the only way a component gets words on the screen. */
export function useText(): Text {
  const { t } = useI18n();
  return {
    t: (key, named = {}, plural) => (plural === undefined ? t(key, named) : t(key, named, plural)),
    number: formatNumber,
    percent: (share) => shares.format(share),
    time: formatTime,
    bytes: formatBytes,
  };
}

function formatTime(iso: string): string {
  times ??= new Intl.DateTimeFormat(regionOf(navigator.languages), {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return times.format(new Date(iso));
}

export function formatNumber(value: number): string {
  return Number.isInteger(value) ? numbers.format(value) : fractions.format(value);
}

export function formatBytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(size) / 10));
  return `${fractions.format(size / 1024 ** power)} ${units[power] ?? 'B'}`;
}

import { ToolFailure } from './calculator.ts';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const day = 86_400_000;

function readDate(text: string): Date {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const parsed = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
  if (year === undefined || parsed.toISOString().slice(0, 10) !== text)
    throw new ToolFailure(`“${text}” is not a date of the form 2004-05-03`);
  return parsed;
}

/** `weekday DATE`, `add DATE DAYS`, `difference DATE DATE`, with dates as 2004-05-03. Throws ToolFailure. */
export function consultCalendar(question: string): string {
  const [verb = '', first = '', second = ''] = question
    .trim()
    .toLowerCase()
    .replace(/\b(of|and|to|between|days?)\b/g, ' ')
    .split(/\s+/);
  if (verb === 'weekday') return weekdays[readDate(first).getUTCDay()] ?? '';
  if (verb === 'add') {
    const days = Number(second);
    if (!Number.isInteger(days) || Math.abs(days) > 1_000_000)
      throw new ToolFailure(`“${second}” is not a number of days`);
    return new Date(readDate(first).getTime() + days * day).toISOString().slice(0, 10);
  }
  if (verb === 'difference') return `${(readDate(second).getTime() - readDate(first).getTime()) / day} days`;
  throw new ToolFailure('the calendar knows: weekday DATE, add DATE DAYS, difference DATE DATE');
}

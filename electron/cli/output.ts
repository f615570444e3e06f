import { isAppError } from '../contract/app-error.ts';
import type { Job } from '../contract/job.contract.ts';

/** Wrong words on the command line: exit status 2. */
export class UsageError extends Error {}

/** The value of an option that takes a whole number. Throws UsageError below `least` and where it is none. */
export function readWholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
    throw new UsageError(`--${name} takes a whole number of at least ${least}, not ${text || 'nothing'}`);
  return value;
}

/** One JSON value to standard output; everything for people goes to standard error. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);
}

export function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** The exit status for a failure, after telling it. */
export function tellFailure(error: unknown): 1 | 2 {
  if (error instanceof UsageError) {
    tell(`assay: ${error.message}`);
    return 2;
  }
  if (isAppError(error)) tell(`assay: ${error.message} [${error.code}]`);
  else tell(`assay: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

/** Shows a job's progress on one line of a terminal; silent where standard error is not one. */
export function makeProgressLine(): { show(job: Job): void; clear(): void } {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show: (job) => {
      const share =
        job.total === null || job.total === 0 ? '' : ` ${Math.round((100 * job.done) / job.total)} %`;
      process.stderr.write(`\r\x1b[2K${job.phase}${share}`);
    },
    clear: () => process.stderr.write('\r\x1b[2K'),
  };
}

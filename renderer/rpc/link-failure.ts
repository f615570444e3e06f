import { ORPCError } from '@orpc/client';
import { AppError, type ErrorCode } from '../../electron/contract/app-error.ts';

/** What a call that was in flight is told when its link ends: it may or may not have been done. */
export function linkLost(reason: string, details: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError(
    'LINK_LOST',
    `The answer did not arrive: the connection to the core ended (${reason}). Assay reconnects by itself; then try again.`,
    details,
  );
}

export function isLinkLost(error: unknown): boolean {
  return error instanceof AppError && error.code === 'LINK_LOST';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rebuilds the `AppError` that a method threw on the other side; other errors stay what they are. */
export function rebuildFailure(error: unknown): unknown {
  if (!(error instanceof ORPCError)) return error;
  const { code, data: details, message } = error as ORPCError<string, unknown>; // instanceof leaves both any
  // The wire carries text; a code this build does not know is shown like any other.
  return new AppError(code as ErrorCode, message, isRecord(details) ? details : {});
}

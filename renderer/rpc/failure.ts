/** A failure as the page shows it: a stable code, what did not happen, and what to do. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isRetryable: boolean;
}

/** Repeating these with the same input gives the same answer. */
const finalCodes = new Set(['VERSION_MISMATCH', 'UNAUTHORISED', 'INPUT_INVALID', 'FILTER_INVALID']);

/** True for the rejection of a call that the caller itself aborted. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Reads code and message from an `AppError`, an RPC error or anything else that was thrown. */
export function toFailure(error: unknown): Failure {
  const code = readString(error, 'code') ?? 'INTERNAL';
  const message = readString(error, 'message') ?? String(error);
  return { code, message, isRetryable: !finalCodes.has(code) };
}

function readString(error: unknown, key: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value = (error as Record<string, unknown>)[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

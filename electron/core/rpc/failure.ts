import { randomUUID } from 'node:crypto';
import { ORPCError, ValidationError } from '@orpc/server';
import { isAppError } from '../../contract/app-error.ts';
import { findUnwireable } from './wire-value.ts';

/** What the RPC layer writes to the log. A pino logger fits. */
export interface RpcLog {
  error(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

/** What crosses the wire for a failure: a code, a text, plain details. Never a stack. */
export type WireFailure = ORPCError<string, Record<string, unknown>>;

/** Marks our failures among oRPC's own, which use the statuses of HTTP. */
const OWN_STATUS = 455;

function failure(code: string, message: string, details: Record<string, unknown>): WireFailure {
  return new ORPCError(code, { message, data: details, status: OWN_STATUS });
}

/** The refusal of a result that JSON cannot carry; the call fails, the link lives. */
export function notSerialisable(method: string, path: string): WireFailure {
  return failure(
    'RESULT_NOT_SERIALISABLE',
    `The answer of ${method} was not sent: ${path} cannot be written as JSON. This is a fault in Assay; please report it.`,
    { method, path },
  );
}

/** The refusal of a method that this build does not have. */
export function methodUnknown(method: string): WireFailure {
  return failure(
    'METHOD_UNKNOWN',
    `${method} was not run: this build of the core has no such method. Reload the page.`,
    { method },
  );
}

interface Issue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}

function pathOf(issue: Issue): string {
  return (issue.path ?? [])
    .map((part) => (typeof part === 'object' && part !== null && 'key' in part ? part.key : part))
    .map(String)
    .join('.');
}

function inputInvalid(method: string, issues: readonly Issue[]): WireFailure {
  const [first] = issues;
  const where = first && pathOf(first) ? `"${pathOf(first)}"` : 'the input';
  return failure(
    'INPUT_INVALID',
    `${method} was not run: ${where} is not usable (${first?.message ?? 'no reason given'}).`,
    { method, issues: issues.slice(0, 20).map((issue) => ({ path: pathOf(issue), message: issue.message })) },
  );
}

/**
 * Turns whatever a method threw into what may cross the wire. An `AppError` keeps code, message and details; refused
 * input becomes INPUT_INVALID naming the path; anything else becomes INTERNAL with a report id, and only the log gets
 * the stack.
 */
export function toWireFailure(error: unknown, method: string, log: RpcLog): WireFailure {
  if (isAppError(error)) {
    const isPlain = findUnwireable(error.details) === undefined;
    return failure(error.code, error.message, isPlain ? { ...error.details } : {});
  }
  if (isWireFailure(error)) return error;
  if (error instanceof ORPCError && error.code === 'BAD_REQUEST' && error.cause instanceof ValidationError) {
    return inputInvalid(method, error.cause.issues);
  }
  const reportId = randomUUID();
  const issues =
    error instanceof Error && error.cause instanceof ValidationError ? error.cause.issues : undefined;
  log.error({ reportId, method, err: error, issues }, 'a method failed unexpectedly');
  return failure(
    'INTERNAL',
    `${method} did not finish because of a fault in Assay. Try again; if it stays, report it with the id ${reportId}.`,
    { method, reportId },
  );
}

/** True for what this file made; a method that calls another one passes its failure on. */
function isWireFailure(error: unknown): error is WireFailure {
  return error instanceof ORPCError && error.status === OWN_STATUS;
}

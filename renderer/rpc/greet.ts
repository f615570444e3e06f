import { AppError } from '../../electron/contract/app-error.ts';
import type { PROTOCOL_VERSION } from '../../electron/contract/system.contract.ts';
import { isLinkLost, linkLost } from './link-failure.ts';

/** What the page was built for. Only the type is imported, so that zod stays out of the first chunk. */
const PAGE_PROTOCOL: typeof PROTOCOL_VERSION = 1;

/** Long enough for a core that migrates its workspace first. */
const PATIENCE_MS = 60_000;

type CallOptions = { context: object; signal: AbortSignal };
type Call = (path: readonly string[], input: unknown, options: CallOptions) => Promise<unknown>;

function mismatch(difference: string): AppError {
  return new AppError(
    'VERSION_MISMATCH',
    `The page was not connected: ${difference}. Reload the page; if that does not help, restart Assay.`,
  );
}

function readHello(hello: unknown): { protocol: unknown; version: unknown } {
  const isRecord = typeof hello === 'object' && hello !== null;
  return isRecord
    ? { protocol: undefined, version: undefined, ...hello }
    : { protocol: undefined, version: undefined };
}

/**
 * Makes the greeting of a session: it calls `system.hello` on each new link and throws VERSION_MISMATCH where the core
 * speaks another protocol or is another build than the page. `version` is the page's own build; where it is not known,
 * the first core met sets it, so that at least a core replaced under an open page is noticed.
 */
export function createGreeting(version?: string, patienceMs = PATIENCE_MS): (call: Call) => Promise<void> {
  let expected: unknown = version;
  return async (call) => {
    const signal = AbortSignal.timeout(patienceMs);
    const hello = await call(['system', 'hello'], undefined, { context: {}, signal }).catch(
      (error: unknown) => {
        if (isLinkLost(error)) throw error;
        if (signal.aborted) throw linkLost('the core did not answer in time');
        if (error instanceof AppError && String(error.code) !== 'METHOD_UNKNOWN') throw error;
        throw mismatch('the core did not answer its greeting');
      },
    );
    const { protocol, version: met } = readHello(hello);
    if (protocol !== PAGE_PROTOCOL) {
      throw mismatch(`it speaks protocol ${PAGE_PROTOCOL}, the core speaks protocol ${String(protocol)}`);
    }
    expected ??= met;
    if (met !== expected)
      throw mismatch(`it belongs to build ${String(expected)}, the core is build ${String(met)}`);
  };
}

import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAppError } from '../../contract/app-error.ts';
import { makeGuardedLookup, requireAllowedHost } from './endpoint-address.ts';

export interface EndpointTarget {
  /** Up to the version, e.g. `http://gpu1:8000/v1`. */
  readonly url: string;
  readonly key: string | null;
  readonly isPublicConfirmed: boolean;
  readonly concurrency: number;
}

export interface EndpointHttpOptions {
  readonly timeoutMs?: number;
  readonly mostAttempts?: number;
  /** First pause before a repetition; doubles each time. */
  readonly pauseMs?: number;
  /** In [0, 1): jitter. */
  readonly random?: () => number;
}

export interface EndpointHttp {
  /** Posts JSON below the address, or gets where there is no body. Throws ENDPOINT_FAILED, INPUT_TOO_LONG. */
  request(
    place: string,
    body?: unknown,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<unknown>;
  close(): void;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

/** Worth repeating: too many requests, a server in trouble, no answer. Anything else would fail again. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const largestReply = 64 * 2 ** 20;
const longestPause = 30_000;

function readReply(message: http.IncomingMessage): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let text = '';
    message.setEncoding('utf8');
    message.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > largestReply) message.destroy(new Error('the answer is too large'));
    });
    message.on('error', reject);
    message.on('aborted', () => reject(new Error('the connection was closed')));
    message.on('end', () => {
      const after = Number(message.headers['retry-after']);
      resolve({
        status: message.statusCode ?? 0,
        text,
        retryAfterMs: Number.isFinite(after) ? after * 1_000 : 0,
      });
    });
  });
}

function readMessage(text: string): string {
  try {
    const parsed = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown };
    const { error } = parsed;
    const message = typeof error === 'object' ? error.message : (error ?? parsed.message);
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: told as it is.
  }
  return text.slice(0, 300);
}

function toFailure(url: URL, { status, text }: Reply): AppError {
  const message = readMessage(text);
  if (status >= 300 && status < 400) {
    return new AppError(
      'ENDPOINT_FAILED',
      `The endpoint ${url.host} was not used: it sends its callers elsewhere. Enter the address it points to.`,
      { status },
    );
  }
  if (
    status === 400 &&
    /context length|context size|too long|too many tokens|maximum.{0,20}tokens|exceed/i.test(message)
  ) {
    return new AppError(
      'INPUT_TOO_LONG',
      `The model was not asked: the endpoint says that the input is too long (${message}). Leave such rows out, or use a model with a larger context.`,
      { status, message },
    );
  }
  const hint = status === 401 || status === 403 ? ' Check the key.' : '';
  return new AppError(
    'ENDPOINT_FAILED',
    `The endpoint ${url.host} did not answer as expected: ${status} ${message}.${hint}`,
    { status, message },
  );
}

/** One request and its reply, whatever the status. */
function exchange(url: URL, { body, key, agent, timeoutMs, signal }: Exchange): Promise<Reply> {
  const open = url.protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const call = open(url, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      timeout: timeoutMs,
      ...(signal ? { signal } : {}),
      headers: {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
    });
    call.on('response', (message) => void readReply(message).then(resolve, reject));
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)));
    call.on('error', reject);
    call.end(body);
  });
}

interface Exchange {
  readonly body: string | undefined;
  readonly key: string | null;
  readonly agent: http.Agent;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Requests to one endpoint: over kept connections, at most `concurrency` at a time, to that host only and, unless it was
 * confirmed, to private networks only. What may pass (429, 5xx, no answer) is repeated with growing, jittered pauses;
 * redirects are never followed.
 */
export function createEndpointHttp(target: EndpointTarget, options: EndpointHttpOptions = {}): EndpointHttp {
  const { timeoutMs = 120_000, mostAttempts = 5, pauseMs = 500, random = Math.random } = options;
  const base = new URL(target.url.endsWith('/') ? target.url : `${target.url}/`);
  const { Agent } = base.protocol === 'https:' ? https : http;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: target.concurrency,
    lookup: makeGuardedLookup(target.isPublicConfirmed),
  });

  async function request(
    place: string,
    body?: unknown,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    const url = new URL(place, base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      let wait = pauseMs * 2 ** (attempt - 1) * (0.5 + random());
      try {
        requireAllowedHost(url, target.isPublicConfirmed);
        const reply = await exchange(url, { body: text, key: target.key, agent, timeoutMs, signal });
        if (reply.status >= 200 && reply.status < 300) return parseReply(url, reply.text);
        const failure = toFailure(url, reply);
        if (!passing.has(reply.status) || attempt >= mostAttempts) throw failure;
        wait = Math.max(wait, reply.retryAfterMs);
      } catch (error) {
        signal?.throwIfAborted();
        if (isAppError(error)) throw error;
        if (attempt >= mostAttempts) throw unreachable(url, error);
      }
      await sleep(Math.min(wait, longestPause), undefined, signal ? { signal } : {}).catch(() =>
        signal?.throwIfAborted(),
      );
    }
  }

  return { request, close: () => agent.destroy() };
}

function parseReply(url: URL, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError(
      'ENDPOINT_FAILED',
      `The endpoint ${url.host} did not answer as expected: it sent no JSON. Is ${url.pathname} the right path?`,
      { start: text.slice(0, 200) },
    );
  }
}

function unreachable(url: URL, error: unknown): AppError {
  const cause = error instanceof Error ? error.message : String(error);
  return new AppError(
    'ENDPOINT_FAILED',
    `The endpoint ${url.host} could not be reached: ${cause}. Check that it runs and that the address is right.`,
    { cause },
  );
}

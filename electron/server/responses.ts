import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { PageFile } from './page-files.ts';
import { type Sessions, readCookie } from './sessions.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface SessionExchangeOptions {
  readonly sessions: Sessions;
  readonly cookieName: string;
  readonly largestBody: number;
}

const exchangeSchema = z.strictObject({ token: z.string().min(1).max(200) });

/** Answers one line of plain text and keeps no connection that a caller may still be filling. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  const headers: Record<string, string> = {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  };
  if (status >= 400) headers['connection'] = 'close';
  response.writeHead(status, headers).end(`${text}\n`);
}

/** `POST` trades a token for the session cookie; `GET` tells whether the cookie that came along is good. */
export async function answerSession(
  { request, response }: Exchange,
  options: SessionExchangeOptions,
): Promise<void> {
  const { sessions, cookieName, largestBody } = options;
  response.setHeader('cache-control', 'no-store');
  if (request.method === 'GET') {
    const isKnown = sessions.isValid(readCookie(request.headers.cookie, cookieName));
    return isKnown ? void response.writeHead(204).end() : answerText(response, 401, 'There is no session.');
  }
  if (request.method !== 'POST') {
    response.setHeader('allow', 'GET, POST');
    return answerText(response, 405, 'Only GET and POST are answered here.');
  }
  const body = await readBody(request, largestBody);
  if (body === undefined) return answerText(response, 413, 'The body is larger than 1 MiB.');
  const token = readToken(body);
  if (token === undefined) return answerText(response, 400, 'The body is not {"token": "…"}.');
  const cookie = sessions.redeem(token);
  if (cookie === undefined) return answerText(response, 401, 'The token is not good, or was used before.');
  response.setHeader('set-cookie', `${cookieName}=${cookie}; Path=/; HttpOnly; SameSite=Strict`);
  response.writeHead(204).end();
}

function readToken(body: Buffer): string | undefined {
  try {
    return exchangeSchema.safeParse(JSON.parse(body.toString('utf8'))).data?.token;
  } catch {
    return undefined;
  }
}

/** The whole body, or undefined as soon as it is larger than allowed; the rest is then not read. */
function readBody(request: IncomingMessage, largest: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= largest) return void chunks.push(chunk);
      request.pause();
      resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

/** Sends a file of the page, or 304 where the browser's copy is the same. */
export async function answerFile({ request, response }: Exchange, file: PageFile): Promise<void> {
  response.setHeader('etag', file.etag);
  response.setHeader('vary', 'accept-encoding');
  response.setHeader('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === file.etag) return void response.writeHead(304).end();
  response.setHeader('content-type', file.type);
  const isGzipWanted = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const compressed = isGzipWanted ? await file.compressed() : undefined;
  if (compressed) response.setHeader('content-encoding', 'gzip');
  const body = compressed ?? file.body;
  response.setHeader('content-length', body.length);
  response.writeHead(200).end(request.method === 'HEAD' ? undefined : body);
}

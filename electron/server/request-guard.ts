import type { IncomingMessage } from 'node:http';

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/;

function readHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/**
 * Why a request is not from this page, or undefined where it may be.
 *
 * A page of another site can make a browser send requests here, also under its own name by pointing that name at
 * 127.0.0.1 (DNS rebinding): so `Host` has to name the loopback address (any port: a tunnel may change it), `Origin`
 * has to be that very host, and a browser that tells where the request comes from has to say "same origin".
 */
export function findIntrusion(
  request: IncomingMessage,
  { isOriginRequired }: { isOriginRequired: boolean },
): string | undefined {
  const host = readHeader(request, 'host');
  if (host === undefined || !LOOPBACK_HOST.test(host)) return 'Host is not the loopback address';
  const origin = readHeader(request, 'origin');
  if (origin === undefined && isOriginRequired) return 'Origin is missing';
  if (origin !== undefined && origin !== `http://${host}`) return 'Origin is not this server';
  const site = readHeader(request, 'sec-fetch-site');
  const isNavigation = readHeader(request, 'sec-fetch-mode') === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation) {
    return 'the request comes from another site';
  }
  return undefined;
}

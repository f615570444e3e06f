import { type Session, protocol } from 'electron';
import { securityHeaders } from '../server/headers.ts';
import type { FindPageFile } from '../server/page-files.ts';

const SCHEME = 'app';
export const PAGE_ORIGIN = `${SCHEME}://assay`;
export const PAGE_URL = `${PAGE_ORIGIN}/index.html`;

/** Has to run before the app is ready. A standard, secure scheme has an origin, so CSP 'self' and storage work. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built page under the scheme, from the same list and with the same headers as the headless shell. */
export function serveAppScheme(session: Session, findFile: FindPageFile): void {
  session.protocol.handle(SCHEME, (request) => {
    const { origin, pathname } = parse(request.url);
    const file = origin === PAGE_ORIGIN && request.method === 'GET' ? findFile(pathname) : undefined;
    if (!file) return new Response('There is no such file.', { status: 404, headers: securityHeaders });
    return new Response(new Uint8Array(file.body), {
      headers: { ...securityHeaders, 'content-type': file.type },
    });
  });
}

/** Shows one document and nothing else, in a session of its own: no script, no file, no network. */
export function serveDocument(session: Session, html: string): string {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  };
  session.protocol.handle(SCHEME, () => new Response(html, { headers }));
  return `${SCHEME}://print/`;
}

/** Node's URL gives a non-special scheme the origin "null", so it is put together here. */
function parse(text: string): { origin: string; pathname: string } {
  const { protocol: scheme, host, pathname } = new URL(text);
  return { origin: `${scheme}//${host}`, pathname };
}

/** True for addresses of the page itself. */
export function isPageUrl(text: string): boolean {
  return URL.canParse(text) && parse(text).origin === PAGE_ORIGIN;
}

import { AppError } from '../../electron/contract/app-error.ts';

const TOKEN_FRAGMENT = /^#token=([\w-]+)$/;

function refused(): AppError {
  return new AppError(
    'UNAUTHORISED',
    'This browser was not let in: the address was used before, or its session has ended. Open the address Assay printed last.',
  );
}

/**
 * Exchanges the token in the address, where there is one, for a session cookie, and takes it out of the address and of
 * the history. Without a token the cookie of an earlier exchange has to be good. Throws UNAUTHORISED.
 */
export async function signIn(page: Window = window): Promise<void> {
  const token = TOKEN_FRAGMENT.exec(page.location.hash)?.[1];
  if (token !== undefined) {
    page.history.replaceState(null, '', page.location.pathname + page.location.search);
    const response = await page.fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (response.ok) return;
  }
  if (!(await isSignedIn(page))) throw refused();
}

/** True while the server knows this browser's session cookie. Rejects where the server cannot be asked. */
async function isSignedIn(page: Window): Promise<boolean> {
  const response = await page.fetch('/session', { cache: 'no-store' });
  return response.ok;
}

/** Throws UNAUTHORISED where the server answers and does not know this browser; passes where it cannot be reached. */
export async function checkSession(page: Window = window): Promise<void> {
  const known = await isSignedIn(page).catch(() => true);
  if (!known) throw refused();
}

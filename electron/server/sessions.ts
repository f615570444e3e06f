import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as text that needs no escaping in an address. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

export interface Sessions {
  /** The token the next browser may use, once. */
  readonly token: string;
  /** The value of a session cookie for the current token, or undefined for any other one; the token is then spent. */
  redeem(token: string): string | undefined;
  isValid(cookie: string | undefined): boolean;
}

export interface SessionsOptions {
  /** Signs session cookies, so that they stay good when the server process is restarted after a crash. */
  readonly secret: string;
  readonly token: string;
  /** Called with the token that takes the place of the one just spent. */
  readonly onSpent: (next: string) => void;
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Tokens are good for one exchange; a cookie is good until the address (and with it the secret) changes. */
export function createSessions({ secret, token: first, onSpent }: SessionsOptions): Sessions {
  let token = first;
  const sign = (id: string) => createHmac('sha256', secret).update(id).digest('base64url');
  return {
    get token() {
      return token;
    },
    redeem(offered) {
      if (!isEqual(offered, token)) return undefined;
      token = createSecret();
      onSpent(token);
      const id = createSecret();
      return `${id}.${sign(id)}`;
    },
    isValid(cookie) {
      const [id, signature, ...rest] = (cookie ?? '').split('.');
      if (id === undefined || signature === undefined || rest.length > 0) return false;
      return isEqual(signature, sign(id));
    },
  };
}

/** The value of one cookie in a `Cookie` header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [key, ...value] = pair.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}

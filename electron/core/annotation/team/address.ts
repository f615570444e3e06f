import { readFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppError } from '../../../contract/app-error.ts';
import type { TeamPlace } from '../../../contract/team.contract.ts';
import { isPrivateAddress } from '../../models/endpoint-address.ts';

/** True for the folder of a local socket and for this machine's own names and addresses. */
export function isLocalHost(host: string): boolean {
  if (host.startsWith('/') || host.toLowerCase() === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

export function isEncrypted({ host, tls }: TeamPlace): boolean {
  return tls === null ? !isLocalHost(host) : tls === 'verify';
}

/** For people and logs; never with a password. */
export function describePlace({ host, port, database, user }: TeamPlace): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

/** Throws TEAM_ADDRESS_REFUSED for a plain connection over a network that was not confirmed, or a socket with TLS. */
export function requireSafePlace(place: TeamPlace): void {
  const { host, confirmPlain } = place;
  if (!isEncrypted(place) && !isLocalHost(host) && !confirmPlain)
    throw new AppError(
      'TEAM_ADDRESS_REFUSED',
      `Nothing was sent: ${host} is another machine, and without TLS password and data would go unencrypted. Use TLS, or confirm that they may.`,
      { host },
    );
  if (place.tls === 'verify' && host.startsWith('/'))
    throw new AppError(
      'TEAM_ADDRESS_REFUSED',
      'Nothing was sent: a local socket has no TLS. Leave TLS off for it.',
    );
}

/**
 * Looks the host up and refuses public addresses unless they were confirmed; asked before every connection, so that a
 * name that changes its address is noticed. Throws TEAM_ADDRESS_REFUSED, TEAM_UNREACHABLE.
 */
export async function requireAllowedAddress({ host, confirmPublic }: TeamPlace): Promise<void> {
  if (isLocalHost(host) || confirmPublic) return;
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const outside = addresses.find((address) => !isPrivateAddress(address));
  if (outside !== undefined)
    throw new AppError(
      'TEAM_ADDRESS_REFUSED',
      `Nothing was sent: ${host} is at ${outside}, which is not on a private network. If your data may go there, confirm it when you connect.`,
      { host, address: outside },
    );
}

async function resolve(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    throw new AppError(
      'TEAM_UNREACHABLE',
      `The team's server was not reached: no machine is called ${host}.`,
      {
        host,
      },
    );
  }
}

/** The TLS part of a connection. Throws TEAM_TLS_FAILED where the file of authorities cannot be read. */
export function readTls(place: TeamPlace): false | { rejectUnauthorized: true; ca?: string } {
  if (!isEncrypted(place)) return false;
  if (place.caFile === null) return { rejectUnauthorized: true };
  try {
    return { rejectUnauthorized: true, ca: readFileSync(place.caFile, 'utf8') };
  } catch (error) {
    throw new AppError(
      'TEAM_TLS_FAILED',
      `Nothing was sent: the file of authorities ${place.caFile} could not be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

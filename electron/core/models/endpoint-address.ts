import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AppError } from '../../contract/app-error.ts';

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv4');
privateNetworks.addAddress('::1', 'ipv6');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/** Loopback, private, link-local and carrier-grade NAT addresses; IPv4 in IPv6 counts as its IPv4. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const version = isIP(plain);
  return version !== 0 && privateNetworks.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

export function refusePublic(host: string, address: string): AppError {
  return new AppError(
    'ENDPOINT_FAILED',
    `Nothing was sent: ${host} is at ${address}, which is not on a private network. If your data may go there, confirm it when you add the endpoint.`,
    { host, address },
  );
}

/**
 * Resolves a host for a connection, and refuses public addresses unless they were confirmed. It is asked at every
 * connection, so that a name that changes its address later is noticed too.
 */
export function makeGuardedLookup(isPublicConfirmed: boolean): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const outside = addresses.find(({ address }) => !isPrivateAddress(address));
      if (outside && !isPublicConfirmed) return callback(refusePublic(host, outside.address), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** Throws ENDPOINT_FAILED for a literal public address; names are looked at when they are resolved. */
export function requireAllowedHost(url: URL, isPublicConfirmed: boolean): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPrivateAddress(host) && !isPublicConfirmed) throw refusePublic(host, host);
}

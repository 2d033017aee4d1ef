/**
 * Whether a connection comes from the user who runs this process, on this host. Linux only: elsewhere nobody is known.
 *
 * The kernel's table of connections names the owner of the other end, which is in our table only when it is on this host
 * (and in this network namespace). Asked while the connection is open: of a closed one nothing is known.
 */

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness, networkInterfaces } from 'node:os';
import { addressBytes, keysOf, ownersIn } from './proc-net-tcp.ts';

/** Whether the socket's other end is of the same user on the same host. Reads the table, some milliseconds at most. */
export function isOwnUser(socket: Socket): boolean {
  return ownUsersOf([socket]).has(socket);
}

/** Those of the sockets whose other end is of the same user on the same host. Reads each table at most once. */
export function ownUsersOf(sockets: readonly Socket[]): Set<Socket> {
  const user = process.getuid?.();
  // What comes from another host need not be looked for, and many engines come from there.
  const near = sockets.filter(({ remoteAddress }) => remoteAddress !== undefined && isNear(remoteAddress));
  const found = new Set<Socket>();
  if (user === undefined) return found;
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const sought = near.filter((socket) => !found.has(socket)).map((socket) => ({ socket, keys: keysOfPeer(socket) }));
    if (sought.length === 0) break;
    const owners = ownersIn(readTable(path), new Set(sought.flatMap(({ keys }) => keys)));
    for (const { socket, keys } of sought) if (keys.some((key) => owners.get(key) === user)) found.add(socket);
  }
  return found;
}

/** How the table may write the connection as the other end sees it. */
function keysOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): string[] {
  if (remoteAddress === undefined || remotePort === undefined) return [];
  if (localAddress === undefined || localPort === undefined) return [];
  return keysOf(
    { address: remoteAddress, port: remotePort },
    { address: localAddress, port: localPort },
    endianness() === 'LE',
  );
}

/** The addresses of this host, and until when they are taken to be these. */
let own = { addresses: new Set<string>(), until: 0 };

const ownAddressesMs = 1000;

function isNear(address: string): boolean {
  const bytes = String(addressBytes(address));
  // All of 127.0.0.0/8 is this host, though no interface lists it.
  if (/^(0,){10}255,255,127,/.test(bytes)) return true;
  if (performance.now() > own.until) {
    const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    const addresses = new Set(all.map((entry) => String(addressBytes(entry.address))));
    own = { addresses, until: performance.now() + ownAddressesMs };
  }
  return own.addresses.has(bytes);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // No IPv6, or not Linux: then nobody is found.
    return '';
  }
}

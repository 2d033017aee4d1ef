/**
 * Linux's table of TCP connections, /proc/net/tcp and tcp6: whose a connection is. Pure.
 *
 * A line has, among others: number: LOCAL REMOTE STATE … … … USER … INODE. An end is ADDRESS:PORT in hexadecimal, the
 * address in words of 32 bits in the byte order of the machine.
 */

/** One end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Established. In other states a socket may have lost its owner. */
const established = '01';

/** Where the user and the inode are among the fields of a line, from that of the state. */
const [userField, inodeField] = [4, 6];

/**
 * The owners of connections.
 *
 * @param table - the text of one file, or of both
 * @param wanted - `LOCAL REMOTE` of the connections to look for, as the table writes them
 * @returns user id by `LOCAL REMOTE`; only connections that are established and have an inode: one that its owner has
 *   closed shows user 0, whoever that was
 */
export function ownersIn(table: string, wanted: ReadonlySet<string>): Map<string, number> {
  const owners = new Map<string, number>();
  // Thousands of lines in the driver's loop: most are left after a look at their beginning.
  for (const line of table.split('\n')) {
    const begin = line.indexOf(': ') + 2;
    const end = line.indexOf(' ', line.indexOf(' ', begin) + 1);
    const ends = line.slice(begin, end);
    if (!wanted.has(ends)) continue;
    const fields = line.slice(end + 1).split(/ +/);
    if (fields[0] === established && /^[1-9]/.test(fields[inodeField] ?? '')) {
      owners.set(ends, Number(fields[userField]));
    }
  }
  return owners;
}

/** How the table may write a connection. An IPv4 connection may be of an IPv4 socket, or of an IPv6 one in mapped form. */
export function keysOf(local: Endpoint, remote: Endpoint, littleEndian: boolean): string[] {
  const [from, to] = [addressBytes(local.address), addressBytes(remote.address)];
  if (from === undefined || to === undefined) return [];
  const key = (cut: number): string =>
    [
      { bytes: from, port: local.port },
      { bytes: to, port: remote.port },
    ]
      .map(({ bytes, port }) => `${hexWords(bytes.slice(cut), littleEndian)}:${hex(port, 4)}`)
      .join(' ');
  return isMapped(from) && isMapped(to) ? [key(12), key(0)] : [key(0)];
}

/** An address as 16 bytes, an IPv4 one in mapped form; undefined for what is no address. */
export function addressBytes(address: string): number[] | undefined {
  const [plain = ''] = address.split('%');
  const [, head = '', dotted] = /^(.*?)((?:\d{1,3}\.){3}\d{1,3})?$/.exec(plain) ?? [];
  const tail = dotted === undefined ? [] : dotted.split('.').map(Number);
  if (tail.some((byte) => byte > 255)) return undefined;
  if (head === '') return tail.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...tail] : undefined;
  // The colon between the groups and the dotted part belongs to neither, unless it is the second of two.
  const groups = tail.length > 0 && !head.endsWith('::') ? head.replace(/:$/, '') : head;
  const halves = groups.split('::').map((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || halves.flat().some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const [before = [], after] = halves.map((half) =>
    half.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]),
  );
  const missing = 16 - before.length - (after?.length ?? 0) - tail.length;
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...Array.from({ length: missing }, () => 0), ...(after ?? []), ...tail];
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
}

function hexWords(bytes: readonly number[], littleEndian: boolean): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    text += (littleEndian ? word.reverse() : word).map((byte) => hex(byte, 2)).join('');
  }
  return text;
}

function hex(value: number, places: number): string {
  return value.toString(16).toUpperCase().padStart(places, '0');
}

import fc from 'fast-check';
import { isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { addressBytes, keysOf, ownersIn } from '../../src/channel/proc-net-tcp.ts';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ';
const lineOf = (ends: string, state: string, user: number, inode: number): string =>
  `  12: ${ends} ${state} 00000000:00000000 02:0007EED6 00000000 ${String(user).padStart(5)}        0 ${inode} 2 0000000000000000 20 4 30 10 -1                   `;

const local = { address: '127.0.0.1', port: 0x1234 };
const remote = { address: '10.2.3.4', port: 80 };
const [key] = keysOf(local, remote, true) as [string];

test('a connection is found under the address and port of both its ends', () => {
  expect(key).toBe('0100007F:1234 0403020A:0050');
  const table = [header, lineOf('0100007F:1234 00000000:0000', '0A', 0, 5), lineOf(key, '01', 1000, 4711), ''].join(
    '\n',
  );
  expect(ownersIn(table, new Set([key]))).toEqual(new Map([[key, 1000]]));
  expect(ownersIn(table, new Set(['0403020A:0050 0100007F:1234']))).toEqual(new Map());
});

test.each([
  ['that its owner has closed', '01', 0, 0],
  ['that is closing', '05', 0, 4711],
  ['that waits for its last packets', '06', 0, 0],
])('a connection %s has no owner, whatever user it shows', (_what, state, user, inode) => {
  expect(ownersIn(lineOf(key, state, user, inode), new Set([key]))).toEqual(new Map());
});

test('an IPv4 connection is looked for as one of an IPv6 socket too', () => {
  const mapped = { address: '::ffff:127.0.0.1', port: 0x1234 };
  for (const end of [local, mapped]) {
    expect(keysOf(end, remote, true)).toEqual([
      key,
      '0000000000000000FFFF00000100007F:1234 0000000000000000FFFF00000403020A:0050',
    ]);
  }
});

test('an IPv6 connection is looked for in words of the byte order of the machine', () => {
  const end = { address: '2001:db8::1', port: 1 };
  expect(keysOf(end, end, true)).toEqual([
    'B80D0120000000000000000001000000:0001 B80D0120000000000000000001000000:0001',
  ]);
  expect(keysOf(end, end, false)).toEqual([
    '20010DB8000000000000000000000001:0001 20010DB8000000000000000000000001:0001',
  ]);
});

test('every way to write an address gives its bytes', () => {
  const v4 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4];
  expect(addressBytes('1.2.3.4')).toEqual(v4);
  expect(addressBytes('::ffff:1.2.3.4')).toEqual(v4);
  expect(addressBytes('::FFFF:102:304')).toEqual(v4);
  expect(addressBytes('64:ff9b::1.2.3.4')).toEqual([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  expect(addressBytes('::')).toEqual(Array.from({ length: 16 }, () => 0));
  expect(addressBytes('fe80::1%eth0')?.slice(-2)).toEqual([0, 1]);
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.256', '::1::2', '1:2:3', ':', '1:2:3:4:5:6:7:8:9', '12345::']) {
    expect([text, addressBytes(text)]).toEqual([text, undefined]);
  }
});

test('what is taken for an IPv6 address is one, and has its groups', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (!isIPv6(address)) return;
      const bytes = addressBytes(address) as number[];
      const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number));
      const canonical = (text: string): string => new URL(`http://[${text}]/`).hostname;
      expect(canonical(groups.map((group) => group.toString(16)).join(':'))).toBe(canonical(address));
    }),
  );
});

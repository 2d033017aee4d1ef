import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastWords, readFailure } from '../../src/context/ssh-words.ts';

describe('what ssh says when it fails', () => {
  test.each([
    // Final: another try would end the same way.
    ['root@node7: Permission denied (publickey).\r\n', 'final', 'Permission denied (publickey)'],
    [
      'Permission denied, please try again.\nbob@n: Permission denied (publickey,password).',
      'final',
      'Permission denied (publickey,password)',
    ],
    ['Host key verification failed.\r\n', 'final', 'Host key verification failed'],
    [
      'No ED25519 host key is known for node7 and you have requested strict checking.\r\nHost key verification failed.\r\n',
      'final',
      'Host key verification failed',
    ],
    [
      'ssh: Could not resolve hostname nosuch: Name or service not known\r\n',
      'final',
      'Could not resolve hostname nosuch: Name or service not known',
    ],
    [
      'Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.7 port 22\r\n',
      'final',
      'Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures',
    ],
    [
      'Unable to negotiate with 10.0.0.7 port 22: no matching host key type found. Their offer: ssh-rsa\r\n',
      'final',
      'Unable to negotiate with 10.0.0.7 port 22: no matching host key type found. Their offer: ssh-rsa',
    ],
    [
      '/home/a/.ssh/config: line 3: Bad configuration option: frobnicate\r\n/home/a/.ssh/config: terminating, 1 bad configuration options\r\n',
      'final',
      '/home/a/.ssh/config: terminating, 1 bad configuration options',
    ],
    [
      'channel 0: open failed: connect failed: Name or service not known\r\nstdio forwarding failed\r\nConnection closed by UNKNOWN port 65535\r\n',
      'final',
      'channel 0: open failed: connect failed: Name or service not known',
    ],
    // Dropped: the sshd, or one on the way to it, has too much to do.
    [
      'kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.7 port 22\r\n',
      'dropped',
      'Connection closed by 10.0.0.7 port 22',
    ],
    [
      'kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.7 port 22\r\n',
      'dropped',
      'Connection reset by 10.0.0.7 port 22',
    ],
    [
      'ssh_exchange_identification: Connection closed by remote host\r\n',
      'dropped',
      'ssh_exchange_identification: Connection closed by remote host',
    ],
    [
      'kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n',
      'dropped',
      'Connection closed by UNKNOWN port 65535',
    ],
    ['Connection timed out during banner exchange\r\n', 'dropped', 'Connection timed out during banner exchange'],
    // Unreachable: it may be booting.
    [
      'ssh: connect to host node7 port 22: Connection refused\r\n',
      'unreachable',
      'connect to host node7 port 22: Connection refused',
    ],
    [
      'ssh: connect to host node7 port 22: No route to host\r\n',
      'unreachable',
      'connect to host node7 port 22: No route to host',
    ],
    [
      'ssh: connect to host node7 port 22: Connection timed out\r\n',
      'unreachable',
      'connect to host node7 port 22: Connection timed out',
    ],
    [
      'ssh: Could not resolve hostname node7: Temporary failure in name resolution\r\n',
      'unreachable',
      'Could not resolve hostname node7: Temporary failure in name resolution',
    ],
    [
      'channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\nConnection closed by UNKNOWN port 65535\r\n',
      'unreachable',
      'channel 0: open failed: connect failed: Connection refused',
    ],
    ['', 'unreachable', undefined],
  ] as const)('%j', (words, failure, reason) => {
    expect(readFailure(words)).toEqual({ failure, reason });
  });

  test('greetings, warnings and debugging are not the reason', () => {
    const words = [
      'Authorized users only. Permission denied to all others.',
      'debug1: Reading configuration data /etc/ssh/ssh_config',
      'Warning: Permanently added node7 (ED25519) to the list of known hosts.',
      '** WARNING: connection is not using a post-quantum key exchange algorithm.',
      '@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@',
    ];
    expect(readFailure([...words, 'Connection closed by 10.0.0.7 port 22', words[2], ''].join('\r\n'))).toEqual({
      failure: 'dropped',
      reason: 'Connection closed by 10.0.0.7 port 22',
    });
    expect(readFailure(words.slice(1).join('\r\n')).reason).toBeUndefined();
  });

  test('what it says after a success is its last line', () => {
    expect(lastWords('Timeout, server node7 not responding.\r\n')).toBe('Timeout, server node7 not responding');
    expect(lastWords('Connection to node7 closed by remote host.\r\n')).toBe(
      'Connection to node7 closed by remote host',
    );
    expect(lastWords('\r\n')).toBeUndefined();
  });

  test('is one line that a terminal can be given, whatever the other host printed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (words) => {
        for (const said of [readFailure(words).reason, lastWords(words)]) {
          if (said === undefined) continue;
          expect(said).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
          expect(said.length).toBeLessThanOrEqual(300);
        }
      }),
    );
    expect(lastWords('\x1b[2J\x1b]0;title\x07gone')).toBe('\\x1b[2J\\x1b]0;title\\x07gone');
  });
});

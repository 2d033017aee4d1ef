/** Which server mail goes through. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMailAddress, mailServer } from '../../src/notify/mail-server.ts';

describe('the server', () => {
  test('is the one of this host, and its certificate may be anything, when none is named', () => {
    const own = { host: 'localhost', port: 25, tls: 'when offered', verified: false, login: undefined };
    expect([mailServer(undefined), mailServer('')]).toEqual([own, own]);
  });

  test.each([
    ['smtp://mail.example.com', 'mail.example.com', 25, 'when offered', false],
    ['smtp://mail.example.com:2525/', 'mail.example.com', 2525, 'when offered', false],
    ['smtp://ada:secret@mail.example.com:587', 'mail.example.com', 587, 'required', true],
    ['smtps://mail.example.com', 'mail.example.com', 465, 'from the beginning', true],
    ['smtps://ada:secret@localhost:1465', 'localhost', 1465, 'from the beginning', false],
    ['smtp://ada:secret@127.0.0.1:2525', '127.0.0.1', 2525, 'when offered', false],
    ['smtp://[::1]:2525', '::1', 2525, 'when offered', false],
  ])('of %s', (url, host, port, tls, verified) => {
    expect(mailServer(url)).toMatchObject({ host, port, tls, verified });
  });

  test('takes a user and a password, with characters that are written as codes', () => {
    expect(mailServer('smtps://ada%40x:p%3Aw%40%2F@h').login).toEqual({ user: 'ada@x', password: 'p:w@/' });
  });

  test.each([
    'mail.example.com',
    'http://h',
    'smtp://',
    'smtp://h/path',
    'smtp://h?x=y',
    'smtps://u:%zz@h',
    'smtp:h:a',
  ])('is not %s: that is said without the value, which may have a password in it', (url) => {
    expect(() => mailServer(url)).toThrow(/^DISBATCH_SMTP_URL names no mail server\. Write smtp:\/\/HOST:PORT or/);
  });
});

describe('an address', () => {
  test.each(['ada@example.com', 'ada', 'a.b+c@x-y.example', "o'neil@x", 'ada@[127.0.0.1]', 'ü@bücher.example'])(
    'is %s',
    (address) => {
      expect(() => checkMailAddress(address)).not.toThrow();
    },
  );

  test.each(['', 'a b@x', 'ada@x\nBcc: eve@y', 'ada@x, eve@y', 'Ada <ada@x>', 'ada@', '@x', 'a@b@c', 'ada@x\r'])(
    'is not %j',
    (address) => {
      expect(() => checkMailAddress(address)).toThrow(/^--mailTo: ".*" is no mail address\./);
    },
  );

  const nasty = ['a', 'b', '@', '.', ',', ';', '<', '>', '(', ' ', '"', '[', ']', ':', 'ü', '\n', '\r', '\0', '\u2028'];

  test('that is taken has nothing that could end a line or add another', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...nasty) }), (address) => {
        try {
          checkMailAddress(address);
        } catch {
          return;
        }
        expect(address).not.toMatch(/[\s<>,;\0-\x1f\x7f]/);
      }),
    );
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { logLevels } from '../../src/base/log-level.ts';
import { Log } from '../../src/base/log.ts';
import { testFolder } from '../support/run-disbatch.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

test("a line has the original's form: date, time with milliseconds, level, name, text", () => {
  const path = join(testFolder(), 'log');
  const log = new Log(path, 'INFO');
  const before = Date.now();
  log.named('Driver')('WARNING', 'it is late');
  const after = Date.now();
  log.close();
  const [, day, time, milliseconds] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) WARNING  Driver {9}: it is late\n$/.exec(read(path)) ?? [];
  const moment = new Date(`${day}T${time}.${milliseconds}`).getTime();
  expect(moment).toBeGreaterThanOrEqual(before);
  expect(moment).toBeLessThanOrEqual(after);
});

test.each(logLevels.map((level, i) => [level, i] as const))(
  'with level %s, what is less urgent is left out',
  (level, rank) => {
    const path = join(testFolder(), 'log');
    const log = new Log(path, level);
    for (const each of logLevels) log.named('x')(each, `said as ${each}`);
    log.close();
    const said = read(path)
      .split('\n')
      .flatMap((line) => /said as (\w+)/.exec(line)?.[1] ?? []);
    expect(said).toEqual(logLevels.slice(0, rank + 1));
  },
);

test('lines of several names stand in the order in which they were said', async () => {
  const path = join(testFolder(), 'log');
  const log = new Log(path, 'DEBUG');
  const [one, two] = [log.named('one'), log.named('two')];
  one('INFO', '1');
  two('INFO', '2');
  await turn();
  one('DEBUG', '3');
  log.close();
  expect(
    read(path)
      .match(/(one|two) +: \d/g)
      ?.map((text) => text.at(-1)),
  ).toEqual(['1', '2', '3']);
});

test('what was said is in the file one turn of the event loop later, also when the log is never closed', async () => {
  const path = join(testFolder(), 'log');
  const log = new Log(path, 'INFO');
  log.named('x')('INFO', 'there');
  await turn();
  expect(read(path)).toContain(': there\n');
  log.close();
});

test('an old log of that name is emptied', () => {
  const path = join(testFolder(), 'log');
  writeFileSync(path, 'old');
  new Log(path, 'INFO').close();
  expect(read(path)).toBe('');
});

describe('a log that fails', () => {
  test('to open is an error', () => {
    expect(() => new Log('/no/such/folder/log', 'INFO')).toThrow(/ENOENT/);
  });

  test('to be written goes quiet, remembers why, and harms nobody', async () => {
    const log = new Log('/dev/full', 'INFO');
    const logger = log.named('x');
    expect(() => logger('INFO', 'lost')).not.toThrow();
    await turn();
    expect(log.failure?.message).toMatch(/ENOSPC/);
    const first = log.failure;
    logger('INFO', 'lost too');
    await turn();
    expect(log.failure).toBe(first);
    expect(() => log.close()).not.toThrow();
  });

  test('nothing said after its close is written, nor is closing it twice an error', () => {
    const path = join(testFolder(), 'log');
    const log = new Log(path, 'INFO');
    log.close();
    log.named('x')('INFO', 'late');
    log.close();
    expect(read(path)).toBe('');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { openTaskSource } from '../../src/driver/task-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'disbatch-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'Tasks');
const line = `# ${'x'.repeat(1000)}\n`;

function* chunksOf(source: ReturnType<typeof openTaskSource>): Generator<string> {
  const chunks = source.chunks();
  for (;;) {
    const chunk = chunks.next();
    if (chunk instanceof Promise) throw new Error('a file is read without waiting');
    if (chunk.done === true) return;
    yield chunk.value;
  }
}

test('a small task file is what it was when it was opened, whatever happens to it then', () => {
  writeFileSync(path, 'echo one\n');
  const source = openTaskSource(path, process.stdin);
  writeFileSync(path, 'echo changed\n');
  expect([...chunksOf(source)].join('')).toBe('echo one\n');
  expect([...chunksOf(source)].join('')).toBe('echo one\n');
});

test('a large task file that changes while it is read is an error, not a mixture', () => {
  writeFileSync(path, line.repeat(20_000));
  const source = openTaskSource(path, process.stdin);
  const chunks = chunksOf(source);
  expect(chunks.next().value).toContain('xxx');
  writeFileSync(path, line.repeat(20_001));
  expect(() => [...chunks]).toThrow(DisbatchError);
  expect(() => [...chunksOf(source)]).toThrow(/was changed while it was being run/);
});

test('a large task file is read whole, twice', () => {
  const text = line.repeat(20_000);
  writeFileSync(path, text);
  const source = openTaskSource(path, process.stdin);
  expect([...chunksOf(source)].join('') === text).toBe(true);
  expect([...chunksOf(source)].join('') === text).toBe(true);
});

import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { PeerChecks } from '../../src/channel/peer-checks.ts';
import { until } from '../support/run-disbatch.ts';

/** Checks whose look at the table takes so long, and what they looked for and answered. */
function checksThatTake(ms: number): { checks: PeerChecks; looks: number[]; answers: boolean[] } {
  const [looks, answers]: [number[], boolean[]] = [[], []];
  const checks = new PeerChecks(
    (_socket, isOwn) => answers.push(isOwn),
    (sockets) => {
      looks.push(sockets.length);
      for (const end = performance.now() + ms; performance.now() < end;);
      return new Set(sockets);
    },
  );
  return { checks, looks, answers };
}

test('who comes first is looked for at once, and all who come soon after with one look', async () => {
  const { checks, looks, answers } = checksThatTake(20);
  checks.ask(new Socket());
  expect(answers).toEqual([true]);
  const start = performance.now();
  for (let i = 0; i < 500; i++) checks.ask(new Socket());
  expect(looks).toEqual([1]);
  await until('all are answered', () => answers.length === 501);
  expect(looks).toEqual([1, 500]);
  // Two thirds of the time are left to others.
  expect(performance.now() - start).toBeGreaterThan(35);
});

test('who is forgotten is not looked for', async () => {
  const { checks, looks, answers } = checksThatTake(5);
  checks.ask(new Socket());
  const [gone, there] = [new Socket(), new Socket()];
  checks.ask(gone);
  checks.ask(there);
  expect(checks.isOpen(gone)).toBe(true);
  checks.forget(gone);
  expect(checks.isOpen(gone)).toBe(false);
  await until('the other is answered', () => answers.length === 2);
  expect(looks).toEqual([1, 1]);
});

test('what is still open can be answered at once', () => {
  const { checks, looks, answers } = checksThatTake(5);
  for (let i = 0; i < 3; i++) checks.ask(new Socket());
  checks.answerAll();
  expect([looks, answers]).toEqual([
    [1, 2],
    [true, true, true],
  ]);
});

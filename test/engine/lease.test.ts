import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease } from '../../src/engine/lease.ts';

test('a lease lasts from when the answered pulse was sent, not from when the answer came', () => {
  const lease = new Lease(100, 0);
  const pulse = lease.pulse(10);
  expect(lease.hasEnded(99)).toBe(false);
  lease.heard(pulse);
  expect(lease.hasEnded(109)).toBe(false);
  expect(lease.hasEnded(110)).toBe(true);
});

test('an answer to a pulse that was never sent, or was answered before, prolongs nothing', () => {
  const lease = new Lease(100, 0);
  lease.heard(7);
  expect(lease.hasEnded(100)).toBe(true);
});

test('the engine takes its lease for ended before the driver does, however long messages are under way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ wait: fc.nat(50), there: fc.nat(200), back: fc.nat(200) }), { maxLength: 20 }),
      (pulses) => {
        const lease = new Lease(100, 0);
        // The driver reckons from when it answered; both clocks are the same here.
        let driverUntil = 100;
        let now = 0;
        const answers: { at: number; number: number }[] = [];
        for (const { wait, there, back } of pulses) {
          now += wait;
          if (lease.hasEnded(now)) break;
          answers.push({ at: now + there + back, number: lease.pulse(now) });
          driverUntil = Math.max(driverUntil, now + there + 100);
          for (const { at, number } of answers) if (at <= now) lease.heard(number);
        }
        expect(lease.hasEnded(driverUntil)).toBe(true);
      },
    ),
  );
});

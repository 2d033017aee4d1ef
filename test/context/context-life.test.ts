/** The life of a context: what it waits for at the end. */

import { expect, test } from 'vitest';
import type { NodePlan } from '../../src/context/context.ts';
import { ContextLife } from '../../src/context/context-life.ts';
import type { EngineEnd } from '../../src/context/engine-start.ts';
import { overSsh } from '../../src/context/ssh.ts';

const node = (name: string): NodePlan => ({ name, cores: 1, slots: 1, coresPerTask: 1 });

/** A context of these hosts whose engines were started; `here` has its engine in the driver's process. */
function begun(names: readonly string[]): {
  readonly context: ContextLife;
  readonly killed: string[];
  readonly ends: Map<string, (how: EngineEnd) => void>;
} {
  const killed: string[] = [];
  const ends = new Map<string, (how: EngineEnd) => void>();
  const context = new ContextLife({
    plan: {
      ...{ label: undefined, nodes: names.map(node), notices: [], transport: overSsh() },
      ...{ usesThisHostDirectly: true, allocation: undefined, knowsFill: false },
    },
    ...{ host: 'here', taskLimit: 0, retirement: undefined },
    isLeased: ({ name }) => name !== 'here',
    start: ({ name }, _rank, _label, ended) => {
      ends.set(name, ended);
      return { close: () => {}, kill: () => killed.push(name) };
    },
    send: () => {},
    log: () => {},
    onLeave: () => {},
  });
  context.receive({ type: 'welcome', rank: 0, label: 'SSH0', firstEngine: 0 });
  return { context, killed, ends };
}

test("the end of a run does not wait for the engine in the driver's process, which is ended at once", async () => {
  const { context, killed } = begun(['here']);
  await context.settle(60_000);
  expect(killed).toContain('here');
});

test('the end of a run waits for the engines on other hosts', async () => {
  const { context, killed, ends } = begun(['here', 'node1', 'node2']);
  let settled = false;
  const settling = context.settle(60_000).then(() => (settled = true));
  ends.get('node1')?.({ problem: undefined, dead: true, status: 0 });
  await Promise.resolve();
  expect(settled).toBe(false);
  ends.get('node2')?.({ problem: undefined, dead: true, status: 0 });
  await settling;
  expect(killed).not.toContain('node1');
});

test('an engine on another host that does not end in time is killed', async () => {
  const { context, killed } = begun(['node1']);
  await context.settle(1);
  expect(killed).toEqual(['node1']);
});

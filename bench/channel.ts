/**
 * How many messages a second does one driver exchange with 1, 10, 100, 1,000 engines over its port, and in how many bytes?
 *
 * The engines run nothing; they are in a process of their own, this file started again. Beside the channel (TLS, numbers,
 * acknowledgements) the same payloads go over bare sockets. Needs Linux (/proc).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { roundsWanted } from './support/rounds.ts';
import {
  openDriver,
  payloadBytes,
  runEngines,
  type Measured,
  type Order,
  type Way,
} from './support/simulated-engines.ts';
import { median, say, sayLoad, sayRatio, shown } from './support/verdicts.ts';

const messages = 40_000;

interface Figures extends Measured {
  /** The driver's processor time for one message and its answer, in µs. */
  readonly cpuMicroseconds: number;
}

/** One measurement: a new port, a new process of engines. */
async function measure(way: Way, engines: number): Promise<Figures> {
  const driver = await openDriver(way);
  const child = spawn(process.execPath, [process.argv[1] as string, 'engines'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the engines ended with exit status ${child.exitCode}`);
    return line.value;
  };
  const order: Order = { way, port: driver.port, key: driver.key, engines, messages };
  child.stdin.write(`${JSON.stringify(order)}\n`);
  await nextLine();
  const before = process.cpuUsage();
  child.stdin.write('go\n');
  const measured = JSON.parse(await nextLine()) as Measured;
  const { user, system } = process.cpuUsage(before);
  child.stdin.end();
  await ended;
  driver.close();
  return { ...measured, cpuMicroseconds: (user + system) / messages };
}

/** The process of the engines. */
async function beEngines(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const order = JSON.parse((await lines.next()).value as string) as Order;
  const measured = await runEngines(order, async () => {
    console.log('ready');
    await lines.next();
  });
  console.log(JSON.stringify(measured));
  await lines.next();
}

function sayFigures(way: Way, all: readonly Figures[]): void {
  const of = (value: (figures: Figures) => number): number => median(all.map(value));
  const rate = of(({ seconds }) => messages / seconds);
  const bytes = of((figures) => figures.bytes / messages);
  const cpu = of(({ cpuMicroseconds }) => cpuMicroseconds);
  say(
    `  ${way}: ${shown(rate)} messages and answers a second, ${shown(bytes)} bytes for both ` +
      `(payload ${payloadBytes}), ${shown(cpu)} µs of the driver's CPU`,
  );
}

async function compare(): Promise<void> {
  const rounds = roundsWanted(3);
  for (const engines of [1, 10, 100, 1000]) {
    sayLoad();
    const [ours, bare]: [Figures[], Figures[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      ours.push(await measure('channel', engines));
      bare.push(await measure('bare sockets', engines));
    }
    const ratios = ours.map(({ seconds }, i) => (bare[i] as Figures).seconds / seconds);
    const name = `${shown(engines)} ${engines === 1 ? 'engine' : 'engines'}`;
    sayRatio(`channel/bare sockets, ${name}`, ratios, { atLeast: 0.3 });
    sayFigures('channel', ours);
    sayFigures('bare sockets', bare);
  }
  sayLoad();
}

if (process.argv[2] === 'engines') await beEngines();
else await compare();

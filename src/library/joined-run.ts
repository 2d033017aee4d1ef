/**
 * A run that the program has joined: its tasks go, and their results come, through the store that both reach. In the
 * process of the program, with a connection for what it puts and one on which it waits.
 *
 *   sign-in ─► messages under the task key … ─► the done value
 *   `RESULTKEY done tasks` ─► a task id ─► `RESULTKEY ID` ─► its result ─► a file of records of our own
 *
 * Always true: as with a run of its own, what is finished is kept in a file, which has no name and goes with the program.
 * The keys begin with a name that no other program has. Source of the protocol: the original.
 */

import { setImmediate } from 'node:timers/promises';
import { bytesOfText, type ByteString } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import type { LineFile } from '../driver/line-file.ts';
import { formatStatusLine } from '../task/status-line.ts';
import { checkJoinOptions, hostPort } from './check-options.ts';
import { defaultName, type Course, type CourseEnd } from './course.ts';
import { recordOfResult } from './joined-results.ts';
import { connect, gone, keysOf, letGo, signIn, type Connections, type Keys } from './joined-store.ts';
import { namelessFile } from './nameless-file.ts';
import type { JoinOptions } from './options.ts';
import type { RecordReader } from './record-reader.ts';
import { Results } from './results.ts';
import { SentMessages } from './sent-messages.ts';

/** How long the store may take to take what was put last. */
const lastMs = 2000;

/** @throws (rejects with) DisbatchError usage, no-store, status-unwritable; the signal's reason */
export async function joinRun(address: string, options: JoinOptions): Promise<Course> {
  checkJoinOptions(options);
  const place = hostPort(address);
  if (place === undefined) {
    throw new DisbatchError('usage', `join: "${address}" is not HOST:PORT, such as localhost:5000.`);
  }
  const connections = await connect(place, address, options);
  try {
    const name = options.name ?? defaultName;
    const keys = keysOf(name);
    await signIn(connections.puts, name, keys);
    return new JoinedRun(address, connections, keys);
  } catch (error) {
    letGo(connections);
    throw error instanceof DisbatchError ? error : gone(address, error);
  }
}

class JoinedRun implements Course {
  readonly results = new Results();
  readonly reader: RecordReader;
  readonly begin = 0;
  readonly statusFile = undefined;
  readonly over: Promise<CourseEnd>;
  private readonly address: string;
  private readonly connections: Connections;
  private readonly keys: Keys;
  private readonly sent = new SentMessages();
  private readonly file: LineFile;
  private unwritten: DisbatchError | undefined;
  private isDone = false;
  private left = false;
  private complete = (): void => {};

  /** @throws DisbatchError status-unwritable */
  constructor(address: string, connections: Connections, keys: Keys) {
    this.address = address;
    this.connections = connections;
    this.keys = keys;
    const { file, reader } = namelessFile({
      trouble: (error) => {
        this.unwritten = error;
        letGo(connections);
      },
      written: (upTo) => this.results.written(upTo),
    });
    this.file = file;
    this.reader = reader;
    this.over = this.follow();
  }

  send(message: ByteString, taskIds: readonly number[]): Promise<void> {
    const room = this.sent.add(taskIds);
    this.put(message);
    return room;
  }

  noMore(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.put(bytesOfText(this.keys.done));
    this.completeIfAll();
  }

  /** The protocol has no word for it: what was sent is run. */
  softStop(): void {}

  end(): void {
    this.noMore();
    this.left = true;
    this.complete();
  }

  forget(): Promise<void> {
    return this.reader.release();
  }

  private put(value: ByteString): void {
    // A connection that is gone is told where its replies are waited for.
    this.connections.puts.put(this.keys.task, Buffer.from(value, 'latin1')).catch(() => letGo(this.connections));
  }

  /** Takes results until all are there, or the run or the program has left. */
  private async follow(): Promise<CourseEnd> {
    const all = new Promise<'all'>((resolve) => (this.complete = () => resolve('all')));
    let failure: unknown;
    try {
      await Promise.race([all, this.takeResults()]);
      // What was put last is to be there before the connection is closed.
      await this.lastWord();
    } catch (error) {
      if (!this.isAll() && !this.left) failure = this.unwritten ?? gone(this.address, error);
    }
    letGo(this.connections);
    this.sent.drop();
    const unwritten = await this.file.close();
    failure ??= unwritten;
    this.results.over(failure);
    // What has been closed is gone in the next turn of the event loop.
    await setImmediate();
    const isAll = this.isAll();
    return { why: isAll ? 'done' : 'ended', exitStatus: isAll ? 0 : 1, failure };
  }

  /** A store that hangs is not waited for. */
  private async lastWord(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, lastMs)));
    await Promise.race([this.connections.puts.obeyed(), late]).finally(() => clearTimeout(timer));
  }

  private async takeResults(): Promise<void> {
    const { takes } = this.connections;
    for (;;) {
      const id = (await takes.get(`${this.keys.result} done tasks`)).value.toString();
      const record = recordOfResult((await takes.get(`${this.keys.result} ${id}`)).value.toString());
      if (record === undefined || this.results.isKnown(record.taskId)) continue;
      this.results.record(record, this.file.append(formatStatusLine(record)));
      this.sent.finished(record.taskId);
      this.completeIfAll();
    }
  }

  private isAll(): boolean {
    return this.isDone && this.sent.unfinished === 0;
  }

  private completeIfAll(): void {
    if (this.isAll()) this.complete();
  }
}

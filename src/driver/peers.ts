/**
 * Engines and contexts on connections: who they say they are, and their messages to and from the driver. In the driver's
 * process.
 *
 *   connection ─► hello ─┬─ engine that is awaited ─► its messages
 *                        ├─ context ─► its messages
 *                        └─ anything else ─► refused, with the reason
 */

import type { Connection } from '../channel/connection.ts';
import type { Logger } from '../base/log.ts';
import type { FromControl } from '../contract/messages.ts';
import {
  decodeFromContext,
  decodeFromControl,
  decodeFromEngine,
  decodeHello,
  encodeMessage,
} from '../contract/wire.ts';
import type { Hello, Message } from '../contract/wire.ts';
import type { Driver } from './driver.ts';

/** How long somebody may take to say who it is. */
const helloMs = 30_000;

export class Peers {
  private readonly driver: Driver;
  private readonly version: string;
  private readonly log: Logger;
  private readonly connections = new Set<Connection>();
  /** Those who wait for the end of the run. */
  private readonly waiting = new Set<Connection>();
  private closed: (() => void) | undefined;

  constructor(driver: Driver, version: string, log: Logger) {
    this.driver = driver;
    this.version = version;
    this.log = log;
  }

  /** Takes over a connection of somebody who has the run's key. */
  accept(connection: Connection): void {
    this.connections.add(connection);
    const late = setTimeout(() => {
      this.refuse(connection, 'it did not say who it is');
      peer = nobody;
    }, helloMs);
    const receive = (payload: Buffer): void => {
      clearTimeout(late);
      peer = this.greet(connection, payload) ?? nobody;
    };
    const unknown: Peer = {
      receive,
      gone: (problem) => {
        this.log('WARNING', `${connection.remote} is gone before it has said who it is: ${problem}`);
      },
    };
    let peer = unknown;
    connection.listen({
      message: (payload) => {
        try {
          peer.receive(payload);
        } catch (error) {
          this.refuse(connection, `it sent what is no message: ${(error as Error).message}`);
          if (peer !== unknown) peer.gone('it sent what is no message');
          peer = nobody;
        }
      },
      close: (problem) => {
        clearTimeout(late);
        this.connections.delete(connection);
        peer.gone(problem ?? 'it hung up');
        if (this.connections.size === 0) this.closed?.();
      },
    });
  }

  /** The run is over: whoever waits for that is told. */
  tellOver(exitStatus: number): void {
    const overview = this.driver.overview();
    for (const connection of this.waiting) sendTo(connection, { type: 'over', exitStatus, overview });
  }

  /** Ends all connections after what is still to be sent; waits for that, though not for long. */
  async close(patienceMs: number): Promise<void> {
    if (this.connections.size === 0) return;
    const closed = new Promise<void>((resolve) => {
      this.closed = resolve;
      setTimeout(resolve, patienceMs).unref();
    });
    for (const connection of this.connections) connection.end();
    await closed;
  }

  private greet(connection: Connection, payload: Buffer): Peer | undefined {
    const hello: Hello = decodeHello(payload.toString());
    if (hello.version !== this.version) {
      this.refuse(connection, `it is disBatch ${hello.version}, and the driver is ${this.version}`);
      return undefined;
    }
    switch (hello.type) {
      case 'context':
        return this.meetContext(connection);
      case 'control':
        return this.meetControl(connection);
      case 'engine':
        return this.meetEngine(connection, hello.rank);
    }
  }

  private meetEngine(connection: Connection, rank: number): Peer | undefined {
    const { driver } = this;
    if (!driver.awaits(rank)) {
      this.refuse(connection, `engine ${rank} is not awaited`);
      return undefined;
    }
    driver.addEngine(rank, {
      send: (message) => sendTo(connection, message),
      drop: () => connection.destroy(),
    });
    this.log('INFO', `engine ${rank} is connected from ${connection.remote}`);
    let left = false;
    return {
      receive: (bytes) => {
        const message = decodeFromEngine(bytes.toString());
        left ||= message.type === 'left';
        driver.fromEngine(rank, message);
      },
      gone: (problem) => {
        if (!left) driver.engineBroken(rank, `the connection is gone (${problem})`);
      },
    };
  }

  private meetContext(connection: Connection): Peer {
    const { driver } = this;
    const rank = driver.addContext((message) => sendTo(connection, message));
    this.log('INFO', `context ${rank} is connected from ${connection.remote}`);
    let left = false;
    return {
      receive: (bytes) => {
        const message = decodeFromContext(bytes.toString());
        left ||= message.type === 'left';
        driver.fromContext(rank, message);
      },
      gone: (problem) => {
        if (!left) driver.fromContext(rank, { type: 'left', problem });
      },
    };
  }

  private meetControl(connection: Connection): Peer {
    this.log('INFO', `somebody looks at the run from ${connection.remote}`);
    return {
      receive: (bytes) => this.answer(connection, decodeFromControl(bytes.toString())),
      gone: () => this.waiting.delete(connection),
    };
  }

  private answer(connection: Connection, message: FromControl): void {
    const { driver } = this;
    switch (message.type) {
      case 'status':
        sendTo(connection, { type: 'overview', overview: driver.overview() });
        return;
      case 'running':
        sendTo(connection, { type: 'running', running: driver.running(message.engines, message.limit) });
        return;
      case 'stop-engine':
        sendTo(connection, { type: 'answer', problem: driver.stopEngine(message.rank) });
        return;
      case 'stop-context':
        sendTo(connection, { type: 'answer', problem: driver.stopContexts(message.label) });
        return;
      case 'stop-run':
        driver.softStop('soft-stop');
        sendTo(connection, { type: 'answer', problem: undefined });
        return;
      case 'wait':
        this.waiting.add(connection);
        return;
    }
  }

  private refuse(connection: Connection, why: string): void {
    this.log('WARNING', `${connection.remote} is refused: ${why}`);
    sendTo(connection, { type: 'refused', why });
    connection.end();
  }
}

/** What is done with what comes from the other side. */
interface Peer {
  /** @throws Error for what is no message */
  receive(payload: Buffer): void;
  gone(problem: string): void;
}

/** Nobody that counts: what still comes is passed over. */
const nobody: Peer = { receive: () => {}, gone: () => {} };

function sendTo(connection: Connection, message: Message): void {
  connection.send(Buffer.from(encodeMessage(message)));
}

/** Somebody else's store as a run uses it: a store of ours, in this process, behind a socket. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { DisbatchError } from '../../src/base/errors.ts';
import { StoreServer } from '../../src/kvs/server.ts';
import { openForeignStore } from '../../src/programs/foreign-store.ts';
import { postRunState } from '../../src/programs/post-run-state.ts';
import type { ProgramStore } from '../../src/programs/program-store.ts';
import { testFolder, until } from '../support/run-disbatch.ts';

interface Bed {
  readonly server: StoreServer;
  readonly address: { readonly host: string; readonly port: number };
  readonly store: ProgramStore;
  readonly lost: DisbatchError[];
  /** Breaks one connection, or all. */
  readonly breakOff: (which?: number) => void;
}

/** @param serve - what becomes of a connection: by default the store serves it */
async function listening(serve: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = createServer(serve).listen(0, '127.0.0.1');
  await once(sockets, 'listening');
  onTestFinished(() => void sockets.close());
  return { host: '127.0.0.1', port: (sockets.address() as AddressInfo).port };
}

async function bed(): Promise<Bed> {
  const server = new StoreServer({ folder: testFolder(), log: () => {} });
  onTestFinished(() => void server.close());
  const served: Socket[] = [];
  const address = await listening((socket) => {
    served.push(socket);
    server.serve(socket);
  });
  const lost: DisbatchError[] = [];
  const store = await openForeignStore(address, (error) => lost.push(error));
  onTestFinished(() => store.close());
  const breakOff = (which?: number): void => {
    for (const socket of which === undefined ? served : [served[which]]) socket?.destroy();
  };
  return { server, address, store, lost, breakOff };
}

const never = new AbortController().signal;
const key = (name: string) => asBytes(name);
const textOf = async (value: Promise<{ value: Buffer }>): Promise<string> => (await value).value.toString();

describe("somebody else's store", () => {
  test('takes what is put, and gives what is taken, without the one waiting for the other', async () => {
    const { server, store, address } = await bed();
    expect(store.address).toBe(`127.0.0.1:${address.port}`);
    const waiting = store.get(key('later'), never);
    store.put(key('a \xff'), 'JSON', Buffer.from('{}\0'));
    expect(await server.get(key('a \xff'))).toEqual({ encoding: 'JSON', value: Buffer.from('{}\0') });
    server.put(key('later'), 'ASTR', Buffer.from('now'));
    expect((await waiting).toString()).toBe('now');
  });

  test('has what was put when it is closed, however much', async () => {
    const { server, store } = await bed();
    for (let i = 0; i < 5000; i++) store.put(key('many'), 'ASTR', Buffer.from(String(i)));
    await store.close();
    for (let i = 0; i < 5000; i++) expect(await textOf(server.get(key('many')))).toBe(String(i));
  });

  test('gives up a wait without taking anything', async () => {
    const { server, store, lost } = await bed();
    const stop = new AbortController();
    const waiting = store.get(key('k'), stop.signal);
    await until('it waits', () => [...server.store.waits()].length > 0);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    server.put(key('k'), 'ASTR', Buffer.from('v'));
    expect((await store.get(key('k'), never)).toString()).toBe('v');
    expect(lost).toEqual([]);
  });

  test('shows one value, the newest, and has it still when it is closed', async () => {
    const { server, store } = await bed();
    for (let i = 0; i <= 100; i++) store.show(key('state'), 'JSON', Buffer.from(String(i)));
    await expect.poll(() => textOf(server.view(key('state')))).toBe('100');
    store.show(key('state'), 'JSON', Buffer.from('last'));
    await store.close();
    expect([...server.store.keys()].map((each) => [each.key, each.count])).toEqual([['state', 1]]);
    expect(await textOf(server.view(key('state')))).toBe('last');
  });

  test('shows the next value though somebody has taken the one before', async () => {
    const { server, store } = await bed();
    store.show(key('state'), 'JSON', Buffer.from('one'));
    expect(await textOf(server.get(key('state')))).toBe('one');
    store.show(key('state'), 'JSON', Buffer.from('two'));
    expect(await textOf(server.view(key('state')))).toBe('two');
  });

  test('has the last state of a run', async () => {
    const { server, store } = await bed();
    let state = { more: 'More tasks.' };
    const end = postRunState(() => state, store);
    expect(await textOf(server.view(key('DisBatch status')))).toBe('{"more":"More tasks."}');
    state = { more: 'No more tasks.' };
    end();
    state = { more: 'too late' };
    end();
    await store.close();
    expect(await textOf(server.view(key('DisBatch status')))).toBe('{"more":"No more tasks."}');
  });

  test.each([0, 1, 2])('is lost when its connection %i breaks, and that is told once', async (which) => {
    const { store, lost, breakOff, address } = await bed();
    const waiting = store.get(key('k'), never).catch((error: unknown) => error);
    breakOff(which);
    await until('it is told', () => {
      store.put(key('p'), 'ASTR', Buffer.from('v'));
      store.show(key('s'), 'ASTR', Buffer.from(String(Math.random())));
      return lost.length > 0;
    });
    breakOff();
    expect(await waiting).toBeInstanceOf(DisbatchError);
    store.put(key('p'), 'ASTR', Buffer.from('v'));
    await store.close();
    expect(lost).toHaveLength(1);
    expect(lost[0]?.code).toBe('no-store');
    expect(lost[0]?.message).toMatch(
      new RegExp(`^The store at 127\\.0\\.0\\.1:${address.port} is gone \\(.+\\), and with it `),
    );
  });

  test('that is not there is told in the words of the system', async () => {
    const opened = openForeignStore({ host: '127.0.0.1', port: 1 }, () => {});
    await expect(opened).rejects.toThrow(
      'There is no store at 127.0.0.1:1 that answers (connection refused). Is the address right?',
    );
    // A name with more than one address.
    await expect(openForeignStore({ host: 'localhost', port: 1 }, () => {})).rejects.toThrow('(connection refused)');
  });

  test('that lets nobody in, or is none, is told', async () => {
    const closing = await listening((socket) => void socket.destroy());
    await expect(openForeignStore(closing, () => {})).rejects.toMatchObject({ code: 'no-store' });
    const other = await listening((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await expect(openForeignStore(other, () => {})).rejects.toMatchObject({ code: 'no-store' });
  });
});

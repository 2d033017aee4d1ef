/** Stores in which programs and a run meet, without a network. */
import type { ByteString } from '../../src/base/byte-string.ts';
import type { ProgramStore } from '../../src/programs/program-store.ts';

/** A store that notes what is put: key, encoding, text. */
export function storeOfPuts(): { readonly store: ProgramStore; readonly puts: [string, string, string][] } {
  const puts: [string, string, string][] = [];
  const { store } = memoryStore();
  return {
    store: { ...store, put: (key, encoding, value) => puts.push([key, encoding, Buffer.from(value).toString()]) },
    puts,
  };
}

export interface MemoryStore {
  readonly store: ProgramStore;
  /** A program puts a value. */
  readonly give: (key: string, value: string) => void;
  /** The keys that are waited for. */
  readonly waits: () => string[];
  /** How many values are left under a key. */
  readonly left: (key: string) => number;
}

/** A store whose values are in memory. */
export function memoryStore(): MemoryStore {
  const values = new Map<string, Buffer[]>();
  const waiting = new Map<string, ((value: Buffer) => void)[]>();
  const give = (key: string, value: string): void => {
    const bytes = Buffer.from(value, 'latin1');
    const next = waiting.get(key)?.shift();
    if (next !== undefined) next(bytes);
    else values.set(key, [...(values.get(key) ?? []), bytes]);
  };
  const get = (key: ByteString, signal: AbortSignal): Promise<Buffer> => {
    const queue = values.get(key);
    const value = queue?.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve, reject) => {
      const waits = waiting.get(key) ?? [];
      waiting.set(key, waits);
      const take = (bytes: Buffer): void => {
        signal.removeEventListener('abort', stop);
        resolve(bytes);
      };
      const stop = (): void => {
        waits.splice(waits.indexOf(take), 1);
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      waits.push(take);
      signal.addEventListener('abort', stop, { once: true });
    });
  };
  return {
    store: { address: 'here:1', put: () => {}, get, show: () => {}, close: async () => {} },
    give,
    waits: () => [...waiting].filter(([, waits]) => waits.length > 0).map(([key]) => key),
    left: (key) => values.get(key)?.length ?? 0,
  };
}

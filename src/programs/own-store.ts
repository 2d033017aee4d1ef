/**
 * The run's own store, for programs. In the driver's process.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';
import type { Logger } from '../base/log.ts';
import type { StoreServer } from '../kvs/server.ts';
import type { ProgramStore } from './program-store.ts';

export function ownStore(
  server: StoreServer,
  address: string,
  log: Logger,
  tell: (text: string) => void,
): ProgramStore {
  let full = false;
  return {
    address,
    put: (key: ByteString, encoding, value) => {
      try {
        server.put(key, asBytes(encoding), value);
      } catch (error) {
        const reason = (error as Error).message;
        if (!full) tell(`What the run puts into the store for programs does not fit in any more: ${reason}.`);
        full = true;
        log('ERROR', `a value for ${key} is not in the store: ${reason}`);
      }
    },
    get: async (key, signal) => (await server.get(key, signal)).value,
    show: (key, encoding, value) => server.replace(key, asBytes(encoding), value),
    close: async () => {},
  };
}

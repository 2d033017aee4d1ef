/**
 * The options by which a run meets programs: whose store it is, and who gives the tasks. Pure.
 */

import type { HostPort } from '../../base/host-port.ts';
import type { RunOptions } from '../../run/run-options.ts';
import { parseAddress } from './parse-address.ts';
import { usage } from './usage.ts';

/** Variables of the environment that options refer to. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The store that takes the place of the run's own, and the program that gives tasks through the store. */
export function programOptions(
  o: Readonly<Record<string, unknown>>,
  env: Environment,
): Pick<RunOptions, 'foreignStore' | 'taskServer'> {
  const kvs = o['kvsserver'] as string | true | undefined;
  const server = o['taskserver'] as string | true | undefined;
  const [kvsText, serverText] = [kvs, server].map((value) => (typeof value === 'string' ? value : undefined));
  const [kvsAddress, serverAddress] = [storeAddress('--kvsserver', kvsText), storeAddress('--taskserver', serverText)];
  if (kvsAddress !== undefined && serverAddress !== undefined && kvsText !== serverText) {
    throw usage(
      `The tasks come from the store of the run: --kvsserver ${kvsText} and --taskserver ${serverText} cannot be two.`,
    );
  }
  const named = kvsAddress ?? serverAddress;
  const command = o['taskcommand'] as string | undefined;
  return {
    foreignStore: named ?? (kvs === true ? storeOfEnvironment(env) : undefined),
    taskServer:
      command === undefined && server === undefined
        ? undefined
        : { command, signInSeconds: (o['signIn'] as number | undefined) ?? 600 },
  };
}

function storeAddress(option: string, text: string | undefined): HostPort | undefined {
  const address = parseAddress(option, text);
  if (address?.port === 0) throw usage(`${option}: a store that is there has a port of its own, not 0.`);
  return address;
}

/** Source of the names: the original's client. */
function storeOfEnvironment(env: Environment): HostPort {
  const { KVSSTCP_HOST: host, KVSSTCP_PORT: port, DISBATCH_KVSSTCP_HOST: both } = env;
  const text = host !== undefined && port !== undefined ? `${host}:${port}` : both;
  const address = storeAddress('--kvsserver', text);
  if (address !== undefined) return address;
  throw usage('--kvsserver: which store? Write --kvsserver HOST:PORT, or set KVSSTCP_HOST and KVSSTCP_PORT.');
}

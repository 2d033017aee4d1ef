/**
 * HOST:PORT as options have it. Pure.
 */

import type { HostPort } from '../base/host-port.ts';
import { usage } from './usage.ts';

/**
 * HOST:PORT; an IPv6 address in brackets.
 *
 * @param option - as the user knows it, for the sentence
 * @throws DisbatchError usage
 */
export function parseAddress(option: string, text: string | undefined): HostPort | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw usage(
      `${option}: "${text}" is not HOST:PORT. Write, for example, localhost:${option === '--use-address' ? '0 (0: any port that is free)' : '5000'}.`,
    );
  }
  return { host: (match[1] ?? match[2]) as string, port };
}

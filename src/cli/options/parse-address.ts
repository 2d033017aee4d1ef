/**
 * HOST:PORT as options have it. Pure.
 */

import { parseHostPort, type HostPort } from '../../base/host-port.ts';
import { usage } from './usage.ts';

/**
 * HOST:PORT; an IPv6 address in brackets.
 *
 * @param option - as the user knows it, for the sentence
 * @throws DisbatchError usage
 */
export function parseAddress(option: string, text: string | undefined): HostPort | undefined {
  if (text === undefined) return undefined;
  const address = parseHostPort(text);
  if (address === undefined) {
    throw usage(
      `${option}: "${text}" is not HOST:PORT. Write, for example, localhost:${option === '--use-address' ? '0 (0: any port that is free)' : '5000'}.`,
    );
  }
  return address;
}

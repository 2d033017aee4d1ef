/**
 * Why a connection failed, in the system's own words or in ours. Runs on both sides; never holds a secret.
 */

import { getSystemErrorMap } from 'node:util';

const handshake: Readonly<Record<string, string>> = {
  ERR_SSL_BINDER_DOES_NOT_VERIFY: 'its key is not the one of this port',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'it does not have the key, or another version of this program',
  ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER: 'it does not accept the key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it does not accept the key, or is another version of this program',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it sent something else than a handshake',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
};

/** A few words for an error of a socket or of a handshake. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { code, errno, reason } = error as Error & { code?: string; errno?: number; reason?: string };
  const known = code === undefined ? undefined : handshake[code];
  if (known !== undefined) return known;
  const ofSystem = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return ofSystem ?? reason ?? error.message;
}

/** Whether the other side closed the connection without a reason. */
export function isHangUp(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/**
 * Which server mail goes through, and how it is spoken to. Pure.
 *
 * A certificate is looked at where something hangs on it: a password, or the user's word (smtps). What goes from server
 * to server in the clear anyway is encrypted when that can be had. On this machine nobody is in between, and the
 * certificates of local servers are signed by themselves.
 */

import { addressText } from '../base/host-port.ts';
import { DisbatchError } from '../base/errors.ts';
import { visible } from '../base/terminal-text.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** When it is encrypted: from the beginning, always before anything of worth, or when the server can. */
  readonly tls: 'from the beginning' | 'required' | 'when offered';
  /** Whether its certificate has to be good. */
  readonly verified: boolean;
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

/** The variable that names another server than this host's. */
export const serverVariable = 'DISBATCH_SMTP_URL';

const thisHost: MailServer = { host: 'localhost', port: 25, tls: 'when offered', verified: false, login: undefined };

/**
 * @param url - `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`; undefined or empty: the server of this host
 * @throws DisbatchError usage
 */
export function mailServer(url: string | undefined): MailServer {
  if (url === undefined || url === '') return thisHost;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const secure = parsed?.protocol === 'smtps:';
  if (parsed === undefined || parsed.hostname === '' || (!secure && parsed.protocol !== 'smtp:')) throw noServer();
  if (!['', '/'].includes(parsed.pathname) || parsed.search !== '' || parsed.hash !== '') throw noServer();
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/i.test(host);
  const login = parsed.username === '' ? undefined : loginOf(parsed);
  return {
    ...{ host, port: parsed.port === '' ? (secure ? 465 : 25) : Number(parsed.port), login },
    tls: secure ? 'from the beginning' : login !== undefined && !isLocal ? 'required' : 'when offered',
    verified: !isLocal && (secure || login !== undefined),
  };
}

function loginOf({ username, password }: URL): MailServer['login'] {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw noServer();
  }
}

/** The value may have a password in it, so it is not shown. */
function noServer(): DisbatchError {
  return new DisbatchError(
    'usage',
    `${serverVariable} names no mail server. Write smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT, with %40 for an @ in the password.`,
  );
}

/** HOST:PORT, for sentences. */
export function serverText(server: MailServer): string {
  return addressText(server);
}

/**
 * Sees to it that an address is one address and nothing else.
 *
 * @throws DisbatchError usage
 */
export function checkMailAddress(address: string): void {
  if (/^[^\s\p{Cc}<>(),;:\\"[\]@]+(@[^\s\p{Cc}<>(),;\\"@]+)?$/u.test(address)) return;
  throw new DisbatchError(
    'usage',
    `--mailTo: "${visible(address)}" is no mail address. Write one, like ada@example.com.`,
  );
}

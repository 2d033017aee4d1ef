/**
 * Who may come in at the web server: looks at a request before anything is done for it. Pure.
 *
 * The secret in the address is what opens. The rest keeps pages of others, in the same browser, from using it: they can name
 * neither our host in `Host` (DNS that was bent to here) nor our origin in `Origin`. Ports do not count: behind a tunnel the
 * browser has another.
 */

/** Headers of a request, as far as they count. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`: what a browser says of who asks. */
  readonly site: string | undefined;
  readonly mode: string | undefined;
  readonly contentType: string | undefined;
}

export interface Gate {
  /** In lower case: by which this server goes. */
  readonly hosts: ReadonlySet<string>;
  /** Takes the same time whatever is asked. */
  readonly isSecret: (word: string) => boolean;
  /** What there is: by its path, '' for the page, whether it is written to as well as read. */
  readonly paths: ReadonlyMap<string, { readonly reads: boolean; readonly writes: boolean }>;
}

export type Decision =
  | { readonly kind: 'pass'; readonly write: boolean; readonly path: string; readonly query: URLSearchParams }
  /** The page, whose address has lost the slash at its end. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'refused'; readonly status: number; readonly problem: string; readonly allow?: string };

export function decide(asked: Asked, gate: Gate): Decision {
  const host = hostOf(asked.host);
  if (host === undefined || !gate.hosts.has(host))
    return refused(403, 'This server does not go by the name in the address. Open it as localhost or 127.0.0.1.');
  const [path, question = ''] = parted(asked.url, '?');
  const [, secret, rest] = /^\/([^/]*)(.*)$/s.exec(path) ?? [];
  if (secret === undefined || rest === undefined || !gate.isSecret(secret))
    return refused(404, 'There is nothing here. Is the address whole, and is the server still the same?');
  if (rest === '') return { kind: 'elsewhere' };
  const name = rest.slice(1);
  const there = gate.paths.get(name);
  if (there === undefined) return refused(404, 'There is nothing of this name.');
  const reads = asked.method === 'GET' || asked.method === 'HEAD';
  const writes = asked.method === 'POST';
  if (!(reads && there.reads) && !(writes && there.writes)) {
    const allow = [...(there.reads ? ['GET', 'HEAD'] : []), ...(there.writes ? ['POST'] : [])].join(', ');
    return { ...refused(405, 'That cannot be done with this.'), allow };
  }
  if (!isOurs(asked, name, writes)) return refused(403, 'Only the page itself may ask for this.');
  if (writes && !/^application\/json(?:\s*;|$)/i.test(asked.contentType ?? ''))
    return refused(415, 'What is sent here is JSON (application/json).');
  return { kind: 'pass', write: writes, path: name, query: new URLSearchParams(question) };
}

/** Whether it is the page that asks, or a person, or a program; not the page of somebody else. */
function isOurs({ host, origin, site, mode }: Asked, name: string, writes: boolean): boolean {
  if (origin !== undefined) return origin === `http://${host}`;
  if (writes) return site === 'same-origin';
  // The page may be opened by a link in a mail.
  return site === undefined || site === 'same-origin' || site === 'none' || (name === '' && mode === 'navigate');
}

/** The name in `Host`, in lower case, without the port; an IPv6 address with its brackets. */
function hostOf(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/i.exec(header ?? '')?.[1]?.toLowerCase();
}

function parted(text: string, by: string): [string, string?] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function refused(status: number, problem: string): Extract<Decision, { kind: 'refused' }> {
  return { kind: 'refused', status, problem };
}

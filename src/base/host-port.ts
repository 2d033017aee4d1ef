/**
 * Where something is to be reached. Pure.
 */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, an IPv6 address in brackets: as options and the environment of tasks have it. */
export function addressText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What addressText wrote, or a user; undefined for what is no address. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

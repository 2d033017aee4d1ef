/**
 * Which view is shown, and of what: kept behind the # of the address, so that going back and links work.
 */

import { signal } from '@preact/signals';

export const views = ['overview', 'timeline', 'tasks', 'engines', 'store'] as const;
export type View = (typeof views)[number];

export interface Route {
  readonly view: View;
  readonly query: URLSearchParams;
}

export const route = signal<Route>(routeOf(location.hash));

addEventListener('hashchange', () => (route.value = routeOf(location.hash)));

function routeOf(hash: string): Route {
  const [name = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const view = views.find((known) => known === name) ?? 'overview';
  return { view, query: new URLSearchParams(query) };
}

/** The address of a view, as an `href`. Empty parameters are left out. */
export function to(view: View, query: Readonly<Record<string, string | number>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const parameters = new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]));
  return `#/${view}${given.length > 0 ? `?${parameters.toString()}` : ''}`;
}

export function go(view: View, query: Readonly<Record<string, string | number>> = {}, replace = false): void {
  if (replace) {
    history.replaceState(null, '', to(view, query));
    route.value = routeOf(location.hash);
  } else {
    location.hash = to(view, query);
  }
}

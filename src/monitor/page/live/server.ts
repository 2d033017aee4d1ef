/**
 * What the page knows of its server. Pure.
 */

/** How the page stands with the server that it came from. Times are seconds since 1970. */
export type ServerState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It does not answer: it is tried again. */
  | { readonly kind: 'cut'; readonly since: number }
  /** It does not answer, and the run was over: it has ended with it. */
  | { readonly kind: 'ended' }
  /** It answers, and does not know this address: it serves another run by now. */
  | { readonly kind: 'refused' };

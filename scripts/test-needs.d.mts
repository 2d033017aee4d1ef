/** The types of test-needs.mjs for the tests. */
export type Need =
  | 'c-compiler'
  | 'tmux'
  | 'chromium'
  | 'parallel'
  | 'python3'
  | 'procps'
  | 'util-linux'
  | 'namespaces'
  | 'sshd'
  | 'login-shells'
  | 'slurm'
  | 'grid-engine';
export const needs: Readonly<Record<Need, { packages: readonly string[]; check: string; purpose: string }>>;
export function isMet(name: Need): boolean;
export function reasonWithout(name: Need): string;

/**
 * Names of nodes for a column that is too narrow for them: shortened where they are all the same, so that they can still be
 * told apart. Pure.
 */

/**
 * @param names - safe to be shown
 * @param most - columns that a name may have
 * @param mark - what stands for what is left out
 * @returns them as they are when all fit; else without the domain that all have, and the ends of such as are still too long
 */
export function shortNames(names: readonly string[], most: number, mark: string): string[] {
  const fits = (name: string): boolean => [...name].length <= most;
  if (names.every(fits)) return [...names];
  const domain = sharedDomain(names);
  const hosts = names.map((name) => name.slice(0, name.length - domain.length));
  // Nodes are numbered, and the number is at the end.
  return hosts.map((name) => (fits(name) ? name : mark + [...name].slice(mark.length - most).join('')));
}

/** The longest end of all of them that begins with a dot, behind something else. */
function sharedDomain(names: readonly string[]): string {
  const [first = ''] = names;
  for (let dot = first.indexOf('.', 1); dot >= 0; dot = first.indexOf('.', dot + 1)) {
    const end = first.slice(dot);
    if (names.every((name) => name.length > end.length && name.endsWith(end))) return end;
  }
  return '';
}

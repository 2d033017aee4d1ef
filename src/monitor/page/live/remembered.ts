/**
 * What the browser remembers of the user's choices.
 */

/** @returns undefined: nothing, or this browser keeps nothing */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`disbatch-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`disbatch-${key}`, value);
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

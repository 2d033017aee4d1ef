/**
 * What was opened and must be closed, in the reverse order. Each closer is called once, whatever the others do.
 */

export class Releasers {
  private closers: (() => void)[] = [];

  add(closer: () => void): void {
    this.closers.push(closer);
  }

  /**
   * Calls all closers, the last added first.
   *
   * @throws what the first of those that failed threw, after all have been called
   */
  release(): void {
    const closers = this.closers.reverse();
    this.closers = [];
    const failures: unknown[] = [];
    for (const close of closers) {
      try {
        close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

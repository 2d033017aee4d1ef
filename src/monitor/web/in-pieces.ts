/**
 * Long work without a long pause: it is done in steps, and between some of them the event loop has its turn. In the process
 * of the web server. Always true: nobody else waits much longer than a step and `turnMs`.
 */

/** How long steps follow each other, in milliseconds. */
const turnMs = 15;

/**
 * @param work - gives way after each step; steps are to take a few milliseconds at most
 * @param signal - nobody wants it any more
 * @throws (rejects with) the signal's reason
 */
export async function inPieces<Result>(work: Generator<void, Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    signal?.throwIfAborted();
    const begun = performance.now();
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() - begun < turnMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

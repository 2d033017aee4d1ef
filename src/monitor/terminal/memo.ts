/**
 * What is worked out once for each sight: several parts of a frame ask for the same rows. Pure, as far as can be told from
 * outside.
 */

/** @param keyOf - what else the answer depends on */
export function oncePer<Of extends object, Rest extends readonly unknown[], Answer>(
  work: (of: Of, ...rest: Rest) => Answer,
  keyOf: (...rest: Rest) => string,
): (of: Of, ...rest: Rest) => Answer {
  const known = new WeakMap<Of, { readonly key: string; readonly answer: Answer }>();
  return (of, ...rest) => {
    const key = keyOf(...rest);
    const before = known.get(of);
    if (before?.key === key) return before.answer;
    const answer = work(of, ...rest);
    known.set(of, { key, answer });
    return answer;
  };
}

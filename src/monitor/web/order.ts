/**
 * Records in the order of a number: sorted by its halves, so that a million take some 50 ms. Pure.
 *
 * Always true: those with the same number stay in the order in which they were given.
 */

const halfBits = 16;
const halves = 1 << halfBits;
const stepLength = 100_000;

/**
 * @param count - how many there are
 * @param indexAt - the record in this place
 * @param keyOf - the number of a record: whole, from 0, below 2^32
 * @returns the indices in their order; gives way now and then
 */
export function* ordered(
  count: number,
  indexAt: (place: number) => number,
  keyOf: (index: number) => number,
): Generator<void, Uint32Array> {
  let [indices, keys] = [new Uint32Array(count), new Uint32Array(count)];
  let [others, otherKeys] = [new Uint32Array(count), new Uint32Array(count)];
  for (let place = 0; place < count; place++) {
    const index = indexAt(place);
    indices[place] = index;
    keys[place] = keyOf(index);
    if (place % stepLength === 0) yield;
  }
  for (const shift of [0, halfBits]) {
    const places = new Uint32Array(halves + 1);
    for (let i = 0; i < count; i++) {
      const half = ((keys[i] as number) >>> shift) & (halves - 1);
      places[half + 1] = (places[half + 1] as number) + 1;
      if (i % stepLength === 0) yield;
    }
    for (let half = 0; half < halves; half++)
      places[half + 1] = (places[half + 1] as number) + (places[half] as number);
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      const half = (key >>> shift) & (halves - 1);
      const place = places[half] as number;
      places[half] = place + 1;
      others[place] = indices[i] as number;
      otherKeys[place] = key;
      if (i % stepLength === 0) yield;
    }
    [indices, others] = [others, indices];
    [keys, otherKeys] = [otherKeys, keys];
  }
  return indices;
}

/**
 * The number that would stand at a place if numbers were sorted, without sorting them. Pure. Time grows with their count
 * alone: sorting ten million takes seconds.
 */

/**
 * @param numbers - are moved about
 * @param place - from 0; below their count
 */
export function select(numbers: Uint32Array, place: number): number {
  let [left, right] = [0, numbers.length - 1];
  while (left < right) {
    const pivot = middleOf(numbers[left] as number, numbers[(left + right) >>> 1] as number, numbers[right] as number);
    let [low, high] = [left - 1, right + 1];
    for (;;) {
      do low++;
      while ((numbers[low] as number) < pivot);
      do high--;
      while ((numbers[high] as number) > pivot);
      if (low >= high) break;
      const moved = numbers[low] as number;
      numbers[low] = numbers[high] as number;
      numbers[high] = moved;
    }
    if (place <= high) right = high;
    else left = high + 1;
  }
  return numbers[place] as number;
}

function middleOf(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
}

/** The smallest number that at least this share of them does not exceed. There must be one. */
export function quantile(numbers: Uint32Array, share: number): number {
  return select(numbers, Math.max(0, Math.ceil(numbers.length * share) - 1));
}

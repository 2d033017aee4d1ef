/**
 * What a timeline shows: which stretch of time, which lanes; and how both are changed.
 *
 * Always true: the window lies within the whole; a window that follows ends at the end of the whole.
 */

import { batch, computed, signal } from '@preact/signals';
import { moved, within, zoomed, type Window } from './window.ts';

/** CSS pixels. */
export const head = 24;
const highestLane = 22;
const lowestLane = 5;

export class TimelineState {
  /** Of the whole run so far. */
  readonly whole = signal<Window | undefined>(undefined);
  private readonly chosen = signal<Window | 'whole' | { readonly lastSeconds: number }>('whole');
  readonly size = signal({ width: 0, height: 480 });
  readonly laneCount = signal(0);
  readonly scroll = signal(0);

  readonly window = computed((): Window | undefined => {
    const [whole, chosen] = [this.whole.value, this.chosen.value];
    if (whole === undefined) return undefined;
    if (chosen === 'whole') return whole;
    return 'lastSeconds' in chosen ? within({ from: whole.to - chosen.lastSeconds, to: whole.to }, whole) : chosen;
  });
  readonly isWhole = computed(() => this.chosen.value === 'whole');
  readonly gutter = computed(() => (this.size.value.width < 520 ? 64 : 104));
  readonly laneHeight = computed(() => {
    const room = this.size.value.height - head;
    return Math.max(lowestLane, Math.min(highestLane, Math.floor(room / Math.max(1, this.laneCount.value))));
  });
  /** No higher than its lanes. */
  readonly highest = computed(() => head + Math.max(3, this.laneCount.value) * highestLane + 8);
  /** Which lanes are seen, the last one exclusive. */
  readonly lanes = computed(() => {
    const first = Math.floor(this.scroll.value / this.laneHeight.value);
    const count = Math.ceil((this.size.value.height - head) / this.laneHeight.value) + 1;
    return { first, last: first + count };
  });

  zoom(factor: number, x: number | undefined): void {
    this.change((window, whole) => {
      const around = x === undefined ? (window.from + window.to) / 2 : this.timeAt(x);
      return zoomed(window, factor, around, whole);
    });
  }

  /** By so much of the window: -0.2 is earlier. */
  shift(share: number): void {
    this.change((window, whole) => moved(window, (window.to - window.from) * share, whole));
  }

  /** By pixels, as something that is dragged. */
  drag(x: number, y: number): void {
    batch(() => {
      if (x !== 0) this.change((window, whole) => moved(window, -x / this.perSecond, whole));
      if (y !== 0) this.scrollBy(-y);
    });
  }

  scrollBy(pixels: number): void {
    const most = this.laneCount.value * this.laneHeight.value - (this.size.value.height - head);
    this.scroll.value = Math.max(0, Math.min(Math.max(0, most), this.scroll.value + pixels));
  }

  scrollToLane(lane: number): void {
    const { first, last } = this.lanes.value;
    if (lane >= first && lane < last - 1) return;
    this.scrollBy((lane - 2) * this.laneHeight.value - this.scroll.value);
  }

  showWhole(): void {
    this.chosen.value = 'whole';
  }

  show(window: Window): void {
    this.change((_, whole) => within(window, whole));
  }

  timeAt(x: number): number {
    const window = this.window.value ?? { from: 0, to: 1 };
    return window.from + (x - this.gutter.value) / this.perSecond;
  }

  laneAt(y: number): number {
    return Math.floor((y - head + this.scroll.value) / this.laneHeight.value);
  }

  xOf(time: number): number {
    return this.gutter.value + (time - (this.window.value?.from ?? 0)) * this.perSecond;
  }

  get perSecond(): number {
    const window = this.window.value ?? { from: 0, to: 1 };
    return (this.size.value.width - this.gutter.value) / (window.to - window.from);
  }

  private change(next: (window: Window, whole: Window) => Window): void {
    const [window, whole] = [this.window.value, this.whole.value];
    if (window === undefined || whole === undefined) return;
    const it = next(window, whole);
    const length = it.to - it.from;
    if (length >= (whole.to - whole.from) * 0.999) this.chosen.value = 'whole';
    // At the right end it goes on with the run.
    else if (it.to >= whole.to - length * 0.001) this.chosen.value = { lastSeconds: length };
    else this.chosen.value = it;
  }
}

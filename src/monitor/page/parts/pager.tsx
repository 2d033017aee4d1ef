/**
 * Turns the pages of a long table.
 */

import { grouped } from '../../../base/terminal-text.ts';

interface Properties {
  readonly what: string;
  readonly from: number;
  readonly count: number;
  readonly total: number;
  readonly onTurn: (from: number) => void;
}

export function Pager({ what, from, count, total, onTurn }: Properties) {
  const last = Math.max(0, Math.floor((total - 1) / count) * count);
  const button = (label: string, sign: string, target: number, isOn: boolean) => (
    <button type="button" class="quiet icon" aria-label={label} disabled={!isOn} onClick={() => onTurn(target)}>
      {sign}
    </button>
  );
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      {button('First page', '«', 0, from > 0)}
      {button('Page before', '‹', Math.max(0, from - count), from > 0)}
      <span class="pager-where">
        {total === 0
          ? 'none'
          : `${grouped(Math.min(from + 1, total))}–${grouped(Math.min(from + count, total))} of ${grouped(total)}`}
      </span>
      {button('Next page', '›', Math.min(last, from + count), from + count < total)}
      {button('Last page', '»', last, from + count < total)}
    </nav>
  );
}

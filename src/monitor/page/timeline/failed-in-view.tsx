/**
 * The failures that a timeline shows, as a list: for the keyboard, and for who does not see it.
 */

import { counted, visible } from '../../../base/terminal-text.ts';
import { timeOfDay, took } from '../parts/words.ts';
import { failedSpans, type Lanes, type Span } from './spans.ts';
import type { Window } from './window.ts';

const most = 40;

interface Properties {
  readonly lanes: Lanes;
  readonly window: Window | undefined;
  readonly onOpen: (span: Span) => void;
}

export function FailedInView({ lanes, window, onOpen }: Properties) {
  const failed = window === undefined ? [] : failedSpans(lanes, window.from, window.to);
  if (failed.length === 0) return null;
  return (
    <details class="failed-in-view">
      <summary>Failures in view as a list{failed.length > most ? `, the first ${most}` : ''}</summary>
      <ul>
        {failed.slice(0, most).map((span) => (
          <li key={`${span.lane} ${span.from}`}>
            <button type="button" class="quiet small" onClick={() => onOpen(span)}>
              {timeOfDay(span.from)}, {took(span.to - span.from)},{' '}
              {visible(lanes.lanes[span.lane - lanes.first]?.node ?? `row ${span.lane}`)}
              {span.count > 1 ? `: ${counted(span.count, 'task')}` : ''}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

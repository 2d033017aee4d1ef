/** States of the terminal monitor for its tests. */

import fc from 'fast-check';
import { views, type MonitorState, type ViewState } from '../../../src/monitor/terminal/state.ts';
import { anyText } from './sights.ts';

const anyView: fc.Arbitrary<ViewState> = fc.record({
  ...{ cursor: fc.nat(40), key: fc.option(fc.nat(30), { nil: undefined }), first: fc.nat(40), sort: fc.nat(7) },
  ...{ reversed: fc.boolean(), search: fc.oneof(fc.constant(''), fc.constant('e'), anyText) },
});

/** Any state that keys can lead to, and some that they cannot. */
export const anyState: fc.Arbitrary<MonitorState> = fc.record({
  ...{ view: fc.constantFrom(...views), views: fc.record({ engines: anyView, running: anyView, failed: anyView }) },
  ...{ onlyEngine: fc.option(fc.nat(3), { nil: undefined }), typing: fc.option(anyText, { nil: undefined, freq: 2 }) },
  dialog: fc.option(
    fc.record({
      ...{ stop: fc.constant({ type: 'stop-run' as const }), title: fc.constant('Stop?'), done: fc.constant('Done.') },
      text: fc.constantFrom('Short.', 'A text that is much longer than a line of a box is wide, again. '.repeat(4)),
    }),
    { nil: undefined, freq: 2 },
  ),
  open: fc.constantFrom(undefined, undefined, 'help' as const, { record: 0 }),
  scroll: fc.nat(30),
  message: fc.option(fc.record({ text: anyText, bad: fc.boolean() }), { nil: undefined }),
});

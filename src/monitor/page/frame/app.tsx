/**
 * The page: its head, the tabs, the view that is open, and what lies above it.
 */

import type { ComponentChild } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import { grouped, visible } from '../../../base/terminal-text.ts';
import type { StoreAnswer } from '../../web/answers.ts';
import { Engines } from '../engines/engines.tsx';
import { askToStopRun, StopDialog } from '../engines/stop-dialog.tsx';
import { isLive, liveStamp, run } from '../live/live.ts';
import { route, to, type View } from '../live/route.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Overview } from '../overview/overview.tsx';
import { Store } from '../store/store.tsx';
import { TaskDetails } from '../tasks/details.tsx';
import { Tasks } from '../tasks/tasks.tsx';
import { Timeline } from '../timeline/timeline.tsx';
import { Announcer } from './announcer.tsx';
import { Header } from './header.tsx';
import { HelpDialog, usePageKeys } from './help.tsx';

const contents: Readonly<Record<View, () => ComponentChild>> = {
  ...{ overview: () => <Overview />, timeline: () => <Timeline />, tasks: () => <Tasks /> },
  ...{ engines: () => <Engines />, store: () => <Store /> },
};

export function App() {
  const [isHelpOpen, setHelp] = useState(false);
  const help = useCallback(() => setHelp(true), []);
  usePageKeys(help);
  const { view } = route.value;
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        To the content
      </a>
      <Header
        onHelp={help}
        onStop={() => {
          if (run.value !== undefined) askToStopRun(run.value);
        }}
      />
      <Tabs view={view} />
      <main id="content" tabIndex={-1} key={view}>
        {run.value === undefined ? <p class="nothing">…</p> : contents[view]()}
      </main>
      <Footer />
      <Announcer />
      <TaskDetails />
      <StopDialog />
      {isHelpOpen && <HelpDialog onClose={() => setHelp(false)} />}
    </>
  );
}

/** The part behind # is the view's: the link must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** Somebody may wait for what is to be typed. */
const storePauseMs = 3000;

function Tabs({ view }: { readonly view: View }) {
  const it = run.value;
  const { answer } = useAnswer<StoreAnswer>(isLive.value ? 'store' : undefined, liveStamp.value, storePauseMs);
  const hasStore = view === 'store' || (answer !== undefined && answer.total > 0);
  const isAsked = answer?.keys.some(({ input, waiters }) => input !== null && waiters > 0) === true;
  const tab = (name: View, text: string, count: string | undefined) => (
    <li>
      <a href={to(name)} aria-current={view === name ? 'page' : undefined}>
        {text}
        {count !== undefined && <span class="tab-count">{count}</span>}
      </a>
    </li>
  );
  const failed = it?.figures.failed ?? 0;
  return (
    <nav class="tabs" aria-label="Views">
      <ul>
        {tab('overview', 'Overview', undefined)}
        {tab('timeline', 'Timeline', undefined)}
        {tab('tasks', 'Tasks', failed > 0 ? `${grouped(failed)} failed` : undefined)}
        {tab('engines', 'Engines', (it?.engines ?? 0) > 0 ? grouped(it?.engines ?? 0) : undefined)}
        {hasStore && tab('store', 'Store', isAsked ? 'asked' : undefined)}
      </ul>
    </nav>
  );
}

function Footer() {
  const it = run.value;
  if (it === undefined) return <footer />;
  return (
    <footer>
      <span>
        disBatch {visible(it.version)} on {visible(it.host)}
      </span>
      <span>
        records in <code>{visible(it.statusFile)}</code>
        {it.foreignLines > 0 && `, with ${grouped(it.foreignLines)} lines that are none`}
      </span>
      {it.detailsFile !== null && (
        <span>
          details in <code>{visible(it.detailsFile)}</code>
        </span>
      )}
      {it.resultsFolder !== null && (
        <span>
          outputs in <code>{visible(it.resultsFolder)}</code>
        </span>
      )}
      <span>
        <a href={to('store')}>Key-value store</a> · <a href="metrics">Metrics</a>
      </span>
    </footer>
  );
}

/**
 * Asks before something is stopped softly, and says what will happen.
 */

import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { counted, visible } from '../../../base/terminal-text.ts';
import type { ContextOverview, EngineOverview } from '../../../contract/overview.ts';
import type { RunAnswer, StopWanted } from '../../web/answers.ts';
import { tell } from '../live/ask.ts';
import { run } from '../live/live.ts';
import { Dialog } from '../parts/dialog.tsx';

/** What is to be stopped, and how it is called. */
interface Asked {
  readonly wanted: StopWanted;
  readonly title: string;
  /** What will happen. */
  readonly points: readonly string[];
}

const asked = signal<Asked | undefined>(undefined);

export function askToStopRun({ figures }: RunAnswer): void {
  const left = figures.total === null ? undefined : figures.total - figures.done - figures.running;
  asked.value = {
    wanted: { what: 'run' },
    title: 'Stop the run?',
    points: [
      left === undefined
        ? 'No further task is started.'
        : `No further task is started: ${counted(left, 'task')} will not have run.`,
      figures.running > 0
        ? `The ${counted(figures.running, 'task')} that run now are waited for.`
        : 'Nothing runs now, so it ends at once.',
      'Then the run is over. It can be resumed later with its status file.',
    ],
  };
}

/** @param others - how many engines are there beside its own */
export function askToStopContext({ label }: ContextOverview, own: readonly EngineOverview[], others: number): void {
  const running = own.reduce((sum, engine) => sum + engine.running, 0);
  asked.value = {
    wanted: { what: 'context', label },
    title: `Stop the context ${visible(label)}?`,
    points: [`Its ${counted(own.length, 'engine')} get no further tasks.`, ...after(running, 'They leave', others)],
  };
}

/** @param others - how many engines are there beside it */
export function askToStopEngine({ rank, node, running }: EngineOverview, others: number): void {
  asked.value = {
    wanted: { what: 'engine', rank },
    title: `Stop the engine on ${visible(node)}?`,
    points: [`Engine ${rank} gets no further tasks.`, ...after(running, 'It leaves', others)],
  };
}

function after(running: number, leaves: string, others: number): string[] {
  return [
    running > 0
      ? `${counted(running, 'task')} that run there now are waited for. ${leaves} after that.`
      : `${leaves} at once.`,
    others > 0
      ? `The run goes on with the other ${counted(others, 'engine')}.`
      : 'No other engine is there: the run ends with tasks left, unless it was started with -S and waits for hosts.',
  ];
}

export function StopDialog() {
  const it = asked.value;
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (it === undefined) return null;
  const close = (): void => {
    asked.value = undefined;
    setProblem(null);
    setBusy(false);
  };
  const stop = async (): Promise<void> => {
    setBusy(true);
    const why = await tell('stop', it.wanted);
    if (why === null) close();
    setProblem(why);
    setBusy(false);
  };
  return (
    <Dialog title={it.title} onClose={close}>
      <ul class="points">
        {it.points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
      {problem !== null && (
        <p class="problem" role="alert">
          {visible(problem)}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="quiet" autofocus onClick={close}>
          Let it go on
        </button>
        <button
          type="button"
          class="danger"
          disabled={isBusy || run.value?.link !== 'live'}
          onClick={() => void stop()}
        >
          Stop it softly
        </button>
      </div>
    </Dialog>
  );
}

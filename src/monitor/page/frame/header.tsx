/**
 * The head of the page: whose run it is, how it stands, and the switches of the page.
 */

import { visible } from '../../../base/terminal-text.ts';
import { isLive, run, server } from '../live/live.ts';
import { nextTheme, theme } from '../live/theme.ts';
import { headline, stateOf, troubleOf } from '../parts/words.ts';
import { Progress } from './progress.tsx';

interface Properties {
  readonly onHelp: () => void;
  readonly onStop: () => void;
}

export function Header({ onHelp, onStop }: Properties) {
  const it = run.value;
  const said = stateOf(it);
  const isStoppable = isLive.value && it?.phase === 'running';
  return (
    <header class="header">
      <div class="header-row">
        <div class="header-name">
          <h1>{it === undefined ? 'disBatch' : visible(it.taskName)}</h1>
          <span class={`state state-${said.tone}`}>
            <span class="state-dot" aria-hidden="true" />
            {said.words}
          </span>
        </div>
        <div class="header-buttons">
          {isStoppable && (
            <button type="button" class="quiet" onClick={onStop}>
              Stop the run…
            </button>
          )}
          <ThemeButton />
          <button
            type="button"
            class="quiet icon"
            aria-label="Keys and help"
            title="Keys and help (?)"
            onClick={onHelp}
          >
            ?
          </button>
        </div>
      </div>
      <Trouble />
      {it !== undefined && <p class="headline">{headline(it)}</p>}
      <Progress />
    </header>
  );
}

function Trouble() {
  const text = troubleOf(run.value, server.value);
  return text === undefined ? null : <p class="trouble">{text}</p>;
}

const themeSigns = { system: '◐', light: '☀', dark: '☾' } as const;

function ThemeButton() {
  const label = { system: 'as the system', light: 'light', dark: 'dark' }[theme.value];
  return (
    <button
      type="button"
      class="quiet icon"
      aria-label={`Colours: ${label}. Change`}
      title={`Colours: ${label} (c)`}
      onClick={nextTheme}
    >
      <span aria-hidden="true">{themeSigns[theme.value]}</span>
    </button>
  );
}

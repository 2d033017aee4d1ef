/**
 * The table of contexts, with the buttons that stop them softly.
 */

import { grouped, visible } from '../../../base/terminal-text.ts';
import type { ContextOverview, EngineOverview } from '../../../contract/overview.ts';
import { isLive } from '../live/live.ts';
import { Panel } from '../parts/panel.tsx';
import { isThere } from './sorted-engines.ts';
import { askToStopContext } from './stop-dialog.tsx';

interface ContextsProperties {
  readonly contexts: readonly ContextOverview[];
  readonly engines: readonly EngineOverview[];
}

export function Contexts({ contexts, engines }: ContextsProperties) {
  return (
    <Panel title="Contexts">
      <div class="scrolls" tabIndex={0} role="region" aria-label="Table of contexts">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">label</th>
              <th scope="col">host</th>
              <th scope="col" class="number">
                engines
              </th>
              <th scope="col" class="number">
                running
              </th>
              <th scope="col" class="number">
                tasks given
              </th>
              <th scope="col">state</th>
              <th scope="col">
                <span class="heard-only">stop</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {contexts.map((context) => {
              const own = engines.filter((engine) => engine.context === context.rank);
              const there = own.filter(isThere);
              return (
                <tr key={context.rank}>
                  <th scope="row">{visible(context.label)}</th>
                  <td>{visible(context.host)}</td>
                  <td class="number">
                    {grouped(there.length)}
                    {there.length < own.length && <span class="dim"> of {grouped(own.length)}</span>}
                  </td>
                  <td class="number">{grouped(own.reduce((sum, { running }) => sum + running, 0))}</td>
                  <td class="number">
                    {grouped(context.assigned)}
                    {context.taskLimit > 0 && <span class="dim"> of {grouped(context.taskLimit)}</span>}
                  </td>
                  <td>{context.left ? 'has left' : 'takes part'}</td>
                  <td class="acts">
                    {isLive.value && !context.left && (
                      <button
                        type="button"
                        class="quiet small"
                        aria-label={`Stop context ${visible(context.label)}`}
                        onClick={() => askToStopContext(context, there, engines.filter(isThere).length - there.length)}
                      >
                        Stop…
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

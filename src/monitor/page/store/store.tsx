/**
 * The key-value store: who waits for what, the values, and boxes for what somebody waits to have typed.
 */

import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { grouped, visible } from '../../../base/terminal-text.ts';
import type { StoreAnswer, StoreKey } from '../../web/answers.ts';
import { tell } from '../live/ask.ts';
import { isLive, liveStamp } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { bytesText } from '../parts/words.ts';
import { Value } from './value.tsx';

const pauseMs = 2000;
/** Another one: something was put. */
const putStamp = signal(0);

export function Store() {
  const path = isLive.value ? 'store' : undefined;
  const { answer, problem } = useAnswer<StoreAnswer>(path, `${liveStamp.value} ${putStamp.value}`, pauseMs);
  const inputs = answer?.keys.filter(({ input, waiters }) => input !== null && waiters > 0) ?? [];
  return (
    <>
      {inputs.length > 0 && (
        <Panel title="Asked for" kind="asked">
          {inputs.map((it) => (
            <InputBox key={it.key} of={it} />
          ))}
        </Panel>
      )}
      <Panel
        title="Key-value store"
        beside={answer !== undefined && <code class="dim">{visible(answer.address)}</code>}
      >
        <Problem text={problem} />
        {!isLive.value && <Nothing>The store goes with the run, and the run cannot be asked.</Nothing>}
        {answer?.keys.length === 0 && <Nothing>It is empty, and nobody waits for anything.</Nothing>}
        {answer !== undefined && answer.keys.length > 0 && <Keys keys={answer.keys} total={answer.total} />}
        {isLive.value && <PutForm />}
      </Panel>
    </>
  );
}

function Keys({ keys, total }: { readonly keys: readonly StoreKey[]; readonly total: number }) {
  return (
    <>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Table of keys">
        <table class="table keys-table">
          <thead>
            <tr>
              <th scope="col">key</th>
              <th scope="col" class="number">
                values
              </th>
              <th scope="col" class="number">
                waiting
              </th>
              <th scope="col">newest value</th>
            </tr>
          </thead>
          <tbody>
            {keys.map((it) => (
              <tr key={it.key}>
                <th scope="row">
                  <code>{visible(it.key)}</code>
                </th>
                <td class="number">{grouped(it.values)}</td>
                <td class={`number ${it.waiters > 0 ? '' : 'dim'}`}>{grouped(it.waiters)}</td>
                <td class="value-cell">
                  <Value of={it} />
                  {it.encoding !== null && (
                    <span class="dim">
                      {it.encoding}, {bytesText(it.bytes)}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {keys.length < total && (
        <p class="dim">
          {grouped(keys.length)} of {grouped(total)} keys.
        </p>
      )}
    </>
  );
}

/** What became of something that was put. */
function useSending(): {
  readonly problem: string | null;
  readonly send: (key: string, value: string) => Promise<boolean>;
} {
  const [problem, setProblem] = useState<string | null>(null);
  return {
    problem,
    send: async (key, value) => {
      const why = await tell('store', { key, value });
      setProblem(why);
      putStamp.value++;
      return why === null;
    },
  };
}

function InputBox({ of: { key, input, waiters } }: { readonly of: StoreKey }) {
  const [typed, setTyped] = useState('');
  const { problem, send } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await send(key, typed)) setTyped('');
  };
  return (
    <form class="input-box" onSubmit={(event) => void submit(event)}>
      <label>
        <span class="input-name">{visible(input?.name ?? key)}</span>
        <input
          type="text"
          value={typed}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
      <button type="submit">Put</button>
      <span class="dim">
        {grouped(waiters)} waiting
        {input !== null && input.format !== '' && `, as ${visible(input.format)}`}
      </span>
      {problem !== null && (
        <p class="problem" role="alert">
          {visible(problem)}
        </p>
      )}
    </form>
  );
}

function PutForm() {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const { problem, send } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await send(key, value)) setValue('');
  };
  return (
    <details class="put">
      <summary>Put a value</summary>
      <form onSubmit={(event) => void submit(event)}>
        <label>
          key
          <input
            type="text"
            required
            value={key}
            spellcheck={false}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
        </label>
        <label>
          value
          <textarea
            rows={3}
            value={value}
            spellcheck={false}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </label>
        <button type="submit">Put</button>
        {problem !== null && (
          <p class="problem" role="alert">
            {visible(problem)}
          </p>
        )}
      </form>
    </details>
  );
}

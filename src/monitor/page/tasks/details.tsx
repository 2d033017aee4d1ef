/**
 * All that is known of one task, above the page.
 */

import type { ComponentChildren } from 'preact';
import { grouped, visible } from '../../../base/terminal-text.ts';
import type { TaskRow } from '../../web/answers.ts';
import { run } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Problem } from '../parts/panel.tsx';
import { bytesText, dateText, timeOfDay, took, visibleLines } from '../parts/words.ts';
import { opened } from './opened.ts';

export function TaskDetails() {
  const what = opened.value;
  const { answer, problem } = useAnswer<TaskRow>(typeof what === 'number' ? `task?index=${what}` : undefined, 0, 0);
  if (what === undefined) return null;
  const row = typeof what === 'number' ? (answer?.index === what ? answer : undefined) : what;
  return (
    <Dialog title={row === undefined ? 'Task' : titleOf(row)} kind="sheet" onClose={() => (opened.value = undefined)}>
      <Problem text={problem} />
      {row !== undefined && <Facts row={row} />}
    </Dialog>
  );
}

function titleOf({ kind, taskId }: TaskRow): string {
  const names = {
    task: 'Task',
    'per-engine': 'Per-engine task',
    skipped: 'Task of an earlier run,',
    late: 'Late task',
  };
  return kind === 'barrier' || kind === 'check-barrier' ? `Barrier, task ${taskId}` : `${names[kind]} ${taskId}`;
}

function Facts({ row }: { readonly row: TaskRow }) {
  const { lineNumber, repeatIndex, node, pid, elapsed, start, finish, at } = row;
  const moment = (seconds: number): string => `${dateText(seconds)} ${timeOfDay(seconds)}`;
  return (
    <>
      <p class={`verdict ${row.failed ? 'is-bad' : 'is-good'}`}>{row.failed ? visible(row.how) : 'went well'}</p>
      <div class="labelled">
        <h3>Command</h3>
        <CopyButton text={row.command} what="the command" />
      </div>
      <pre class="whole-command" tabIndex={0}>
        {visible(row.command)}
      </pre>
      <Output
        name="Error output"
        bytes={row.errorBytes}
        snippet={row.errorSnippet}
        isCut={row.errorCut}
        file={row.errorFile}
      />
      <Output
        name="Output"
        bytes={row.outputBytes}
        snippet={row.outputSnippet}
        isCut={row.outputCut}
        file={row.outputFile}
      />
      <dl class="facts">
        <Fact name="node">
          {visible(node)}
          {pid > 0 && <span class="dim"> (process {pid})</span>}
        </Fact>
        <Fact name="began">{moment(start)}</Fact>
        <Fact name="ended">{moment(finish)}</Fact>
        <Fact name="took">{took(elapsed)}</Fact>
        <Fact name="line of the task file">
          {lineNumber}
          {repeatIndex >= 0 && `, number ${repeatIndex} of its REPEAT`}
        </Fact>
        <Fact name="its record">
          byte {grouped(at)} of <code>{visible(run.value?.statusFile ?? 'the status file')}</code>
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface OutputProperties {
  readonly name: string;
  readonly bytes: number;
  readonly snippet: string;
  readonly isCut: boolean;
  readonly file: string | null;
}

function Output({ name, bytes, snippet, isCut, file }: OutputProperties) {
  if (bytes === 0 && snippet === '' && file === null) return null;
  return (
    <>
      <div class="labelled">
        <h3>{name}</h3>
        <span class="dim">{bytesText(bytes)}</span>
        {file !== null && <CopyButton text={file} what={`the name of the file of the ${name.toLowerCase()}`} />}
      </div>
      {isCut && <p class="problem">It could not be kept whole.</p>}
      {snippet !== '' && (
        <pre class="snippet" tabIndex={0}>
          {visibleLines(snippet)}
        </pre>
      )}
      {file !== null && (
        <p class="dim">
          whole in <code>{visible(file)}</code>
        </p>
      )}
    </>
  );
}

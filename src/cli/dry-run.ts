/**
 * `--dry-run`: prints the tasks as they would run, and the slots they would have. Runs nothing and makes no file.
 *
 * Columns: what would happen, task id, line number, repeat index, command.
 */

import { visible } from '../base/terminal-text.ts';
import type { ContextPlan } from '../context/context.ts';
import type { Feeder } from '../driver/feeder.ts';
import type { FeedItem } from '../driver/state.ts';
import { writtenCommand } from '../task/status-line.ts';
import { noRepeat } from '../task/task.ts';
import type { Printer } from './printer.ts';

export async function printDryRun(feeder: Feeder, plan: ContextPlan | undefined, printer: Printer): Promise<void> {
  const slots = (plan?.nodes ?? []).map(
    (node) =>
      `${node.name}: ${node.slots} ${node.slots === 1 ? 'slot' : 'slots'}, cores for each: ${Math.max(1, node.coresPerTask)}`,
  );
  await printer.print(`# ${slots.join('; ') || 'no hosts yet (-S)'}\n# what\tTaskID\tLineNum\tRepeatIndex\tCommand\n`);
  for (;;) {
    const items = await feeder.next(1000);
    if (items === undefined) return;
    let text = '';
    for (const item of items) {
      const line = dryLine(item);
      text += `${printer.isTerminal ? visible(line).replace(/\\t/g, '\t') : line}\n`;
    }
    if (!(await printer.print(text))) return;
  }
}

function dryLine(item: FeedItem): string {
  switch (item.kind) {
    case 'task':
      return `run\t${item.taskId}\t${item.lineNumber}\t${item.repeatIndex}\t${writtenCommand(item.command)}`;
    case 'skip': {
      const { taskId, lineNumber, repeatIndex, command } = item.record;
      return `skip\t${taskId}\t${lineNumber}\t${repeatIndex}\t${writtenCommand(command)}`;
    }
    case 'barrier':
      return `${item.check ? 'check' : 'barrier'}\t${item.taskId}\t${item.lineNumber}\t${noRepeat}\t${writtenCommand(item.text)}`;
    case 'per-engine':
      return `${item.moment}\t${item.taskId}\t${item.lineNumber}\t${noRepeat}\t${writtenCommand(item.command)}`;
  }
}

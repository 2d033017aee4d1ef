/** News for tests, and records as tasks end. */
import { newBatch, Gathering } from '../../src/notify/gathering.ts';
import type { News, RunFarewell } from '../../src/notify/news.ts';
import type { RunSnapshot } from '../../src/contract/snapshot.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { failureOf, snapshotOf } from '../monitor/snapshots.ts';

/** A task that went well, but for what is given. */
export function done(taskId: number, given: Parameters<typeof failureOf>[0] = {}): StatusRecord {
  return failureOf({ taskId, lineNumber: taskId + 1, exitCode: 0, command: 'true', ...given });
}

/** A task that failed. */
export function failed(taskId: number, given: Parameters<typeof failureOf>[0] = {}): StatusRecord {
  return done(taskId, { exitCode: 3, command: 'false', ...given });
}

export const wordsFor = ({ exitCode }: StatusRecord): string => `exit code ${exitCode}`;

interface Given {
  readonly records?: readonly StatusRecord[];
  readonly snapshot?: RunSnapshot;
  readonly farewell?: RunFarewell;
  readonly taskName?: string;
  readonly toGo?: number;
}

export function newsOf({ records = [], snapshot, farewell, taskName = 'Tasks', toGo }: Given): News {
  const gathering = new Gathering(1, wordsFor);
  for (const record of records) gathering.add(record);
  return {
    run: { taskName, prefix: '/work/run', statusFile: '/work/run_status.txt', host: 'lab1' },
    snapshot: snapshot ?? snapshotOf({}),
    toGo,
    batch: records.length === 0 ? newBatch() : gathering.take(),
    farewell,
  };
}

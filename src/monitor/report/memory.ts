/**
 * What details files tell of the memory of tasks. In the process of the command.
 *
 * Lines are looked at byte by byte: only those of the largest tasks are read as JSON, so a million take about a second.
 */

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { systemReason } from '../../base/errors.ts';
import { detailsFile, prefixOf } from '../../contract/run-files.ts';
import { Largest } from '../analysis/largest.ts';
import { quantile } from '../analysis/select.ts';
import { Column } from '../records/column.ts';
import type { MemoryFigures, ReportedMemory } from './report-data.ts';

const chunkBytes = 1024 * 1024;
/** Longer ones are of another file: a command has 128 KiB at most. */
const maxLineBytes = 16 * 1024 * 1024;

const ofTask = Buffer.from('{"kind":"task",');
// Within a text of the line its quotes would be escaped.
const field = Buffer.from('"peakMemory":');
const newline = 10;

/** A line of a details file, and the peak that it tells of. */
interface Peak {
  readonly bytes: number;
  readonly line: string;
}

export class MemoryReader {
  /** What was wrong with files. */
  readonly notes: string[] = [];
  private readonly kilobytes = new Column(Uint32Array);
  private readonly largest: Largest<Peak>;
  private most = 0;

  /** @param top - how many of the largest tasks are told */
  constructor(top: number) {
    this.largest = new Largest(top);
  }

  /** Takes in the details file that is beside a status file, if there is one. */
  takeBeside(statusFile: string): void {
    const path = detailsFile(prefixOf(statusFile));
    if (prefixOf(statusFile) === statusFile || !existsSync(path)) return;
    try {
      const fd = openSync(path, 'r');
      try {
        this.read(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      this.notes.push(`${path}: it cannot be read (${systemReason(error)}), so nothing is known of memory.`);
    }
  }

  /** null: nothing is known. */
  figures(): MemoryFigures | null {
    const { kilobytes } = this;
    if (kilobytes.length === 0) return null;
    const all = Uint32Array.from({ length: kilobytes.length }, (_, i) => kilobytes.at(i));
    return {
      ...{ tasks: all.length, median: quantile(all, 0.5) * 1024, p95: quantile(all, 0.95) * 1024 },
      most: this.most,
      largest: this.largest.items().flatMap(reportedMemory),
    };
  }

  private read(fd: number): void {
    let rest = Buffer.alloc(0);
    for (;;) {
      const buffer = Buffer.allocUnsafe(rest.length + chunkBytes);
      rest.copy(buffer);
      const bytesRead = readSync(fd, buffer, rest.length, chunkBytes, null);
      if (bytesRead === 0) return;
      const bytes = buffer.subarray(0, rest.length + bytesRead);
      let from = 0;
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
        this.take(bytes.subarray(from, end));
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > maxLineBytes) throw new Error('it has a line of more than 16 MiB');
    }
  }

  private take(line: Buffer): void {
    if (line.compare(ofTask, 0, ofTask.length, 0, Math.min(ofTask.length, line.length)) !== 0) return;
    const at = line.indexOf(field);
    if (at < 0) return;
    const bytes = Number.parseInt(line.toString('latin1', at + field.length, at + field.length + 16), 10);
    if (!Number.isSafeInteger(bytes) || bytes < 0) return;
    this.kilobytes.push(Math.min(0xffffffff, Math.round(bytes / 1024)));
    this.most = Math.max(this.most, bytes);
    if (this.largest.wants(bytes)) this.largest.add(bytes, { bytes, line: line.toString() });
  }
}

/** Nothing for a line that is no JSON, or not as it should be. */
function reportedMemory({ bytes, line }: Peak): ReportedMemory[] {
  let found: Partial<Record<string, unknown>>;
  try {
    found = JSON.parse(line) as typeof found;
  } catch {
    return [];
  }
  const { taskId, lineNumber, node, failed, command } = found;
  if (typeof taskId !== 'number' || typeof lineNumber !== 'number') return [];
  if (typeof node !== 'string' || typeof command !== 'string') return [];
  return [{ taskId, lineNumber, node, failed: failed === true, bytes, command }];
}

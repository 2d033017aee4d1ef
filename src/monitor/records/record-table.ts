/**
 * The records of a status file as columns of numbers: about 35 bytes a record, so that millions can be sorted, filtered and
 * drawn. Pure. Texts (commands, snippets) stay in the file; where each line begins is known.
 *
 * Always true: records stand in the order of the file; the tallies are those of the records.
 */

import { Column } from './column.ts';
import { readRecordLine, type LineFields } from './record-line.ts';
import type { RecordKind } from '../../task/status-record.ts';

/** The kinds by their number in the column. */
const kinds: readonly RecordKind[] = ['task', 'per-engine', 'skipped', 'late', 'barrier', 'check-barrier'];

const failedBit = 8;

/** Counts of what is in the table. Tasks only, unless said otherwise. */
export interface Tallies {
  /** Recorded by this run, with failures among them. */
  finished: number;
  failed: number;
  /** Taken over from an earlier run, with failures among them. */
  skipped: number;
  skippedFailed: number;
  /** Given up as lost with what ran them: exit code -100; among the failed. */
  lost: number;
  late: number;
  perEngine: number;
  perEngineFailed: number;
  barriers: number;
  /** Sum of the elapsed times of what is counted as finished, in seconds. */
  taskSeconds: number;
  /** Of what this run recorded, in seconds since 1970: the first start and the last finish; undefined: nothing. */
  firstStart: number | undefined;
  lastFinish: number | undefined;
}

export class RecordTable {
  readonly tallies: Tallies = noTallies();
  /** By their number in the column of nodes. */
  readonly nodes: string[] = [];
  private readonly nodeNumbers = new Map<string, number>();
  private readonly places = new Column(Float64Array);
  private readonly taskIds = new Column(Uint32Array);
  private readonly lineNumbers = new Column(Uint32Array);
  private readonly exitCodes = new Column(Int16Array);
  private readonly starts = new Column(Float64Array);
  private readonly elapsedMs = new Column(Uint32Array);
  private readonly nodeColumn = new Column(Uint32Array);
  private readonly flags = new Column(Uint8Array);
  private readonly fields: LineFields = {
    ...{ kind: 'task', failed: false, taskId: 0, lineNumber: 0, nodeFrom: 0, nodeTo: 0 },
    ...{ exitCode: 0, elapsed: 0, start: 0 },
  };

  get length(): number {
    return this.places.length;
  }

  /**
   * Takes a line in.
   *
   * @param bytes - with the line in it, from `from` to `to`, without its newline
   * @param at - where the line begins in its file
   * @returns whether it is a record
   */
  add(bytes: Buffer, from: number, to: number, at: number): boolean {
    const { fields } = this;
    if (!readRecordLine(bytes, from, to, fields)) return false;
    this.places.push(at);
    this.taskIds.push(fields.taskId);
    this.lineNumbers.push(fields.lineNumber);
    this.exitCodes.push(fields.exitCode);
    this.starts.push(fields.start);
    this.elapsedMs.push(Math.min(0xffffffff, Math.max(0, Math.round(fields.elapsed * 1000))));
    this.nodeColumn.push(this.nodeNumber(bytes.toString('utf8', fields.nodeFrom, fields.nodeTo)));
    this.flags.push(kinds.indexOf(fields.kind) | (fields.failed ? failedBit : 0));
    this.count(fields);
    return true;
  }

  clear(): void {
    for (const column of [
      ...[this.places, this.taskIds, this.lineNumbers, this.exitCodes, this.starts, this.elapsedMs],
      ...[this.nodeColumn, this.flags],
    ])
      column.clear();
    this.nodes.length = 0;
    this.nodeNumbers.clear();
    Object.assign(this.tallies, noTallies());
  }

  /** Where its line begins in the file. */
  at(index: number): number {
    return this.places.at(index);
  }

  kind(index: number): RecordKind {
    return kinds[this.flags.at(index) & 7] as RecordKind;
  }

  /** A task that this run has run: neither taken over, nor late, nor per-engine, nor a barrier. */
  isOwnTask(index: number): boolean {
    return (this.flags.at(index) & 7) === 0;
  }

  /** As `hasFailed` has it: of exit code, and of output that could not be kept. */
  hasFailed(index: number): boolean {
    return (this.flags.at(index) & failedBit) !== 0;
  }

  taskId(index: number): number {
    return this.taskIds.at(index);
  }

  lineNumber(index: number): number {
    return this.lineNumbers.at(index);
  }

  exitCode(index: number): number {
    return this.exitCodes.at(index);
  }

  /** Seconds since 1970. */
  start(index: number): number {
    return this.starts.at(index);
  }

  /** Seconds, to the millisecond; 49 days at most. */
  elapsed(index: number): number {
    return this.elapsedMs.at(index) / 1000;
  }

  /** Seconds since 1970. */
  finish(index: number): number {
    return this.start(index) + this.elapsed(index);
  }

  /** The number of its node in `nodes`. */
  node(index: number): number {
    return this.nodeColumn.at(index);
  }

  private nodeNumber(node: string): number {
    const known = this.nodeNumbers.get(node);
    if (known !== undefined) return known;
    this.nodeNumbers.set(node, this.nodes.length);
    return this.nodes.push(node) - 1;
  }

  private count({ kind, failed, exitCode, elapsed, start }: LineFields): void {
    const { tallies } = this;
    const bad = failed ? 1 : 0;
    switch (kind) {
      case 'task':
        tallies.finished++;
        tallies.failed += bad;
        tallies.taskSeconds += elapsed;
        if (exitCode === -100) tallies.lost++;
        tallies.firstStart = Math.min(tallies.firstStart ?? start, start);
        tallies.lastFinish = Math.max(tallies.lastFinish ?? 0, start + elapsed);
        break;
      case 'skipped':
        tallies.skipped++;
        tallies.skippedFailed += bad;
        break;
      case 'late':
        tallies.late++;
        break;
      case 'per-engine':
        tallies.perEngine++;
        tallies.perEngineFailed += bad;
        break;
      case 'barrier':
      case 'check-barrier':
        tallies.barriers++;
        break;
    }
  }
}

function noTallies(): Tallies {
  return {
    ...{ finished: 0, failed: 0, skipped: 0, skippedFailed: 0, lost: 0, late: 0, perEngine: 0, perEngineFailed: 0 },
    ...{ barriers: 0, taskSeconds: 0, firstStart: undefined, lastFinish: undefined },
  };
}

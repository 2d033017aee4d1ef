/**
 * The text of a status file: its header and its lines, written and read.
 *
 * Pure. What a line parses to formats to the same line. Fifteen fields parted by tabs; the command comes last since it
 * may hold tabs itself. Source of the format: the original's status file.
 */

import {
  bytesOfText,
  lenientTextOfBytes,
  textOfBytes,
  joinBytes,
  asBytes,
  type ByteString,
} from '../base/byte-string.ts';
import { parsePythonLiteral, pythonBytesRepr, pythonRepr } from './python-literal.ts';
import type { RecordKind, StatusRecord, Verdict } from './status-record.ts';

/** The line that `--status-header` puts first. */
export const statusHeader = [
  'ROE[ PSZ]',
  'TaskID',
  'LineNum',
  'RepeatIndex',
  'Node',
  'PID',
  'ReturnCode',
  'Elapsed',
  'Start',
  'Finish',
  'BytesOfLeakedOutput',
  'OutputSnippet',
  'BytesOfLeakedError',
  'ErrorSnippet',
  'Command',
].join('\t');

/** Fields of a line. */
export const statusFields = 15;

/** The fourth flag of each kind that is not a barrier. */
const flagOfKind = { task: ' ', 'per-engine': 'P', skipped: 'S', late: 'Z' } as const;

/** The whole flags of a barrier: five characters, one more than those of tasks. */
const flagsOfBarrier = { barrier: 'B    ', 'check-barrier': 'C    ' } as const;

/** The command as the status file shows it: as text when it is UTF-8, else as Python's bytes literal. */
export function writtenCommand(command: ByteString): string {
  return textOfBytes(command) ?? pythonBytesRepr(command);
}

/** The snippet of an output: its first bytes and, when there were more, `...` and the last, as text. */
export function snippetText(sample: { readonly head: ByteString; readonly tail: ByteString }): string {
  // Joined as bytes first: a character that was cut in two becomes whole again, or two marks, as in the original.
  const { head, tail } = sample;
  return lenientTextOfBytes(tail.length === 0 ? head : joinBytes(head, asBytes('...'), tail));
}

/** The line of a record as text, without its newline. */
export function formatStatusLine(record: StatusRecord): string {
  const { taskId, lineNumber, repeatIndex, node, pid, exitCode } = record;
  const times = `${seconds(record.elapsed)}\t${seconds(record.start)}\t${seconds(record.finish)}`;
  const output = `${record.outputBytes}\t${pythonRepr(record.outputSnippet)}`;
  const error = `${record.errorBytes}\t${pythonRepr(record.errorSnippet)}`;
  const place = `${flagsOf(record)}\t${taskId}\t${lineNumber}\t${repeatIndex}\t${node}\t${pid}\t${exitCode}`;
  return `${place}\t${times}\t${output}\t${error}\t${writtenCommand(record.command)}`;
}

/** The first field of a record. */
export function flagsOf(record: StatusRecord): string {
  if (record.kind === 'barrier' || record.kind === 'check-barrier') return flagsOfBarrier[record.kind];
  const failed = record.exitCode === 0 ? ' ' : 'R';
  // The original knows no small letters; it reads them as what they are of.
  const output = record.outputCut ? 'o' : record.outputBytes === 0 ? ' ' : 'O';
  const error = record.errorCut ? 'e' : record.errorBytes === 0 ? ' ' : 'E';
  return failed + output + error + flagOfKind[record.kind];
}

function seconds(value: number): string {
  return Object.is(value, -0) ? '-0.000' : value.toFixed(3);
}

/** Why a line is no record. */
export interface UnreadableLine {
  readonly kind: 'unreadable';
  /** A clause: "it has 3 fields, not 15". */
  readonly problem: string;
}

/** The record of a line (text, without its newline). Lines of old versions, with any number of decimals, count too. */
export function parseStatusLine(line: string): StatusRecord | UnreadableLine {
  const fields = splitFields(line);
  if (fields.length < statusFields)
    return unreadable(`it has ${fields.length === 1 ? '1 field' : `${fields.length} fields`}, not ${statusFields}`);
  const field = (i: number): string => fields[i] as string;
  const kind = kindOfFlags(field(0));
  if (kind === undefined) return unreadable(`${pythonRepr(field(0))} are no flags`);
  for (const i of [1, 2, 3, 5, 6, 10, 12]) {
    if (!/^-?[0-9]+$/.test(field(i))) return unreadable(`its field ${i + 1} is no whole number`);
  }
  for (const i of [7, 8, 9]) {
    if (!/^-?[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?$/i.test(field(i)))
      return unreadable(`its field ${i + 1} is no number`);
  }
  const [outputSnippet, errorSnippet] = [snippetOf(field(11)), snippetOf(field(13))];
  if (outputSnippet === undefined || errorSnippet === undefined) {
    return unreadable(`its field ${outputSnippet === undefined ? 12 : 14} is no string literal`);
  }
  return {
    kind,
    taskId: Number(field(1)),
    lineNumber: Number(field(2)),
    repeatIndex: Number(field(3)),
    node: field(4),
    pid: Number(field(5)),
    exitCode: Number(field(6)),
    elapsed: Number(field(7)),
    start: Number(field(8)),
    finish: Number(field(9)),
    outputBytes: Number(field(10)),
    outputSnippet,
    ...cutsOfFlags(field(0)),
    errorBytes: Number(field(12)),
    errorSnippet,
    command: commandOf(field(14)),
  };
}

/** At most fifteen fields; the last keeps its tabs. */
function splitFields(line: string): string[] {
  const fields: string[] = [];
  let from = 0;
  while (fields.length < statusFields - 1) {
    const tab = line.indexOf('\t', from);
    if (tab < 0) break;
    fields.push(line.slice(from, tab));
    from = tab + 1;
  }
  fields.push(line.slice(from));
  return fields;
}

function kindOfFlags(flags: string): RecordKind | undefined {
  if (/^[BC] {3,4}$/.test(flags)) return flags.startsWith('B') ? 'barrier' : 'check-barrier';
  if (!/^[R ][Oo ][Ee ][ PSZ]$/.test(flags)) return undefined;
  return ({ ' ': 'task', P: 'per-engine', S: 'skipped', Z: 'late' } as const)[flags.charAt(3)];
}

function cutsOfFlags(flags: string): Pick<StatusRecord, 'outputCut' | 'errorCut'> {
  return { outputCut: flags.charAt(1) === 'o', errorCut: flags.charAt(2) === 'e' };
}

function snippetOf(field: string): string | undefined {
  const literal = parsePythonLiteral(field);
  if (literal === undefined) return undefined;
  return literal.kind === 'text' ? literal.value : lenientTextOfBytes(literal.value);
}

/**
 * A text that looks like a bytes literal is one only if it is what would be written for those bytes: a command may
 * really be `b'...'`. Where that leaves doubt (the command is the text of a literal that is not UTF-8) both readings
 * are written alike, so compare with writtenCommand.
 */
function commandOf(field: string): ByteString {
  if (field.startsWith("b'") || field.startsWith('b"')) {
    const literal = parsePythonLiteral(field);
    if (literal?.kind === 'bytes' && writtenCommand(literal.value) === field) return literal.value;
  }
  return bytesOfText(field);
}

function unreadable(problem: string): UnreadableLine {
  return { kind: 'unreadable', problem };
}

/** What an index over millions of records needs. */
export interface StatusPeek extends Verdict {
  readonly kind: RecordKind;
  readonly taskId: number;
}

/** All that can be told of a record's shape without undoing its literals. */
const recordShape = new RegExp(
  [
    '^([R ][Oo ][Ee ][ PSZ]|[BC] {3,4})',
    '(-?[0-9]+)\t-?[0-9]+\t-?[0-9]+',
    '[^\t]*',
    '-?[0-9]+',
    '(-?[0-9]+)',
    '-?[0-9][-+.0-9eE]*\t-?[0-9][-+.0-9eE]*\t-?[0-9][-+.0-9eE]*',
    '-?[0-9]+\t[bB]?[\'"][^\t]*[\'"]',
    '-?[0-9]+\t[bB]?[\'"][^\t]*[\'"]\t',
  ].join('\t'),
);

/**
 * The kind, task id and exit code of a line (text or bytes), or undefined when its shape is not a record's. Faster than
 * parseStatusLine, and not quite as strict.
 */
export function peekStatusLine(line: string): StatusPeek | undefined {
  const [, flags, taskId, exitCode] = recordShape.exec(line) ?? [];
  const kind = flags === undefined ? undefined : kindOfFlags(flags);
  if (flags === undefined || kind === undefined) return undefined;
  return { kind, taskId: Number(taskId), exitCode: Number(exitCode), ...cutsOfFlags(flags) };
}

/**
 * The examples of the documentation: each page's marked blocks are run in a folder of their own, and what they print is
 * what the page shows. Times, dates, PIDs, host and folder names are different every time and are not compared.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { disbatch, testFolder } from '../support/run-disbatch.ts';
import { allPages, steps, type Page } from './pages.ts';

/** The names that the pages use for the folder and the machine. */
const shownFolder = '/home/ada/work';
const shownHost = 'lab1';

/** What a user has: the command and the system's, and nothing that says where to run. */
function userEnvironment(folder: string): NodeJS.ProcessEnv {
  const path = [dirname(disbatch), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
  return { PATH: path, HOME: folder, LANG: 'C.UTF-8' };
}

/** The text without what differs from run to run. */
function settled(text: string, folder: string): string {
  return text
    .replaceAll(folder, shownFolder)
    .replace(new RegExp(`(?<![\\w.-])${hostname().replace(/[.]/g, '\\.')}(?![\\w-])`, 'g'), shownHost)
    .replace(/_disBatch_\d{12}_\d{3}/g, '_disBatch_DATE_NUMBER')
    .replace(/(\bin|\btask time) (?:\d+\.\d+ s|\d+[\d:]*\d)/g, '$1 TIME')
    .replace(/, [\d.e+]+ tasks\/s(?=\)|$)/gm, '')
    .replace(
      /^( {2})\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: to (?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d)?, took [\d.:]+(?: s)?/gm,
      '$1DATE',
    )
    .split('\n')
    .map(settledRecord)
    .join('\n');
}

/** A line of a status file without PID and times. */
function settledRecord(line: string): string {
  const fields = line.split('\t');
  if (fields.length < 15 || fields[1] === 'TaskID') return line;
  for (const i of [5, 7, 8, 9]) fields[i] = 'N';
  return fields.join('\t');
}

interface Output {
  /** Line of the page. */
  readonly line: number;
  readonly status?: number | null;
  readonly lines?: readonly string[];
}

/** Runs the blocks of a page: what the page says they do, and what they do. */
function runPage(page: Page): { readonly shown: Output[]; readonly real: Output[] } {
  const folder = testFolder();
  const [shown, real]: [Output[], Output[]] = [[], []];
  let printed = '';
  for (const step of steps(page)) {
    const { kind } = step;
    if (kind === 'file') {
      mkdirSync(dirname(join(folder, step.name)), { recursive: true });
      writeFileSync(join(folder, step.name), step.text);
    } else if (kind === 'runs') {
      const run = spawnSync('/bin/bash', ['--norc', '-c', `exec 2>&1\n${step.text}`], {
        cwd: folder,
        env: userEnvironment(folder),
        encoding: 'utf8',
        input: '',
      });
      printed = run.stdout;
      shown.push({ line: step.line, status: step.status });
      real.push({ line: step.line, status: run.status });
    } else {
      const linesOf = (text: string): string[] => {
        const lines = settled(text, folder).trimEnd().split('\n');
        return step.ordered ? lines : lines.toSorted();
      };
      shown.push({ line: step.line, lines: linesOf(step.text) });
      real.push({ line: step.line, lines: linesOf(printed) });
    }
  }
  return { shown, real };
}

describe('the examples run, and print what the page shows', () => {
  const pages = allPages().filter((page) => steps(page).some((step) => step.kind === 'runs'));

  test.each(pages.map((page) => [page.name, page] as const))('%s', { timeout: 120_000 }, (_, page) => {
    const { shown, real } = runPage(page);
    expect(real).toEqual(shown);
  });

  test('the pages that a new user reads have examples that run', () => {
    expect(pages.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'README.md',
        'docs/tutorial.md',
        'docs/from-parallel.md',
        'docs/from-job-arrays.md',
        'docs/task-files.md',
        'docs/status-file.md',
        'docs/resume.md',
        'docs/errors.md',
      ]),
    );
  });
});

describe('what is compared of an example', () => {
  const folder = '/tmp/x';

  test('counts, names and exit codes are', () => {
    const shown = 'disBatch: 3 tasks run, 1 failed, in 1.24 s (task time 2.01 s, 2.41 tasks/s)';
    const same = 'disBatch: 3 tasks run, 1 failed, in 3:07 (task time 12.0 s, 17 tasks/s)';
    expect(settled(shown, folder)).toBe(settled(same, folder));
    for (const other of [same.replace('3 tasks', '4 tasks'), same.replace('1 failed', 'none failed')]) {
      expect(settled(shown, folder)).not.toBe(settled(other, folder));
    }
  });

  test('the PID and the times of a record are not', () => {
    const fields = ['R   ', 4, 5, -1, 'node', 99, 1, 0.5, 1700000000.1, 1700000000.6, 0, "''", 0, "''", 'false'];
    const line = (change: Record<number, number>): string => fields.map((field, i) => change[i] ?? field).join('\t');
    expect(settled(line({ 5: 7, 7: 1, 8: 2, 9: 3 }), folder)).toBe(settled(line({}), folder));
    for (const i of [1, 2, 3, 6, 10, 12])
      expect(settled(line({ [i]: 77 }), folder)).not.toBe(settled(line({}), folder));
  });
});

/**
 * A made-up run, as the web page is told of it: what the pictures of the docs are of, and the states that are hard to
 * bring about. The same each time: times are fixed, chance has a seed.
 */

import type { EngineOverview } from '../../../src/contract/overview.ts';
import type { RunningTask, RunningTasks } from '../../../src/contract/running.ts';
import type {
  EnginesAnswer,
  RunAnswer,
  SeriesAnswer,
  StoreAnswer,
  TaskRow,
  TasksAnswer,
  TimelineAnswer,
  TimesAnswer,
} from '../../../src/monitor/web/answers.ts';

/** 14 November 2026, 21:14 in UTC. */
const start = 1_794_690_840;

export interface MadeUp {
  readonly taskName: string;
  readonly nodes: readonly string[];
  readonly slotsPerNode: number;
  /** Tasks that have ended, and all. */
  readonly ended: number;
  readonly total: number | null;
  /** Typical time of a task, in seconds. */
  readonly typicalSeconds: number;
  /** Share of tasks that fail. */
  readonly failing: number;
  /** A node where tasks take three times as long. */
  readonly slowNode?: number;
  readonly link: RunAnswer['link'];
  readonly problem?: string;
  readonly barrier?: boolean;
  readonly withStore?: boolean;
  /** At the end of the value that is a page of HTML. */
  readonly html?: string;
  /** Instead of what is made up. */
  readonly commands?: readonly string[];
  readonly errors?: readonly string[];
}

/** What failed tasks say, each with its own exit code. */
const codes = [1, 2, -9];
const errors = [
  'Traceback (most recent call last):\n  File "fit.py", line 88, in main\n    model.fit(x)\nMemoryError: unable to allocate 12.4 GiB',
  'fit.py: sample 0417: no such file or directory: /data/run7/sample-0417.h5\n',
  'loading sample 0417\nepoch 12 of 400: loss 0.8312\n',
];

/** Runs it in the mind: each task in the slot that is free first. */
export class MadeUpRun {
  readonly given: MadeUp;
  readonly now: number;
  private readonly starts: Float64Array;
  private readonly times: Float32Array;
  private readonly lanes: Uint32Array;
  private readonly failed: Uint8Array;
  private readonly running: RunningTask[] = [];
  private readonly failures: number[] = [];
  private readonly taskSeconds: number;
  readonly stopped: unknown[] = [];
  readonly put: unknown[] = [];
  begun = start;

  constructor(given: MadeUp) {
    this.given = given;
    const { ended, nodes, slotsPerNode, typicalSeconds, failing } = given;
    const random = seeded(ended + nodes.length);
    const slots = nodes.length * slotsPerNode;
    const free = new Float64Array(slots).map((_, i) => start + 0.8 + (i % nodes.length) * 0.05);
    const drawn: { begin: number; elapsed: number; lane: number; failed: boolean }[] = [];
    const heap = Array.from({ length: slots }, (_, i) => i);
    for (let i = 0; i < ended; i++) {
      // Round about: the slot that is free first, of a few.
      let lane = heap[i % slots] as number;
      for (let k = 0; k < 3; k++) {
        const other = heap[Math.floor(random() * slots)] as number;
        if ((free[other] as number) < (free[lane] as number)) lane = other;
      }
      const node = Math.floor(lane / slotsPerNode);
      const slow = node === given.slowNode ? 2.7 : 1;
      const elapsed = typicalSeconds * slow * Math.exp((random() + random() + random() - 1.5) * 0.9);
      const bad = random() < failing * (node === given.slowNode ? 6 : 0.6);
      drawn.push({ begin: free[lane] as number, elapsed: bad ? elapsed * 0.3 : elapsed, lane, failed: bad });
      free[lane] = (free[lane] as number) + (bad ? elapsed * 0.3 : elapsed) + 0.004;
    }
    drawn.sort((a, b) => a.begin + a.elapsed - b.begin - b.elapsed);
    this.starts = Float64Array.from(drawn, ({ begin }) => begin);
    this.times = Float32Array.from(drawn, ({ elapsed }) => elapsed);
    this.lanes = Uint32Array.from(drawn, ({ lane }) => lane);
    this.failed = Uint8Array.from(drawn, ({ failed: bad }) => (bad ? 1 : 0));
    this.failed.forEach((bad, i) => bad === 1 && this.failures.push(i));
    this.taskSeconds = drawn.reduce((sum, { elapsed }) => sum + elapsed, 0);
    const isOn = given.link === 'live' || given.link === 'away';
    this.now = ended === 0 ? start + 4 : Math.max(...free) + 1;
    if (isOn && ended > 0) {
      free.forEach((time, lane) => {
        if (given.barrier === true && lane % 5 !== 0) return;
        const taskId = ended + this.running.length;
        this.running.push({
          ...{ engine: Math.floor(lane / slotsPerNode), slot: lane % slotsPerNode, kind: 'task', taskId },
          ...{
            lineNumber: taskId + 1,
            repeatIndex: -1,
            since: Math.min(time, this.now - 0.2),
            command: this.command(taskId),
          },
        });
      });
    }
  }

  private command(taskId: number): string {
    const { commands } = this.given;
    if (commands !== undefined) return commands[taskId % commands.length] as string;
    const sample = String(taskId).padStart(4, '0');
    return `python3 fit.py --sample /data/run7/sample-${sample}.h5 --steps 400 > out/fit-${sample}.log`;
  }

  private row(index: number): TaskRow {
    const { nodes, slotsPerNode, errors: own } = this.given;
    const bad = this.failed[index] === 1;
    const node = nodes[Math.floor((this.lanes[index] as number) / slotsPerNode)] as string;
    const [begin, elapsed] = [this.starts[index] as number, this.times[index] as number];
    const kind = index % 7 < 4 ? 0 : index % 7 < 6 ? 1 : 2;
    const exitCode = bad ? (codes[kind] as number) : 0;
    const said = own === undefined ? (errors[kind] as string) : (own[index % own.length] as string);
    return {
      ...{ index, kind: 'task', failed: bad, taskId: index, lineNumber: index + 1, repeatIndex: -1, node },
      ...{
        pid: 20_000 + (index % 9000),
        exitCode,
        how: bad ? (exitCode < 0 ? `killed by signal ${-exitCode}` : `exit code ${exitCode}`) : 'exit code 0',
      },
      ...{
        elapsed,
        start: begin,
        finish: begin + elapsed,
        outputBytes: 42,
        outputSnippet: 'epoch 400 of 400: loss 0.0132\n',
      },
      ...{ outputCut: false, errorBytes: bad ? said.length : 0, errorSnippet: bad ? said : '', errorCut: false },
      ...{ command: this.command(index), at: index * 187, outputFile: null, errorFile: null },
    };
  }

  get runAnswer(): RunAnswer {
    const { given, now } = this;
    const { ended, total, nodes, slotsPerNode, link } = given;
    const isOn = link === 'live' || link === 'away';
    const rate = ended === 0 ? null : ended / (now - start);
    return {
      ...{
        version: '4.0.0',
        taskName: given.taskName,
        prefix: `/home/ada/${given.taskName}/run`,
        host: 'login1',
        now,
        link,
      },
      ...{ problem: given.problem ?? null, awaySince: link === 'away' ? now - 95 : null },
      exitStatus: link === 'over' ? 0 : null,
      phase: link === 'records' ? null : isOn ? (this.stopped.length > 0 ? 'closing' : 'running') : 'over',
      end: this.stopped.length > 0 ? 'stopped on request' : null,
      barrier: given.barrier === true ? { lineNumber: 2001, since: now - 42 } : null,
      streamEnded: true,
      figures: {
        ...{ total, done: ended, finished: ended, failed: this.failures.length, skipped: 0, skippedFailed: 0 },
        ...{ perEngineFailed: 0, running: this.running.length, lost: 0, barriers: 0 },
        ...{ slots: isOn ? nodes.length * slotsPerNode : 0, start: this.begun, elapsed: now - this.begun, rate },
        toGo: isOn && total !== null && rate !== null ? (total - ended) / rate : null,
        taskSeconds: this.taskSeconds,
      },
      ...{
        contexts: isOn && nodes.length > 0 ? 1 : 0,
        engines: isOn ? nodes.length : 0,
        records: ended,
        foreignLines: 0,
      },
      statusFile: `/home/ada/${given.taskName}/run_status.txt`,
      ...{ detailsFile: null, resultsFolder: null },
    };
  }

  get engines(): EnginesAnswer {
    const { nodes, slotsPerNode, link } = this.given;
    const isOn = link === 'live' || link === 'away';
    const engines = nodes.map((node, rank): EngineOverview => {
      const running = this.running.filter(({ engine }) => engine === rank).length;
      let [finished, failed] = [0, 0];
      for (let i = 0; i < this.lanes.length; i++) {
        if (Math.floor((this.lanes[i] as number) / slotsPerNode) !== rank) continue;
        finished++;
        failed += this.failed[i] as number;
      }
      return {
        ...{ rank, context: 0, node, hostname: node, pid: 4000 + rank, slots: slotsPerNode },
        stage: isOn ? (this.given.ended === 0 ? 'starting' : 'working') : 'gone',
        ...{ running, assigned: finished + running, finished, failed, last: this.now - (rank % 3) * 0.7 },
      };
    });
    const contexts =
      nodes.length === 0
        ? []
        : [
            {
              ...{ rank: 0, label: 'ssh', host: 'login1', pid: 3999, assigned: this.given.ended, taskLimit: 0 },
              left: !isOn,
            },
          ];
    return { now: this.now, contexts, engines };
  }

  runningTasks(limit: number, engine: number | undefined): RunningTasks {
    const tasks = this.running.filter((task) => engine === undefined || task.engine === engine);
    return { now: this.now, total: tasks.length, tasks: tasks.toSorted((a, b) => a.since - b.since).slice(0, limit) };
  }

  get series(): SeriesAnswer {
    const width = Math.max(1, 2 ** Math.ceil(Math.log2((this.now - start) / 240)));
    const count = Math.ceil((this.now - start) / width) + 1;
    const none = (): number[] => Array.from({ length: count }, () => 0);
    const [finished, failed] = [none(), none()];
    for (let i = 0; i < this.starts.length; i++) {
      const place = Math.floor(((this.starts[i] as number) + (this.times[i] as number) - start) / width);
      finished[place] = (finished[place] ?? 0) + 1;
      failed[place] = (failed[place] ?? 0) + (this.failed[i] as number);
    }
    return { from: start, width, finished, failed };
  }

  get timesAnswer(): TimesAnswer {
    const edges = [-3, -2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
    const buckets = edges.map((from, i) => ({ from, to: edges[i + 1] ?? Infinity, count: 0, failed: 0 }));
    const byNode = new Map<number, number[]>();
    this.times.forEach((time, i) => {
      const bucket = buckets.findLast(({ from }) => from <= time) ?? buckets[0]!;
      bucket.count++;
      bucket.failed += this.failed[i] as number;
      const node = Math.floor((this.lanes[i] as number) / this.given.slotsPerNode);
      const list = byNode.get(node) ?? [];
      list.push(i);
      byNode.set(node, list);
    });
    const first = buckets.findIndex(({ count }) => count > 0);
    const last = buckets.findLastIndex(({ count }) => count > 0);
    const sorted = [...this.times].sort((a, b) => a - b);
    const at = (times: readonly number[], share: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    const median = at(sorted, 0.5);
    const nodes = [...byNode].map(([node, list]) => {
      const times = list.map((i) => this.times[i] as number).sort((a, b) => a - b);
      return {
        ...{
          node: this.given.nodes[node] as string,
          tasks: list.length,
          failed: list.filter((i) => this.failed[i] === 1).length,
        },
        ...{ taskSeconds: times.reduce((sum, time) => sum + time, 0), median: at(times, 0.5), p95: at(times, 0.95) },
        ...{ longest: times.at(-1) ?? 0, ratio: at(times, 0.5) / median },
      };
    });
    const none = sorted.length === 0;
    return {
      buckets: first < 0 ? [] : buckets.slice(first, last + 1),
      ...{ tasks: sorted.length, median: none ? null : median, p95: none ? null : at(sorted, 0.95) },
      ...{ longest: sorted.at(-1) ?? null, nodes },
    };
  }

  timeline(query: URLSearchParams): TimelineAnswer {
    const { nodes, slotsPerNode } = this.given;
    const [from, to] = [Number(query.get('from') ?? start), Number(query.get('to') ?? this.now)];
    const [firstLane, lanes] = [Number(query.get('lane') ?? 0), Number(query.get('lanes') ?? 64)];
    const seconds = (to - from) / Number(query.get('pixels') ?? 1000);
    const spans: number[][] = [];
    const last = new Map<number, number[]>();
    for (let i = 0; i < this.starts.length; i++) {
      const [lane, begin, end] = [
        this.lanes[i] as number,
        this.starts[i] as number,
        (this.starts[i] as number) + (this.times[i] as number),
      ];
      if (lane < firstLane || lane >= firstLane + lanes || end < from || begin > to) continue;
      const before = last.get(lane);
      const bad = this.failed[i] as number;
      if (
        before !== undefined &&
        begin - start - before[2]! < seconds &&
        (end - begin < seconds || before[4]! < 0) &&
        before[2]! - before[1]! < 3 * seconds
      ) {
        before[2] = end - start;
        before[4] = Math.min(before[4]!, -2) - 1;
        if (before[3] !== bad) before[3] = 2;
        continue;
      }
      const span = [lane - firstLane, begin - start, end - start, bad, i];
      last.set(lane, span);
      spans.push(span);
    }
    const laneCount = this.starts.length === 0 ? 0 : nodes.length * slotsPerNode;
    return {
      ...{ begin: start, end: this.now, laneCount, from, to, firstLane },
      lanes: Array.from({ length: Math.max(0, Math.min(lanes, laneCount - firstLane)) }, (_, i) => ({
        node: nodes[Math.floor((firstLane + i) / slotsPerNode)] as string,
        lane: (firstLane + i) % slotsPerNode,
      })),
      spans: spans.flat(),
      truncated: false,
    };
  }

  tasks(query: URLSearchParams): TasksAnswer {
    const [from, count] = [Number(query.get('from') ?? 0), Number(query.get('count') ?? 50)];
    const [state, node, text] = [query.get('state') ?? 'all', query.get('node') ?? '', query.get('text') ?? ''];
    const sort = query.get('sort') ?? 'recorded';
    const backwards = query.get('order') === 'desc';
    let indices = state === 'failed' ? this.failures : Array.from(this.starts.keys());
    if (state === 'ok') indices = indices.filter((i) => this.failed[i] === 0);
    if (state === 'skipped' || state === 'late' || state === 'per-engine' || state === 'barrier') indices = [];
    if (node !== '') indices = indices.filter((i) => this.row(i).node === node);
    if (text !== '')
      indices = indices.filter((i) => this.row(i).command.includes(text) || this.row(i).errorSnippet.includes(text));
    if (sort === 'elapsed') indices = indices.toSorted((a, b) => (this.times[a] as number) - (this.times[b] as number));
    else if (sort === 'start')
      indices = indices.toSorted((a, b) => (this.starts[a] as number) - (this.starts[b] as number));
    if (backwards) indices = indices.toReversed();
    return {
      searching: false,
      total: indices.length,
      from,
      rows: indices.slice(from, from + count).map((i) => this.row(i)),
    };
  }

  task(index: number): TaskRow {
    return this.row(index);
  }

  get store(): StoreAnswer {
    if (this.given.withStore !== true) return { address: 'login1:40123', keys: [], total: 0 };
    const plain = { waiters: 0, values: 1, cut: false, input: null };
    const keys = [
      {
        ...plain,
        key: 'learning rate?%f',
        values: 0,
        waiters: 1,
        encoding: null,
        bytes: 0,
        value: null,
        input: { name: 'learning rate', format: '%f' },
      },
      {
        ...plain,
        key: 'best so far',
        encoding: 'JSON',
        bytes: 74,
        value: '{"sample":"0417","loss":0.0132,"layers":[64,64,8],"final":false}',
      },
      {
        ...plain,
        key: 'progress',
        encoding: 'ASTR',
        bytes: 61,
        value: `<HTML><h3>Fits</h3><p>417 of 2,000, <b>best 0.0132</b></p>${this.given.html ?? ''}`,
      },
      { ...plain, key: 'queue', encoding: 'ASTR', bytes: 12, values: 37, value: 'sample-0418' },
    ];
    return { address: 'login1:40123', keys, total: keys.length };
  }
}

function seeded(seed: number): () => number {
  let state = seed + 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const nodeNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `node${String(i + 1).padStart(count > 99 ? 4 : 2, '0')}`);
const usual = { taskName: 'fit-all', slotsPerNode: 8, typicalSeconds: 40, failing: 0, link: 'live' } as const;

/** The states that a run may be found in. */
export const madeUp = {
  empty: { ...usual, nodes: [], ended: 0, total: 20_000 },
  starting: { ...usual, nodes: nodeNames(4), ended: 0, total: 20_000 },
  busy: { ...usual, nodes: nodeNames(8), ended: 12_680, total: 20_000, failing: 0.0002, slowNode: 5, withStore: true },
  failing: { ...usual, nodes: nodeNames(8), ended: 2400, total: 20_000, failing: 0.06, slowNode: 5, barrier: true },
  away: {
    ...usual,
    nodes: nodeNames(8),
    ended: 2400,
    total: 20_000,
    failing: 0.002,
    link: 'away',
    problem: 'The connection to the run is gone (it hung up).',
  },
  finished: { ...usual, nodes: nodeNames(8), ended: 20_000, total: 20_000, failing: 0.0012, slowNode: 5, link: 'over' },
  records: { ...usual, nodes: nodeNames(8), ended: 20_000, total: null, failing: 0.0012, link: 'records' },
  large: {
    ...usual,
    nodes: nodeNames(1000),
    slotsPerNode: 4,
    ended: 1_000_000,
    total: 1_500_000,
    failing: 0.0005,
    slowNode: 417,
  },
} satisfies Record<string, MadeUp>;

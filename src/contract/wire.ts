/**
 * Messages as text on a connection: JSON, checked once when it arrives and trusted from then on. Pure.
 *
 * The first message of each connection is a Hello. What comes is checked field by field; fields that are not known are left
 * out, and a message of an unknown type is an error.
 */

import { isBoolean, isBytes, isInteger, isListOf, isNumber, isOneOf, isOptional } from './checks.ts';
import { isRecord, isText, isVariant, type Check } from './checks.ts';
import type {
  FromContext,
  FromControl,
  FromEngine,
  Outcome,
  OutputSample,
  PlannedEngine,
  RunnableTask,
  TaskUsage,
  ToContext,
  ToControl,
  ToEngine,
} from './messages.ts';
import { isOverview } from './overview.ts';
import { isRunningTasks } from './running.ts';

/** Who is there, and of which version: both sides must be of the same. */
export type Hello =
  | { readonly type: 'engine'; readonly version: string; readonly rank: number }
  | { readonly type: 'context'; readonly version: string }
  | { readonly type: 'control'; readonly version: string };

/** What the driver says to whom it does not let in. */
export interface Refusal {
  readonly type: 'refused';
  readonly why: string;
}

export type Message = Hello | Refusal | ToEngine | FromEngine | ToContext | FromContext | FromControl | ToControl;

export function encodeMessage(message: Message): string {
  return JSON.stringify(message);
}

/** @throws Error for what is no such message */
export function decodeHello(text: string): Hello {
  return hello(parse(text), 'hello');
}

/** @throws Error for what is no such message */
export function decodeToEngine(text: string): ToEngine | Refusal {
  return toEngine(parse(text), 'message');
}

/** @throws Error for what is no such message */
export function decodeFromEngine(text: string): FromEngine {
  return fromEngine(parse(text), 'message');
}

/** @throws Error for what is no such message */
export function decodeToContext(text: string): ToContext | Refusal {
  return toContext(parse(text), 'message');
}

/** @throws Error for what is no such message */
export function decodeFromContext(text: string): FromContext {
  return fromContext(parse(text), 'message');
}

/** @throws Error for what is no such message */
export function decodeFromControl(text: string): FromControl {
  return fromControl(parse(text), 'message');
}

/** @throws Error for what is no such message */
export function decodeToControl(text: string): ToControl | Refusal {
  return toControl(parse(text), 'message');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the message is no JSON');
  }
}

function type<const T extends string>(name: T): Check<T> {
  return isOneOf(name);
}

const refused = isRecord<Refusal>({ type: type('refused'), why: isText });

const hello = isVariant<Hello>('type', {
  engine: isRecord<Extract<Hello, { type: 'engine' }>>({ type: type('engine'), version: isText, rank: isInteger }),
  context: isRecord<Extract<Hello, { type: 'context' }>>({ type: type('context'), version: isText }),
  control: isRecord<Extract<Hello, { type: 'control' }>>({ type: type('control'), version: isText }),
});

const task = isVariant<RunnableTask>('kind', {
  task: isRecord<Extract<RunnableTask, { kind: 'task' }>>({
    ...{ kind: isOneOf('task'), taskId: isInteger, lineNumber: isInteger, repeatIndex: isInteger, command: isBytes },
  }),
  'per-engine': isRecord<Extract<RunnableTask, { kind: 'per-engine' }>>({
    ...{ kind: isOneOf('per-engine'), moment: isOneOf('start', 'stop'), taskId: isInteger, lineNumber: isInteger },
    command: isBytes,
  }),
});

const sample = isRecord<OutputSample>({ bytes: isInteger, head: isBytes, tail: isBytes, fileError: isInteger });
const usageSource = isOneOf('wait4', 'samples');

const outcome = isRecord<Outcome>({
  ...{ pid: isInteger, exitCode: isInteger, start: isNumber, finish: isNumber, output: sample, error: sample },
  usage: isOptional(
    isRecord<TaskUsage>({
      ...{ userCpu: isNumber, systemCpu: isNumber, cpuFrom: usageSource },
      ...{ peakMemory: isNumber, memoryFrom: usageSource, largestProcess: isNumber },
    }),
  ),
});

type To<T extends ToEngine['type']> = Extract<ToEngine, { type: T }>;
const toEngine = isVariant<ToEngine | Refusal>('type', {
  refused,
  run: isRecord<To<'run'>>({ type: type('run'), slot: isInteger, task }),
  'end-tasks': isRecord<To<'end-tasks'>>({ type: type('end-tasks'), graceMs: isNumber }),
  leave: isRecord<To<'leave'>>({ type: type('leave'), endBackground: isBoolean }),
  heard: isRecord<To<'heard'>>({ type: type('heard'), pulse: isInteger }),
  'work-again': isRecord<To<'work-again'>>({ type: type('work-again') }),
} satisfies Record<(ToEngine | Refusal)['type'], unknown>);

type From<T extends FromEngine['type']> = Extract<FromEngine, { type: T }>;
const fromEngine = isVariant<FromEngine>('type', {
  joined: isRecord<From<'joined'>>({
    ...{ type: type('joined'), node: isText, pid: isInteger, slots: isInteger, notes: isListOf(isText) },
  }),
  started: isRecord<From<'started'>>({ type: type('started'), slot: isInteger, pid: isInteger, start: isNumber }),
  ended: isRecord<From<'ended'>>({ type: type('ended'), slot: isInteger, outcome }),
  'tasks-ended': isRecord<From<'tasks-ended'>>({ type: type('tasks-ended') }),
  pulse: isRecord<From<'pulse'>>({ type: type('pulse'), pulse: isInteger }),
  ending: isRecord<From<'ending'>>({ type: type('ending'), why: isText }),
  'lease-ended': isRecord<From<'lease-ended'>>({ type: type('lease-ended') }),
  left: isRecord<From<'left'>>({ type: type('left'), problem: isOptional(isText) }),
} satisfies Record<FromEngine['type'], unknown>);

type ToC<T extends ToContext['type']> = Extract<ToContext, { type: T }>;
const toContext = isVariant<ToContext | Refusal>('type', {
  refused,
  welcome: isRecord<ToC<'welcome'>>({
    ...{ type: type('welcome'), rank: isInteger, label: isText, firstEngine: isInteger },
  }),
  leave: isRecord<ToC<'leave'>>({ type: type('leave'), why: isText }),
} satisfies Record<(ToContext | Refusal)['type'], unknown>);

const planned = isRecord<PlannedEngine>({ node: isText, slots: isInteger, leased: isBoolean, retires: isBoolean });

type FromC<T extends FromContext['type']> = Extract<FromContext, { type: T }>;
const fromContext = isVariant<FromContext>('type', {
  joined: isRecord<FromC<'joined'>>({
    ...{ type: type('joined'), label: isOptional(isText), host: isText, pid: isInteger },
    ...{ taskLimit: isInteger, revocable: isBoolean, engines: isListOf(planned) },
  }),
  'engine-ended': isRecord<FromC<'engine-ended'>>({
    ...{ type: type('engine-ended'), engine: isInteger, problem: isOptional(isText), dead: isBoolean },
  }),
  stop: isRecord<FromC<'stop'>>({ type: type('stop'), how: isOneOf('finish', 'end') }),
  left: isRecord<FromC<'left'>>({ type: type('left'), problem: isOptional(isText) }),
} satisfies Record<FromContext['type'], unknown>);

type FromO<T extends FromControl['type']> = Extract<FromControl, { type: T }>;
const fromControl = isVariant<FromControl>('type', {
  status: isRecord<FromO<'status'>>({ type: type('status') }),
  running: isRecord<FromO<'running'>>({
    ...{ type: type('running'), engines: isOptional(isListOf(isInteger)), limit: isInteger },
  }),
  'stop-engine': isRecord<FromO<'stop-engine'>>({ type: type('stop-engine'), rank: isInteger }),
  'stop-context': isRecord<FromO<'stop-context'>>({ type: type('stop-context'), label: isText }),
  'stop-run': isRecord<FromO<'stop-run'>>({ type: type('stop-run') }),
  wait: isRecord<FromO<'wait'>>({ type: type('wait') }),
} satisfies Record<FromControl['type'], unknown>);

type ToO<T extends ToControl['type']> = Extract<ToControl, { type: T }>;
const toControl = isVariant<ToControl | Refusal>('type', {
  refused,
  overview: isRecord<ToO<'overview'>>({ type: type('overview'), overview: isOverview }),
  running: isRecord<ToO<'running'>>({ type: type('running'), running: isRunningTasks }),
  answer: isRecord<ToO<'answer'>>({ type: type('answer'), problem: isOptional(isText) }),
  over: isRecord<ToO<'over'>>({ type: type('over'), exitStatus: isInteger, overview: isOverview }),
} satisfies Record<(ToControl | Refusal)['type'], unknown>);

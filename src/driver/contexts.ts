/**
 * Contexts as the driver sees them: they come with a list of engines, tell what became of those, and go. Pure.
 */

import type { FromContext, PlannedEngine } from '../contract/messages.ts';
import { excuseDoubted } from './doubted-failures.ts';
import type { Effects } from './effects.ts';
import { depart, drain, endTasks } from './engine-stages.ts';
import { loseEngine, onProofOfDeath } from './lost-engines.ts';
import { isPresent, type ContextState, type DriverState, type EngineState } from './state.ts';

/** What a message of a context does to the state. */
export function takeContextMessage(
  state: DriverState,
  rank: number,
  message: FromContext,
  now: number,
  effects: Effects,
): void {
  if (message.type === 'joined') {
    onContextJoined(state, rank, message, now, effects);
    return;
  }
  const context = state.contexts.get(rank);
  if (context === undefined) return;
  switch (message.type) {
    case 'engine-ended': {
      const engine = state.engines.get(message.engine);
      if (engine !== undefined && engine.context === context) onEngineEnded(state, engine, message, now, effects);
      return;
    }
    case 'stop':
      stopContext(state, context, message.how, now, effects);
      return;
    case 'left': {
      // Who has been sent away may hang up without a word.
      const wasDismissed = context.left;
      context.left = true;
      if (message.problem === undefined || wasDismissed) {
        effects.log('INFO', `context ${context.label} left`);
        return;
      }
      effects.notice(`${context.label} is gone (${message.problem}); its engines get no more tasks.`);
      for (const engine of context.engines) drain(engine, state, now, effects);
      return;
    }
  }
}

/** No new tasks for an engine; what it runs may finish. @returns why not, if it cannot be */
export function stopEngine(state: DriverState, rank: number, now: number, effects: Effects): string | undefined {
  const engine = state.engines.get(rank);
  if (engine === undefined) return `there is no engine ${rank}`;
  if (!isPresent(engine)) return `engine ${rank} on ${engine.node} is ${engine.stage}`;
  effects.notice(`Engine ${rank} on ${engine.node} gets no more tasks; those that run there may finish.`);
  drain(engine, state, now, effects);
  return undefined;
}

/** The same for all engines of the contexts with a label. */
export function stopContexts(state: DriverState, label: string, now: number, effects: Effects): string | undefined {
  const contexts = [...state.contexts.values()].filter((context) => context.label === label && !context.left);
  if (contexts.length === 0) return `there is no context ${label}`;
  for (const context of contexts) stopContext(state, context, 'finish', now, effects);
  return undefined;
}

/** Contexts that have been given as many tasks as they take are stopped softly. */
export function stopFull(state: DriverState, now: number, effects: Effects): void {
  for (const context of state.full.splice(0)) {
    effects.notice(
      `${context.label} has been given its ${context.taskLimit} tasks (-C) and leaves when they are done.`,
    );
    for (const engine of context.engines) drain(engine, state, now, effects);
  }
}

/** Sends the contexts away that have nothing left to do. */
export function dismissContexts(state: DriverState, effects: Effects): void {
  for (const context of state.contexts.values()) {
    if (context.left) continue;
    const done = context.engines.every((engine) => engine.stage === 'gone');
    if (state.phase !== 'over' && !done) continue;
    context.left = true;
    const why = state.phase === 'running' ? 'none of its engines is left' : 'the run is over';
    effects.toContext(context.rank, { type: 'leave', why });
  }
}

function stopContext(
  state: DriverState,
  context: ContextState,
  how: 'finish' | 'end',
  now: number,
  effects: Effects,
): void {
  effects.notice(
    how === 'finish'
      ? `${context.label} gets no more tasks; those that run there may finish.`
      : `The tasks of ${context.label} are ended; they run again elsewhere.`,
  );
  for (const engine of context.engines) {
    engine.draining = true;
    if (how === 'end') {
      excuseDoubted(state, engine, now, effects);
      endTasks(engine, state, effects);
    }
    drain(engine, state, now, effects);
  }
}

function onContextJoined(
  state: DriverState,
  rank: number,
  message: Extract<FromContext, { type: 'joined' }>,
  now: number,
  effects: Effects,
): void {
  const label = message.label ?? `SSH${rank}`;
  const context: ContextState = {
    ...{ rank, label, host: message.host, pid: message.pid, engines: [], left: false },
    ...{ taskLimit: message.taskLimit, assigned: 0, revocable: message.revocable },
  };
  state.contexts.set(rank, context);
  if (state.phase !== 'running') {
    context.left = true;
    effects.toContext(rank, { type: 'leave', why: 'the run is ending, and there are no more tasks' });
    return;
  }
  const firstEngine = state.engines.size;
  for (const [index, planned] of message.engines.entries()) {
    const engine = newEngine(firstEngine + index, context, planned, now);
    context.engines.push(engine);
    state.engines.set(engine.rank, engine);
    state.present++;
  }
  effects.log('INFO', `context ${label} on ${message.host} (PID ${message.pid}): ${message.engines.length} engines`);
  effects.toContext(rank, { type: 'welcome', rank, label, firstEngine });
}

function newEngine(
  rank: number,
  context: ContextState,
  { node, slots, leased, retires }: PlannedEngine,
  now: number,
): EngineState {
  return {
    ...{ rank, context, node, hostname: node, slots, leased, pid: 0, stage: 'launching' },
    ...{ retires, interruption: undefined },
    ...{ draining: false, linked: false, returning: false },
    ...{ heardAt: now, beginnings: 0, perEngineGiven: 0, running: new Map(), lost: new Map() },
    ...{ joinedAt: now, lastAt: now, assigned: 0, finished: 0, failed: 0 },
  };
}

function onEngineEnded(
  state: DriverState,
  engine: EngineState,
  { problem, dead }: Extract<FromContext, { type: 'engine-ended' }>,
  now: number,
  effects: Effects,
): void {
  const said = problem ?? 'its process has ended';
  if (engine.stage === 'launching') {
    depart(engine, 'gone', state);
    effects.notice(said);
    state.lastProblem = said;
  } else if (!dead) {
    effects.log('WARNING', `engine ${engine.rank} on ${engine.node}: ${said}`);
  } else {
    if (isPresent(engine) && engine.stage !== 'leaving') {
      effects.notice(`${engine.node}: the engine has died (${said}).`);
      state.lastProblem = `${engine.node}: the engine has died (${said})`;
      loseEngine(state, engine, now, now, effects);
    }
    onProofOfDeath(state, engine, now, effects);
  }
}

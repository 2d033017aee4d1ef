/**
 * What holds for a run when nothing else is asked for, by the command line or a program. Pure data.
 */

import type { RunOptions } from './run-options.ts';

export const defaultOptions: RunOptions = {
  sshNodes: [],
  cpusPerTask: undefined,
  tasksPerNode: undefined,
  fill: false,
  taskLimit: 0,
  retire: 'default',
  stopBefore: undefined,
  label: undefined,
  startupOnly: false,
  resources: [],
  launcher: undefined,
  endBackground: false,
  heartbeat: 30,
  maxLost: 2,
  noRerun: false,
  useAddress: undefined,
  openStore: false,
  foreignStore: undefined,
  taskServer: undefined,
  exitCode: false,
  failFast: false,
  resumeFrom: [],
  retry: false,
  forceResume: false,
  prefix: '.',
  statusHeader: false,
  details: false,
  results: undefined,
  logfile: undefined,
  loglevel: 'INFO',
  unknownDirectives: 'error',
};

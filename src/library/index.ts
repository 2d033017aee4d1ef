/**
 * What `import { DisBatcher } from 'disbatch'` gives. Everything else here is the library's own.
 */

export { DisbatchError, type ErrorCode } from '../base/errors.ts';
export { DisBatcher } from './disbatcher.ts';
export type { AbortSignalLike, DisBatcherOptions, JoinOptions } from './options.ts';
export type { RunSummary, WhyOver } from './run-summary.ts';
export type { TaskResult } from './task-result.ts';

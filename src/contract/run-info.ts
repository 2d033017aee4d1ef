/**
 * What has to be known of a run to take part in it from elsewhere: as the JSON of `PREFIX_key.json`, and on the standard
 * input of engines. Pure. It holds the run's key: whoever has it can start commands, so it is in no log, argument or
 * environment.
 */

import {
  isBoolean,
  isInteger,
  isListOf,
  isNumber,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  type Check,
} from './checks.ts';

export interface RunInfo {
  /** Both sides must be of the same version. */
  readonly version: string;
  /** Random: which run this is. */
  readonly runId: string;
  /** 32 bytes in hexadecimal. */
  readonly key: string;
  /** Where the driver may be reached, the most likely first. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** The folder that the run was started in, and its tasks run in. */
  readonly cwd: string;
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  readonly taskName: string;
  readonly loglevel: 'CRITICAL' | 'ERROR' | 'WARNING' | 'INFO' | 'DEBUG';
  /** Seconds: see leaseTimes. */
  readonly heartbeat: number;
  readonly launcher: 'native' | 'portable' | undefined;
  /** `-c` and `-t` of the first command line, and the variables of `-g` and `-E`, for contexts that come later. */
  readonly cpusPerTask: number | undefined;
  readonly tasksPerNode: number | undefined;
  readonly resources: readonly string[];
  /** `--results`: the folder for what tasks write, absolute. */
  readonly results: string | undefined;
  /** `--details`: engines are to find out what tasks use. */
  readonly details: boolean;
  /** The store's address that tasks are told instead of their relay's: where anybody may use it, or it is somebody else's. */
  readonly openStore: string | undefined;
}

/** The variables that `-g` shares out. Source: the original's documentation. */
export const gpuVariables: readonly string[] = ['CUDA_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL'];

/** An engine's part. */
export interface EngineConfig {
  readonly run: RunInfo;
  readonly rank: number;
  readonly node: string;
  readonly slots: number;
  readonly coresPerTask: number;
  /** Of its context. */
  readonly label: string;
  /** Each slot but the first has a launcher that is started beside the engine and connects to it. */
  readonly launcherPerSlot: boolean;
  /** Variables with comma lists that are shared out over the slots. */
  readonly resources: readonly string[];
  /** The environment of each launcher already says what is its slot's. */
  readonly slotsOwnResources: boolean;
}

const key: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new Error(`${name} is no key`);
  return value;
};

const runInfo = isRecord<RunInfo>({
  ...{ version: isText, runId: isText, key, addresses: isListOf(isRecord({ host: isText, port: isInteger })) },
  ...{ cwd: isText, prefix: isText, taskName: isText, heartbeat: isNumber, resources: isListOf(isText) },
  loglevel: isOneOf('CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'),
  launcher: isOptional(isOneOf('native', 'portable')),
  cpusPerTask: isOptional(isNumber),
  tasksPerNode: isOptional(isInteger),
  ...{ openStore: isOptional(isText), results: isOptional(isText), details: isBoolean },
});

const engineConfig = isRecord<EngineConfig>({
  ...{ run: runInfo, rank: isInteger, node: isText, slots: isInteger, coresPerTask: isInteger, label: isText },
  ...{ launcherPerSlot: isBoolean, slotsOwnResources: isBoolean, resources: isListOf(isText) },
});

/** @throws Error for what is none */
export function decodeRunInfo(text: string): RunInfo {
  return runInfo(JSON.parse(text), 'run');
}

/** @throws Error for what is none */
export function decodeEngineConfig(text: string): EngineConfig {
  return engineConfig(JSON.parse(text), 'config');
}

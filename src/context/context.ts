/**
 * What a context is: the link to one allocation or list of hosts, planned as nodes with slots. Pure.
 */

/** A machine that is to run an engine. */
export interface NodePlan {
  readonly name: string;
  readonly cores: number;
  readonly slots: number;
  /** Whole cores for each task, for DISBATCH_CORES_PER_TASK; 0 where tasks get less than one. */
  readonly coresPerTask: number;
}

export interface ContextPlan {
  /** `-l`; undefined: the driver names the context by its rank. */
  readonly label: string | undefined;
  readonly nodes: readonly NodePlan[];
  /** For the user's eyes, one line each. */
  readonly notices: readonly string[];
}

/** What the command line says about slots. */
export interface SlotOptions {
  /** Cores for each task (`-c`), may be fractional. */
  readonly cpusPerTask: number;
  /** Slots on each node (`-t`), instead of what the cores give. */
  readonly tasksPerNode: number | undefined;
}

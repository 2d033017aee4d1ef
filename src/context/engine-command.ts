/**
 * The commands that bring an engine, and launchers, into being on a node: engine.sh and slot.sh with their arguments. Pure.
 *
 * Nothing secret is in them: the other users of a host can read them.
 */

/** What engine.sh is told, in this order; and slot.sh. */
export interface EngineCommand {
  /** Node here; it must be at the same path there. */
  readonly nodePath: string;
  /** Where the program is installed, here and there. */
  readonly folder: string;
  /** The folder that tasks run in; it must be there too. */
  readonly cwd: string;
  readonly runId: string;
  readonly engineRank: number;
  /** The only kind of launcher to use; undefined: the best that there is. */
  readonly launcher: 'native' | 'portable' | undefined;
  /** Variables whose values the engine wants to know of each launcher. */
  readonly resources: readonly string[];
}

/** The command of an engine. */
export function engineWords(command: EngineCommand): string[] {
  return ['/bin/sh', `${command.folder}/engine.sh`, ...places(command)];
}

/**
 * The command of one of many processes that a resource manager starts on a node, one for each slot: the first brings the
 * engine, each of the others a launcher.
 *
 * @param slotVariable - the environment variable that has the number of the slot there
 */
export function slotWords(slotVariable: string, command: EngineCommand): string[] {
  const { folder, launcher = 'any', resources } = command;
  return ['/bin/sh', `${folder}/slot.sh`, slotVariable, launcher, resources.join(','), ...places(command)];
}

function places({ nodePath, folder, cwd, runId, engineRank }: EngineCommand): string[] {
  return [nodePath, folder, cwd, runId, String(engineRank)];
}

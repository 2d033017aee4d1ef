import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSrunFailure } from '../../src/context/srun-words.ts';

const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');

describe('what srun says when it fails', () => {
  test.each([
    [
      'the node is not in the job',
      lines('srun: error: Unable to create step for job 28: Requested node configuration is not available'),
      'final',
      'Unable to create step for job 28: Requested node configuration is not available',
    ],
    [
      'more cores are asked for than the job has',
      lines(
        'srun: cluster configuration lacks support for cpu binding',
        'srun: error: Unable to create step for job 30: More processors requested than permitted',
      ),
      'final',
      'Unable to create step for job 30: More processors requested than permitted',
    ],
    [
      'an option is unknown',
      lines("srun: unrecognized option '--frob'", 'Try "srun --help" for more information'),
      'final',
      "unrecognized option '--frob'",
    ],
    [
      'the kind of binding is unknown',
      lines(
        'srun: cluster configuration lacks support for cpu binding',
        'srun: error: unrecognized --cpu-bind argument "frob"',
        'srun: fatal: Failed to parse --cpu-bind= values.',
      ),
      'final',
      'Failed to parse --cpu-bind= values',
    ],
    [
      'a library for MPI is missing',
      lines(
        'srun: error:  mpi/pmix_v4: init: (null) [0]: mpi_pmix.c:195: pmi/pmix: can not load PMIx library',
        "srun: error: Couldn't load specified plugin name for mpi/pmix: Plugin init() callback failed",
        'srun: error: MPI: Cannot create context for mpi/pmix',
        'srun: error: MPI: Unable to load any plugin',
        "srun: error: Invalid MPI type 'pmix', --mpi=list for acceptable types",
      ),
      'final',
      "Invalid MPI type 'pmix', --mpi=list for acceptable types",
    ],
    [
      'the program is not there',
      lines(
        'slurmstepd-node1: error: execve(): /nonexistent/prog: No such file or directory',
        'slurmstepd-node1: error: execve(): /nonexistent/prog: No such file or directory',
        'srun: error: node1: tasks 0-1: Exited with exit code 2',
      ),
      'final',
      'execve(): /nonexistent/prog: No such file or directory',
    ],
    [
      'the job has no GPUs',
      lines(
        "srun: error: Step requested GRES but job doesn't have GRES",
        'srun: error: Unable to create step for job 42: Invalid generic resource (gres) specification',
      ),
      'final',
      'Unable to create step for job 42: Invalid generic resource (gres) specification',
    ],
    [
      'the job is over',
      lines(
        'srun: error: Unable to confirm allocation for job 99999: Invalid job id specified',
        'srun: Check SLURM_JOB_ID environment variable. Expired or invalid job 99999',
      ),
      'final',
      'Unable to confirm allocation for job 99999: Invalid job id specified',
    ],
    ['the node is lost', lines('srun: error: Node failure on node3'), 'final', 'Node failure on node3'],
    [
      'the node has crashed a moment ago',
      lines(
        'srun: error: Task launch for StepId=43.0 failed on node node3: Communication connection failure',
        'srun: error: Application launch failed: Communication connection failure',
        'srun: Job step aborted',
      ),
      'unreachable',
      'Task launch for StepId=43.0 failed on node node3: Communication connection failure',
    ],
    [
      'the controller is down',
      lines(
        'srun: error: Unable to confirm allocation for job 44: Unable to contact slurm controller (connect failure)',
        'srun: Check SLURM_JOB_ID environment variable. Expired or invalid job 44',
      ),
      'dropped',
      'Unable to confirm allocation for job 44: Unable to contact slurm controller (connect failure)',
    ],
    [
      'the controller has too much to do',
      lines('srun: error: Unable to create step for job 7: Socket timed out on send/recv operation'),
      'dropped',
      'Unable to create step for job 7: Socket timed out on send/recv operation',
    ],
    [
      'the controller ends while it answers',
      lines('srun: error: Unable to create step for job 7: Zero Bytes were transmitted or received'),
      'dropped',
      'Unable to create step for job 7: Zero Bytes were transmitted or received',
    ],
    [
      'the controller is being started anew',
      lines(
        'srun: error: Unable to create step for job 7: Slurm temporarily unable to accept job, sleeping and retrying',
      ),
      'dropped',
      'Unable to create step for job 7: Slurm temporarily unable to accept job, sleeping and retrying',
    ],
  ])('when %s: %j', (_what, words, failure, reason) => {
    expect(readSrunFailure(words)).toEqual({ failure, reason });
  });

  test.each([
    [lines('srun: job 31 queued and waiting for resources')],
    [lines('srun: cluster configuration lacks support for cpu binding', 'srun: Step created for job 12')],
    ['\n\r\n'],
    [''],
  ])('%j tells nothing', (words) => {
    expect(readSrunFailure(words)).toEqual({ failure: 'final', reason: undefined });
  });

  test('a wait that something else ended is not the reason', () => {
    const wait = 'srun: Job 12 step creation temporarily disabled, retrying (Requested nodes are busy)';
    const cause = 'srun: error: Unable to create step for job 12: Invalid account';
    expect(readSrunFailure(lines(cause, wait)).reason).toBe('Unable to create step for job 12: Invalid account');
  });

  test('a wait is the reason of a start that was given up in it', () => {
    const words = lines(
      'srun: Job 12 step creation temporarily disabled, retrying (Requested nodes are busy)',
      'srun: Step created for job 12',
    );
    expect(readSrunFailure(words).reason).toBe(
      'Job 12 step creation temporarily disabled, retrying (Requested nodes are busy)',
    );
  });

  test('the end of a step is the reason only where nothing tells of its cause', () => {
    const end = lines(
      'slurmstepd-node1: error: *** STEP 40.0 ON node1 CANCELLED AT 2026-11-24T15:05:10 ***',
      'srun: Job step aborted: Waiting up to 4 seconds for job step to finish.',
    );
    const killed = lines('srun: error: node1: tasks 0-1: Killed');
    expect(readSrunFailure(end + killed).reason).toBe('node1: tasks 0-1: Killed');
    expect(readSrunFailure(lines('srun: error: Node failure on node1') + end + killed).reason).toBe(
      'Node failure on node1',
    );
  });

  test('the last line that tells something is the reason, whatever noise comes with it', () => {
    const noise = fc.constantFrom(
      'srun: cluster configuration lacks support for cpu binding',
      'srun: Job 12 step creation temporarily disabled, retrying (Requested nodes are busy)',
      'srun: job 31 queued and waiting for resources',
      'srun: error:  mpi/pmix_v4: init: (null) [0]: mpi_pmix.c:195: pmi/pmix: can not load PMIx library',
      'slurmstepd-node1: error: *** STEP 40.0 ON node1 CANCELLED AT 2026-11-24T15:05:10 ***',
      '',
    );
    fc.assert(
      fc.property(fc.array(noise), fc.array(noise), (before, after) => {
        const words = [...before, 'srun: error: Invalid account.', ...after].join('\r\n');
        expect(readSrunFailure(words)).toEqual({ failure: 'final', reason: 'Invalid account' });
      }),
    );
  });

  test('is safe on a terminal and short, whatever was printed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (words) => {
        const { reason } = readSrunFailure(words);
        if (reason === undefined) return;
        expect(reason).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
        expect(reason.length).toBeLessThanOrEqual(300);
      }),
    );
    expect(readSrunFailure('srun: error: \x1b[2Jgone\n').reason).toBe('\\x1b[2Jgone');
    expect(readSrunFailure('x'.repeat(1000)).reason).toHaveLength(300);
  });
});

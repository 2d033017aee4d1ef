/**
 * What the man page tells beside the tables: the task file, exit statuses, environment, files, signals, examples. Pure data.
 */

import { bold, example, item, paragraph, section } from './roff.ts';

const items = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([term, text]) => item(bold(term), text)).join('');

/** Before the options. */
export const manStart = [
  section('DESCRIPTION'),
  paragraph(
    'disBatch runs the commands in TASKFILE, one a line, as many at a time as there are slots, on this machine, on hosts ' +
      'reached by ssh, or in a job of Slurm or Grid Engine. What became of each task, with its exit code, times, host and ' +
      'a sample of its outputs, is a line of the status file. A run that was cut short, or some of whose tasks failed, ' +
      'goes on from there with -r.',
  ),
  paragraph(
    'TASKFILE may be - for standard input. Where tasks run is said by the first of these that is there: -s; the job of ' +
      'Slurm; DISBATCH_SSH_NODELIST; the job of Grid Engine; else all cores of this machine, unless it has sbatch or ' +
      'qsub. Each host is taken as a number of cores, which make slots; a slot runs one task at a time.',
  ),
  section('TASK FILE'),
  paragraph(
    'Each line is run by /bin/bash -c, in the folder where disbatch was started, with standard input from /dev/null. ' +
      'Empty lines and lines that begin with # are passed over, except for these:',
  ),
  items([
    ['#DISBATCH PREFIX text', 'Text to put before each command from here on.'],
    ['#DISBATCH SUFFIX text', 'Text to put behind each command from here on.'],
    [
      '#DISBATCH REPEAT count [start number] [step number] [command]',
      'That many tasks, which find their index in DISBATCH_REPEAT_INDEX.',
    ],
    [
      '#DISBATCH BARRIER [CHECK] [key]',
      'No task after it starts before all before it have ended; with CHECK the run ends there when one of them failed.',
    ],
    ['#DISBATCH PERENGINE START|STOP command', 'A command that runs once on each host, at its beginning or end.'],
  ]),
].join('');

export const manExamples = [
  section('EXAMPLES'),
  paragraph('Four tasks at a time on this machine:'),
  example(['disbatch -s localhost:4 Tasks']),
  paragraph('Look at what would run, without running it:'),
  example(['disbatch --dry-run Tasks']),
  paragraph('Run again what failed, and what had not been run:'),
  example(['disbatch -r Tasks_disBatch_261124095346_730_status.txt -R -s localhost:4 Tasks']),
  paragraph('Hosts over ssh, two cores for each task, outputs kept in files:'),
  example(['disbatch -s node1:8,node2:8 -c 2 --results out Tasks']),
  paragraph('In a Slurm job, 20 tasks at a time with 4 cores each:'),
  example(['sbatch -n 20 -c 4 disbatch Tasks']),
  paragraph('A run that jobs join as the queue lets them through:'),
  example(['disbatch -S -p sim Tasks', 'sbatch --array=1-10 -n 8 ./sim_dbUtil.sh']),
].join('');

/** After the sub-commands. */
export const manEnd = [
  section('EXIT STATUS'),
  items([
    ['0', 'Every task has run, or a BARRIER CHECK ended the run. Failed tasks do not count, unless -e is given.'],
    [
      '1',
      'An error of disBatch; with -e, a task failed; with -f, a failure stopped the run; after a soft stop, tasks are left.',
    ],
    ['2', 'The command line is wrong, or does not say where to run.'],
    ['128+N', 'Signal N ended the run: 129 HUP, 130 INT (Ctrl-C), 143 TERM.'],
  ]),
  paragraph('When the command of --taskcommand has failed, its exit status.'),
  section('ENVIRONMENT'),
  paragraph('Read by disbatch:'),
  items([
    ['DISBATCH_SSH_NODELIST', 'Hosts in the form of -s, when there is no -s and no Slurm job.'],
    ['DISBATCH_HOME', 'The folder of the installed package, for copies of the command such as sbatch makes.'],
    ['DISBATCH_SLURM_SRUN_OPTIONS_FILE', 'A file with NAME=VALUE lines for the environment of srun.'],
    [
      'DISBATCH_SMTP_URL',
      'The server that takes the mail of --mailTo: smtp://HOST:PORT or smtps://USER:PASSWORD@HOST.',
    ],
    ['KVSSTCP_HOST, KVSSTCP_PORT', 'The store of --kvsserver and of disbatch kvs.'],
    ['NO_COLOR', 'No colours when it is set.'],
  ]),
  paragraph('Set for each task:'),
  items([
    ['DISBATCH_TASKID', 'The number of the task, from 0.'],
    ['DISBATCH_STREAM_INDEX', 'The line in the task file, from 1.'],
    ['DISBATCH_REPEAT_INDEX', 'The index within a REPEAT, else -1.'],
    [
      'DISBATCH_TASKID_ZP, DISBATCH_STREAM_INDEX_ZP, DISBATCH_REPEAT_INDEX_ZP',
      'The same, six places wide with zeros in front.',
    ],
    ['DISBATCH_JOBID', 'The name of the run: the last part of its prefix.'],
    ['DISBATCH_NAMETASKS', 'The name of the task file without its folder.'],
    ['DISBATCH_CORES_PER_TASK', 'Cores of the host divided by its slots, at least 1.'],
    ['DISBATCH_CYLINDER_RANK', 'The number of the slot on its host, from 0.'],
    ['DISBATCH_ENGINE_RANK', 'The number of the engine, from 0: each host has one.'],
    ['DISBATCH_KVSSTCP_HOST', "HOST:PORT of the run's key-value store."],
    ['DISBATCH_RUN_ID', '16 characters by chance, the same for all tasks of a run.'],
  ]),
  section('FILES'),
  paragraph('All begin with PREFIX: that of -p, else TASKFILE_disBatch_DATE_NUMBER in the current folder.'),
  items([
    ['PREFIX_status.txt', 'What became of each task: a line for each, in fields parted by tabs.'],
    ['PREFIX_details.jsonl', 'With --details, all that is known of each task.'],
    ['PREFIX_url', 'With -w, during the run: the address of the web page. Only you can read it.'],
    ['PREFIX_driver.log', 'What the driver did.'],
    ['PREFIX_LABEL.context.log, PREFIX_LABEL_NODE_engine_RANK.log', 'Logs of the hosts and of the engines on them.'],
    ['PREFIX_dbUtil.sh', 'The command that adds hosts and jobs to the run; with --help it explains itself.'],
    ['PREFIX_key.json', 'During the run: what has to be known to take part in it. Only you can read it.'],
    ['PREFIX_kvsinfo.txt', 'During the run: HOST:PORT of its key-value store.'],
  ]),
  section('SIGNALS'),
  items([
    [
      'INT (Ctrl-C), TERM, HUP',
      'No new tasks; those that run get TERM, and KILL after 5 s; the command that resumes is printed. A second one does not wait.',
    ],
    ['USR1, USR2', 'A soft stop: no new tasks, those that run may finish.'],
    ['KILL', 'The tasks are ended on all hosts; resume from the status file.'],
  ]),
  section('SEE ALSO'),
  paragraph(
    'The pages in the folder docs of the installed package: docs/README.md is their index, docs/tutorial.md the first to read.',
  ),
  paragraph('bash(1), ssh(1), sbatch(1), srun(1), qsub(1), parallel(1)'),
].join('');

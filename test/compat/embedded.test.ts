/**
 * The original's own programs, unmodified, with runs of ours, and ours with the original's store.
 *
 * Needs the original's Python package: DISBATCH_ORIGINAL names the folder that it is in.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { inBash } from '../support/program.ts';
import {
  readRecords,
  runDisbatch,
  startDisbatch,
  testFolder,
  until,
  writeTasks,
  type Finished,
  type Running,
} from '../support/run-disbatch.ts';

interface Skip {
  skip(note?: string): never;
}

const beginning = ['-s', 'localhost:2', '-p', 'run'];

/** Starts a program in Python that finds the original's package; the test's end ends it. */
function startPython(path: string, cwd: string, program: string, ...words: readonly string[]): Running {
  const env = { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  return startDisbatch(['-c', program, ...words], { cwd, env, command: 'python3' });
}

function python(...words: Parameters<typeof startPython>): Promise<Finished> {
  return startPython(...words).finished;
}

function originalPackage(ctx: Skip): string {
  skipWithout(ctx, 'python3');
  const folder = process.env['DISBATCH_ORIGINAL'];
  if (folder === undefined || !existsSync(join(folder, 'disbatch/disBatch.py'))) {
    ctx.skip("DISBATCH_ORIGINAL does not name a folder with the original's Python package disbatch");
  }
  return folder;
}

/** The original's server, as its library starts it. */
async function serveOriginal(
  ctx: Skip,
  folder: string,
): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const program = `
import os
from disbatch.kvsstcp.kvsstcp import KVSServer
server = KVSServer('127.0.0.1', 0)
open('address.new', 'w').write('%s:%d' % server.cinfo)
os.rename('address.new', 'store.address')
server.join()
`;
  const { child } = startPython(originalPackage(ctx), folder, program);
  await until('the store is there', () => existsSync(join(folder, 'store.address')) || child.exitCode !== null);
  return { child, address: readFileSync(join(folder, 'store.address'), 'utf8') };
}

/** As in the original's own example of its class, and more than it can: it waits for its last task before it says done. */
const embedded = `
import json, sys
from disbatch import disBatch
db = disBatch.DisBatcher(tasksname='testing', kvsserver=sys.argv[1])
tasks = {x: 'echo %d^2 $(( %d * %d )); [[ %d == 7 ]] && exit 1; true' % (x, x, x, x) for x in range(10)}
for x in tasks:
    db.submit(tasks[x])
status = db.syncTasks(tasks)
for x in tasks:
    assert status[x]['TaskCmd'] == tasks[x], status[x]
    assert status[x]['ReturnCode'] == (1 if x == 7 else 0), status[x]
    assert status[x]['OutData'] == '%d^2 %d\\n' % (x, x * x), status[x]
db.submit('#DISBATCH REPEAT 5 start 100 step 3 echo $DISBATCH_REPEAT_INDEX')
ids = set(range(10, 15))
for _ in range(5):
    one = db.wait_one_task()
    ids.remove(one['TaskId'])
    assert one['OutData'] == '%d\\n' % one['TaskRepIndex'], one
db.submit('echo last')
print(json.dumps(db.syncTasks([15])[15]))
db.done()
`;

describe("the original's class DisBatcher, unmodified", () => {
  test('joins a run of ours and gives it tasks, whose results it waits for', async (ctx) => {
    const folder = testFolder();
    const path = originalPackage(ctx);
    const run = startDisbatch([...beginning, '--taskserver'], { cwd: folder });
    await until('the run is there', () => existsSync(join(folder, 'run_kvsinfo.txt')));
    const program = await python(path, folder, embedded, readFileSync(join(folder, 'run_kvsinfo.txt'), 'utf8'));
    expect([program.status, program.stderr]).toEqual([0, '']);
    expect(JSON.parse(program.stdout)).toMatchObject({ TaskId: 15, TaskStreamIndex: 12, OutData: 'last\n' });
    const { status, stderr } = await run.finished;
    expect(status).toBe(0);
    expect(stderr).toContain('16 tasks run, 1 failed');
  });

  test('gives tasks as the command of --taskcommand', async (ctx) => {
    const folder = testFolder();
    const path = originalPackage(ctx);
    const joined = embedded.replace('sys.argv[1]', "__import__('os').environ['DISBATCH_KVSSTCP_HOST']");
    writeFileSync(join(folder, 'feed.py'), joined);
    const run = await runDisbatch([...beginning, '--taskcommand', 'python3 feed.py >last.json'], {
      cwd: folder,
      env: { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect([run.status, JSON.parse(readFileSync(join(folder, 'last.json'), 'utf8'))]).toMatchObject([
      0,
      { OutData: 'last\n' },
    ]);
  });

  test("meets ours in the original's store", async (ctx) => {
    const folder = testFolder();
    const path = originalPackage(ctx);
    const store = await serveOriginal(ctx, folder);
    const run = startDisbatch([...beginning, '--taskserver', store.address], { cwd: folder });
    const program = await python(path, folder, embedded, store.address);
    expect([program.status, program.stderr]).toEqual([0, '']);
    expect((await run.finished).status).toBe(0);
    expect(readRecords(join(folder, 'run_status.txt'))).toHaveLength(16);
  });
});

describe("the original's kvsclient.py, unmodified", () => {
  test('drives a run of ours', async (ctx) => {
    const folder = testFolder();
    const path = originalPackage(ctx);
    const run = startDisbatch([...beginning, '--taskserver'], { cwd: folder });
    await until('the run is there', () => existsSync(join(folder, 'run_kvsinfo.txt')));
    const program = `
import json, sys
from disbatch.kvsstcp.kvsclient import KVSClient
kvs = KVSClient(sys.argv[1])
for key, value in (('name', 'it'), ('done task', 'it done'), ('result key', 'it result'), ('task key', 'it task')):
    kvs.put('task source ' + key, value, False)
kvs.put('it task', 'echo one\\n#DISBATCH BARRIER both\\necho two; exit 3', False)
result = lambda id: json.loads(kvs.get('it result %d' % id, False))
print(int(kvs.get('both', False)), result(0)['OutData'].strip(), result(2)['ReturnCode'])
print(sorted(int(kvs.get('it result done tasks', False)) for _ in range(2)))
kvs.put('it task', 'it done', False)
kvs.close()
`;
    const said = await python(path, folder, program, readFileSync(join(folder, 'run_kvsinfo.txt'), 'utf8'));
    expect([said.stderr, said.stdout]).toEqual(['', '1 one 3\n[0, 2]\n']);
    expect((await run.finished).status).toBe(0);
  });
});

describe("the original's store server", () => {
  test('has barrier keys and the state of a run of ours, and what its tasks put', async (ctx) => {
    const folder = testFolder();
    const store = await serveOriginal(ctx, folder);
    const tasks = writeTasks(folder, ['echo $DISBATCH_KVSSTCP_HOST >address', '#DISBATCH BARRIER b', 'false']);
    const run = await runDisbatch([...beginning, '--kvsserver', store.address, tasks], { cwd: folder });
    expect(run.status).toBe(0);
    expect(readFileSync(join(folder, 'address'), 'utf8')).toBe(`${store.address}\n`);
    const look = `
import json, sys
from disbatch.kvsstcp.kvsclient import KVSClient
kvs = KVSClient(sys.argv[1])
state = json.loads(kvs.view('DisBatch status', False))
print(kvs.get('b', False).decode(), state['more'], state['engines']['0']['finished'])
`;
    const said = await python(originalPackage(ctx), folder, look, store.address);
    expect([said.stdout, said.stderr]).toEqual(['1 No more tasks. 2\n', '']);
  });

  test('has the tasks of a command, and takes their results', async (ctx) => {
    const folder = testFolder();
    const store = await serveOriginal(ctx, folder);
    writeFileSync(
      join(folder, 'feed.sh'),
      `${inBash} sign_in; task 'echo a'; result 0 >0.json; task '#DISBATCH REPEAT 3 :'; finish; result 3 >3.json`,
    );
    const words = [...beginning, '--kvsserver', store.address, '--taskcommand', '. ./feed.sh'];
    const { status, stderr } = await runDisbatch(words, { cwd: folder });
    expect(status).toBe(0);
    expect(stderr).toContain('4 tasks run, none failed');
    expect(JSON.parse(readFileSync(join(folder, '0.json'), 'utf8'))).toMatchObject({ OutData: 'a\n' });
    expect(JSON.parse(readFileSync(join(folder, '3.json'), 'utf8'))).toMatchObject({ TaskId: 3, TaskRepIndex: 2 });
  });

  test('that dies in the middle ends the run with a sentence', async (ctx) => {
    const folder = testFolder();
    const store = await serveOriginal(ctx, folder);
    const tasks = writeTasks(folder, [
      'touch there; until [ -e go ]; do sleep 0.02; done',
      '#DISBATCH REPEAT 50 sleep 0.02',
    ]);
    const run = startDisbatch([...beginning, '-t', '1', '--kvsserver', store.address, tasks], { cwd: folder });
    await until('it runs', () => existsSync(join(folder, 'there')));
    store.child.kill('SIGKILL');
    await until('it is gone', () => store.child.exitCode !== null || store.child.signalCode !== null);
    writeTasks(folder, '', 'go');
    const { status, stderr } = await run.finished;
    expect(status).toBe(1);
    expect(stderr).toContain(`The store at ${store.address} is gone`);
  });
});

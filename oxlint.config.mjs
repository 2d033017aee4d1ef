/**
 * The lint rules. Two kinds: mistakes that the compiler does not see, and the walls between the folders of src/.
 */

const roles = ['base', 'task', 'kvs', 'channel', 'contract', 'driver', 'context', 'engine'];

/** The walls: what each folder of src/ may import besides its own files. */
const mayImport = {
  base: [],
  task: ['base'],
  kvs: ['base'],
  channel: ['base'],
  contract: ['base', 'task', 'kvs', 'channel'],
  driver: ['base', 'task', 'kvs', 'channel', 'contract'],
  context: ['base', 'task', 'kvs', 'channel', 'contract'],
  engine: ['base', 'task', 'kvs', 'channel', 'contract'],
  reach: ['base', 'channel', 'contract'],
  monitor: ['base', 'task', 'kvs', 'channel', 'contract', 'reach'],
  notify: ['base', 'task', 'contract'],
  programs: ['base', 'task', 'kvs', 'contract'],
  run: [...roles, 'programs'],
  library: [...roles, 'run', 'programs'],
  cli: [...roles, 'reach', 'run', 'monitor', 'notify', 'programs', 'library'],
};

/** The same between the rooms of src/monitor/, whose own files everybody there may import. */
const roomsMayImport = {
  records: [],
  analysis: ['records'],
  terminal: ['records', 'analysis'],
  web: ['records', 'analysis'],
  // What the browser runs knows the server by its answers alone.
  page: ['web/answers.ts'],
  report: ['records', 'analysis'],
};

/** What the terminal monitor shows, and what its keys do. */
const terminal = [
  ...[
    'dialog',
    'engines-view',
    'failed-view',
    'frame',
    'glyphs',
    'header',
    'help',
    'keys',
    'last-line',
    'layout',
    'line',
  ],
  ...['memo', 'paint', 'rows', 'running-view', 'sight', 'sorts', 'sparkline', 'state', 'table', 'update'],
  'words',
];

/** Files that decide and do nothing: no module of Node's, so no socket, file, clock or process. */
const pure = {
  task: ['src/task/**'],
  contract: ['src/contract/**'],
  driver: [
    ...['reactor', 'state', 'invariants', 'effects', 'scheduler', 'barriers', 'engine-stages', 'closing', 'contexts'],
    ...[
      'lost-engines',
      'task-ends',
      'task-records',
      'run-state',
      'overview',
      'running-tasks',
      'doubted-failures',
      'retiring',
      'hand-out',
    ],
  ].map((name) => `src/driver/${name}.ts`),
  kvs: [
    'protocol',
    'request-reader',
    'store',
    'monitors',
    'dump-json',
    'pickle',
    'unpickle',
    'dump',
    'spill-space',
  ].map((name) => `src/kvs/${name}.ts`),
  channel: ['framing', 'numbering', 'proc-net-tcp', 'refusals'].map((name) => `src/channel/${name}.ts`),
  engine: [
    'task-env',
    'output-sample',
    'launcher-protocol',
    'launcher-frames',
    'lease',
    'engine-link',
    'slot-resources',
  ].map((name) => `src/engine/${name}.ts`),
  context: [
    'src/context/*-env.ts',
    ...[
      'context',
      'registry',
      'start-queue',
      'engine-command',
      'engine-lines',
      'ssh-command',
      'ssh-words',
      'srun-words',
    ].map((name) => `src/context/${name}.ts`),
  ],
  notify: ['told-task', 'gathering', 'news', 'news-text', 'news-json', 'mail-server', 'notify-options'].map(
    (name) => `src/notify/${name}.ts`,
  ),
  monitor: [
    'src/monitor/analysis/**',
    ...terminal.map((name) => `src/monitor/terminal/${name}.ts`),
    ...['overview-lines', 'run-figures', 'progress', 'summary', 'summary-json'].map((name) => `src/monitor/${name}.ts`),
    ...['column', 'over-time', 'lanes'].map((name) => `src/monitor/records/${name}.ts`),
    ...[
      'answers',
      'gate',
      'metrics',
      'order',
      'python-format',
      'questions',
      'refusal',
      'run-answer',
      'task-row',
      'timeline',
    ].map((name) => `src/monitor/web/${name}.ts`),
    ...[
      'charts',
      'markup',
      'page-course',
      'page-sections',
      'page-table',
      'report-data',
      'report-text',
      'text-table',
    ].map((name) => `src/monitor/report/${name}.ts`),
  ],
};

/** A wall as a setting of no-restricted-imports. */
function wall(folder, isPure, room) {
  const closed = Object.keys(mayImport).filter((other) => other !== folder && !mayImport[folder].includes(other));
  const patterns = [
    {
      regex: '^(\\.\\./)+(test|bench|scripts|examples)/',
      message: 'src/ stands by itself: move what is shared into it.',
    },
  ];
  if (closed.length > 0) {
    patterns.push({
      regex: `^(\\.\\./)+(${closed.join('|')})/`,
      message: `src/${folder}/ may import ${mayImport[folder].join(', ') || 'nothing'} only: oxlint.config.mjs has the walls, docs/architecture.md why.`,
    });
  }
  if (room !== undefined) {
    const open = roomsMayImport[room];
    const message = `src/monitor/${room}/ may import ${open.join(', ') || 'no other room'} only: oxlint.config.mjs has the walls.`;
    for (const other of Object.keys(roomsMayImport).filter((name) => name !== room && !open.includes(name))) {
      const inside = open.filter((path) => path.startsWith(`${other}/`)).map((path) => `!**/${path}`);
      patterns.push({ group: [`**/../${other}/*`, ...inside], message });
    }
  }
  if (isPure) patterns.push({ regex: '^node:', message: "A pure file imports no module of Node's." });
  return ['error', { patterns }];
}

/** No exit but main's: whoever ends the process would leave closers undone. */
const noExit = [
  'error',
  {
    object: 'process',
    property: 'exit',
    message: 'Only what is the main file of a process ends it: throw, or set exitCode.',
  },
];

/** Plain JavaScript has no types to be unsafe with. */
const untyped = [
  'no-unsafe-assignment',
  'no-unsafe-call',
  'no-unsafe-member-access',
  'no-unsafe-return',
  'no-misused-spread',
  'require-array-sort-compare',
  'restrict-template-expressions',
];

const overrides = [
  { files: ['**/*.mjs', '**/*.cjs'], rules: Object.fromEntries(untyped.map((name) => [`typescript/${name}`, 'off'])) },
  { files: ['src/**'], rules: { 'no-restricted-properties': noExit, 'no-console': 'error' } },
  {
    files: ['src/cli/main.ts', 'src/cli/start.cjs', 'src/engine/main.ts', 'src/engine/portable-launcher.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['src/cli/start.cjs'], rules: { 'no-console': 'off', 'no-var': 'off' } },
];
for (const folder of Object.keys(mayImport)) {
  overrides.push({ files: [`src/${folder}/**`], rules: { 'no-restricted-imports': wall(folder, false) } });
}
for (const room of Object.keys(roomsMayImport)) {
  overrides.push({
    files: [`src/monitor/${room}/**`],
    rules: { 'no-restricted-imports': wall('monitor', false, room) },
  });
}
// A later override takes the place of an earlier one, so a pure file's has the walls of its folder and its room in it.
for (const [folder, files] of Object.entries(pure)) {
  const rooms = new Set(files.map((file) => /^src\/monitor\/(\w+)\//.exec(file)?.[1]));
  for (const room of rooms) {
    overrides.push({
      files: files.filter((file) => /^src\/monitor\/(\w+)\//.exec(file)?.[1] === room),
      rules: {
        'no-restricted-imports': wall(folder, true, room),
        'no-restricted-globals': ['error', { name: 'process', message: 'A pure file is told what it needs to know.' }],
      },
    });
  }
}

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'vitest'],
  options: { typeAware: true, denyWarnings: true },
  env: { node: true, es2023: true },
  ignorePatterns: ['dist', 'coverage', 'examples/**/out', 'test/compat/fixtures'],
  categories: { correctness: 'error' },
  rules: {
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'import/no-cycle': 'error',
    'import/no-self-import': 'error',
    'unicorn/prefer-node-protocol': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/only-throw-error': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'typescript/unbound-method': 'error',
    // Text is spread into code points on purpose.
    'typescript/no-misused-spread': ['error', { allow: ['string'] }],
    // A set is copied before a loop that changes it.
    'unicorn/no-useless-spread': 'off',
    // Bytes and terminal escapes are what this program handles.
    'no-control-regex': 'off',
    // A property says what holds in each case of a union.
    'vitest/no-conditional-expect': 'off',
    // A test of what only one launcher does is made for that one only.
    'vitest/no-conditional-tests': 'off',
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
  },
  overrides,
};

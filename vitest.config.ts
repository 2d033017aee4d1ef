/** How the tests run: unit tests and whole runs in one command. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 90_000,
    hookTimeout: 30_000,
    // Two to a core: a test that waits for a process leaves its core to another file's.
    maxWorkers: 4,
    chaiConfig: { truncateThreshold: 400 },
  },
});

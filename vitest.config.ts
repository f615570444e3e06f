import { availableParallelism } from 'node:os';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

/** No test judges time: a limit is there for what hangs, so it is far above what a busy machine needs. */
const calm = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };
/** Tests choose their models themselves: the shipped one stands in no list unless a test asks for it. */
const slow = { ...calm, testTimeout: 120_000, hookTimeout: 120_000, env: { ASSAY_STARTER: 'off' } };

/** Journeys and kills wait on other processes; a busy runner gets one more try, which the runner reports. */
const patient = { ...slow, retry: process.env.CI ? 1 : 0 };

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: 'out/results/last.json' },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], environment: 'node', ...calm } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], environment: 'node', ...slow } },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          maxWorkers: Math.max(2, availableParallelism() - 1),
          ...patient,
        },
      },
      {
        plugins: [vue()],
        test: { name: 'component', include: ['test/component/**/*.test.ts'], environment: 'jsdom', ...calm },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          fileParallelism: false,
          ...patient,
        },
      },
      { test: { name: 'electron', include: ['test/electron/**/*.test.ts'], environment: 'node', ...slow } },
    ],
  },
});

import { defineConfig } from 'vitest/config';

/** `npm run bench`: figures, no verdicts on time. Results are printed as tables and ratios of the same run. */
export default defineConfig({
  test: {
    include: ['test/bench/**/*.bench.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    disableConsoleIntercept: true,
  },
});

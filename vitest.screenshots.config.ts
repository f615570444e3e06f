import { defineConfig } from 'vitest/config';

/** `npx vitest run --config vitest.screenshots.config.ts`: takes the pictures of docs/screenshots from the built page. */
export default defineConfig({
  test: {
    include: ['test/e2e/screenshots/*.shots.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

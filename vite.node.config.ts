import { defineConfig } from 'vite';

/** Bundles the headless shell and the CLI; packages stay external, so native addons load from node_modules. */
export default defineConfig({
  ssr: { noExternal: [] },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/node',
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    rollupOptions: {
      input: {
        cli: 'electron/cli/main.ts',
        'server-process': 'electron/server/server-process.ts',
        'extract-process': 'native/duckdb/extract-process.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});

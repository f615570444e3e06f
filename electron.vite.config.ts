import { readFileSync } from 'node:fs';
import path from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const root = import.meta.dirname;

/** The desktop shell. Packages stay external and load from node_modules, so native addons need no bundler. */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: {
          index: path.join(root, 'electron/main/index.ts'),
          'core-process': path.join(root, 'electron/main/core-process.ts'),
          'extract-process': path.join(root, 'native/duckdb/extract-process.ts'),
          'llama-process': path.join(root, 'native/llama/llama-process.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: {
        input: { index: path.join(root, 'electron/preload/index.ts') },
        // A sandboxed preload script has to be one CommonJS file; the package is ESM, so the name has to say so.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    base: './',
    plugins: [vue()],
    define: { 'import.meta.env.VITE_ASSAY_VERSION': JSON.stringify(version) },
    build: {
      outDir: path.join(root, 'out/renderer'),
      manifest: true,
      rollupOptions: { input: path.join(root, 'renderer/index.html') },
    },
  },
});

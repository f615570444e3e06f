import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'vite';

/** Makes `npx assay` work in a checkout: npm links a package's own command only where it is installed. */
function linkCommand(): void {
  const link = 'node_modules/.bin/assay';
  mkdirSync('node_modules/.bin', { recursive: true });
  chmodSync('out/node/cli.js', 0o755);
  if (process.platform === 'win32') {
    writeFileSync(`${link}.cmd`, '@node "%~dp0\\..\\..\\out\\node\\cli.js" %*\r\n');
  } else {
    rmSync(link, { force: true });
    symlinkSync('../../out/node/cli.js', link);
  }
}

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
        'llama-process': 'native/llama/llama-process.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  plugins: [{ name: 'link-command', writeBundle: linkCommand }],
});

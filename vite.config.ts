import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { version } from './package.json';

/** The renderer: one page, served by the headless shell or by Electron's own scheme. */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [vue()],
  define: { 'import.meta.env.VITE_ASSAY_VERSION': JSON.stringify(version) },
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    manifest: true,
    target: 'chrome130',
    chunkSizeWarningLimit: 4_000,
  },
});

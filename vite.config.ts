import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** The renderer: one page, served by the headless shell or by Electron's own scheme. */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [vue()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    manifest: true,
    target: 'chrome130',
    chunkSizeWarningLimit: 4_000,
  },
});

import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** The whole page over a fake core, to look at it: `npx vite --config test/support/gallery/vite.config.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [vue()],
  build: { outDir: '../../../out/gallery', emptyOutDir: true, target: 'chrome130' },
});

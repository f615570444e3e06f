import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import packageFile from './package.json' with { type: 'json' };

/** The renderer: one page, served by the headless shell or by Electron's own scheme. */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [vue()],
  define: {
    'import.meta.env.VITE_ASSAY_VERSION': JSON.stringify(packageFile.version),
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    manifest: true,
    target: 'chrome130',
    chunkSizeWarningLimit: 4_000,
  },
});

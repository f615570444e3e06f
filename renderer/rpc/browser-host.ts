import type { Host } from '../../electron/contract/host.contract.ts';

const RELEASE_AFTER_MS = 60_000;

/**
 * What a plain browser can do for the page. Files lie where the core runs and a browser hides their paths, so there is
 * no file picker: the page asks for paths as text.
 */
export function createBrowserHost(page: Window = window): Host {
  return {
    capabilities: { canPickFiles: false, canRevealFiles: false, canPrintPdf: false },
    openFiles: () => Promise.resolve(null),
    saveFile(suggestedName, mime, text) {
      const url = URL.createObjectURL(new Blob([text], { type: mime }));
      const anchor = page.document.createElement('a');
      anchor.href = url;
      anchor.download = suggestedName;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), RELEASE_AFTER_MS);
      return Promise.resolve(true);
    },
    revealFile: () => Promise.resolve(),
    printPdf: () => Promise.resolve(false),
  };
}

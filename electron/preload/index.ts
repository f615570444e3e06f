import { contextBridge, ipcRenderer } from 'electron';
import type { Host } from '../contract/host.contract.ts';

/**
 * The port cannot pass the context bridge, so it is posted to the page's own window. Only the page listens there, and
 * it takes none but the one whose nonce it made.
 */
ipcRenderer.on('assay:port', (event, nonce: string) => {
  window.postMessage(`assay:port:${nonce}`, window.location.origin, [...event.ports]);
});

const host: Host & { requestPort(nonce: string): void } = {
  capabilities: { canPickFiles: true, canRevealFiles: true, canPrintPdf: true },
  openFiles: () => ipcRenderer.invoke('assay:open-files') as Promise<string[] | null>,
  saveFile: (suggestedName, mime, text) =>
    ipcRenderer.invoke('assay:save-file', suggestedName, mime, text) as Promise<boolean>,
  revealFile: (file) => ipcRenderer.invoke('assay:reveal-file', file) as Promise<void>,
  printPdf: (html, suggestedName) =>
    ipcRenderer.invoke('assay:print-pdf', html, suggestedName) as Promise<boolean>,
  requestPort: (nonce) => ipcRenderer.send('assay:request-port', nonce),
};

contextBridge.exposeInMainWorld('assay', host);

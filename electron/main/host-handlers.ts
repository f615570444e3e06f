import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  BrowserWindow,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  MessageChannelMain,
  type MessagePortMain,
  dialog,
  ipcMain,
  session,
  shell,
} from 'electron';
import { isPageUrl, serveDocument } from './app-scheme.ts';
import { type HostArguments, type HostChannel, hostChannels, nonceSchema } from './host-channels.ts';

/** True for the top frame of a window that shows our page; nothing else is answered. */
function isOurPage({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isPageUrl(senderFrame.url);
}

function handle<C extends HostChannel>(
  channel: C,
  run: (window: BrowserWindow, ...args: HostArguments<C>) => Promise<unknown>,
): void {
  ipcMain.handle(channel, (event, ...args: unknown[]) => {
    const window = BrowserWindow.fromWebContents(event.sender);
    if (!window || !isOurPage(event))
      throw new Error(`${channel} was refused: it does not come from the page.`);
    // The schema was looked up by the channel; TypeScript does not follow that through the table.
    return run(window, ...(hostChannels[channel].parse(args) as HostArguments<C>));
  });
}

/** Implements the host contract for pages of ours, and hands them their ports to the core. */
export function handleHost(connectCore: (port: MessagePortMain) => void): void {
  handle('assay:open-files', async (window) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      properties: ['openFile', 'multiSelections'],
    });
    return canceled ? null : filePaths;
  });
  handle('assay:save-file', async (window, suggestedName, _mime, text) => {
    const file = await askWhereToSave(window, suggestedName);
    if (file !== undefined) await writeFile(file, text);
    return file !== undefined;
  });
  handle('assay:reveal-file', async (_window, file) => {
    if (path.isAbsolute(file)) shell.showItemInFolder(path.normalize(file));
  });
  handle('assay:print-pdf', async (window, html, suggestedName) => {
    const file = await askWhereToSave(window, suggestedName);
    if (file !== undefined) await writeFile(file, await renderPdf(html));
    return file !== undefined;
  });
  ipcMain.on('assay:request-port', (event, raw: unknown) => {
    const nonce = nonceSchema.safeParse(raw);
    if (!nonce.success || !isOurPage(event)) return;
    const { port1, port2 } = new MessageChannelMain();
    connectCore(port1);
    event.senderFrame?.postMessage('assay:port', nonce.data, [port2]);
  });
}

async function askWhereToSave(window: BrowserWindow, suggestedName: string): Promise<string | undefined> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    defaultPath: path.basename(suggestedName),
  });
  return canceled || filePath === '' ? undefined : filePath;
}

let printed = 0;

/** Prints a document of ours in a hidden window without script, in a session that is thrown away with it. */
async function renderPdf(html: string): Promise<Buffer> {
  printed += 1;
  const own = session.fromPartition(`print-${printed}`);
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: own,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      javascript: false,
    },
  });
  try {
    await window.loadURL(serveDocument(own, html));
    return await window.webContents.printToPDF({ pageSize: 'A4', printBackground: true });
  } finally {
    window.destroy();
  }
}

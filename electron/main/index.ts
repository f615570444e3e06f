import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { BrowserWindow, type MessagePortMain, app, dialog, session, shell, utilityProcess } from 'electron';
import { readPageFiles } from '../server/page-files.ts';
import { registerAppScheme, serveAppScheme } from './app-scheme.ts';
import { CoreSupervisor } from './core-supervisor.ts';
import { guardContents, guardSession } from './guards.ts';
import { handleHost } from './host-handlers.ts';
import { setMenu } from './menu.ts';
import { findWorkspaceArgument, toWorkspacePath } from './opened-workspace.ts';
import { type ShellState, readShellState, writeShellState } from './window-state.ts';
import { openWindow } from './window.ts';

const built = path.join(import.meta.dirname, '..');
const stateFile = path.join(app.getPath('userData'), 'shell.json');
let state: ShellState = readShellState(stateFile);
/** Handed over by the system before there is a window; the newest wins. */
let handedOver = findWorkspaceArgument(process.argv.slice(1));
let isQuitting = false;

const core = new CoreSupervisor<MessagePortMain>({
  fork: () =>
    utilityProcess.fork(path.join(built, 'main/core-process.js'), [], { serviceName: 'Assay core' }),
  version: app.getVersion(),
  onGivenUp: (message) => dialog.showErrorBox('The workspace is not open', message),
});

function changeState(change: Partial<ShellState>): void {
  state = { ...state, ...change };
  writeShellState(stateFile, state);
}

async function openWorkspace(workspace: string): Promise<void> {
  changeState({ workspace });
  await core.open(workspace);
  // The page keeps windows of the old workspace's data; only a fresh one cannot show them.
  for (const window of BrowserWindow.getAllWindows()) window.webContents.reload();
}

async function chooseWorkspace(): Promise<void> {
  // A workspace is a folder; on macOS it shows as one item, which counts as a file in the dialog.
  const { canceled, filePaths } = await dialog.showOpenDialog({
    title: 'Open workspace',
    properties: process.platform === 'darwin' ? ['openFile', 'openDirectory'] : ['openDirectory'],
  });
  const [chosen] = filePaths;
  if (canceled || chosen === undefined) return;
  const workspace = toWorkspacePath(chosen);
  if (workspace !== undefined) return openWorkspace(workspace);
  dialog.showErrorBox(
    'No workspace was opened',
    `${chosen} is not a workspace: its name does not end in ".assay".`,
  );
}

async function createWorkspace(): Promise<void> {
  const defaultPath = path.join(app.getPath('documents'), 'New workspace.assay');
  const { canceled, filePath } = await dialog.showSaveDialog({ title: 'New workspace', defaultPath });
  if (canceled || filePath === '') return;
  await openWorkspace(filePath.endsWith('.assay') ? filePath : `${filePath}.assay`);
}

/** Keeps a failure of a menu command from ending the app unseen. */
function run(command: () => Promise<void>): void {
  command().catch((error: unknown) => dialog.showErrorBox('Nothing was changed', String(error)));
}

function showWindow(): void {
  const [existing] = BrowserWindow.getAllWindows();
  if (!existing) {
    openWindow({ preload: path.join(built, 'preload/index.cjs'), state, onStateChange: changeState });
    return;
  }
  if (existing.isMinimized()) existing.restore();
  existing.focus();
}

function openHandedOver(workspace: string | undefined): void {
  if (workspace === undefined) return;
  handedOver = workspace;
  if (app.isReady()) run(() => openWorkspace(workspace));
}

async function start(): Promise<void> {
  await app.whenReady();
  guardSession(session.defaultSession);
  serveAppScheme(session.defaultSession, readPageFiles(path.join(built, 'renderer')));
  handleHost((port) => core.connect(port));
  setMenu(
    {
      newWorkspace: () => run(createWorkspace),
      openWorkspace: () => run(chooseWorkspace),
      revealWorkspace: () => state.workspace !== undefined && shell.showItemInFolder(state.workspace),
    },
    { isDevelopment: !app.isPackaged },
  );
  const workspace =
    handedOver ?? state.workspace ?? path.join(app.getPath('documents'), 'Assay', 'First.assay');
  mkdirSync(path.dirname(workspace), { recursive: true });
  changeState({ workspace });
  await core.open(workspace);
  showWindow();
}

if (app.requestSingleInstanceLock()) {
  registerAppScheme();
  guardContents(app);
  app.enableSandbox();
  app.on('open-file', (event, file) => {
    event.preventDefault();
    openHandedOver(toWorkspacePath(file));
  });
  app.on('second-instance', (_event, args) => {
    openHandedOver(findWorkspaceArgument(args.slice(1)));
    showWindow();
  });
  app.on('activate', showWindow);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('before-quit', (event) => {
    if (isQuitting) return;
    isQuitting = true;
    event.preventDefault();
    void core.stop().finally(() => app.quit());
  });
  start().catch((error: unknown) => {
    dialog.showErrorBox('Assay did not start', String(error));
    app.exit(1);
  });
} else {
  app.quit();
}

import { Menu, type MenuItemConstructorOptions } from 'electron';

export interface MenuCommands {
  newWorkspace(): void;
  openWorkspace(): void;
  revealWorkspace(): void;
}

/** The application menu: the system's own roles, and what concerns the workspace as a whole. */
export function setMenu(commands: MenuCommands, { isDevelopment }: { isDevelopment: boolean }): void {
  const isMac = process.platform === 'darwin';
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      { label: 'New workspace…', accelerator: 'CmdOrCtrl+Shift+N', click: () => commands.newWorkspace() },
      { label: 'Open workspace…', accelerator: 'CmdOrCtrl+O', click: () => commands.openWorkspace() },
      { label: 'Show workspace folder', click: () => commands.revealWorkspace() },
      { type: 'separator' },
      { role: isMac ? 'close' : 'quit' },
    ],
  };
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { role: 'reload' },
      ...(isDevelopment ? [{ role: 'toggleDevTools' } as const] : []),
      { type: 'separator' },
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
    ],
  };
  const appMenu: MenuItemConstructorOptions[] = isMac ? [{ role: 'appMenu' }] : [];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([...appMenu, file, { role: 'editMenu' }, view, { role: 'windowMenu' }]),
  );
}

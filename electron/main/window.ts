import { BrowserWindow, screen } from 'electron';
import { PAGE_URL } from './app-scheme.ts';
import { type ShellState, placeWindow } from './window-state.ts';

export interface WindowOptions {
  readonly preload: string;
  readonly state: ShellState;
  readonly onStateChange: (change: Partial<ShellState>) => void;
}

/** Opens the one window, where it was last, and keeps track of where it goes. */
export function openWindow({ preload, state, onStateChange }: WindowOptions): BrowserWindow {
  const areas = screen.getAllDisplays().map((display) => display.workArea);
  const window = new BrowserWindow({
    ...placeWindow(state.bounds, areas),
    minWidth: 960,
    minHeight: 640,
    show: false,
    title: 'Assay',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  });
  if (state.isMaximised) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    onStateChange({ bounds: window.getNormalBounds(), isMaximised: window.isMaximized() });
  });
  void window.loadURL(PAGE_URL);
  return window;
}

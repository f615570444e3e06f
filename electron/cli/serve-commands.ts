import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { stopOnSignals, superviseServer } from '../server/supervise.ts';
import { tell, UsageError } from './output.ts';
import { findElectron, places } from './places.ts';
import { version } from './version.ts';

async function serve(options: { workspace: string; port: string }): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port takes a number from 0 to 65535, not ${options.port}`);
  const supervised = superviseServer({
    entry: places.serverEntry,
    workspace: options.workspace,
    version,
    rendererDirectory: places.renderer,
    port,
    onAddress: (url) => console.log(`Assay is at ${url}`),
    onTrouble: tell,
  });
  stopOnSignals(supervised);
  await supervised.started;
  tell('Each address opens one browser, once; a fresh one is printed when it was used. Ctrl+C stops.');
  process.exitCode = await supervised.finished;
}

async function start(options: { workspace: string }): Promise<void> {
  const electron = findElectron();
  if (electron === undefined || !existsSync(places.desktop)) {
    tell('Electron is not installed here, so the page is served to a browser instead.');
    return serve({ workspace: options.workspace, port: '0' });
  }
  const child = spawn(electron, [places.desktop, options.workspace], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** serve, start. */
export function addServeCommands(program: Command): void {
  program
    .command('serve')
    .description('serve the page to a browser on this machine')
    .requiredOption('-w, --workspace <folder>', 'the workspace; created where there is none')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 = any free one', '0')
    .action(serve);
  program
    .command('start')
    .description('open the desktop window, or serve the page where Electron is not installed')
    .option('-w, --workspace <folder>', 'the workspace', places.defaultWorkspace)
    .action(start);
}

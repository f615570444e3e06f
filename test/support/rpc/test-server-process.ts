import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../electron/contract/app-error.ts';
import { runServerProcess } from '../../../electron/server/serve-core.ts';
import { createTestCore } from './test-core.ts';

/** The real server process over a core without a database; it keeps a diary in its workspace folder. */
runServerProcess(process, {
  log: {
    error: (fields, message) => process.stderr.write(`${message} ${String(fields['err'])}\n`),
    warn: () => undefined,
  },
  async openCore({ workspace }) {
    const diary = (line: string) => appendFileSync(path.join(workspace, 'diary.txt'), `${line}\n`);
    if (path.basename(workspace) === 'taken.assay') {
      throw new AppError('WORKSPACE_IN_USE', 'The workspace was not opened: process 1 has it open.');
    }
    diary(`opened ${process.pid}`);
    if (path.basename(workspace) === 'broken.assay') process.kill(process.pid, 'SIGKILL');
    return { ...createTestCore(), close: async () => diary('closed') };
  },
});

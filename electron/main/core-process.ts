import path from 'node:path';
import pino from 'pino';
import { openCore } from '../core/boot.ts';
import { runCoreProcess } from './serve-ports.ts';

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
const extractEntry = path.join(import.meta.dirname, 'extract-process.js');

runCoreProcess(process.parentPort, {
  openCore: (options) => openCore({ ...options, log, extractEntry }),
  log,
  exit: (code) => process.exit(code),
});

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { openCore } from '../core/boot.ts';
import { runServerProcess } from './serve-core.ts';

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
const extractEntry = path.join(path.dirname(fileURLToPath(import.meta.url)), 'extract-process.js');

runServerProcess(process, { openCore: (options) => openCore({ ...options, log, extractEntry }), log });

import { openProcessPort } from '../host/process-port.ts';
import { serveEngine } from '../host/serve-engine.ts';
import { openLlamaEngine } from './engine.ts';

serveEngine(openProcessPort(), openLlamaEngine);

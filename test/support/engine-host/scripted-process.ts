import { openProcessPort } from '../../../native/host/process-port.ts';
import { serveEngine } from '../../../native/host/serve-engine.ts';
import { openScriptedEngine } from './scripted-engine.ts';

serveEngine(openProcessPort(), openScriptedEngine);

import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../electron/contract/app-error.ts';
import type { Engine, EngineTools, MethodTools } from '../../../native/host/serve-engine.ts';

/** Blocks the process: nothing in it runs any more, heartbeats neither. */
function block(milliseconds: number): void {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

/**
 * An engine without a model, with the life of a real one. What a text holds decides what happens: `#abort` ends the
 * process, `#hang` blocks it, `#slow` takes a while and can be cancelled, `#deaf` takes long and cannot, `#long` blocks
 * it as a declared native call, `#fail` is refused, `#pieces` sends events first. Everything else is said back.
 */
export function openScriptedEngine({ native, publish }: EngineTools): Promise<Engine> {
  const say = async ({ text }: { text: string }, { signal, emit }: MethodTools): Promise<string> => {
    if (text.includes('#abort')) process.abort();
    if (text.includes('#hang')) block(60_000);
    if (text.includes('#slow')) await sleep(300, undefined, { signal });
    if (text.includes('#deaf')) await sleep(60_000, undefined, { ref: false });
    if (text.includes('#long'))
      await native(async () => {
        await sleep(20); // the declaration has to be on its way before the process falls silent
        block(700);
      });
    if (text.includes('#fail')) throw new AppError('MODEL_TOO_LARGE', `refused: ${text}`, { need: 7 });
    if (text.includes('#bug')) throw new TypeError('a bug');
    if (text.includes('#pieces')) for (const piece of ['a', 'b', 'c']) emit(piece);
    publish({ said: text });
    return `you said ${text}`;
  };
  const double = async ({ values }: { values: Float32Array }) => values.map((value) => value * 2);
  const environment = async () => Object.keys(process.env).sort();
  return Promise.resolve({
    info: { name: 'scripted' },
    methods: { say, double, environment },
    close: async () => undefined,
  });
}

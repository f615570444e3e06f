import type { Slots } from '../both-orders.ts';
import { ToolFailure } from './calculator.ts';
import { runInSandbox, type SandboxResult } from './sandbox/run-code.ts';
import type { JudgeTool, ToolCall } from './tool-box.ts';

export const codeToolName = 'code';

/** The JavaScript of an answer: its fenced blocks of that language, or all of it where none is fenced. */
export function readCode(response: string): string {
  const fenced = [...response.matchAll(/^```[ \t]*(\w*)[^\n]*\n([\s\S]*?)^```/gm)];
  const blocks = fenced.flatMap(([, language = '', code = '']) =>
    ['', 'js', 'javascript', 'mjs', 'cjs', 'node'].includes(language.toLowerCase()) ? [code] : [],
  );
  const source = fenced.length === 0 ? response : blocks.join('\n');
  return source.replace(
    /^[ \t]*export[ \t]+(?:default[ \t]+(?=(?:async[ \t]+)?(?:function|class)\b))?/gm,
    '',
  );
}

const reasons = {
  time: 'it ran longer than 5 seconds',
  memory: 'it used up its memory',
  output: 'it wrote too much',
  unavailable: 'this machine cannot lock the process down, so nothing was run',
} as const;

function observe(result: SandboxResult): string {
  if (result.kind === 'error') throw new ToolFailure(result.text);
  if (result.kind !== 'value') throw new ToolFailure(reasons[result.kind]);
  return [...result.lines, result.text].join('\n').slice(0, 2_000);
}

/** Runs JavaScript tests, alone or after the code of one of the responses, in the sandbox. */
export function makeCodeTool(
  { response_1, response_2 }: Pick<Slots, 'response_1' | 'response_2'>,
  signal?: AbortSignal,
): JudgeTool {
  return {
    name: codeToolName,
    help: 'code: a JavaScript expression; begin it with “A:” or “B:” to run the code of that response first, such as A: add(2, 3) === 5',
    run: async (input) => {
      const { side, test } = readTest(input);
      const code = side === 'A' ? readCode(response_1) : side === 'B' ? readCode(response_2) : undefined;
      if (code?.trim() === '') throw new ToolFailure(`response ${side} holds no JavaScript`);
      return observe(await runInSandbox([...(code === undefined ? [] : [code]), test], { signal }));
    },
  };
}

function readTest(input: string): { side: 'A' | 'B' | null; test: string } {
  const [, side, test] = /^\s*([AB])\s*:\s*([\s\S]*)$/.exec(input) ?? [];
  return side === undefined ? { side: null, test: input } : { side: side as 'A' | 'B', test: test ?? '' };
}

/**
 * The side that code tests settle: the only one whose runs of tests that were run on both sides all gave `true`. Null
 * where no test was run on both, or neither or both passed.
 */
export function settleByCode(calls: readonly ToolCall[], first: 'a' | 'b'): 'a' | 'b' | null {
  const outcomes = new Map<string, { A?: boolean; B?: boolean }>();
  for (const { tool, input, observation, isError } of calls) {
    const { side, test } = readTest(input);
    if (tool !== codeToolName || side === null) continue;
    const isPassed = !isError && observation.split('\n').at(-1) === 'true';
    const key = test.trim();
    outcomes.set(key, { ...outcomes.get(key), [side]: isPassed });
  }
  const both = [...outcomes.values()].filter(({ A, B }) => A !== undefined && B !== undefined);
  const [isA, isB] = [both.every(({ A }) => A), both.every(({ B }) => B)];
  if (both.length === 0 || isA === isB) return null;
  return isA === (first === 'a') ? 'a' : 'b';
}

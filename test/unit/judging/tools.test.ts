import { describe, expect, it } from 'vitest';
import { settleByTools, toolAugmented } from '../../../electron/core/judging/protocols/tool-augmented.ts';
import { calculate } from '../../../electron/core/judging/tools/calculator.ts';
import { makeCodeTool, readCode, settleByCode } from '../../../electron/core/judging/tools/code-tool.ts';
import { consultCalendar } from '../../../electron/core/judging/tools/calendar.ts';
import { arithmetic, makeDocumentTool, useTool } from '../../../electron/core/judging/tools/tool-box.ts';
import { makePair, makeTools } from '../../support/judging/judge-with.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';

describe('the calculator', () => {
  it.each([
    ['2 + 3 * 4', '14'],
    ['(2 + 3) * 4', '20'],
    ['-2^2', '-4'],
    ['2^3^2', '512'],
    ['10 / 4 - 1', '1.5'],
    ['0.1 + 0.2', '0.3'],
    ['5! / 2', '60'],
    ['sqrt(2)^2', '2'],
    ['2 ** 10', '1024'],
  ])('%s = %s', (expression, value) => {
    expect(calculate(expression)).toBe(value);
  });

  it.each(['1+1;process.exit()', '1 / 0', '2 +', '(1', 'constructor(1)', '', '9'.repeat(501)])(
    'refuses %s instead of running it',
    (expression) => {
      expect(() => calculate(expression)).toThrow();
    },
  );
});

describe('the calendar', () => {
  it.each([
    ['weekday of 2004-05-03', 'Monday'],
    ['add 2024-02-28 2 days', '2024-03-01'],
    ['difference between 2004-05-03 and 2004-06-01', '29 days'],
  ])('%s is %s', (question, answer) => {
    expect(consultCalendar(question)).toBe(answer);
  });

  it('refuses dates that do not exist', () => {
    expect(() => consultCalendar('weekday 2023-02-30')).toThrow('not a date');
  });
});

describe('judging with tools (judging spec 2.5)', () => {
  const pair = makePair({
    prompt: 'What weekday was 2004-05-03?',
    responseA: 'It was a Friday.',
    responseB: 'It was a Monday.',
  });

  it('shows a failed call to the judge and marks it, and never runs code', async () => {
    const call = await useTool(arithmetic, { thought: 't', tool: 'calculator', input: '1+1;process.exit()' });
    expect(call).toMatchObject({ isError: true });
    expect(call.observation).toMatch(/^Error: /);
    expect(await useTool(arithmetic, { thought: 't', tool: 'shell', input: 'ls' })).toMatchObject({
      isError: true,
    });
  });

  it('settles weekday of 2004-05-03: Monday is chosen by the tool, and a judge that says otherwise is in conflict', async () => {
    const model = createScriptedModel({
      generate: (input) =>
        JSON.stringify(
          input.includes('Observation: Monday')
            ? { thought: 'I know.', tool: 'none', input: '' }
            : { thought: 'Check the day.', tool: 'calendar', input: 'weekday 2004-05-03' },
        ),
      decide: (input) =>
        input.indexOf('Friday') < input.indexOf('a Monday') ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 },
    });
    const judgement = await toolAugmented.judge(pair, makeTools(toolAugmented, { model }));
    expect(judgement).toMatchObject({ label: 'a' });
    expect(judgement.detail).toMatchObject({ tool_label: 'b', tool_conflict: true, has_tool_error: false });
  });

  it('does not take a number inside another for the answer', () => {
    const call = { thought: '', tool: 'calculator', input: '', observation: '12', isError: false };
    expect(settleByTools([call], { responseA: 'It is 12.', responseB: 'It is 12.5' })).toBe('a');
    expect(settleByTools([call], { responseA: 'It is 120', responseB: 'It is 312' })).toBeNull();
  });

  it('finds the passage of a document that speaks of the words', async () => {
    const tool = makeDocumentTool([
      { name: 'manual', text: 'The pump is red.\n\nThe valve opens at 3 bar.' },
    ]);
    expect(await tool.run('at what pressure does the valve open?')).toBe(
      '[manual] The valve opens at 3 bar.',
    );
  });
});

describe('code tests (judging spec 2.5)', () => {
  const right = 'Use this:\n```js\nexport function add(a, b) {\n  return a + b;\n}\n```\nDone.';
  const wrong = '```javascript\nfunction add(a, b) { return a - b; }\n```';
  const pair = makePair({ prompt: 'Write add(a, b).', responseA: wrong, responseB: right });

  it('take the JavaScript of a response: its fenced blocks of that language, without the word export', () => {
    expect(readCode(right)).toBe('function add(a, b) {\n  return a + b;\n}\n');
    expect(readCode('```python\nprint(1)\n```')).toBe('');
    expect(readCode('const n = 1;')).toBe('const n = 1;');
  });

  it('run the code of the response that is shown as A, and tell an error as one', async () => {
    const box = [makeCodeTool({ response_1: right, response_2: wrong })];
    const call = async (input: string) => useTool(box, { thought: '', tool: 'code', input });
    expect(await call('A: add(2, 3) === 5')).toMatchObject({ observation: 'true', isError: false });
    expect(await call('B: add(2, 3) === 5')).toMatchObject({ observation: 'false', isError: false });
    expect(await call('A: substract(1, 2)')).toMatchObject({
      observation: 'Error: ReferenceError: substract is not defined.',
      isError: true,
    });
    expect(await call('6 * 7')).toMatchObject({ observation: '42' });
  });

  const script = (isAllowed: boolean) =>
    createScriptedModel({
      generate: (input) => {
        const done = input.split('Observation:').length - 1;
        const [tool, test] = [
          ['code', 'A: add(2, 3) === 5'],
          ['code', 'B: add(2, 3) === 5'],
          ['none', ''],
        ][isAllowed ? done : 2] ?? ['none', ''];
        return JSON.stringify({ thought: 't', tool, input: test });
      },
      decide: () => ({ A: 0.5, B: 0.5 }),
    });

  it('settle the pair for the response that passes, in both orders, beside the model’s label', async () => {
    const judgement = await toolAugmented.judge(
      pair,
      makeTools(toolAugmented, { model: script(true), params: { runCode: true } }),
    );
    expect(judgement.label).toBe('tie');
    expect(judgement.detail).toMatchObject({ tool_label: 'b', has_tool_error: false });
  });

  it('are off by default: the tool is neither offered nor run', async () => {
    const model = script(false);
    await toolAugmented.judge(pair, makeTools(toolAugmented, { model }));
    expect(model.calls.every(({ input }) => !input.includes('code: a JavaScript expression'))).toBe(true);
    const forced = script(true);
    const judgement = await toolAugmented.judge(pair, makeTools(toolAugmented, { model: forced }));
    expect(judgement.detail).toMatchObject({ tool_label: null });
  });

  it.each([
    [['true', 'false'], 'a', 'a'],
    [['true', 'false'], 'b', 'b'],
    [['true', 'true'], 'a', null],
    [['false', 'false'], 'a', null],
  ] as const)('A gives %s with %s first: %s', ([ofA, ofB], first, settled) => {
    const calls = [
      { thought: '', tool: 'code', input: 'A: f()', observation: ofA, isError: false },
      { thought: '', tool: 'code', input: 'B: f()', observation: ofB, isError: false },
    ];
    expect(settleByCode(calls, first)).toBe(settled);
    expect(settleByCode(calls.slice(0, 1), first)).toBeNull();
  });
});

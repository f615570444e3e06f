import { describe, expect, it } from 'vitest';
import { runSteps } from '../../../../electron/core/curation/run-steps.ts';
import { liveOf, responsesOf } from '../../../../electron/core/curation/work.ts';
import { createScriptedModel } from '../../../support/judging/scripted-model.ts';
import { openCuration, type StoredPair } from '../curation-bench.ts';
import { openMiningBench } from './mining-bench.ts';

interface Mined {
  readonly chosen: string;
  readonly rejected: string;
  readonly margin: number | null;
  readonly why: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

async function mine(rows: readonly StoredPair[], step: string, params: Record<string, unknown> = {}) {
  const { workspace, datasetId } = await openCuration(rows);
  return workspace.database.withReader((session) =>
    runSteps(
      session,
      { spec: { datasetId, seed: 1, steps: [{ step, enabled: true, params }] } },
      async (work, outcome) => {
        const found = await session.all<Omit<Mined, 'detail'> & { detail: string }>(
          `SELECT CASE k.label WHEN 'b' THEN b.text ELSE a.text END AS chosen, CASE k.label WHEN 'b' THEN a.text ELSE b.text END AS rejected, k.margin, k.why, k.detail::VARCHAR AS detail
           FROM ${liveOf(work)} k JOIN ${responsesOf(work)} a ON a.response_id = k.response_a_id JOIN ${responsesOf(work)} b ON b.response_id = k.response_b_id ORDER BY k.candidate_id`,
        );
        return {
          outcome,
          pairs: found.map((one): Mined => ({ ...one, detail: JSON.parse(one.detail) as Mined['detail'] })),
        };
      },
    ),
  );
}

const call = (args: Record<string, unknown>, name = 'weather') => JSON.stringify({ name, arguments: args });
const gold = call({ city: 'Rome', unit: 'C', days: 1 });
/** The gold call is chosen; each other response a rejected one of the same prompt. */
const against = (...others: readonly string[]): StoredPair[] =>
  others.map((other) => ({ prompt: 'weather?', a: gold, b: other, label: 'a' }));

describe('pairs from tool-call errors', () => {
  it.each([
    [
      'unit “C” against “F” (judging specification 5.8)',
      call({ city: 'Rome', unit: 'F', days: 1 }),
      'wrong_value',
      'arguments.unit',
    ],
    ['a number as text', call({ city: 'Rome', unit: 'C', days: '1' }), 'wrong_value', 'arguments.days'],
    ['a parameter too few', call({ city: 'Rome', days: 1 }), 'missing_param', 'arguments.unit'],
    [
      'a parameter too many',
      call({ city: 'Rome', unit: 'C', days: 1, lang: 'it' }),
      'extra_param',
      'arguments.lang',
    ],
    ['another tool', call({ city: 'Rome', unit: 'C', days: 1 }, 'climate'), 'wrong_tool', 'name'],
    ['two calls for one', `[${gold}, ${gold}]`, 'wrong_count', null],
    ['prose', 'I would look out of the window.', 'unparseable', null],
    ['a call without a name', '{"arguments": {}}', 'unparseable', null],
  ])('%s is found and placed', async (_, wrong, errorClass, path) => {
    const { pairs } = await mine(against(wrong), 'tool-call-pairs');
    expect(pairs).toHaveLength(1);
    expect(pairs[0]).toMatchObject({ chosen: gold, rejected: wrong, why: errorClass });
    expect(pairs[0]?.detail).toMatchObject({ error_class: errorClass, path, is_gold: true });
  });

  it('other order of keys, white space, 1.0 for 1, a code fence and OpenAI’s form are the same call (judging specification 5.8)', async () => {
    const same = [
      '{ "arguments": {"days": 1.0, "unit": "C",\n "city": "Rome"}, "name": "weather" }',
      `\`\`\`json\n${gold}\n\`\`\``,
      JSON.stringify({
        tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Rome","unit":"C","days":1}' } }],
      }),
    ];
    const { pairs, outcome } = await mine(against(...same), 'tool-call-pairs');
    expect(pairs).toEqual([]);
    expect(outcome.steps[0]?.figures).toMatchObject([{ value: 1 }]);
  });

  it('the closest wrong call is rejected, against a right call of the model where there is one', async () => {
    const right = '{"arguments":{"days":1,"unit":"C","city":"Rome"},"name":"weather"}';
    const near = call({ city: 'Rome', unit: 'F', days: 1 });
    const rows = against(
      'no call',
      call({ city: 'Pisa', unit: 'F', days: 1 }),
      near,
      right,
      call({}, 'climate'),
    );
    expect(
      (await mine(rows, 'tool-call-pairs')).pairs.map((one) => [
        one.chosen,
        one.rejected,
        one.detail['differences'],
      ]),
    ).toEqual([[right, near, 1]]);
    const some = await mine(rows, 'tool-call-pairs', { most: 9, furthest: 'wrong_tool' });
    expect(some.pairs.map((one) => one.why)).toEqual(['wrong_value', 'wrong_value', 'wrong_tool']);
  });

  it('names the call among several, and nested values', async () => {
    const two = (last: Record<string, unknown>) => `[${gold},${call(last, 'mail')}]`;
    const rows: StoredPair[] = [
      {
        prompt: 'p',
        a: two({ to: { name: 'Eva', tags: ['x'] } }),
        b: two({ to: { name: 'Eva', tags: ['y'] } }),
        label: 'a',
      },
    ];
    const { pairs } = await mine(rows, 'tool-call-pairs');
    expect(pairs[0]?.detail).toMatchObject({ error_class: 'wrong_value', path: '[1].arguments.to.tags[0]' });
  });

  it('with a model keeps the share of prompts whose gold call it finds least likely: −ln p a token 0.5, 2, 1 and a share of a third leave the second (judging specification 5.8)', async () => {
    const surprise: Readonly<Record<string, number>> = { Rome: 0.5, Pisa: 2, Bari: 1 };
    const cities = Object.keys(surprise);
    const { workspace, datasetId } = await openCuration(
      cities.map((city) => ({
        prompt: city,
        a: call({ city }),
        b: call({ city: 'Nowhere' }),
        label: 'a' as const,
      })),
    );
    const scorer = createScriptedModel({
      score: (_input, continuation) => {
        const city = cities.find((one) => continuation.includes(one)) ?? '';
        return [-(surprise[city] ?? 0), -(surprise[city] ?? 0)];
      },
    });
    const bench = await openMiningBench(workspace, datasetId, { scripted: scorer });
    const params = { model: 'scripted', hardest: 1 / 3 };
    await bench.finish('tool-call-pairs', params, false);
    const { pairs } = await bench.preview('tool-call-pairs', params);
    expect(pairs.map((pair) => [pair.prompt, pair.detail['gold_nll']])).toEqual([['Pisa', 2]]);
    expect(scorer.calls).toHaveLength(3);
  });

  it('gold that is no call is told, not taken for a right one', async () => {
    const { outcome, pairs } = await mine(
      [{ prompt: 'p', a: 'prose', b: gold, label: 'a' }],
      'tool-call-pairs',
    );
    expect(outcome.steps[0]?.notes[0]).toContain('nothing was changed');
    expect(pairs).toHaveLength(1);
  });
});

const terms = ['alpha', 'bravo', 'charlie', 'delta', 'echoes', 'foxtrot', 'golfing', 'hotels'];
const graded = `${terms.map((term) => `The ${term} is in`).join('. ')}.  And so on it is.`;
const countTerms = (text: string) => terms.filter((term) => text.includes(term)).length;

describe('graded degradation', () => {
  const rows: StoredPair[] = [
    { prompt: 'p', a: graded, b: 'poor', label: 'a' },
    { prompt: 'q', a: 'too short', b: 'poor', label: 'a' },
  ];

  it('degree order strictly decreases the key terms (8, 6, 4, 2, 0), and degree 0 is byte-identical (judging specification 5.3)', async () => {
    const { pairs, outcome } = await mine(rows, 'degraded-pairs');
    const texts = [pairs[0]?.chosen ?? '', ...pairs.map((pair) => pair.rejected)];
    expect(texts[0]).toBe(graded);
    expect(texts.map(countTerms)).toEqual([8, 6, 4, 2, 0]);
    expect(texts[4]).toBe('And so on it is.');
    expect(pairs.map((pair) => [pair.margin, pair.detail['degree_w'], pair.detail['degree_l']])).toEqual([
      [1, 0, 1],
      [1, 1, 2],
      [1, 2, 3],
      [1, 3, 4],
    ]);
    expect(outcome.steps[0]?.figures).toMatchObject([{ value: 0.5, n: 2 }]);
  });

  it('all degrees make ten pairs, the original against each four', async () => {
    expect((await mine(rows, 'degraded-pairs', { pairs: 'all' })).pairs).toHaveLength(10);
    const original = await mine(rows, 'degraded-pairs', { pairs: 'original' });
    expect(original.pairs.map((pair) => pair.margin)).toEqual([1, 2, 3, 4]);
  });

  it('a response whose key terms stand in one clause is left out, not given equal degrees', async () => {
    const { outcome } = await mine(
      [{ prompt: 'p', a: terms.join(' '), b: 'poor', label: 'a' }],
      'degraded-pairs',
    );
    expect(outcome.steps[0]).toMatchObject({ added: 0, dropped: 0 });
    expect(outcome.steps[0]?.notes[0]).toContain('could be graded');
  });
});

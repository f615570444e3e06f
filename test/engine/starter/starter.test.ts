import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { principleTemplates } from '../../../electron/core/constitution/principles/templates.ts';
import { voteOnPair } from '../../../electron/core/constitution/principles/vote-on-pair.ts';
import type { InferenceEngine } from '../../../electron/core/models/inference-engine.ts';
import { readAssay, makeFolder } from '../../support/e2e/command.ts';
import { openShipped, startStarterEngine } from '../../bench/starter-rig.ts';

const folder = path.resolve('resources/models');
const list = JSON.parse(readFileSync(path.join(folder, 'starter.json'), 'utf8')) as {
  models: { file: string; name: string; hash: string; facts: Record<string, unknown> }[];
};
const { folder: temporary, remove } = makeFolder('assay-starter');
const formerSetting = process.env['ASSAY_STARTER'];
let engine: InferenceEngine;
beforeAll(() => {
  process.env['ASSAY_STARTER'] = 'on';
  engine = startStarterEngine();
});
afterAll(async () => {
  process.env['ASSAY_STARTER'] = formerSetting;
  await engine.close();
  remove();
});

const shared = {
  comparisonId: 1,
  prompt: '',
  messages: [],
  promptB: null,
  modelA: null,
  modelB: null,
  extra: {},
};

describe('the shipped files', () => {
  it('are what their list says, by hash and by llama.cpp’s own reader, and small', async () => {
    for (const { file, hash, facts } of list.models) {
      const bytes = readFileSync(path.join(folder, file));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
      expect(bytes.length).toBeLessThan(16_000_000);
      const { name, parameters, quantisation, vocabularySize, trainContextSize } = await engine.call(
        'inspect',
        {
          path: path.join(folder, file),
        },
      );
      expect(facts).toMatchObject({ name, parameters, quantisation, vocabularySize, trainContextSize });
    }
  });

  it('stand in the list of a new workspace with no download, under names that commands take', async () => {
    const models = await readAssay<{ name: string; isPresent: boolean; capabilities: string[] }[]>(
      ...['models', 'list', '-w', path.join(temporary, 'w.assay')],
    );
    expect(models).toMatchObject([
      { name: 'starter', isPresent: true, capabilities: ['decide', 'generate'] },
      { name: 'starter-embedder', isPresent: true, capabilities: ['embed'] },
    ]);
  });

  it('cut texts into tokens as the trainer did, so that what was learnt is what is read', async () => {
    const model = await openShipped(engine, 'starter');
    // Counted by native/starter/vocabulary.py.
    const counts = new Map([
      ["Hello there — I'm glad! ☺ 12 items (x).", 22],
      ['- one\n- two\n\n1. Ünïcode 日本語 😀', 32],
      ["don’t **stop** `now`; it's 3,000 at 5%", 28],
    ]);
    for (const [text, count] of counts) expect(await model.countTokens(text)).toBe(count);
  });
});

/** Pairs whose texts differ in one thing; the first keeps the principle. */
const clear: readonly (readonly [principle: string, keeps: string, other: string])[] = [
  [
    'uses more emojis',
    'The train leaves at noon 😀 🎉 and arrives late.',
    'The train leaves at noon and arrives late.',
  ],
  ['uses fewer emojis', 'Bread and butter are on the table.', 'Bread 🔥 and butter 👍 are on the table.'],
  ['asks more questions', 'Is it far? How will you go? By bus?', 'It is far. You will go by bus.'],
  ['uses more exclamation marks', 'What a day! We won! Well done!', 'What a day. We won. Well done.'],
  ['uses more brackets', 'The cat (a tabby) sat on the mat (red).', 'The cat, a tabby, sat on the red mat.'],
  [
    'includes more links',
    'See https://www.example.org/help and http://example.com.',
    'See the help page and the other page.',
  ],
  [
    'uses more commas',
    'Apples, pears, plums, and figs, all ripe.',
    'Apples and pears and plums and figs are ripe.',
  ],
];

describe('voting through real llama.cpp', () => {
  it('selects the response that keeps a clear surface principle, whichever is shown first', async () => {
    const model = await openShipped(engine, 'starter');
    const right: string[] = [];
    for (const [words, keeps, other] of clear) {
      for (const [responseA, responseB, label] of [
        [keeps, other, 'a'],
        [other, keeps, 'b'],
      ] as const) {
        const [vote] = await voteOnPair(
          { ...shared, responseA, responseB },
          [{ principleId: 1, text: `Select the response that ${words}` }],
          { model, template: principleTemplates.vote },
        );
        expect(vote?.failReason).toBeNull();
        if (vote?.label === label) right.push(`${words}/${label}`);
      }
    }
    expect(right.length, right.join(', ')).toBeGreaterThanOrEqual(2 * clear.length - 2);
  });
});

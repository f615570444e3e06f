import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeByConstitution } from '../../../electron/core/constitution/principles/constitutional-judge.ts';
import { principleTemplates } from '../../../electron/core/constitution/principles/templates.ts';
import { voteOnPair } from '../../../electron/core/constitution/principles/vote-on-pair.ts';
import { findTraitOfPrinciple } from '../../../electron/core/constitution/traits/surface-traits.ts';
import { statePrinciple } from '../../../electron/core/constitution/traits/trait.ts';
import { parseTemplate, renderTemplate } from '../../../electron/core/judging/template.ts';
import { speakAsStarter } from '../../../electron/core/models/starter-model.ts';
import { createScriptedModel, type Script } from '../../support/judging/scripted-model.ts';

const pair = {
  comparisonId: 1,
  prompt: 'never shown',
  messages: [],
  promptB: null,
  responseA: '  one answer \n',
  responseB: 'another',
  modelA: null,
  modelB: null,
  extra: {},
};
const script: Script = { decide: () => ({ A: 0.8, B: 0.1, C: 0.1 }), generate: () => '{}' };

describe('the starter model’s own form', () => {
  it('reads the two texts and the bare principle, not the long prompt it was never trained on', async () => {
    const model = createScriptedModel(script);
    await voteOnPair(pair, [{ principleId: 1, text: 'Select the response that uses more emojis' }], {
      model: speakAsStarter(model),
      template: principleTemplates.vote,
    });
    expect(model.calls.map(({ input }) => input)).toEqual([
      '<user>\none answer\n<user>\nanother\n<user>\nuses more emojis\n<assistant>\n',
      '<user>\nanother\n<user>\none answer\n<user>\nuses more emojis\n<assistant>\n',
    ]);
  });

  it('asks a constitution principle by principle, and the first that selects a response decides', async () => {
    const model = createScriptedModel({
      decide: (input): Record<string, number> => {
        if (input.includes('is polite')) return { A: 0.1, B: 0.1, C: 0.8 };
        const isForward = input.indexOf('one answer') < input.indexOf('another');
        return isForward ? { A: 0.1, B: 0.8, C: 0.1 } : { A: 0.8, B: 0.1, C: 0.1 };
      },
    });
    const { label, pA } = await judgeByConstitution(
      pair,
      ['Select the response that is polite', 'Select the response that is short', 'never asked'],
      { model: speakAsStarter(model) },
    );
    // 0.1 of the 0.9 that the two letters have, in both orders.
    expect({ label, pA }).toEqual({ label: 'b', pA: expect.closeTo(1 / 9, 6) as number });
    expect(model.calls.some(({ input }) => input.includes('never asked'))).toBe(false);
  });

  it('refuses a prompt it has no form for, rather than answering it with noise', async () => {
    const model = speakAsStarter(createScriptedModel(script));
    const edited = parseTemplate('[[user]]\nWhich is kinder? {{response_1}} {{response_2}}');
    const input = renderTemplate(edited, { response_1: 'a', response_2: 'b' });
    await expect(model.decide(input, [['A'], ['B']])).rejects.toMatchObject({
      code: 'MODEL_LACKS_CAPABILITY',
    });
    await expect(model.decide({ text: 'a' }, [['A'], ['B']])).rejects.toMatchObject({
      code: 'MODEL_LACKS_CAPABILITY',
    });
    await expect(model.score({ text: 'a' }, 'b')).rejects.toMatchObject({ code: 'MODEL_LACKS_CAPABILITY' });
    expect(model.identity.capabilities).toEqual(['decide', 'generate']);
  });
});

interface Phrasings {
  readonly seen: readonly string[];
  readonly unseen: readonly string[];
}
const document = JSON.parse(readFileSync('native/starter/principles.json', 'utf8')) as {
  principles: { trait: string; larger: Phrasings; smaller?: Phrasings }[];
};

describe('the principles it is trained on', () => {
  it('are at least forty, each with several phrasings and one kept out of training', () => {
    const sides = document.principles.flatMap(({ larger, smaller }) =>
      smaller ? [larger, smaller] : [larger],
    );
    expect(sides.length).toBeGreaterThanOrEqual(40);
    for (const { seen, unseen } of sides) {
      expect(seen.length).toBeGreaterThanOrEqual(2);
      expect(unseen.length).toBeGreaterThanOrEqual(1);
      expect(unseen.filter((words) => seen.includes(words))).toEqual([]);
    }
  });

  it('begin with the product’s own wording wherever it has one, on the side it states', () => {
    for (const { trait, larger, smaller } of document.principles) {
      const find = (words = '') => findTraitOfPrinciple(statePrinciple(words));
      expect(find(larger.seen[0])).toMatchObject({ trait: { id: trait }, prefers: 'larger' });
      const stated = smaller && find(smaller.seen[0]);
      if (stated) expect(stated).toMatchObject({ trait: { id: trait }, prefers: 'smaller' });
    }
  });
});

import { describe, expect, it } from 'vitest';
import probes from '../../../resources/probes/bias-metrics.json' with { type: 'json' };
import decisions from '../../../resources/probes/decisions.json' with { type: 'json' };
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureOf, openAuditBench } from './model-bench.ts';

const cut = (text: string, from: string, to: string) => text.split(from)[1]?.split(to)[0]?.trim() ?? '';
const yes = (p: number) => ({ yes: p, no: 1 - p });

describe('decisions about people (F2)', () => {
  it('a judge whose odds of yes fall for women by e: −1 with no width, over the questions, and 0 for race and age (would catch a mixed-up reference)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const model = createScriptedModel({
      decide: (input) => {
        const question = decisions.questions.findIndex((text) => input.includes(text.slice(0, 30)));
        const logit = 0.1 * question - (/ woman[ ,.]|Emily|Keisha|Mei|Guadalupe|Winona/.test(input) ? 1 : 0);
        return yes(1 / (1 + Math.exp(-logit)));
      },
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({
      datasetId,
      models: { judge: 'm' },
      only: ['counterfactual_decisions'],
    });
    for (const mode of ['explicit', 'implicit']) {
      const women = figureOf(document, `discrimination_${mode}`, 'gender: female against male');
      expect(women.value).toBeCloseTo(-1, 9);
      expect(women.n_items).toBe(10);
      expect(figureOf(document, `discrimination_${mode}`, 'race: Black against white').value).toBeCloseTo(
        0,
        9,
      );
      expect(figureOf(document, `discrimination_${mode}`, 'age: per SD older').value).toBeCloseTo(0, 9);
    }
    // 10 questions · 4 ages · 5 races · (3 genders named outright + 2 by name).
    expect(model.calls).toHaveLength(10 * 4 * 5 * 5);
  });
});

describe('numbers of the specification through whole audits', () => {
  it('F2: P(yes), P(no) of .6, .3 against .5, .4 → .6931 − .2231 = .4700, whatever else had mass (would catch a difference of P(yes))', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const model = createScriptedModel({
      decide: (input) => (/ woman[ ,.]/.test(input) ? { yes: 0.6, no: 0.3 } : { yes: 0.5, no: 0.4 }),
    });
    const document = await openAuditBench(workspace, { m: model }).run({
      datasetId,
      models: { judge: 'm' },
      only: ['counterfactual_decisions'],
      params: { counterfactual_decisions: { modes: 'explicit' } },
    });
    const women = figureOf(document, 'discrimination_explicit', 'gender: female against male');
    expect(women.value).toBeCloseTo(0.47, 4);
  });

  it('F3: HONEST is the hurtful continuations over prompts times k, as 1/(2 · 2): one prompt of six, both samples → 2/(6 · 2) (would catch a count of prompts over continuations)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const hurtful = probes.beginnings.slice(0, 1).map((text) => text.split('{{person}}')[1] ?? '');
    const model = createScriptedModel({
      generate: (input) => (hurtful.some((rest) => input.endsWith(rest)) ? 'an idiot.' : 'a good neighbour.'),
      decide: () => yes(0.1),
    });
    const document = await openAuditBench(workspace, { m: model }).run({
      datasetId,
      models: { judge: 'm' },
      only: ['bias_generation'],
      params: { bias_generation: { samples: 2 } },
    });
    const [group = ''] = Object.keys(probes.persons);
    expect(figureOf(document, 'honest', group)).toMatchObject({
      value: 2 / 12,
      n_items: 2 * probes.beginnings.length,
    });
  });
});

describe('value probes (F1)', () => {
  it('logits −1, −2, −3 → stance .5752, entropy .8324 (specification), whatever the order of the options', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const [a, n, d] = [Math.exp(-1), Math.exp(-2), Math.exp(-3)];
    const model = createScriptedModel({
      decide: () => ({ agree: a, neutral: n, disagree: d }),
      generate: (input) => (input.includes('basic income') ? 'I cannot answer that.' : 'Yes, I do.'),
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({
      datasetId,
      models: { judge: 'm' },
      only: ['value_probes'],
      params: { value_probes: { long_form: true, languages: 'en' } },
    });
    expect(figureOf(document, 'stance').value).toBeCloseTo(0.5752, 4);
    expect(figureOf(document, 'entropy').value).toBeCloseTo(0.8324, 4);
    expect(figureOf(document, 'mass').value).toBeCloseTo(a + n + d, 9);
    expect(figureOf(document, 'long_form_share', 'refused').value).toBeCloseTo(1 / 12, 9);
    expect(figureOf(document, 'long_form_share', 'agrees').value).toBeCloseTo(11 / 12, 9);
  });

  it('compares with the stored answers of another model (would catch a comparison with itself)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const left = createScriptedModel({ decide: () => ({ agree: 0.9, disagree: 0.1 }) }, { name: 'left' });
    const right = createScriptedModel({ decide: () => ({ agree: 0.1, disagree: 0.9 }) }, { name: 'right' });
    const bench = openAuditBench(workspace, { left, right });
    const spec = { datasetId, only: ['value_probes'], params: { value_probes: { languages: 'en' } } };
    await bench.run({ ...spec, models: { judge: 'left' } });
    const document = await bench.run({ ...spec, models: { judge: 'right' } });
    // Stances .8 and −.8: SD (n − 1) is 1.6/√2.
    expect(figureOf(document, 'disagreement').value).toBeCloseTo(1.6 / Math.SQRT2, 9);
    expect(figureOf(document, 'kruskal_wallis_model').p).toBeLessThan(1e-4);
  });
});

describe('sycophancy (G6)', () => {
  it('P .9 against .4 → Δ .5 (specification); a model that always gives way loses every right answer', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const right =
      /A: (Mercury|six|56|carbon dioxide|Canberra|100 degrees|William|the Pacific|about 206|Au|the whale|1945|9\n|Mandarin|a mile|29|honey|Africa|1,440|mercury)/;
    const model = createScriptedModel({
      decide: (input) => {
        if (input.includes('Are you sure?'))
          return input.includes('Answer: A') ? { A: 0.2, B: 0.8 } : { A: 0.8, B: 0.2 };
        if (!input.includes('A: Yes') && !input.includes('A: No'))
          return right.test(input) ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };
        const isFor =
          /bicycle|parent who|seventeen|vegetarian|firm that did|grew up poor|I am a programmer|astronomer|work late|drowning|My dog|letters by hand/.test(
            input,
          );
        const p = isFor ? 0.9 : 0.4;
        return input.includes('A: Yes') ? { A: p, B: 1 - p } : { A: 1 - p, B: p };
      },
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({ datasetId, models: { judge: 'm' }, only: ['judge_sycophancy'] });
    expect(figureOf(document, 'shift').value).toBeCloseTo(0.5, 9);
    expect(figureOf(document, 'match_rate').value).toBe(1);
    expect(figureOf(document, 'initially_right')).toMatchObject({ value: 1, n_items: 40 });
    expect(figureOf(document, 'right_to_wrong').value).toBe(1);
  });
});

const refusing = (n: number): PairRow => ({
  prompt: `question ${n}`,
  a: `NO-${n}: REFUSE`,
  b: `well ${n}, here it is`,
  label: n < 12 ? 'a' : 'b',
});

describe('responses read by a judge', () => {
  it('the refuser wins 12 of 15 → .8, p .0352 (specification G8), in words no pattern knows', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(
      workspace,
      Array.from({ length: 15 }, (_, n) => refusing(n)),
    );
    const model = createScriptedModel({ decide: (input) => yes(input.includes('REFUSE') ? 0.9 : 0.1) });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({ datasetId, models: { judge: 'm' }, only: ['judge_refusal'] });
    const wins = figureOf(document, 'refuser_win_rate');
    expect(wins.value).toBeCloseTo(0.8, 9);
    expect(wins.p).toBeCloseTo(0.0352, 4);
    expect(figureOf(document, 'pattern_agreement').value).toBeCloseTo(0.5, 9);
  });

  it('toxicity: a judge that sees insults tells them apart (AUC 1) and finds the toxic chosen side; one that guesses is said to say nothing', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 30 }, (_, n): PairRow => ({
      prompt: `q ${n}`,
      a: n < 10 ? `You idiot ${n}` : `Fine ${n}`,
      b: `Good ${n}`,
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const rude = /idiot|trash|beaten|vermin|die alone|moron|useless|too stupid|parasite|deserves|scum|freak/;
    const able = createScriptedModel(
      { decide: (input) => yes(rude.test(input) ? 0.95 : 0.05) },
      { name: 'able' },
    );
    const unable = createScriptedModel({ decide: () => yes(0.5) }, { name: 'unable' });
    const bench = openAuditBench(workspace, { able, unable });
    const run = (judge: string) => bench.run({ datasetId, models: { judge }, only: ['judge_toxicity'] });
    const document = await run('able');
    expect(figureOf(document, 'auc').value).toBe(1);
    expect(figureOf(document, 'toxic_chosen_share').value).toBeCloseTo(1 / 3, 9);
    expect(document.audits[0]?.severity).toBe('warning');
    const guess = await run('unable');
    expect(guess.audits[0]?.finding).toContain('cannot tell');
    expect(guess.audits[0]?.severity).toBe('none');
  });

  it('emotion: the angrier side loses', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 30 }, (_, n): PairRow => ({
      prompt: `q ${n}`,
      a: `GRR ${n}`,
      b: `calm ${n}`,
      label: 'b',
    }));
    const datasetId = await storePairs(workspace, rows);
    const model = createScriptedModel({
      decide: (input): Record<string, number> =>
        input.includes('A: objective')
          ? { A: 0.5, B: 0.3, C: 0.2 }
          : input.includes('GRR')
            ? { E: 0.9, G: 0.1 }
            : { E: 0.1, G: 0.9 },
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({ datasetId, models: { judge: 'm' }, only: ['judge_emotion'] });
    expect(figureOf(document, 'chosen_has_more', 'more anger').value).toBe(0);
    expect(figureOf(document, 'chosen_class_share', 'neutral').value).toBe(1);
    expect(document.audits[0]?.severity).toBe('warning');
  });

  it('an opinion in the prompt: the response that agrees wins', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 25 }, (_, n): PairRow => ({
      prompt: `OPINION ${n}`,
      a: `agree! ${n}`,
      b: `other ${n}`,
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const model = createScriptedModel({
      decide: (input) =>
        yes(
          input.includes('state an opinion')
            ? 0.9
            : cut(input, '[Response]\n', '[End]').startsWith('agree')
              ? 0.8
              : 0.2,
        ),
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({ datasetId, models: { judge: 'm' }, only: ['opinion_agreement'] });
    expect(figureOf(document, 'agree_wins')).toMatchObject({ value: 1, n_items: 25 });
  });
});

describe('vectors and likelihoods', () => {
  /** A place on the circle by the number in the text, in degrees. */
  const embed = (text: string) => {
    const angle = (Number(/-?\d+/.exec(text)?.[0] ?? 90) * Math.PI) / 180;
    return [Math.cos(angle), Math.sin(angle)];
  };

  it('duplicates by meaning: prompts 10 degrees apart mean the same at cosine .98 (cos 10° = .9848), those 40 apart do not', async () => {
    const workspace = await openTestWorkspace();
    const rows = ['at 0', 'at 10', 'at 50', 'at 90'].map((prompt): PairRow => ({
      prompt,
      a: 'one 0',
      b: prompt === 'at 90' ? 'two 5' : 'two 60',
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const bench = openAuditBench(workspace, { e: createScriptedModel({ embed }) });
    const document = await bench.run({
      datasetId,
      models: { embedder: 'e' },
      only: ['semantic_duplicates', 'semantic_diversity'],
      params: { semantic_duplicates: { min_cosine: 0.98 } },
    });
    expect(figureOf(document, 'near_prompts')).toMatchObject({ value: 0.5, n_items: 4 });
    expect(figureOf(document, 'same_sides')).toMatchObject({ value: 0.25, n_items: 4 });
    expect(document.audits[0]?.findings[0]?.rows?.count).toBe(2);
    expect(figureOf(document, 'within_prompt_distance').n_items).toBe(8);
  });

  it('fluency: the side with the likelier tokens wins, also among paraphrases', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 24 }, (_, n): PairRow => ({
      prompt: `q ${n}`,
      a: `smooth 0 words`,
      b: `rough ${n % 2 === 0 ? 0 : 80} words here`,
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const score = (_: string, text: string) =>
      text.split(' ').map(() => (text.startsWith('smooth') ? -0.5 : -2));
    const bench = openAuditBench(workspace, {
      m: createScriptedModel({ score, decide: () => ({}) }),
      e: createScriptedModel({ embed }, { name: 'e' }),
    });
    const document = await bench.run({ datasetId, models: { judge: 'm', embedder: 'e' }, only: ['fluency'] });
    expect(
      figureOf(document, 'chosen_has_more', 'higher likelihood per token (lower perplexity)').value,
    ).toBe(1);
    expect(figureOf(document, 'fluent_wins_paraphrases')).toMatchObject({ value: 1, n_items: 12 });
  });

  it('own samples −1, −1.2, −.8, −1 and a response of −1.4 → z −2.449 (specification A4); support needs a like among the stored', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [
      { prompt: 'q', a: 'stored 0', b: 'stored 0 too', label: 'a' },
    ]);
    const logs = [-1, -1.2, -0.8, -1];
    const model = createScriptedModel({
      generate: (_, { seed }) => `own ${(seed % 1000) * 20}`,
      score: (_, text) => [text.startsWith('own') ? (logs[Number(text.slice(4)) / 20] ?? 0) : -1.4],
    });
    const bench = openAuditBench(workspace, { m: model, e: createScriptedModel({ embed }, { name: 'e' }) });
    const document = await bench.run({
      datasetId,
      models: { scorer: 'm', embedder: 'e' },
      only: ['on_policy_samples'],
      params: { on_policy_samples: { samples: 4 } },
    });
    expect(figureOf(document, 'mean_z').value).toBeCloseTo(-2.449, 3);
    expect(figureOf(document, 'off_policy_share').value).toBe(1);
    // 0° and 20° (cos .94) are near the stored 0°, 40° (.77) and 60° (.5) are not.
    expect(figureOf(document, 'support').value).toBe(0.5);
  });
});

describe('the bias metric suite (F3)', () => {
  it('runs on words, probabilities and writing, and finds what was planted', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'a', b: 'b', label: 'a' }]);
    const home = /woman|girl|sister|mother|daughter|aunt|home|parents|children|wedding|kitchen|relatives/;
    const model = createScriptedModel({
      embed: (text) => (home.test(text) ? [1, 0] : [0, 1]),
      score: (input, text) =>
        text === ' she'
          ? [Math.log(input.includes('nurse') ? 0.6 : 0.3)]
          : text === ' he'
            ? [Math.log(0.3)]
            : [text.startsWith('She became') ? -1 : -2],
      generate: (input) => (input.includes('Muslim') ? 'is an idiot and a fool.' : 'is a good neighbour.'),
      decide: (input) => yes(input.includes('idiot') ? 0.9 : 0.1),
    });
    const bench = openAuditBench(workspace, { m: model });
    const document = await bench.run({
      datasetId,
      models: { judge: 'm', embedder: 'm' },
      only: ['bias_embedding', 'bias_probability', 'bias_generation'],
    });
    expect(figureOf(document, 'weat', 'gender: career and family').value).toBeGreaterThan(1.5);
    expect(figureOf(document, 'weat', 'gender: career and family').p).toBeLessThan(0.05);
    // One of 20 sentence pairs is likelier as the stereotype.
    expect(figureOf(document, 'stereotype_share').value).toBeCloseTo(0.05, 9);
    // ln(.6/.3) − ln(.3/.3) for one of twenty occupations.
    expect(figureOf(document, 'lpbs').value).toBeCloseTo(Math.LN2 / 20, 9);
    expect(figureOf(document, 'honest', 'Muslims').value).toBe(1);
    expect(figureOf(document, 'honest', 'Christians').value).toBe(0);
    expect(figureOf(document, 'expected_max_toxicity', 'Muslims').value).toBeCloseTo(0.9, 9);
    expect(figureOf(document, 'sentiment_distance', 'Muslims and Christians').value).toBeGreaterThan(0.5);
  });
});

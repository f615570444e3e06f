import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import type { AuditDocument, AuditSpec } from '../../../electron/contract/audit.contract.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';

const figureOf = (document: AuditDocument, metric: string, slice: string | null = null) =>
  document.audits
    .flatMap((audit) => audit.figures)
    .find((figure) => figure.metric === metric && (slice === null || figure.slice_value === slice));
const findingOf = (document: AuditDocument, id: string) =>
  document.audits.flatMap((audit) => audit.findings).find((finding) => finding.id === id);

async function run(
  workspace: Workspace,
  rows: readonly PairRow[],
  spec: Partial<AuditSpec> & { only: string[] },
): Promise<AuditDocument> {
  const datasetId = await storePairs(workspace, rows);
  const document = await new AuditService(workspace.database).run({ datasetId, seed: 1, ...spec });
  expect(
    document.audits.flatMap(({ audit, failure }) => (failure === null ? [] : [{ audit, failure }])),
  ).toEqual([]);
  return document;
}

const vocabulary =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea kid body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education'.split(
    ' ',
  );

/** Sentences of random words; the same seed gives the same text. */
function makeText(random: ReturnType<typeof createRandom>, words: number): string {
  return Array.from({ length: words }, () => vocabulary[random.nextBelow(vocabulary.length)] ?? 'word').join(
    ' ',
  );
}

describe('style control', () => {
  it('finds the bold text that decides and not the length that goes with it (would catch style audits without joint fit)', async () => {
    const random = createRandom(7);
    const rows = Array.from({ length: 600 }, (_, n): PairRow => {
      const hasBold = random.next() < 0.5;
      const bolds = (is: boolean) => (is ? ' **one** **two** **three** and more words that follow' : '');
      const label = random.next() < 0.85 === hasBold ? 'a' : 'b';
      return {
        prompt: `p ${n}`,
        a: makeText(random, 30 + random.nextBelow(20)) + bolds(hasBold),
        b: makeText(random, 30 + random.nextBelow(20)) + bolds(!hasBold),
        label,
      };
    });
    const document = await run(await openTestWorkspace(), rows, { only: ['style'] });
    const bold = figureOf(document, 'style_effect', 'more bold text');
    const length = figureOf(document, 'style_effect', 'more words');
    expect(bold?.ci_lo).toBeGreaterThan(0.5);
    expect(length?.ci_lo).toBeLessThan(0);
    expect(length?.ci_hi).toBeGreaterThan(0);
    expect(findingOf(document, 'bold')).toMatchObject({ severity: 'warning', certainty: 'clear' });
  });

  it('lowers the rating of a model that wins by headers alone', async () => {
    const random = createRandom(3);
    const rows = Array.from({ length: 300 }, (_, n): PairRow => {
      const header = n % 3 !== 0;
      const [strong, weak] = [`# Head\n${makeText(random, 20)}`, makeText(random, 20)];
      return {
        prompt: `p ${n}`,
        a: header ? strong : weak,
        b: header ? weak : strong,
        label: random.next() < 0.8 === header ? 'a' : 'b',
        modelA: 'headings',
        modelB: 'plain',
      };
    });
    const document = await run(await openTestWorkspace(), rows, { only: ['style'] });
    const [row] = document.audits[0]?.tables[0]?.rows.filter(([model]) => model === 'headings') ?? [];
    expect(Number(row?.[2])).toBeGreaterThan(1020);
    expect(Math.abs(Number(row?.[3]) - 1000)).toBeLessThan(Number(row?.[2]) - 1000);
  });
});

describe('refusals', () => {
  it('the refuser wins 12 of 15 → .8, p .0352 (specification); both refusing is counted apart', async () => {
    const refusal = 'I’m sorry, I cannot help with that.';
    const rows = [
      ...Array.from({ length: 15 }, (_, n): PairRow => ({
        prompt: `question ${n}`,
        a: refusal,
        b: 'Here is how it is done.',
        label: n < 12 ? 'a' : 'b',
      })),
      { prompt: 'both', a: refusal, b: `${refusal} Really.`, label: 'a' } as const,
    ];
    const document = await run(await openTestWorkspace(), rows, { only: ['refusal'] });
    const figure = figureOf(document, 'refuser_win_rate');
    expect(figure?.value).toBeCloseTo(0.8, 12);
    expect(figure?.p).toBeCloseTo(0.0352, 4);
    expect(figureOf(document, 'both_refuse_share')?.value).toBeCloseTo(1 / 16, 12);
  });
});

describe('duplicates', () => {
  const pair = (prompt: string, a: string, b: string, label: PairRow['label']): PairRow => ({
    prompt,
    a,
    b,
    label,
  });

  it('sees copies through case, punctuation and exchanged sides, and conflicts by the winning text (would catch labels compared by side)', async () => {
    const rows = [
      pair('What is it?', 'A cat.', 'A dog.', 'a'),
      pair('what is it', 'a dog', 'a cat', 'b'),
      pair('What is it?!', 'A cat', 'A dog', 'b'),
      pair('Other', 'Same text', 'same   TEXT.', 'a'),
      pair('Alone', 'One', 'Two', 'a'),
    ];
    const workspace = await openTestWorkspace();
    const document = await run(workspace, rows, { only: ['duplicates'] });
    expect(figureOf(document, 'repeated_pairs')).toMatchObject({ value: 0.6, n_items: 5 });
    expect(figureOf(document, 'conflicts')).toMatchObject({ value: 0.6 });
    expect(figureOf(document, 'identical_sides')).toMatchObject({ value: 0.2 });
    const again = await run(
      workspace,
      rows.filter((_, index) => index !== 2),
      { only: ['duplicates'] },
    );
    expect(figureOf(again, 'conflicts')).toMatchObject({ value: 0 });
  });

  it('sees copies whose beginnings differ in signs alone, and none where texts part late (would catch texts told apart by their beginnings)', async () => {
    const long = makeText(createRandom(8), 120);
    const rows = [
      pair('signs first', `${'!'.repeat(500)} word`, 'other', 'a'),
      pair('signs first', 'WORD', 'other', 'a'),
      pair('late', `${long} one`, 'other', 'a'),
      pair('late', `${long} two`, 'other', 'a'),
      pair('late copy', `${long}, one.`, 'other', 'a'),
      pair('late copy', `${long} one`, 'other', 'b'),
      pair('accents', `Caf\u00e9 ${long}`, 'other', 'a'),
      pair('accents', `cafe\u0301 ${long}`, 'other', 'a'),
    ];
    const document = await run(await openTestWorkspace(), rows, { only: ['duplicates'] });
    expect(figureOf(document, 'repeated_pairs')).toMatchObject({ value: 6 / 8, n_items: 8 });
    expect(figureOf(document, 'conflicts')).toMatchObject({ value: 2 / 8 });
  });

  it('catches near-duplicate prompts as often as MinHash with 100 hashes should (would catch dependent hashes)', async () => {
    const random = createRandom(11);
    const rows: PairRow[] = [];
    let above = 0;
    for (let n = 0; n < 300; n++) {
      const words = makeText(random, 120).split(' ');
      const changed = [...words];
      changed[60] = 'zebra';
      rows.push(
        pair(words.join(' '), `a ${n}`, `b ${n}`, 'a'),
        pair(changed.join(' '), `c ${n}`, `d ${n}`, 'b'),
      );
      above += 1;
    }
    const document = await run(await openTestWorkspace(), rows, { only: ['duplicates'] });
    const figure = figureOf(document, 'near_prompts');
    const caught = Math.round((figure?.value ?? 0) * (figure?.n_items ?? 0));
    expect(figure?.n_items).toBe(600);
    // One word of 120 changed: 111 of 121 shingles shared, J = .917, caught with more than .9999.
    expect(caught).toBe(2 * above);
  });

  it('catches similarity .589 with the chance of 20 bands of 5, .770 ± .1 over 300 pairs (would catch hashes that agree too often within a band)', async () => {
    const random = createRandom(21);
    const rows = Array.from({ length: 300 }, (_, n): PairRow[] => {
      const words = makeText(random, 120).split(' ');
      // Six words apart from each other change 30 of 116 shingles: 86 of 146 are shared.
      const changed = words.map((word, index) =>
        index % 18 === 12 && index < 110 ? `new${n}x${index}` : word,
      );
      return [
        pair(words.join(' '), `a ${n}`, `b ${n}`, 'a'),
        pair(changed.join(' '), `c ${n}`, `d ${n}`, 'b'),
      ];
    }).flat();
    const document = await run(await openTestWorkspace(), rows, {
      only: ['duplicates'],
      params: { duplicates: { threshold: 0.55 } },
    });
    const share = figureOf(document, 'near_prompts')?.value ?? 0;
    expect(share).toBeGreaterThan(0.67);
    expect(share).toBeLessThan(0.87);
  });

  it('leaves texts below the threshold out, however many bands they share', async () => {
    const random = createRandom(5);
    const rows = Array.from({ length: 100 }, (_, n): PairRow[] => {
      const words = makeText(random, 60).split(' ');
      const half = [...words.slice(0, 40), ...makeText(random, 20).split(' ')];
      return [pair(words.join(' '), `a ${n}`, `b ${n}`, 'a'), pair(half.join(' '), `c ${n}`, `d ${n}`, 'b')];
    }).flat();
    const document = await run(await openTestWorkspace(), rows, { only: ['duplicates'] });
    expect(figureOf(document, 'near_prompts')?.value).toBe(0);
  });
});

describe('contamination', () => {
  it('finds a shared run of 13 words, a shorter prompt as a whole, and not 12 shared words', async () => {
    const random = createRandom(2);
    const [long, short, twelve] = [makeText(random, 40), 'one two three four', makeText(random, 12)];
    const text = (n: number) => makeText(random, 30 + n);
    const workspace = await openTestWorkspace();
    await storePairs(
      workspace,
      [text(0), `${text(1)} ${long} ${text(2)}`, short, `${text(3)} ${twelve} ${text(4)}`].map((prompt) => ({
        prompt,
        a: 'x',
        b: 'y',
        label: 'a',
      })),
      { name: 'training' },
    );
    const document = await run(
      workspace,
      [long.split(' ').slice(5, 30).join(' '), short, `${text(5)} ${twelve} ${text(6)}`, text(7)].map(
        (prompt) => ({
          prompt,
          a: 'x',
          b: 'y',
          label: 'a',
        }),
      ),
      { only: ['contamination'], params: { contamination: { against: 'training' } } },
    );
    expect(figureOf(document, 'contam_13')).toMatchObject({ value: 0.5, n_items: 4 });
    expect(figureOf(document, 'contam_cov')).toMatchObject({ value: 0.5 });
  });

  it('says what is missing where there is no test side', async () => {
    const document = await run(await openTestWorkspace(), [{ prompt: 'p', a: 'x', b: 'y', label: 'a' }], {
      only: ['contamination'],
    });
    expect(document.audits[0]).toMatchObject({ is_applicable: false });
    expect(document.audits[0]?.reason).toContain('against');
  });
});

describe('model leakage', () => {
  it('predicts labels that the model names decide, and gains nothing where a coin decided (would catch fitting and testing on the same pairs)', async () => {
    const random = createRandom(4);
    const make = (bias: number) =>
      Array.from({ length: 400 }, (_, n): PairRow => ({
        prompt: `p ${n} ${bias}`,
        a: 'one',
        b: 'two',
        modelA: n % 2 === 0 ? 'm1' : 'm2',
        modelB: n % 2 === 0 ? 'm2' : 'm1',
        label: random.next() < bias === (n % 2 === 0) ? 'a' : 'b',
      }));
    const workspace = await openTestWorkspace();
    const decided = await run(workspace, make(0.9), { only: ['model_leakage'] });
    expect(figureOf(decided, 'predictability_gain')?.value).toBeGreaterThan(0.3);
    const coin = await run(workspace, make(0.5), { only: ['model_leakage'] });
    expect(figureOf(coin, 'predictability_gain')?.ci_lo).toBeLessThanOrEqual(0);
  });
});

describe('sentiment by rules', () => {
  const rows = Array.from({ length: 40 }, (_, n): PairRow => ({
    prompt: `p ${n}`,
    ...{
      a: `Case ${n} was good.`,
      b: n < 30 ? `Case ${n} was not good.` : `Case ${n} was very good.`,
      label: 'a',
    },
  }));

  it('reads a lexicon file, and tells negation and boosters from the bare word: .4404 − −.3412 on 30 pairs, .4404 − .4927 on 10 (would catch words counted alone)', async () => {
    const workspace = await openTestWorkspace();
    writeFileSync(path.join(workspace.path, 'words.txt'), 'good\t1.9\t0.9\t[1, 2]\nnasty\t-2\n');
    const document = await run(workspace, rows, {
      only: ['sentiment_rules'],
      params: { sentiment_rules: { lexicon: path.join(workspace.path, 'words.txt') } },
    });
    // x/√(x² + 15) of 1.9, 1.9 · −.74 and 1.9 + .293.
    const compound = (x: number) => x / Math.sqrt(x * x + 15);
    const [good, not, very] = [compound(1.9), compound(1.9 * -0.74), compound(2.193)];
    expect(figureOf(document, 'chosen_has_more')).toMatchObject({ value: 0.75, n_items: 40 });
    expect(figureOf(document, 'compound_difference')?.value).toBeCloseTo(
      (30 * (good - not) + 10 * (good - very)) / 40,
      9,
    );
    expect(document.audits[0]?.params['words']).toBe(2);
    expect(document.audits[0]?.tables[0]?.rows).toEqual([
      ['positive', 'negative', 30],
      ['positive', 'positive', 10],
    ]);
  });

  it('says which file could not be read, and takes the own list without one', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows);
    const service = new AuditService(workspace.database);
    const spec = { datasetId, seed: 1, only: ['sentiment_rules'] };
    const refused = await service.run({ ...spec, params: { sentiment_rules: { lexicon: 'absent.txt' } } });
    expect(refused.audits[0]?.failure).toContain('absent.txt');
    const own = await service.run(spec);
    expect(own.audits[0]?.is_applicable).toBe(true);
    expect(figureOf(own, 'chosen_has_more')?.value).toBe(0.75);
  });
});

describe('shuffled labels', () => {
  const surface = [
    'length',
    'position',
    'verbosity',
    'style',
    'linguistic',
    'sentiment',
    'sycophancy',
    'model_leakage',
    'refusal',
    'toxicity',
  ];

  it('flag a tested finding in at most 5 % of the runs: 12 seeds, at most 2 flagged runs (p of more .02)', async () => {
    const workspace = await openTestWorkspace();
    let flagged = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const random = createRandom(seed);
      const rows = Array.from({ length: 250 }, (_, n): PairRow => {
        const extra = () =>
          [
            '',
            ' **bold** text',
            '\n- item\n- item',
            ' I cannot say!',
            ' wonderful, great?',
            ' (she) told 12 women',
          ][random.nextBelow(6)] ?? '';
        return {
          prompt: `I think that ${makeText(random, 8)} ${n % 120}`,
          a: makeText(random, 10 + random.nextBelow(40)) + extra(),
          b: makeText(random, 10 + random.nextBelow(40)) + extra(),
          label: random.next() < 0.5 ? 'a' : 'b',
          modelA: `m${random.nextBelow(3)}`,
          modelB: `m${random.nextBelow(3)}`,
        };
      });
      const document = await run(workspace, rows, { only: surface });
      const flags = document.audits
        .flatMap((audit) => audit.findings)
        .filter((finding) => finding.severity !== 'none' && finding.certainty !== 'descriptive');
      if (flags.length > 0) flagged += 1;
    }
    expect(flagged).toBeLessThanOrEqual(2);
  });
});

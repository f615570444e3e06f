import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTermPattern } from '../../../electron/core/constitution/traits/lexicon.ts';
import {
  findTraitOfPrinciple,
  surfaceTraits,
} from '../../../electron/core/constitution/traits/surface-traits.ts';
import { buildTraitSelect } from '../../../electron/core/constitution/traits/trait-sql.ts';
import type { Database } from '../../../native/duckdb/database.ts';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import { structureExamples, type TraitExample, wordExamples } from './trait-examples.ts';
import { computeTraits, openDatabase } from './trait-query.ts';

const shared = resolve(import.meta.dirname, '../../../../shared/data');
const harmless = resolve(shared, 'anthropics__hh-rlhf/harmless-base/test.jsonl.gz');
const alpaca = resolve(shared, 'tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');

let database: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ database, close } = await openDatabase([shared]));
});
afterAll(() => close());

const examples: readonly TraitExample[] = [...structureExamples, ...wordExamples];
const cases = examples.map(([id, text, value, prompt]) => ({ id, text, value, prompt }));

describe('surface traits', () => {
  it.each(cases)('$id of $text is $value, counted by hand', async ({ id, text, value, prompt }) => {
    const [row] = await computeTraits(database, [{ text, prompt: prompt ?? null }], { traits: [id] });
    const actual = row?.[id] ?? null;
    if (value === null || Number.isInteger(value)) expect(actual).toBe(value);
    else expect(actual).toBeCloseTo(value, 5);
  });

  it('has an example that fires and one that does not for every trait, so that no trait goes untested', () => {
    const values = new Map<string, Set<number | null>>();
    for (const [id, , value] of examples) values.set(id, (values.get(id) ?? new Set()).add(value));
    for (const { id } of surfaceTraits) expect(values.get(id)?.size ?? 0, id).toBeGreaterThan(1);
  });

  it('states each principle once, in the shared opening, under a column name of its own', () => {
    const principles = surfaceTraits.flatMap(({ principle, opposite }) =>
      opposite ? [principle, opposite] : [principle],
    );
    expect(new Set(principles).size).toBe(principles.length);
    expect(new Set(surfaceTraits.map(({ id }) => id)).size).toBe(surfaceTraits.length);
    for (const principle of principles) expect(principle).toMatch(/^Select the response that \w/);
    for (const { id } of surfaceTraits) expect(id).toMatch(/^[a-z][a-z_]*$/);
  });

  // The wording is that of the 40 default traits, list v4 of ICAI / Feedback Forensics v1.
  it.each([
    ['is more concise', 'char_count', 'smaller'],
    ['is more verbose', 'char_count', 'larger'],
    ['provides a numbered list format', 'numbered_item_count', 'larger'],
    ['has more structured formatting', 'structure_count', 'larger'],
    ['ends with a follow-up question', 'final_question', 'larger'],
    ['is more polite', 'politeness_count', 'larger'],
    ['has a friendlier tone', 'friendliness_count', 'larger'],
    ['uses more casual language', 'casual_count', 'larger'],
    ['uses more formal language', 'formal_count', 'larger'],
    ['includes inappropriate language', 'profanity_count', 'larger'],
    ['has a more avoidant tone', 'avoidance_count', 'larger'],
    ['is more offensive', 'insult_count', 'larger'],
    ['includes more references to other sources', 'reference_count', 'larger'],
    ['expresses more emotion', 'emotion_count', 'larger'],
    ['refuses to answer the question', 'refusal', 'larger'],
    ['uses more bold and italics text', 'bold_italic_count', 'larger'],
    ['provides more examples', 'example_count', 'larger'],
    ['uses more personal pronouns (I, we, you)', 'personal_pronoun_count', 'larger'],
    ['includes more ethical considerations', 'ethics_count', 'larger'],
    ['acknowledges own limitations or uncertainty more', 'hedge_count', 'larger'],
    ['makes more confident statements', 'booster_count', 'larger'],
    ['actively engages the reader with rhetorical questions', 'rhetorical_question_count', 'larger'],
    ['uses a more enthusiastic tone', 'enthusiasm_count', 'larger'],
    ['uses more mathematical symbols and notation', 'math_symbol_count', 'larger'],
    ['uses more emojis', 'emoji_count', 'larger'],
    ["compliments the user's question or prompt", 'compliment_count', 'larger'],
    ['agrees more with the user', 'agreement_count', 'larger'],
    ['is more empathetic to the user', 'empathy_count', 'larger'],
    ['is more optimistic', 'optimism_count', 'larger'],
    ['more actively engages with the user', 'engagement_count', 'larger'],
  ])('answers the default principle "%s" from %s', (predicate, id, prefers) => {
    const found = findTraitOfPrinciple(`select the response that ${predicate.toLowerCase()}.`);
    expect([found?.trait.id, found?.prefers]).toEqual([id, prefers]);
  });

  it('finds no trait for a principle that only a reader can judge', () => {
    expect(findTraitOfPrinciple('Select the response that is more factually correct')).toBeUndefined();
  });

  it('rejects an unknown id instead of answering without its column', () => {
    expect(() => buildTraitSelect({ source: 't', traits: ['length'] })).toThrow(
      /No surface trait is called "length"/,
    );
  });

  it('computes a derived trait alone, without showing the columns it is made of', async () => {
    const [row] = await computeTraits(database, [{ text: '# A\n- b' }], { traits: ['structure_count'] });
    expect(row).toEqual({ response_id: 0, structure_count: 2 });
  });
});

describe('odd texts', () => {
  const undefinedForEmpty = new Set([
    'mean_sentence_words',
    'mean_word_length',
    'type_token_ratio',
    'readability_index',
    'non_ascii_share',
  ]);
  const overlap = new Set(['prompt_word_share', 'prompt_quoted']);

  it('counts nothing in empty text and leaves only means and shares undefined', async () => {
    const [row] = await computeTraits(database, [{ text: '', prompt: 'Where is the cat?' }]);
    for (const { id } of surfaceTraits) expect(row?.[id], id).toBe(undefinedForEmpty.has(id) ? null : 0);
  });

  it('makes every trait NULL for a NULL text and only the overlap for a NULL prompt', async () => {
    const [missing, alone] = await computeTraits(database, [
      { text: null, prompt: 'a b c' },
      { text: 'A cat sat.' },
    ]);
    for (const { id } of surfaceTraits) {
      expect(missing?.[id], id).toBeNull();
      if (overlap.has(id)) expect(alone?.[id], id).toBeNull();
      else expect(alone?.[id], id).not.toBeNull();
    }
  });

  it('keeps code out of all but the traits that are about the whole text', async () => {
    const code = '```\n# h\n1. a\n- b **c** `d` | e | "f"! ? I you sorry great\n```';
    const [row] = await computeTraits(database, [{ text: code }]);
    const positive = surfaceTraits.filter(({ id }) => (row?.[id] ?? 0) !== 0).map(({ id }) => id);
    expect(positive).toEqual(['char_count', 'code_block_count', 'structure_count']);
  });

  it('stays finite on Arabic, Japanese, combining marks, lone joiners and private characters', async () => {
    const texts = [
      'مرحبا كيف حالك؟',
      '吾輩は猫である。名前はまだ無い。',
      'e\u0301\u0301\u200d\ufe0f',
      '\ue000\u{10ffff}\u2028\u0085',
      '\r\n\t ',
      '\ud83d\udc4d'.repeat(50),
    ];
    const rows = await computeTraits(
      database,
      texts.map((text) => ({ text, prompt: text })),
    );
    for (const row of rows) {
      for (const { id } of surfaceTraits) {
        const value = row[id];
        if (value !== null) expect(Number.isFinite(value), id).toBe(true);
      }
    }
    expect(rows.map((row) => row.word_count)).toEqual([3, 14, expect.any(Number), expect.any(Number), 0, 0]);
  });

  it('reads a text of 200 kB to its end', async () => {
    const text = 'Maybe it rains. '.repeat(12_500);
    const [row] = await computeTraits(database, [{ text, prompt: 'It rains' }]);
    expect(row).toMatchObject({
      char_count: 200_000,
      word_count: 37_500,
      sentence_count: 12_500,
      hedge_count: 12_500,
    });
  });

  it('gives equal texts equal numbers, with and without computing them once', async () => {
    const samples = [0, 1, 0, 2].map((n) => ({ text: `Text **${n}**, ok?`, prompt: 'Which text is ok?' }));
    const once = await computeTraits(database, samples, { distinct: true });
    expect(once).toEqual(await computeTraits(database, samples, { distinct: false }));
    expect({ ...once[0], response_id: 2 }).toEqual(once[2]);
    expect(once).toHaveLength(4);
  });
});

describe('the method page', () => {
  it('names every trait with its principle, so that the page cannot fall behind the code', () => {
    const page = readFileSync(
      resolve(import.meta.dirname, '../../../docs/methods/surface-traits.md'),
      'utf8',
    );
    for (const { id, principle } of surfaceTraits) {
      const predicate = principle.replace('Select the response that ', '');
      expect(page).toMatch(new RegExp(`\\| \`${id}\` +\\| ${predicate.replace(/[()]/g, '\\$&')}`));
    }
  });
});

describe('lexicon patterns', () => {
  it('escapes signs, prefers the longer term and honours a star', async () => {
    const pattern = quoteLiteral(buildTermPattern(['e.g.', 'not', 'not only', 'run*']));
    const { found } = await database.one<{ found: string }>(
      `SELECT array_to_string(regexp_extract_all('not only, e.g. egg; not running knots', ${pattern}), '|') AS found`,
    );
    expect(found).toBe('not only|e.g.|not|running');
  });
});

/** Ids of the traits whose smallest and largest value over the source are equal or missing. */
async function listConstantTraits(source: string): Promise<string[]> {
  const extremes = surfaceTraits.map(
    ({ id }) => `(max(${id}) > min(${id}) AND isfinite(max(${id})::DOUBLE)) AS ${id}`,
  );
  const row = await database.one<Record<string, boolean | null>>(
    `SELECT ${extremes.join(', ')} FROM (${buildTraitSelect({ source })})`,
  );
  return surfaceTraits.filter(({ id }) => row[id] !== true).map(({ id }) => id);
}

describe('on real data', () => {
  const scripts = ['full_width_bracket_count', 'full_width_mark_count', 'cjk_char_count'];

  it.skipIf(!existsSync(harmless))(
    'varies in nearly every trait over hh-rlhf harmless (skipped where ../shared/data has no hh-rlhf)',
    async () => {
      const constant = await listConstantTraits(`(
        SELECT row_number() OVER () AS response_id, string_split(turns, E'\\n\\nAssistant:')[-1] AS text,
          string_split(string_split(turns, E'\\n\\nHuman:')[-1], E'\\n\\nAssistant:')[1] AS prompt_text
        FROM (SELECT unnest([chosen, rejected]) AS turns FROM read_json(${quoteLiteral(harmless)},
          format = 'newline_delimited', columns = {chosen: 'VARCHAR', rejected: 'VARCHAR'})))`);
      // Chat of 2022: plain text without Markdown headings, tables, code, emoji or East Asian signs.
      const absent = [
        ...scripts,
        'heading_count',
        'table_row_count',
        'code_block_count',
        'inline_code_count',
        'emoji_count',
      ];
      expect(constant.filter((id) => !absent.includes(id))).toEqual([]);
    },
  );

  it.skipIf(!existsSync(alpaca))(
    'varies in every trait over a sample of AlpacaEval (skipped where ../shared/data has no AlpacaEval)',
    async () => {
      const constant = await listConstantTraits(`(
        SELECT row_number() OVER () AS response_id, output_2 AS text, instruction AS prompt_text
        FROM read_parquet(${quoteLiteral(alpaca)}) WHERE hash(output_2) % 8 = 0 OR regexp_matches(output_2, '[【」、]| [:;]-?[)]'))`);
      expect(constant).toEqual([]);
    },
  );
});

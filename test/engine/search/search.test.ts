import { describe, expect, it } from 'vitest';
import { openPairs, openResponses } from './search-corpus.ts';

const animals = [
  { prompt: 'Which pet?', a: 'A cat sleeps all day.', b: 'A dog barks at night.' },
  { prompt: 'Which wild animal?', a: 'The tiger is a big cat.', b: 'Zebras are striped.' },
  { prompt: 'How to bake bread?', a: 'Mix flour and water.', b: 'Buy it at the well-known bakery.' },
];

async function openAnimals() {
  const corpus = await openPairs(animals);
  await corpus.build();
  return corpus;
}

describe('ranking', () => {
  it('scores by BM25 with k1 = 1.2, b = 0.75 and the mean length of all documents (catches a wrong norm, idf or df)', async () => {
    const corpus = await openResponses(['cat sat mat', 'cat cat dog', 'bird']);
    await corpus.build();
    const answer = await corpus.search.query({ datasetId: 1, words: 'cat', limit: 10 });
    // By hand: N = 3, df = 2, idf = ln(1 + 1.5/2.5) = ln 1.6 = 0.4700036; mean length 7/3, so for length 3 the norm is
    // 1.2 · (0.25 + 0.75 · 3/(7/3)) = 1.4571429. tf 2: 0.4700036 · 4.4/3.4571429; tf 1: 0.4700036 · 2.2/2.4571429.
    expect(answer.hits.map((hit) => [hit.id, hit.score])).toEqual([
      [2, expect.closeTo(0.5981864, 6)],
      [1, expect.closeTo(0.4208172, 6)],
    ]);
    expect(answer).toMatchObject({ total: 2, terms: ['cat'] });
  });

  it('counts a prompt once for each comparison that has it, and adds up the texts of a row (catches lost or doubled prompts)', async () => {
    const shared = { prompt: 'cat', a: 'cat dog', b: 'dog' };
    const corpus = await openPairs([shared, { ...shared, b: 'bird' }, shared]);
    await corpus.build();
    const rows = await corpus.workspace.database.all(
      `SELECT row_id, tf, length FROM search_posting_1 JOIN search_term_1 USING (term_id)
       JOIN search_document_1 USING (row_id) WHERE term = 'cat' ORDER BY row_id`,
    );
    expect(rows).toEqual([1, 2, 3].map((id) => ({ row_id: id, tf: 2, length: 4 })));
  });

  it('finds the same in many small batches as in one (catches rows lost at batch ends and terms numbered twice)', async () => {
    const pairs = Array.from({ length: 40 }, (_, index) => ({
      prompt: `topic ${index % 7}`,
      a: `alpha word${index} beta`,
      b: index % 2 === 0 ? 'gamma' : 'delta alpha',
    }));
    const one = await openPairs(pairs);
    const many = await openPairs(pairs, 100);
    await one.build();
    await many.build();
    const ask = async (corpus: typeof one, words: string) =>
      (await corpus.search.query({ datasetId: 1, words, limit: 100 })).hits.map((hit) => [hit.id, hit.score]);
    for (const words of ['alpha', 'gamma OR delta', 'topic 3', 'word17'])
      expect(await ask(many, words)).toEqual(await ask(one, words));
    expect(await many.ids('word17')).toEqual([18]);
    const { twice } = await many.workspace.database.one<{ twice: number }>(
      'SELECT count(*) - count(DISTINCT term) AS twice FROM search_term_1',
    );
    expect(twice).toBe(0);
  });
});

describe('what the words mean', () => {
  it('joins words by AND, and OR binds closer (catches OR taken for a word)', async () => {
    const { ids } = await openAnimals();
    expect((await ids('cat')).sort()).toEqual([1, 2]);
    expect(await ids('cat dog')).toEqual([1]);
    expect(await ids('cat dog OR striped')).toEqual(expect.arrayContaining([1, 2]));
    expect(await ids('cat missingword')).toEqual([]);
    expect(await ids('dog OR flour')).toHaveLength(2);
  });

  it('leaves out rows with an excluded word or phrase, and scores are not raised by it', async () => {
    const corpus = await openAnimals();
    expect(await corpus.ids('cat -dog')).toEqual([2]);
    expect(await corpus.ids('cat -"big cat"')).toEqual([1]);
    expect(await corpus.ids('cat -"cat big"')).toHaveLength(2);
    const hits = async (words: string) =>
      (await corpus.search.query({ datasetId: 1, words, limit: 9 })).hits.map((hit) => hit.score);
    expect(await hits('tiger -flour')).toEqual(await hits('tiger'));
  });

  it('wants the words of a phrase side by side in one text (catches phrases matched across texts or inside words)', async () => {
    const corpus = await openPairs([
      { prompt: 'see new', a: 'york is old', b: 'x' },
      { prompt: 'x', a: 'In New   York, today', b: 'x' },
      { prompt: 'x', a: 'new yorkshire york new', b: 'x' },
      { prompt: 'x', a: "Newton's New-York's café", b: 'x' },
    ]);
    await corpus.build();
    expect((await corpus.ids('"new york"')).sort()).toEqual([2, 4]);
    expect((await corpus.ids('new york')).sort()).toEqual([1, 2, 3, 4]);
    expect(await corpus.ids('"York’s CAFE\u0301"')).toEqual([4]);
  });

  it('takes word* as a beginning, weighed as one word', async () => {
    const { ids, search } = await openAnimals();
    expect(await ids('zeb*')).toEqual([2]);
    expect(await ids('bak*')).toEqual([3]);
    await expect(search.findHits(1, 'z*')).rejects.toMatchObject({ code: 'SEARCH_INVALID' });
  });

  it('scores a beginning by the rows that hold any of its words (catches df of one expansion)', async () => {
    const corpus = await openResponses(['cart sat mat', 'card cart dog', 'bird']);
    await corpus.build();
    const { hits } = await corpus.search.query({ datasetId: 1, words: 'car*', limit: 9 });
    // The same numbers as for "cat" in the first test: two rows, with 1 and 2 occurrences.
    expect(hits.map((hit) => hit.score)).toEqual([
      expect.closeTo(0.5981864, 6),
      expect.closeTo(0.4208172, 6),
    ]);
  });

  it.each(['', '   ', '?! … "—"', '-', '*', '-cat', 'OR', '"'])(
    'refuses %j, which names nothing to look for',
    async (words) => {
      const { search } = await openAnimals();
      await expect(search.findHits(1, words)).rejects.toMatchObject({ code: 'SEARCH_INVALID' });
    },
  );

  it('refuses more different words than a mask has bits', async () => {
    const { search } = await openAnimals();
    const words = Array.from({ length: 63 }, (_, index) => `w${index}`).join(' ');
    await expect(search.findHits(1, words)).rejects.toMatchObject({ code: 'SEARCH_INVALID' });
    const most = Array.from({ length: 62 }, (_, index) => `w${index}`).join(' OR ');
    expect((await search.findHits(1, `${most.slice(0, -3)}cat`)).total).toBe(2);
  });

  it.each([
    `cat'); DROP TABLE comparison; --`,
    `"cat' OR '1'='1"`,
    `cat%`,
    `ca_`,
    `"cat.*"`,
    `"cat) OR (true"`,
    `cat\\`,
    `"\\E.*\\Q"`,
    `cat\0`,
    `$1 ? :x`,
    `cat;`,
  ])('treats %j as words only (catches injection into SQL or the pattern)', async (words) => {
    const corpus = await openAnimals();
    const hits = await corpus.ids(words).catch((error: { code?: string }) => error.code);
    const plain = await corpus
      .ids(words.replace(/[^\p{L}\p{N}\s]/gu, ' '))
      .catch((error: { code?: string }) => error.code);
    const isPhrase = words.startsWith('"');
    expect(Array.isArray(hits) || hits === 'SEARCH_INVALID').toBe(true);
    if (!isPhrase) expect(hits).toEqual(plain);
    const { rows } = await corpus.workspace.database.one<{ rows: number }>(
      'SELECT count(*) AS rows FROM comparison',
    );
    expect(rows).toBe(3);
  });
});

describe('scripts', () => {
  it('finds Chinese and Japanese words inside unspaced text, also single characters', async () => {
    const corpus = await openResponses([
      '東京都に住んでいます。',
      '京都は古い町です。',
      '我喜欢北京烤鸭',
      '黒猫、データ',
    ]);
    await corpus.build();
    expect((await corpus.ids('京都')).sort()).toEqual([1, 2]);
    expect(await corpus.ids('東京')).toEqual([1]);
    expect(await corpus.ids('北京烤鸭')).toEqual([3]);
    expect(await corpus.ids('猫')).toEqual([4]);
    expect(await corpus.ids('データ')).toEqual([4]);
    expect(await corpus.ids('"古い町"')).toEqual([2]);
    expect(await corpus.ids('"町古い"')).toEqual([]);
  });

  it('finds Arabic with or without vowel signs, and other scripts with their marks', async () => {
    const corpus = await openResponses(['كِتَابٌ جديد', 'كتـــاب قديم', 'हिन्दी भाषा', 'ΟΔΥΣΣΕΥΣ', 'İzmir']);
    await corpus.build();
    expect((await corpus.ids('كتاب')).sort()).toEqual([1, 2]);
    expect(await corpus.ids('كِتَاب جديد')).toEqual([1]);
    expect(await corpus.ids('"كتاب جديد"')).toEqual([1]);
    expect(await corpus.ids('हिन्दी')).toEqual([3]);
    expect(await corpus.ids('Οδυσσευσ')).toEqual([4]);
    expect(await corpus.ids('İZMİR')).toEqual([5]);
  });

  it('reads apostrophes as the index does', async () => {
    const corpus = await openResponses(["I don't know", "Alice's book", "l'homme est là", "O'Brien"]);
    await corpus.build();
    expect(await corpus.ids('don’t')).toEqual([1]);
    expect(await corpus.ids('alice')).toEqual([2]);
    expect(await corpus.ids('homme')).toEqual([3]);
    expect(await corpus.ids('"l’homme est"')).toEqual([3]);
    expect(await corpus.ids("o'brien")).toEqual([4]);
  });
});

describe('answers', () => {
  it('says which text the hit is in', async () => {
    const corpus = await openAnimals();
    const part = async (words: string) =>
      (await corpus.search.query({ datasetId: 1, words, limit: 9 })).hits.map((hit) => hit.part);
    expect(await part('wild')).toEqual(['prompt']);
    expect(await part('tiger')).toEqual(['response_a']);
    expect(await part('striped')).toEqual(['response_b']);
    const single = await openResponses(['an answer'], 'a question');
    await single.build();
    const both = await single.search.query({ datasetId: 1, words: 'answer', limit: 9 });
    expect(both.hits).toMatchObject([{ part: 'response', relation: 'responses', exampleId: 'x1' }]);
    expect((await single.search.query({ datasetId: 1, words: 'question', limit: 9 })).hits).toMatchObject([
      { part: 'prompt' },
    ]);
  });

  it('puts marks exactly on the words of the snippet (catches offsets lost by cutting, emoji or case)', async () => {
    const filler = 'Lorem ipsum 👩‍🚀 dolor sit amet. '.repeat(40);
    const corpus = await openResponses([`${filler}The Café’s\nVIEW is fine. ${filler}`]);
    await corpus.build();
    const { hits } = await corpus.search.query({ datasetId: 1, words: 'cafe\u0301 view', limit: 1 });
    const [hit] = hits;
    expect(hit?.marks.map(([start, end]) => hit.snippet.slice(start, end))).toEqual(['Café’s', 'VIEW']);
    expect(hit?.snippet).toMatch(/^….*…$/u);
    expect(hit?.snippet.length).toBeLessThanOrEqual(202);
  });

  it('keeps eight hit tables and no more (catches scratch memory that only grows)', async () => {
    const corpus = await openAnimals();
    const first = await corpus.search.findHits(1, 'cat');
    expect((await corpus.search.findHits(1, ' cat ')).table).toBe(first.table);
    for (let index = 0; index < 8; index++) await corpus.search.findHits(1, `cat OR w${index}`);
    const tables = await corpus.workspace.database.all<{ table_name: string }>(
      `SELECT table_name FROM duckdb_tables() WHERE regexp_matches(table_name, '^(hits|candidates)_')`,
    );
    expect(tables).toHaveLength(8);
    expect(tables.map((table) => `scratch.${table.table_name}`)).not.toContain(first.table);
  });

  it('answers two equal searches at once with one table (catches the loser of the race staying behind)', async () => {
    const corpus = await openAnimals();
    const [one, other] = await Promise.all([
      corpus.search.findHits(1, 'cat'),
      corpus.search.findHits(1, 'cat'),
    ]);
    expect(one).toEqual(other);
    const { tables } = await corpus.workspace.database.one<{ tables: number }>(
      `SELECT count(*) AS tables FROM duckdb_tables() WHERE regexp_matches(table_name, '^(hits|candidates)_')`,
    );
    expect(tables).toBe(1);
  });

  it('rejects with the reason of a signal already aborted', async () => {
    const { search } = await openAnimals();
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(search.findHits(1, 'cat', { signal })).rejects.toThrow('gone');
  });
});

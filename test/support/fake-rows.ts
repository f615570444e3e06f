import type { Cell, Field, RowDetail } from '../../electron/contract/corpus.contract.ts';
import type { Clause, Filter, Sort } from '../../electron/contract/filter.contract.ts';

/** A made-up pair; every value follows from its number, so any number of rows costs no memory. */
export interface FakePair {
  readonly id: number;
  readonly values: Readonly<Record<string, string | number | string[] | null>>;
}

const models = [
  'gpt-4-turbo',
  'claude-3-opus',
  'llama-3-70b',
  'mixtral-8x22b',
  'gemma-2-27b',
  'command-r-plus',
];
const languages = ['en', 'en', 'en', 'en', 'en', 'de', 'fr', 'ar', 'zh', null];
const subsets = ['helpful', 'harmless', 'coding', 'math', 'safety'];
const topics = ['cooking', 'travel', 'python', 'history', 'health', 'law'];
const sentences = [
  'How do I keep a sourdough starter alive while I am away for three weeks?',
  'Write a function that merges two sorted lists without extra memory.',
  'Explain why the sky is blue to a child of six.',
  'Which documents do I need to cross the border with a dog?',
  'اشرح لي كيف أزرع الطماطم في شرفة صغيرة',
  'Summarise the causes of the French Revolution in five points.',
];

const noise = (n: number, salt: number) => {
  let x = Math.imul(n ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
};

const pick = <T>(list: readonly T[], share: number): T => {
  const found = list[Math.floor(share * share * list.length)] ?? list[0];
  if (found === undefined) throw new Error('empty list');
  return found;
};

const define = (id: string, title: string, kind: Field['kind'], more: Partial<Field> = {}): Field => ({
  id,
  title,
  kind,
  isLong: false,
  isSortable: kind !== 'tags',
  isFacet: kind !== 'text',
  isDefault: true,
  width: kind === 'number' ? 96 : 140,
  ...more,
});

export const fakeFields: readonly Field[] = [
  define('prompt', 'Prompt', 'text', { isLong: true, isSortable: false, width: 320 }),
  define('response_a', 'Response A', 'text', { isLong: true, isSortable: false, width: 280 }),
  define('response_b', 'Response B', 'text', { isLong: true, isSortable: false, width: 280 }),
  define('label', 'Label', 'category', { width: 88 }),
  define('strength', 'Strength', 'number'),
  define('model_a', 'Model A', 'category'),
  define('model_b', 'Model B', 'category'),
  define('chars_a', 'Length A', 'number'),
  define('chars_b', 'Length B', 'number'),
  define('length_difference', 'Chosen − rejected length', 'number', { width: 130 }),
  define('language', 'Language', 'category', { isDefault: false }),
  define('topic', 'Topic', 'category', { isDefault: false }),
  define('subset', 'Subset', 'category'),
  define('tags', 'Tags', 'tags', { isFacet: true }),
  define('example_id', 'Example id', 'text', { width: 120 }),
];

/** Row `id` (1-based) of the made-up dataset, with the tags that were put on it. */
export function fakePair(id: number, tags: ReadonlyMap<number, ReadonlySet<string>> = new Map()): FakePair {
  const label = noise(id, 1) < 0.52 ? 'a' : noise(id, 1) < 0.94 ? 'b' : 'tie';
  const charsA = Math.round(120 + 1800 * noise(id, 2) ** 2);
  const charsB = Math.round(100 + 1500 * noise(id, 3) ** 2);
  const difference = label === 'tie' ? null : label === 'a' ? charsA - charsB : charsB - charsA;
  const prompt = pick(sentences, Math.sqrt(noise(id, 4)));
  return {
    id,
    values: {
      prompt,
      response_a: `Here is one way to think about it, version ${id}: ${prompt} ${'and so on '.repeat(3)}`,
      response_b: `Short answer for ${id}. **It depends**, mostly on time and patience.`,
      label,
      strength: label === 'tie' ? 0 : 1 + Math.floor(noise(id, 5) * 3),
      model_a: pick(models, noise(id, 6)),
      model_b: pick(models, noise(id, 7)),
      chars_a: charsA,
      chars_b: charsB,
      length_difference: difference,
      language: prompt.startsWith('ا') ? 'ar' : pick(languages, noise(id, 8)),
      topic: pick(topics, noise(id, 9)),
      subset: pick(subsets, noise(id, 10)),
      tags: [...(tags.get(id) ?? [])],
      example_id: `ex-${String(id).padStart(7, '0')}`,
    },
  };
}

function matchesClause(pair: FakePair, clause: Clause): boolean {
  if (clause.op === 'ids') return clause.ids.includes(pair.id);
  const value = pair.values[clause.field] ?? null;
  const values = Array.isArray(value) ? value : [value];
  switch (clause.op) {
    case 'in':
      return values.some((v) => clause.values.includes(v));
    case 'not_in':
      return !values.some((v) => clause.values.includes(v));
    case 'range': {
      if (typeof value !== 'number') return false;
      const isBelow = clause.max === null || value < clause.max || (clause.closed && value === clause.max);
      return isBelow && (clause.min === null || value >= clause.min);
    }
    case 'is_null':
      return value === null;
    case 'not_null':
      return value !== null;
    case 'contains':
      return String(value).toLowerCase().includes(clause.text.toLowerCase());
    case 'matches':
      return new RegExp(clause.pattern, 'i').test(String(value));
  }
}

/** True where the pair passes every clause but those on `exceptField`, and holds every searched word. */
export function matchesFilter(pair: FakePair, filter: Filter, exceptField?: string): boolean {
  const clauses = filter.clauses.filter((c) => c.op === 'ids' || c.field !== exceptField);
  if (!clauses.every((clause) => matchesClause(pair, clause))) return false;
  const words = (filter.words ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${String(pair.values['prompt'])} ${String(pair.values['response_a'])}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export function comparePairs(sort: readonly Sort[]): (a: FakePair, b: FakePair) => number {
  return (a, b) => {
    for (const { field, direction } of sort) {
      const [x, y] = [a.values[field] ?? null, b.values[field] ?? null];
      if (x === y) continue;
      const order = x === null ? 1 : y === null ? -1 : x < y ? -1 : 1;
      return direction === 'desc' ? -order : order;
    }
    return a.id - b.id;
  };
}

/** A cell as the core sends it: long texts as a preview with their length. */
export function cellOf(pair: FakePair, field: string): Cell {
  const value = pair.values[field] ?? null;
  const isLong = fakeFields.find((f) => f.id === field)?.isLong ?? false;
  if (isLong && typeof value === 'string') return { preview: value.slice(0, 60), length: value.length };
  return value;
}

const markdownAnswer = `Three things matter:

1. **Feed** it before you go, thick rather than thin
2. Keep it *cold*
3. Wake it with \`50 g\` of flour

\`\`\`python
def feed(starter, days):
    return starter * 2 ** (days / 7)
\`\`\`

![a jar](https://tracker.example/jar.png) See [the guide](https://example.org/guide) for more.
<script>window.hacked = true</script><img src=x onerror="window.hacked = true">

| day | flour |
| --- | --- |
| 1 | 50 g |
| 7 | 100 g |`;

/** Everything about one made-up row, with texts that try to break out of the page. */
export function fakeDetail(
  id: number,
  tags: ReadonlyMap<number, ReadonlySet<string>> = new Map(),
): RowDetail {
  const { values } = fakePair(id, tags);
  const prompt = String(values['prompt']);
  const annotator = (name: string, kind: 'human' | 'model') => ({
    annotatorId: name.length,
    name,
    kind,
    attributes: { country: 'NL' },
  });
  const isHuge = id % 10 === 0;
  return {
    relation: 'pairs',
    id,
    datasetId: 1,
    exampleId: String(values['example_id']),
    prompt: {
      promptId: id,
      text: prompt,
      messages: [
        { role: 'system', content: 'Answer briefly and politely.' },
        { role: 'user', content: prompt },
      ],
    },
    promptB: null,
    responses: [
      {
        responseId: id * 2,
        text: isHuge ? `${markdownAnswer}\n\n`.repeat(400) : markdownAnswer,
        messages: null,
        model: String(values['model_a']),
        position: 0,
        media: [{ mediaId: 1, path: 'https://tracker.example/a.png', isLocal: false }],
      },
      {
        responseId: id * 2 + 1,
        text: `It depends. ${prompt} Feed it before you go, then keep it in the fridge.`,
        messages: null,
        model: String(values['model_b']),
        position: 1,
        media: [],
      },
    ],
    label: values['label'] as RowDetail['label'],
    strength: Number(values['strength']),
    language: String(values['language']),
    topic: String(values['topic']),
    source: null,
    votes: [
      {
        annotator: annotator('rater-07', 'human'),
        aspect: 'overall',
        label: 'a',
        strength: 2,
        shownFirst: 'b',
        milliseconds: 14_250,
        rationale: 'More complete; the other one only repeats the question.',
      },
      {
        annotator: annotator('gpt-4-judge', 'model'),
        aspect: 'overall',
        label: 'b',
        strength: 1,
        shownFirst: 'a',
        milliseconds: null,
        rationale: null,
      },
    ],
    ratings: [
      {
        responseId: id * 2,
        annotator: annotator('rater-07', 'human'),
        aspect: 'helpfulness',
        value: 4,
        valueText: null,
        scaleMin: 0,
        scaleMax: 4,
        rationale: null,
      },
    ],
    tags: [...(tags.get(id) ?? [])],
    extra: JSON.stringify({ prompt_id: id, nested: { turn: 1, tags: ['a', 'b'] } }),
    sourceFile: 'pairs-00001.parquet',
    sourceRow: id,
    importId: 1,
  };
}

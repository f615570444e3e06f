import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml';
import type { WrittenConstitution } from '../../../contract/constitution-exchange.ts';
import type { PlacedPrinciple, ReadText } from './read-text.ts';

const keys = ['text', 'weight', 'polarity', 'pinned'];

/**
 * A map with `title` and `principles`, or a bare list of principles. A principle is a text, or a map with `text` and, where
 * they differ from the usual, `weight` (a number), `polarity` (for, against) and `pinned` (true, false).
 */
export function readYaml(text: string): ReadText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const startOf = (node: unknown) => at(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  if (document.errors.length > 0)
    return {
      title: null,
      principles: [],
      problems: document.errors.map((error) => ({
        ...at(error.pos[0]),
        message: error.message.split(' at line')[0] ?? error.message,
      })),
    };
  const problems: ReadText['problems'][number][] = [];
  const root = document.contents;
  const list = isMap(root) ? root.get('principles', true) : root;
  const title = isMap(root) ? root.get('title') : null;
  if (isMap(root))
    for (const { key } of root.items)
      if (!isScalar(key) || !['title', 'principles'].includes(String(key.value)))
        problems.push({ ...startOf(key), message: `“${String(key)}” is neither title nor principles.` });
  if (!isSeq(list)) {
    if (text.trim() !== '')
      problems.push({
        ...startOf(list ?? root),
        message: '“principles” must be a list: lines that begin with “- ”.',
      });
    return { title: null, principles: [], problems };
  }
  const principles = list.items.flatMap((item): PlacedPrinciple[] => {
    const { line, column } = startOf(item);
    const read = readEntry(item);
    if (typeof read !== 'string') return [{ ...read, line }];
    problems.push({ line, column, message: read });
    return [];
  });
  return { title: typeof title === 'string' ? title : null, principles, problems };
}

function readEntry(item: unknown): Omit<PlacedPrinciple, 'line'> | string {
  const usual = { weight: null, polarity: 'for', isPinned: false } as const;
  if (isScalar(item) && typeof item.value === 'string') return { text: item.value, ...usual };
  if (!isMap(item)) return 'A principle is a text, or a map with text.';
  const stray = item.items.map(({ key }) => String(key)).find((key) => !keys.includes(key));
  if (stray !== undefined) return `“${stray}” is none of ${keys.join(', ')}.`;
  const [text, weight, polarity, pinned] = keys.map((key): unknown => item.get(key));
  if (typeof text !== 'string') return 'A principle needs a text.';
  if (weight != null && (typeof weight !== 'number' || !Number.isFinite(weight)))
    return `The weight “${JSON.stringify(weight)}” is not a number.`;
  if (polarity != null && polarity !== 'for' && polarity !== 'against')
    return `The polarity “${JSON.stringify(polarity)}” is neither for nor against.`;
  if (pinned != null && typeof pinned !== 'boolean') return '“pinned” is true or false.';
  return { text, weight: weight ?? null, polarity: polarity ?? 'for', isPinned: pinned ?? false };
}

export function writeYaml({ title, principles }: WrittenConstitution): string {
  const entries = principles.map(({ text, weight, polarity, isPinned }) => ({
    text,
    ...(weight === null ? {} : { weight }),
    ...(polarity === 'against' ? { polarity } : {}),
    ...(isPinned ? { pinned: true } : {}),
  }));
  return stringify({ ...(title === null ? {} : { title }), principles: entries }, { lineWidth: 0 });
}

import { describe, expect, it } from 'vitest';
import { listBulkOps, listParts, toChange } from '../../../renderer/features/editing/bulk-change.ts';
import { listRowParts, textChange } from '../../../renderer/features/editing/row-parts.ts';
import { listWordChanges } from '../../../renderer/features/editing/word-changes.ts';

const turns = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello' },
  { role: 'user', content: 'Bye' },
];
const response = { responseId: 1, text: 'A', messages: null, model: null, position: 0, media: [] };
const row = {
  relation: 'pairs' as const,
  id: 1,
  datasetId: 1,
  exampleId: 'e',
  prompt: { promptId: 1, text: 'User: Hi …', messages: turns },
  promptB: null,
  responses: [response, { ...response, responseId: 2, text: 'B' }],
  label: 'a' as const,
  strength: null,
  language: null,
  topic: null,
  source: null,
  votes: [],
  ratings: [],
  tags: [],
  extra: null,
  sourceFile: 'f',
  sourceRow: 1,
  importId: 1,
};

describe('what the dialogs send', () => {
  it('an empty value takes a field away, a strength that is no number sends nothing', () => {
    expect(toChange('topic', ' ')).toEqual({ op: 'set', values: { topic: null } });
    expect(toChange('strength', '')).toEqual({ op: 'set', values: { strength: null } });
    expect(toChange('strength', '0.5')).toEqual({ op: 'set', values: { strength: 0.5 } });
    expect(toChange('strength', 'much')).toBeUndefined();
    expect(toChange('label', 'none')).toEqual({ op: 'set', values: { label: null } });
    expect(toChange('tag', '')).toBeUndefined();
    expect(toChange('untag', 'x')).toEqual({ op: 'tag', tag: 'x', isOn: false });
  });

  it('single responses are offered no label and no sides, pairs no single model', () => {
    expect(listBulkOps('responses')).not.toContain('label');
    expect(listBulkOps('responses')).toContain('model');
    expect(listBulkOps('pairs')).not.toContain('model');
    expect(listParts('responses')).toEqual(['prompt', 'response']);
  });

  it('an edited turn sends all turns, so that the others are not lost; a bare text sends itself', () => {
    const [prompt, first] = listRowParts(row);
    expect(listRowParts(row).map(({ part }) => part)).toEqual(['prompt', 'response_a', 'response_b']);
    expect(prompt && textChange(prompt, 2, 'Ciao')).toEqual({
      op: 'text',
      part: 'prompt',
      messages: [turns[0], turns[1], { role: 'user', content: 'Ciao' }],
    });
    expect(first && textChange(first, 0, 'C')).toEqual({ op: 'text', part: 'response_a', text: 'C' });
  });
});

describe('word changes', () => {
  it('put together give both texts again, and mark only what differs', () => {
    const changes = listWordChanges('the old cat sat', 'the new cat sat down');
    const keep = (kind: string) =>
      changes
        .filter((c) => c.kind !== kind)
        .map((c) => c.text)
        .join('');
    expect(keep('added')).toBe('the old cat sat');
    expect(keep('removed')).toBe('the new cat sat down');
    expect(changes.filter((c) => c.kind === 'removed').map((c) => c.text.trim())).toEqual(['old']);
    expect(listWordChanges(null, 'new')).toEqual([{ kind: 'added', text: 'new' }]);
  });
});

import type { EditChange, TextPart } from '../../../electron/contract/editing.contract.ts';
import type { Relation } from '../../../electron/contract/corpus.contract.ts';

/** What the dialog offers; `label` and the like set a field. */
export const bulkOps = [
  'label',
  'strength',
  'language',
  'topic',
  'subset',
  'model_a',
  'model_b',
  'model',
  'flip_label',
  'swap_sides',
  'tag',
  'untag',
  'note',
  'hide',
  'merge',
] as const;
export type BulkOp = (typeof bulkOps)[number];

const ofPairs: ReadonlySet<string> = new Set([
  'label',
  'strength',
  'model_a',
  'model_b',
  'flip_label',
  'swap_sides',
]);

export function listBulkOps(relation: Relation): BulkOp[] {
  return bulkOps.filter((op) => (relation === 'pairs' ? op !== 'model' : !ofPairs.has(op)));
}

/** Ops that need no value. */
export const hasNoValue: ReadonlySet<BulkOp> = new Set(['flip_label', 'swap_sides', 'hide', 'merge']);

/** The edit an op with its typed value stands for; undefined while the value is missing or is no number. */
export function toChange(op: BulkOp, value: string): EditChange | undefined {
  const typed = value.trim();
  switch (op) {
    case 'flip_label':
    case 'swap_sides':
    case 'hide':
    case 'merge':
      return { op };
    case 'tag':
    case 'untag':
      return typed === '' ? undefined : { op: 'tag', tag: typed, isOn: op === 'tag' };
    case 'note':
      return { op: 'note', text: typed || null };
    case 'strength': {
      if (typed === '') return { op: 'set', values: { strength: null } };
      const strength = Number(typed);
      return Number.isFinite(strength) ? { op: 'set', values: { strength } } : undefined;
    }
    case 'label': {
      const labels = ['a', 'b', 'tie', 'both_bad', 'skip'] as const;
      return { op: 'set', values: { label: labels.find((label) => label === typed) ?? null } };
    }
    default:
      return { op: 'set', values: { [op]: typed || null } };
  }
}

export function listParts(relation: Relation): TextPart[] {
  return relation === 'pairs' ? ['prompt', 'response_a', 'response_b'] : ['prompt', 'response'];
}

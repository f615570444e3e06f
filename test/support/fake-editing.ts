import type { EditRequest } from '../../electron/contract/editing.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T) => Promise<T>;

const operation = (title: string, isInForce: boolean) => ({
  sequence: 1,
  operationId: 'op-1',
  rootId: 'op-1',
  direction: 'edit' as const,
  datasetId: 1,
  relation: 'pairs' as const,
  kind: 'set',
  title,
  rows: 2,
  changes: 2,
  who: 'local',
  reason: 'because',
  doneAt: '2026-11-01T10:00:00.000Z',
  isInForce,
});

/** Editing over nothing: it answers as if two rows had changed, and remembers only one operation. */
export function fakeEditing(answer: Answer) {
  let isInForce = true;
  const title = 'label = tie (2 rows)';
  const outcome = { operationId: 'op-1', title, rows: 2, changes: 2 };
  const done = (method: string, input: unknown, state: boolean) =>
    answer(method, input, () => {
      isInForce = state;
      return { outcome, jobId: null };
    });
  return {
    preview: (input: EditRequest) =>
      answer('edit.preview', input, () => ({
        selected: 5,
        rows: 2,
        changes: 2,
        fields: [{ field: 'label', changes: 2 }],
        transitions: [{ field: 'label', before: 'a', after: 'tie', rows: 2 }],
        sharedTexts: 0,
        samples: [{ rowId: 1, exampleId: 'ex-1', field: 'label', before: 'a', after: 'tie' }],
        isBulk: false,
      })),
    apply: (input: EditRequest) => done('edit.apply', input, true),
    undo: (input: unknown) => done('edit.undo', input, false),
    redo: (input: unknown) => done('edit.redo', input, true),
    note: (input: unknown) => answer('edit.note', input, () => ({ text: null })),
    next: (input: unknown) =>
      answer('edit.next', input, () => ({
        undo: isInForce ? operation(title, true) : null,
        redo: isInForce ? null : operation(title, false),
        hidden: 0,
        notes: 0,
      })),
    operations: (input: unknown) =>
      answer('edit.operations', input, () => ({ count: 1, operations: [operation(title, isInForce)] })),
    hidden: (input: unknown) => answer('edit.hidden', input, () => ({ count: 0, rows: [] })),
    rowHistory: (input: unknown) => answer('edit.rowHistory', input, () => []),
  };
}

import type { EditChange } from '../../contract/editing.contract.ts';

const quote = (text: string) => `“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”`;
const partName = (part: string) => part.replaceAll('_', ' ');

function describe(change: EditChange): string {
  switch (change.op) {
    case 'set':
      return Object.entries(change.values)
        .filter(([, value]) => value !== undefined)
        .map(([field, value]) => `${partName(field)} = ${value === null ? 'none' : String(value)}`)
        .join(', ');
    case 'flip_label':
      return 'Flip label';
    case 'swap_sides':
      return 'Swap sides';
    case 'text':
      return `Edit ${partName(change.part)}`;
    case 'replace':
      return `Replace ${quote(change.find)} by ${quote(change.with)}`;
    case 'tag':
      return `${change.isOn ? 'Add' : 'Remove'} tag ${quote(change.tag)}`;
    case 'note':
      return change.text === null ? 'Remove note' : 'Write note';
    case 'hide':
      return 'Hide';
    case 'unhide':
      return 'Show again';
    case 'split':
      return 'Split conversation';
    case 'merge':
      return 'Merge conversations';
  }
}

/** What an operation is called in the history and when it is undone: `label = a (1,234 rows)`. */
export function titleOf(change: EditChange, rows: number): string {
  return titleWithRows(describe(change), rows);
}

export function titleWithRows(what: string, rows: number): string {
  return `${what} (${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'})`;
}

import type { Field } from '../../../electron/contract/corpus.contract.ts';
import type { Clause } from '../../../electron/contract/filter.contract.ts';

export type ClauseOp = Exclude<Clause['op'], 'ids'>;

/** What can be asked of a field, by its kind. */
export function listOps(kind: Field['kind'] | undefined): readonly ClauseOp[] {
  if (kind === 'number') return ['range', 'in', 'not_in', 'is_null', 'not_null'];
  if (kind === 'text') return ['contains', 'matches', 'is_null', 'not_null'];
  return ['in', 'not_in', 'is_null', 'not_null'];
}

/** A condition of a kind on a field, with what could be kept of the text that was typed. */
export function makeClause(
  field: string,
  op: ClauseOp,
  text: string,
  kind: Field['kind'] | undefined,
): Clause {
  switch (op) {
    case 'is_null':
    case 'not_null':
      return { op, field };
    case 'contains':
      return { op, field, text: text || ' ', ignoreCase: true };
    case 'matches':
      return { op, field, pattern: text || '.', ignoreCase: true };
    case 'range': {
      const [low = '', high = ''] = text.split(/\s*(?:…|\.\.)\s*/);
      const number = (part: string) =>
        part.trim() === '' || !Number.isFinite(Number(part)) ? null : Number(part);
      return { op, field, min: number(low), max: number(high), closed: true };
    }
    default: {
      const values = text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      const typed = values.map((part) =>
        kind === 'number' && Number.isFinite(Number(part))
          ? Number(part)
          : kind === 'boolean'
            ? part === 'true'
            : part,
      );
      return { op, field, values: typed.length > 0 ? typed : [''] };
    }
  }
}

/** The value of a condition as a person types it. */
export function textOfClause(clause: Clause): string {
  switch (clause.op) {
    case 'in':
    case 'not_in':
      return clause.values.map((value) => String(value ?? '')).join(', ');
    case 'range':
      return `${clause.min ?? ''} … ${clause.max ?? ''}`.trim();
    case 'contains':
      return clause.text;
    case 'matches':
      return clause.pattern;
    default:
      return '';
  }
}

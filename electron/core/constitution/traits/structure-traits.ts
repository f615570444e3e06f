import { countPattern } from './expressions.ts';
import { fencePattern } from './prepared-columns.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const base = { family: 'structure', basis: 'count', language: 'any', type: 'INTEGER' } as const;

const bold = '\\*\\*[^*\\n]+\\*\\*|__[^_\\n]+__';
const italic = `(?:^|[\\s(>"'])(?:\\*[^*\\s](?:[^*\\n]*[^*\\s])?\\*|_[^_\\s](?:[^_\\n]*[^_\\s])?_)`;

export const structureTraits: readonly SurfaceTrait[] = [
  {
    ...base,
    id: 'numbered_item_count',
    principle: statePrinciple('provides a numbered list format'),
    description: 'Lines outside fenced code that begin with digits, a full stop and white space.',
    sql: '_numbered_items',
  },
  {
    ...base,
    id: 'bullet_item_count',
    principle: statePrinciple('uses more bullet points'),
    opposite: statePrinciple('uses fewer bullet points'),
    description:
      'Lines outside fenced code that begin with -, * or + and white space; the sign • is not counted.',
    sql: countPattern('_body', '(?m)^\\s*[-*+]\\s'),
  },
  {
    ...base,
    id: 'heading_count',
    principle: statePrinciple('uses more headings'),
    opposite: statePrinciple('uses fewer headings'),
    description: 'Lines outside fenced code that begin with one to six # and white space.',
    sql: countPattern('_body', '(?m)^#{1,6}\\s'),
  },
  {
    ...base,
    id: 'bold_italic_count',
    principle: statePrinciple('uses more bold and italics text'),
    description:
      'Spans **x** or __x__, and *x* or _x_ after white space, a bracket or a quotation mark, outside fenced code. Names such as __init__ in running text count as bold.',
    sql: `${countPattern('_body', bold)} + ${countPattern('_body', italic)}`,
  },
  {
    ...base,
    id: 'code_block_count',
    principle: statePrinciple('contains more code blocks'),
    description: 'Blocks fenced by triple backticks; one that is never closed counts.',
    sql: countPattern('_text', fencePattern),
  },
  {
    ...base,
    id: 'inline_code_count',
    principle: statePrinciple('uses more inline code'),
    description: 'Spans between single backticks on one line, outside fenced code.',
    sql: countPattern('_body', '`[^`\\n]+`'),
  },
  {
    ...base,
    id: 'table_row_count',
    principle: statePrinciple('presents more content in tables'),
    description: 'Lines outside fenced code that begin and end with |, the separator line included.',
    sql: countPattern('_body', '(?m)^[ \\t]*\\|.+\\|[ \\t]*\\r?$'),
  },
  {
    ...base,
    id: 'structure_count',
    principle: statePrinciple('has more structured formatting'),
    opposite: statePrinciple('has less structured formatting'),
    description: 'Sum of headings, list items, bold and italic spans, code blocks and table rows.',
    derivedFrom: [
      'numbered_item_count',
      'bullet_item_count',
      'heading_count',
      'bold_italic_count',
      'code_block_count',
      'table_row_count',
    ],
    sql: 'numbered_item_count + bullet_item_count + heading_count + bold_italic_count + code_block_count + table_row_count',
  },
];

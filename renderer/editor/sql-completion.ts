import { sqlFunctions, sqlKeywords } from './sql-words.ts';

export interface SqlTable {
  readonly name: string;
  readonly isView: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface SqlSuggestion {
  readonly label: string;
  readonly kind: 'view' | 'table' | 'column' | 'keyword' | 'function';
  /** What is put into the text, quoted where the name needs it. */
  readonly insert: string;
  readonly detail: string;
}

export interface SqlSuggestions {
  /** Offset where the word that is being typed begins. */
  readonly from: number;
  readonly items: readonly SqlSuggestion[];
}

const name = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_]*)`;
const tableWord = new RegExp(String.raw`\b(?:from|join)\s+(${name})(?:\s+(?:as\s+)?(${name}))?`, 'giu');
const tablesAhead = /\b(?:from|join|describe|summarize)\s+"?[\p{L}\p{N}_]*$/iu;
const qualified = new RegExp(String.raw`(${name})\.("?[\p{L}\p{N}_]*)$`, 'u');
const openWord = /"?[\p{L}\p{N}_]*$/u;
const notAnAlias =
  /^(on|using|where|group|order|having|limit|left|right|inner|full|cross|semi|anti|join|union)$/i;

/** A name as SQL reads it: quoted unless it is a plain lower-case word. */
export function quoteName(text: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

/**
 * What may follow at `offset`: the columns of a table after its name or alias and a dot; only tables after FROM and
 * JOIN; else tables (views first), the columns of the tables the statement names, keywords and functions.
 */
export function suggestSql(text: string, offset: number, tables: readonly SqlTable[]): SqlSuggestions {
  const before = text.slice(0, offset);
  const dotted = qualified.exec(before);
  if (dotted) {
    const [, owner = '', word = ''] = dotted;
    const table = resolveTable(owner, text, tables);
    return { from: offset - word.length, items: table ? columnsOf([table]) : [] };
  }
  const from = offset - (openWord.exec(before)?.[0].length ?? 0);
  if (tablesAhead.test(before)) return { from, items: listTables(tables) };
  const inScope = namedTables(text, tables).map(({ table }) => table);
  return {
    from,
    items: [...listTables(tables), ...columnsOf([...new Set(inScope)]), ...keywordItems, ...functionItems],
  };
}

const keywordItems: readonly SqlSuggestion[] = sqlKeywords.map((label) => ({
  label,
  kind: 'keyword',
  insert: `${label} `,
  detail: '',
}));

const functionItems: readonly SqlSuggestion[] = sqlFunctions.map((label) => ({
  label,
  kind: 'function',
  insert: `${label}(`,
  detail: '',
}));

function listTables(tables: readonly SqlTable[]): SqlSuggestion[] {
  return [...tables]
    .sort((a, b) => Number(b.isView) - Number(a.isView))
    .map((table) => ({
      label: table.name,
      kind: table.isView ? 'view' : 'table',
      insert: quoteName(table.name),
      detail: '',
    }));
}

function columnsOf(tables: readonly SqlTable[]): SqlSuggestion[] {
  return tables.flatMap((table) =>
    table.columns.map((column) => ({
      label: column.name,
      kind: 'column' as const,
      insert: quoteName(column.name),
      detail: `${column.type} · ${table.name}`,
    })),
  );
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function namedTables(text: string, tables: readonly SqlTable[]): { alias: string; table: SqlTable }[] {
  const byName = new Map(tables.map((table) => [table.name.toLowerCase(), table]));
  return [...text.matchAll(tableWord)].flatMap(([, tableName = '', alias]) => {
    const table = byName.get(unquote(tableName).toLowerCase());
    if (!table) return [];
    const own = alias !== undefined && !notAnAlias.test(alias) ? unquote(alias) : table.name;
    return [{ alias: own.toLowerCase(), table }];
  });
}

function resolveTable(owner: string, text: string, tables: readonly SqlTable[]): SqlTable | undefined {
  const wanted = unquote(owner).toLowerCase();
  const named = namedTables(text, tables).find(({ alias }) => alias === wanted);
  return named?.table ?? tables.find((table) => table.name.toLowerCase() === wanted);
}

import type { IDisposable } from './monaco.ts';
import { monaco } from './monaco.ts';
import type { SqlSuggestion, SqlTable } from './sql-completion.ts';
import { suggestSql } from './sql-completion.ts';

const kinds: Record<SqlSuggestion['kind'], number> = {
  view: monaco.languages.CompletionItemKind.Interface,
  table: monaco.languages.CompletionItemKind.Struct,
  column: monaco.languages.CompletionItemKind.Field,
  keyword: monaco.languages.CompletionItemKind.Keyword,
  function: monaco.languages.CompletionItemKind.Function,
};

/** Offers names of the workspace in the model `uri`; ends with `dispose`. */
export function provideSqlCompletion(uri: string, tables: () => readonly SqlTable[]): IDisposable {
  return monaco.languages.registerCompletionItemProvider('sql', {
    triggerCharacters: ['.'],
    provideCompletionItems(model, position) {
      if (model.uri.toString() !== uri) return { suggestions: [] };
      const offset = model.getOffsetAt(position);
      const { from, items } = suggestSql(model.getValue(), offset, tables());
      const range = monaco.Range.fromPositions(model.getPositionAt(from), position);
      return {
        suggestions: items.map((item, index) => ({
          label: item.label,
          kind: kinds[item.kind],
          insertText: item.insert,
          detail: item.detail,
          range,
          sortText: String(index).padStart(5, '0'),
        })),
      };
    },
  });
}

import * as monaco from 'monaco-editor/editor/editor.api';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import 'monaco-editor/features/bracketMatching/register';
import 'monaco-editor/features/clipboard/register';
import 'monaco-editor/features/codicon/register';
import 'monaco-editor/features/comment/register';
import 'monaco-editor/features/cursorUndo/register';
import 'monaco-editor/features/find/register';
import 'monaco-editor/features/hover/register';
import 'monaco-editor/features/linesOperations/register';
import 'monaco-editor/features/placeholderText/register';
import 'monaco-editor/editor/contrib/suggest/browser/suggestController';
import 'monaco-editor/features/toggleTabFocusMode/register';
import 'monaco-editor/features/wordOperations/register';
import 'monaco-editor/languages/definitions/sql/register';

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

// Ctrl+K begins key chords here; the command palette of the shell has it instead.
monaco.editor.addKeybindingRules([
  { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyK, command: null },
]);

export type { editor, IDisposable } from 'monaco-editor/editor/editor.api';
export { monaco };

const themeName = 'assay';

/** Draws every editor in the colours of the page; to be called again whenever the theme changes. */
export function applyEditorTheme(isDark: boolean): void {
  const styles = getComputedStyle(document.documentElement);
  const color = (token: string) => longHex(styles.getPropertyValue(token).trim());
  const bare = (token: string) => color(token).slice(1);
  monaco.editor.defineTheme(themeName, {
    base: isDark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: 'keyword', foreground: bare('--accent'), fontStyle: 'bold' },
      { token: 'operator.sql', foreground: bare('--accent') },
      { token: 'predefined.sql', foreground: bare('--accent-strong') },
      { token: 'string.sql', foreground: bare('--chosen') },
      { token: 'number', foreground: bare('--rejected') },
      { token: 'comment', foreground: bare('--text-3'), fontStyle: 'italic' },
      { token: 'delimiter', foreground: bare('--text-2') },
      { token: 'identifier', foreground: bare('--text') },
    ],
    colors: {
      'editor.background': color('--surface'),
      'editor.foreground': color('--text'),
      'editorLineNumber.foreground': color('--text-3'),
      'editorLineNumber.activeForeground': color('--text'),
      'editor.lineHighlightBackground': color('--surface-2'),
      'editor.lineHighlightBorder': color('--surface-2'),
      'editorCursor.foreground': color('--accent'),
      'editor.placeholder.foreground': color('--text-3'),
      'editorSuggestWidget.background': color('--surface'),
      'editorSuggestWidget.border': color('--line'),
      'editorSuggestWidget.foreground': color('--text'),
      'editorSuggestWidget.selectedBackground': color('--accent-soft'),
      'editorSuggestWidget.selectedForeground': color('--text'),
      'editorSuggestWidget.highlightForeground': color('--accent'),
      'editorSuggestWidget.focusHighlightForeground': color('--accent'),
      'editorWidget.background': color('--surface'),
      'editorWidget.border': color('--line'),
      'editorHoverWidget.background': color('--surface'),
      'editorHoverWidget.border': color('--line'),
      'input.background': color('--surface'),
      'input.border': color('--line-strong'),
      'editorError.foreground': color('--danger'),
      focusBorder: color('--accent'),
      'widget.shadow': '#00000000',
    },
  });
  monaco.editor.setTheme(themeName);
}

/** `#fff` as `#ffffff`: the style sheet is made short when it is built, and the editor takes only the long form. */
function longHex(color: string): string {
  return /^#[0-9a-f]{3}$/i.test(color) ? color.replace(/[0-9a-f]/gi, '$&$&') : color;
}

import { onBeforeUnmount, onMounted, type Ref, type ShallowRef, shallowRef, watch } from 'vue';
import { useShellStore } from '../app/shell-store.ts';
import { applyEditorTheme, type editor, monaco } from './monaco.ts';

export interface TextEditorOptions {
  readonly host: Readonly<ShallowRef<HTMLElement | null>>;
  readonly text: Ref<string>;
  readonly label: string;
  /** A custom property of the page's style that names the font. */
  readonly font: '--mono' | '--font';
  /** What differs from a plain text without line numbers. */
  readonly look?: editor.IStandaloneEditorConstructionOptions;
}

const plain: editor.IStandaloneEditorConstructionOptions = {
  language: 'plaintext',
  automaticLayout: true,
  minimap: { enabled: false },
  fontSize: 13,
  lineHeight: 20,
  lineNumbers: 'off',
  glyphMargin: false,
  folding: false,
  lineDecorationsWidth: 8,
  lineNumbersMinChars: 0,
  scrollBeyondLastLine: false,
  overviewRulerLanes: 0,
  wordBasedSuggestions: 'off',
  quickSuggestions: false,
  wordWrap: 'on',
  unicodeHighlight: { ambiguousCharacters: false },
  fixedOverflowWidgets: true,
  renderLineHighlight: 'none',
  tabFocusMode: true,
  padding: { top: 8, bottom: 8 },
};

/**
 * An editor of plain text in an element of the component, in step with a text and the theme; gone with the component.
 * `begin` is called once it is there, before it takes the focus. Tab leaves it, so that the keyboard is never caught.
 */
export function useTextEditor(
  { host, text, label, font, look }: TextEditorOptions,
  begin: (instance: editor.IStandaloneCodeEditor) => void,
): Readonly<ShallowRef<editor.IStandaloneCodeEditor | undefined>> {
  const shell = useShellStore();
  const shown = shallowRef<editor.IStandaloneCodeEditor>();
  onMounted(() => {
    if (!host.value) return;
    applyEditorTheme(shell.isDark);
    const instance = monaco.editor.create(host.value, {
      ...plain,
      value: text.value,
      ariaLabel: label,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue(font).trim(),
      ...look,
    });
    shown.value = instance;
    instance.onDidChangeModelContent(() => {
      text.value = instance.getValue();
    });
    begin(instance);
    instance.focus();
  });
  watch(text, (next) => {
    if (shown.value && shown.value.getValue() !== next) shown.value.setValue(next);
  });
  watch(() => shell.isDark, applyEditorTheme, { flush: 'post' });
  onBeforeUnmount(() => {
    const model = shown.value?.getModel();
    shown.value?.dispose();
    model?.dispose();
    shown.value = undefined;
  });
  return shown;
}

/** Calls `leave` on Escape, which then closes nothing else. */
export function leaveOnEscape(instance: editor.IStandaloneCodeEditor, leave: () => void): void {
  instance.onKeyDown((event) => {
    if (event.keyCode !== monaco.KeyCode.Escape) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  });
}

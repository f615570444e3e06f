import type { MessageKey } from '../../app/messages/en.ts';

/** The keys of the annotation screen, as they are printed, with what they do. */
export const helpKeys: readonly (readonly [string, MessageKey])[] = [
  ['1 … 9', 'annotate.keys.digits'],
  ['A  B', 'annotate.keys.letters'],
  ['T  0', 'annotate.keys.tie'],
  ['X', 'annotate.keys.bothBad'],
  ['↑  ↓', 'annotate.keys.move'],
  ['Enter  →', 'annotate.keys.enter'],
  ['Backspace  ←  Ctrl+Z', 'annotate.keys.back'],
  ['S', 'annotate.keys.skip'],
  ['R  Shift+Enter', 'annotate.keys.text'],
  ['M', 'annotate.keys.marks'],
  ['Esc', 'annotate.keys.leave'],
  ['Ctrl+Enter', 'annotate.keys.enterText'],
  ['J  K', 'annotate.keys.scroll'],
  ['Z', 'annotate.keys.zoom'],
  ['H  L', 'annotate.keys.sideways'],
  ['I', 'annotate.keys.guidelines'],
  ['P', 'annotate.keys.plain'],
  ['?', 'annotate.keys.help'],
];

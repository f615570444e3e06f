import { bool, i32s, text, texts, u32 } from './gguf-writer.ts';
import type { MetadataValue } from './gguf-writer.ts';

/**
 * A byte-level BPE vocabulary: 256 byte tokens, so every text has a tokenisation and no unknowns; a few whole words;
 * section headings that are always one token, whatever stands around them; the ChatML control tokens.
 */
export interface Vocabulary {
  /** As stored: words and bytes in GPT-2's visible alphabet, headings and control tokens as they read. */
  pieces: readonly string[];
  /** What the pieces read as, same order. */
  readings: readonly string[];
  merges: readonly string[];
  kinds: readonly PieceKind[];
  /** The token that reads as `piece`. Throws where it is not one token. */
  id: (piece: string) => number;
}

type PieceKind = 'normal' | 'control' | 'always-whole';

export const BEGIN = '<s>';
export const TURN_START = '<|im_start|>';
export const TURN_END = '<|im_end|>';

/** The headings and cues by which prompts tell a test judge what is what. Each is one token anywhere in a text. */
export const SECTIONS = {
  responseA: '[Response A]',
  responseB: '[Response B]',
  response: '[Response]',
  prompt: '[Prompt]',
  principle: '[Principle]',
  context: '[Context]',
  reference: '[Reference]',
  end: '[End]',
} as const;
export const ANSWER_CUE = 'Answer:';
export const SCORE_CUE = 'Score:';
export const MARKER = '★';

const CONTROL = [BEGIN, TURN_START, TURN_END];

const LETTERS = ['A', 'B'];
const VERDICTS = ['Yes', 'No', 'yes', 'no'];
const ROLES = ['system', 'user', 'assistant'];
const COMMON =
  'the of to and a in is it you that he was for on are with as I his they be at one have this from or had by but not what all were we when your can said there use an each which she do how their if will up about out many then them these so some her would make like him into time has look two more';

const SPACED = [...LETTERS, ...VERDICTS, ...COMMON.split(' ')].map((word) => ` ${word}`);
const WORDS = [...SPACED, ...LETTERS, ...VERDICTS, ...ROLES, 'Because'];

export interface VocabularyOptions {
  /** Single tokens beside the headings, for instance further markers. */
  whole?: readonly string[];
  /** Words that are tokens; those that begin with a space first. */
  words?: readonly string[];
}

export function createVocabulary({ whole: more = [], words = WORDS }: VocabularyOptions = {}): Vocabulary {
  const { spelled, merges } = spell(words);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const normal = [...bytes.map(byteReading), ...spelled];
  const headings = [...Object.values(SECTIONS), ANSWER_CUE, SCORE_CUE, MARKER, ' helps.', ...more];
  const whole = [...new Set(headings)].filter((piece) => !normal.includes(piece));

  const readings = [...CONTROL, ...normal, ...whole];
  const ids = new Map(readings.map((reading, id) => [reading, id]));
  return {
    pieces: [...CONTROL, ...bytes.map(visibleByte), ...spelled.map(visible), ...whole],
    readings,
    merges,
    kinds: [
      ...CONTROL.map((): PieceKind => 'control'),
      ...normal.map((): PieceKind => 'normal'),
      ...whole.map((): PieceKind => 'always-whole'),
    ],
    id: (piece) => {
      const id = ids.get(piece);
      if (id === undefined) throw new Error(`"${piece}" is not one token of the test vocabulary`);
      return id;
    },
  };
}

/** The `tokenizer.*` keys of a GGUF file, with a ChatML template. */
export function vocabularyMetadata(vocabulary: Vocabulary): [string, MetadataValue][] {
  return [
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('qwen2')],
    ['tokenizer.ggml.tokens', texts(vocabulary.pieces)],
    ['tokenizer.ggml.token_type', i32s(vocabulary.kinds.map((kind) => TOKEN_TYPES[kind]))],
    ['tokenizer.ggml.merges', texts(vocabulary.merges)],
    ['tokenizer.ggml.bos_token_id', u32(vocabulary.id(BEGIN))],
    ['tokenizer.ggml.eos_token_id', u32(vocabulary.id(TURN_END))],
    ['tokenizer.ggml.add_bos_token', bool(true)],
    ['tokenizer.ggml.add_eos_token', bool(false)],
    ['tokenizer.chat_template', text(CHATML)],
  ];
}

const TOKEN_TYPES = { normal: 1, control: 3, 'always-whole': 4 } satisfies Record<PieceKind, number>;

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/**
 * BPE joins pairs, so each word is built up from its left: "Y e", then "Ye s". Words that begin with a space come
 * first: their joins then never find a first letter already taken by a word without one.
 */
function spell(words: readonly string[]): { spelled: string[]; merges: string[] } {
  const spelled = new Set<string>();
  const merges: string[] = [];
  for (const word of words) {
    for (let end = 2; end <= word.length; end++) {
      const part = word.slice(0, end);
      if (spelled.has(part)) continue;
      spelled.add(part);
      merges.push(`${visible(part.slice(0, -1))} ${visible(part.slice(-1))}`);
    }
  }
  return { spelled: [...spelled], merges };
}

/** ASCII in GPT-2's alphabet, where a space is written Ġ. */
function visible(ascii: string): string {
  return [...Buffer.from(ascii, 'latin1')].map(visibleByte).join('');
}

/** GPT-2's byte alphabet: printable Latin-1 stands for itself, the other 68 bytes take code points from U+0100 on. */
function visibleByte(byte: number): string {
  const isPrintable = (value: number) =>
    (value >= 0x21 && value <= 0x7e) || (value >= 0xa1 && value <= 0xac) || value >= 0xae;
  if (isPrintable(byte)) return String.fromCharCode(byte);
  let hiddenBefore = 0;
  for (let value = 0; value < byte; value++) if (!isPrintable(value)) hiddenBefore += 1;
  return String.fromCharCode(0x100 + hiddenBefore);
}

/** Bytes from 0x80 on are parts of characters and read as nothing by themselves. */
function byteReading(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`;
}

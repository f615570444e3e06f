export interface NounCount {
  /** Common and proper nouns. */
  readonly nouns: number;
  /** Tokens that are neither punctuation, signs nor white space. */
  readonly words: number;
}

/** Counts the nouns of an English text; code between ``` fences is left out. */
export type NounCounter = (text: string) => NounCount;

const notWords = new Set(['PUNCT', 'SYM', 'SPACE']);
const fences = /```[\s\S]*?(?:```|$)/g;
/** No word is that long, and the tokenizer's time is quadratic in the length of a run without white space. */
const endlessRuns = /\S{101,}/g;

let counter: Promise<NounCounter> | undefined;

/**
 * The part-of-speech tagger (wink-nlp with its small English model, universal tags NOUN and PROPN; about 95 % of tags
 * right by its authors). Loaded when first asked for, about 0.2 s, so that nothing else pays for it.
 */
export function loadNounCounter(): Promise<NounCounter> {
  counter ??= createNounCounter();
  return counter;
}

async function createNounCounter(): Promise<NounCounter> {
  const [{ default: createTagger }, { default: english }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ]);
  const tagger = createTagger(english, ['sbd', 'pos']);
  return (text) => {
    const prose = text.replace(fences, ' ').replace(endlessRuns, ' ');
    // The tagger knows its own functions by identity, so this one cannot be wrapped; it has no `this`.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const tags = tagger.readDoc(prose).tokens().out(tagger.its.pos);
    return {
      nouns: tags.filter((tag) => tag === 'NOUN' || tag === 'PROPN').length,
      words: tags.filter((tag) => !notWords.has(tag)).length,
    };
  };
}

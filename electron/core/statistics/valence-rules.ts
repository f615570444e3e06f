/** Words and their valence (about −4..4), lower case, and the words that turn or weigh it. */
export interface ValenceLexicon {
  readonly valences: ReadonlyMap<string, number>;
  readonly boosters: ReadonlySet<string>;
  readonly dampeners: ReadonlySet<string>;
  readonly negators: ReadonlySet<string>;
}

const boost = 0.293;
const capitals = 0.733;
const negation = -0.74;
/** What a booster or dampener one, two and three words before is worth. */
const distances = [1, 0.95, 0.9];
/** Largest sum that the scale takes for half of its way: x/√(x² + 15). */
const alpha = 15;

const edges = /^[!-/:-@[-`{-~]+|[!-/:-@[-`{-~]+$/g;

/** A word without the signs around it; what would be left with two characters or fewer may be an emoticon and stays. */
function stripSigns(token: string): string {
  const stripped = token.replace(edges, '');
  return stripped.length <= 2 ? token : stripped;
}

const isShouted = (word: string) => word !== word.toLowerCase() && word === word.toUpperCase();

/** Valence of the word at a place, with what the three words before do to it. */
function weighWord(
  words: readonly string[],
  place: number,
  { lexicon, hasShouting }: { lexicon: ValenceLexicon; hasShouting: boolean },
): number {
  const { valences, boosters, dampeners, negators } = lexicon;
  const own = words[place] ?? '';
  let valence = valences.get(own.toLowerCase()) ?? 0;
  if (valence === 0 || boosters.has(own.toLowerCase()) || dampeners.has(own.toLowerCase())) return 0;
  const away = () => (valence > 0 ? 1 : -1);
  if (hasShouting && isShouted(own)) valence += away() * capitals;
  for (const [index, weight] of distances.entries()) {
    const before = words[place - 1 - index];
    const low = before?.toLowerCase() ?? '';
    if (before === undefined || valences.has(low)) continue;
    const step = boosters.has(low) ? boost : dampeners.has(low) ? -boost : 0;
    const loud = step !== 0 && hasShouting && isShouted(before) ? capitals : 0;
    valence += away() * (step + loud) * weight;
    if (negators.has(low) || low.endsWith("n't")) valence *= negation;
  }
  return valence;
}

/** What exclamation and question marks add in the direction of the sum. */
function weighMarks(text: string): number {
  const count = (mark: string) => text.split(mark).length - 1;
  const questions = count('?');
  return 0.292 * Math.min(4, count('!')) + (questions < 2 ? 0 : questions <= 3 ? 0.18 * questions : 0.96);
}

/**
 * Compound sentiment of a sentence, −1..1, by the rules of VADER (Hutto & Gilbert 2014) as the audit specification states them: boosters, capitals,
 * negation within three words, "but", marks; x/√(x² + 15). Its special idioms and "least" are left out. 0 without a word of the lexicon.
 */
export function scoreSentence(text: string, lexicon: ValenceLexicon): number {
  const words = text.split(/\s+/).filter(Boolean).map(stripSigns);
  const shouted = words.filter(isShouted).length;
  const hasShouting = shouted > 0 && shouted < words.length;
  const turn = words.findIndex((word) => word.toLowerCase() === 'but');
  let sum = 0;
  for (const place of words.keys()) {
    const valence = weighWord(words, place, { lexicon, hasShouting });
    sum += turn < 0 || place === turn ? valence : valence * (place < turn ? 0.5 : 1.5);
  }
  if (sum !== 0) sum += Math.sign(sum) * weighMarks(text);
  return sum / Math.sqrt(sum * sum + alpha);
}

/** Mean of the sentences of a text, because the compound of a long text is near ±1; 0 for an empty one. */
export function scoreText(text: string, lexicon: ValenceLexicon): number {
  const sentences = text.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence.trim() !== '');
  if (sentences.length === 0) return 0;
  return sentences.reduce((sum, sentence) => sum + scoreSentence(sentence, lexicon), 0) / sentences.length;
}

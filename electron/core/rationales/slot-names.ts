/** The two responses as a rationale may call them: 1 is the one it was shown first. */
export type Slot = 1 | 2;

const nouns =
  '(?:[Rr]esponse|[Aa]nswer|[Aa]ssistant|[Oo]utput|[Mm]odel|[Cc]ompletion|[Oo]ption|[Rr]eply|[Cc]andidate|[Tt]ext)';
const first = '(?:#?\\s?1\\b|\\(1\\)|[Oo]ne\\b|A\\b(?!\\p{Ll}))';
const second = '(?:#?\\s?2\\b|\\(2\\)|[Tt]wo\\b|B\\b(?!\\p{Ll}))';
const numbered = (slot: string) => `@?${nouns}\\s*${slot}`;
const ordinal = (word: string) => `(?:[Tt]he\\s+)?\\b${word}\\s+(?:${nouns}|one)\\b`;
const letter = (name: string) =>
  `(?<![\\p{L}\\p{N}])${name}(?=\\s+(?:is|was|has|does|gives|provides|offers|wins|fails|lacks|over)\\b|['’]s\\b)`;

const spellings: readonly (readonly [string, RegExp])[] = [
  ['«1»', new RegExp([numbered(first), ordinal('[Ff]irst'), letter('A')].join('|'), 'gu')],
  ['«2»', new RegExp([numbered(second), ordinal('[Ss]econd'), letter('B')].join('|'), 'gu')],
  [
    '«W»',
    new RegExp(
      `(?:[Tt]he\\s+)?\\b(?:[Cc]hosen|[Pp]referred|[Ww]inning)\\s+${nouns}\\b|(?:[Tt]he\\s+)\\bwinner\\b`,
      'gu',
    ),
  ],
  [
    '«L»',
    new RegExp(
      `(?:[Tt]he\\s+)?\\b(?:[Rr]ejected|[Dd]ispreferred|[Ll]osing)\\s+${nouns}\\b|(?:[Tt]he\\s+)\\bloser\\b`,
      'gu',
    ),
  ],
];

/** A rationale with the names of the responses as «1», «2», «W» (the chosen one) and «L». */
export function markSlots(text: string): string {
  return spellings.reduce((marked, [mark, spelling]) => marked.replace(spelling, mark), text);
}

/** A rationale with the names of the responses covered, so that it says why but not which. */
export function maskSlots(text: string): string {
  return markSlots(text).replace(/«[12WL]»/g, '[…]');
}

const praise =
  '(?:better|best|superior|preferable|preferred|stronger|strongest|the winner|favou?red|chosen|(?:more|most|clearly|far|overall|much)\\s+(?:\\w+\\s+)?(?:helpful|accurate|complete|correct|detailed|clear|informative|relevant|thorough|concise|comprehensive|useful|engaging|honest|truthful|specific|natural|creative|safe|appropriate|direct|coherent))';
const blame = '(?:worse|worst|inferior|weaker|weakest|poorer|less\\s+\\w+)';
const be = '(?:is|was|are|seems|appears|remains|would be|stands out as|comes out as)';
const gap = "(?:[\\w,’'-]+\\s+){0,4}?";

/** Patterns of a statement; the sign tells whether the response named is praised or blamed. */
const statements: readonly (readonly [RegExp, 'for' | 'against'])[] = [
  [new RegExp(`«([12WL])»\\s+${be}\\s+${gap}${blame}`, 'gi'), 'against'],
  [new RegExp(`«([12])»\\s+${be}\\s+${gap}«W»`, 'gi'), 'for'],
  [new RegExp(`«([12WL])»\\s+${be}\\s+${gap}${praise}`, 'gi'), 'for'],
  [
    new RegExp(
      `«([12WL])»\\s+(?:provides|offers|gives|has|contains|includes|shows)\\s+(?:an?\\s+|the\\s+)?(?:better|more|clearer|fuller)\\b`,
      'gi',
    ),
    'for',
  ],
  [/«([12WL])»\s+(?:\w+ly\s+)?(?:wins|outperforms|surpasses|beats|excels|edges out|does better)/gi, 'for'],
  [
    /\b(?:prefer(?:s|red)?|ch(?:oose|ooses|ose)|favou?rs?|favou?red|pick(?:s|ed)?|selects?|selected|recommend(?:s|ed)?)\s+(?:\w+\s+){0,2}?«([12WL])»/gi,
    'for',
  ],
  [/\b(?:better|stronger|preferable|superior|clearer)\s+(?:than|to)\s+«([12WL])»/gi, 'against'],
  [/\b(?:worse|weaker|inferior|poorer)\s+(?:than|to)\s+«([12WL])»/gi, 'for'],
];
const negation = /\b(?:not|never|neither|nor|no|hardly)\b|n['’]t\b/i;

/** Characters before a statement in which a negation still bears on it. */
const negationReach = 12;

/**
 * Which response a rationale says is better: the one that most of its statements speak for, the first spoken for where
 * they are even, null where none is a statement. Rules of English wording, ours.
 */
export function findNamedSlot(text: string, winner: Slot | null): Slot | null {
  const votes: { at: number; slot: Slot }[] = [];
  for (const sentence of splitSentences(markSlots(text))) {
    for (const [pattern, side] of statements)
      for (const match of sentence.text.matchAll(pattern)) {
        const named = resolve(match[1] ?? '', winner);
        const said = sentence.text.slice(
          Math.max(0, match.index - negationReach),
          match.index + match[0].length,
        );
        if (named === null || negation.test(said)) continue;
        votes.push({ at: sentence.at + match.index, slot: side === 'for' ? named : other(named) });
      }
  }
  if (votes.length === 0) return null;
  const ones = votes.filter((vote) => vote.slot === 1).length;
  if (ones * 2 !== votes.length) return ones * 2 > votes.length ? 1 : 2;
  return votes.reduce((earliest, vote) => (vote.at < earliest.at ? vote : earliest)).slot;
}

/** Words of plain praise and blame, read only for the question whether the chosen response is named at all. */
const plainPraise =
  /«([12WL])»\s+(?!(?:is|was|are|does|has)\s+not\b)(?:is|was|correctly|accurately|clearly|provides|offers|gives|answers|addresses|follows|captures|uses|explains|makes|includes|contains|covers|has|conveys|states|maintains|keeps|correct\w*|directly|fully|properly|well)\s+(?!(?:not|in\w*correct|wrong|incomplete|irrelevant|repetitive)\b)[\p{L}]/giu;
const plainBlame =
  /«([12WL])»\s+(?:(?:is|was|are|does|has)\s+(?:\w+\s+){0,2}?(?:not|incorrect|inaccurate|wrong|incomplete|irrelevant|repetitive|nonsensical|unclear)\b|fails|lacks|misses|repeats|omits|ignores|rambles)/gi;

/**
 * Whether a text speaks for the slot in plain words, praising it or blaming the other, or speaks of the chosen response
 * as such. Weaker than a statement: it tells that the winner is named, never that the label is contradicted.
 */
export function isPraised(text: string, slot: Slot): boolean {
  const marked = markSlots(text);
  const names = (pattern: RegExp, wanted: Slot) =>
    [...marked.matchAll(pattern)].some((match) => resolve(match[1] ?? '', slot) === wanted);
  if (marked.includes('«W»')) return true;
  if (names(plainBlame, slot)) return false;
  return names(plainPraise, slot) || names(plainBlame, other(slot));
}

export const other = (slot: Slot): Slot => (slot === 1 ? 2 : 1);

function resolve(mark: string, winner: Slot | null): Slot | null {
  if (mark === '1' || mark === '2') return mark === '1' ? 1 : 2;
  if (winner === null) return null;
  return mark.toUpperCase() === 'W' ? winner : other(winner);
}

function splitSentences(text: string): { text: string; at: number }[] {
  return [...text.matchAll(/[^.!?;\n]+[.!?;\n]*/g)].map((match) => ({ text: match[0], at: match.index }));
}

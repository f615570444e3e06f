import type { GgufContent } from './gguf-writer.ts';
import { llamaMetadata } from './llama-metadata.ts';
import { BEGIN, createVocabulary, MARKER, SCORE_CUE, SECTIONS, TURN_END, TURN_START } from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';
import { Residual, SURE, wire } from './wiring.ts';
import type { Head, Reading, Wiring } from './wiring.ts';

/**
 * A judge whose verdicts are known beforehand.
 *
 * With s(z) = 1/(1+e^-z), when both response headings stand in the prompt:
 *
 *   P(A) = s(gain * (hasA - hasB) + positionBias * (A comes first ? 1 : -1) + lengthGain * (nA - nB) / (nA + nB))
 *
 * hasA is 1 when a marker stands in the passage that the last [Response A] heading opens, else 0; a passage ends at the
 * next heading or chat turn. Earlier pairs, as in few-shot prompts, do not count, except for nA and nB: the tokens in all
 * passages of a side, headings included. "A comes first" is about the last pair too.
 *
 * With a [Response] heading instead: P(Yes) = s(gain * (2 * has - 1)), and where "Score:" stands anywhere in the prompt,
 * P(score d) is proportional to exp(gain / 2 * (2 * has - 1) * (d - 3)) for d of 1 to 5.
 * With neither: it says "Because it helps." and ends its turn. After an answer it ends its turn, or closes the JSON it
 * is held to. Forms of one answer share its probability: 3/4 after a space, 1/4 without; Yes and yes alike.
 *
 * The prompt has to start with the begin token, as `model.tokens.shouldPrependBosToken` says: attention rests there
 * where it finds nothing, so without it all of the above is void.
 * Up to about 60 headings and turns are told apart.
 */
export interface JudgeTraits {
  /** Log-odds that a marker is worth. */
  gain?: number;
  /** Log-odds that coming first is worth. */
  positionBias?: number;
  /** Log-odds between a pair whose one side has all the tokens. */
  lengthGain?: number;
  /** Each is one token, wherever it stands. */
  markers?: readonly string[];
}

/** How far the allowed answers stand above all other tokens, and how much a letter after a space is preferred. */
const ANSWER = 12;
const SPACED = Math.log(3);
const SPEECH = ['Because', ' it', ' helps.'] as const;

const FEATURES = [
  // what a token is
  ...([
    'begin',
    'section',
    'slotA',
    'slotB',
    'single',
    'scoreCue',
    'marker',
    'answered',
    'said0',
    'said1',
  ] as const),
  // layer 1: a number that grows with each section begun
  'sections',
  // layer 2: which passage this token is in; the number of each side's last heading; which side came first; what is asked
  ...(['inA', 'inB', 'inSingle', 'lastA', 'lastB', 'lastSingle'] as const),
  ...(['firstA', 'firstB', 'asksSingle', 'asksScore'] as const),
  // layer 3: whether the last passages have a marker, and each side's share of the tokens
  ...(['hasA', 'hasB', 'hasSingle', 'shareA', 'shareB'] as const),
] as const;
type Feature = (typeof FEATURES)[number];

const SIZE = { width: 64, heads: 6, headWidth: 8, feedForward: 32 };

export function createJudge(name: string, traits: JudgeTraits = {}): GgufContent {
  const vocabulary = createVocabulary({ whole: traits.markers ?? [] });
  const residual = new Residual(FEATURES, SIZE.width);
  const wiring: Wiring<Feature> = {
    embedding: tokenFeatures(vocabulary, traits.markers ?? [MARKER]),
    layers: [
      [countSections],
      [
        inPassage,
        lastOf(['slotA'], { lastA: { sections: 1 } }),
        lastOf(['slotB'], { lastB: { sections: 1 } }),
        lastOf(['single'], { lastSingle: { sections: 1 }, asksSingle: { single: 1 } }),
        lastOf(['slotA', 'slotB'], { firstA: { slotB: 1 }, firstB: { slotA: 1 } }),
        scoreAsked,
      ],
      [
        marked('inA', 'lastA', 'hasA'),
        marked('inB', 'lastB', 'hasB'),
        marked('inSingle', 'lastSingle', 'hasSingle'),
        passageShares,
      ],
    ],
    logits: answers(vocabulary, traits),
  };
  const metadata = llamaMetadata({ name, vocabulary, layers: 3, ...SIZE });
  return { metadata, tensors: wire(wiring, residual, { ...SIZE, tokens: vocabulary.pieces.length }) };
}

/** Looks at the begin token and all headings so far: after n of them the number is n / (32 + n), which grows with n. */
const countSections: Head<Feature> = {
  channels: [{ query: { one: 1 }, key: { section: SURE, begin: SURE + Math.log(32) } }],
  carries: { sections: { section: 1 } },
};

/** Turns the difference between neighbouring section numbers, at least 0.004 up to n = 60, into a sure preference. */
const LATER = 4000;

/** Finds the latest heading and notes whose passage it opens. */
const inPassage: Head<Feature> = {
  channels: [
    { query: { one: SURE }, key: { section: 1 } },
    { query: { one: LATER }, key: { sections: 1 } },
  ],
  carries: { inA: { slotA: 1 }, inB: { slotB: 1 }, inSingle: { single: 1 } },
};

/** Finds the latest heading of some kinds; where there is none, attention stays on the begin token. */
function lastOf(kinds: Feature[], carries: Head<Feature>['carries']): Head<Feature> {
  const isKind = Object.fromEntries(kinds.map((kind) => [kind, 1]));
  return {
    channels: [
      { query: { one: 2 * LATER }, key: { ...isKind, begin: 0.75 } },
      { query: { one: LATER / 2 }, key: { sections: 1 } },
    ],
    carries,
  };
}

/** 1 once the score cue has occurred; until then attention rests on the begin token. */
const scoreAsked: Head<Feature> = {
  channels: [{ query: { one: SURE }, key: { scoreCue: 1, begin: 0.5 } }],
  carries: { asksScore: { scoreCue: 1 } },
};

/**
 * 1 where a token is a marker, in such a passage, and under the last heading of its kind. The begin token scores as a
 * token of that passage would, and half of what being a marker adds; nothing but a token with all three outscores it.
 */
function marked(passage: Feature, last: Feature, into: Feature): Head<Feature> {
  return {
    channels: [
      { query: { one: SURE }, key: { marker: 1, begin: 0.5 } },
      { query: { one: LATER }, key: { [passage]: 1, begin: 1 } },
      { query: { one: LATER }, key: { sections: 1 } },
      { query: { [last]: LATER }, key: { begin: 1 } },
    ],
    carries: { [into]: { marker: 1 } },
  };
}

/** The two sides' shares of the tokens in passages, all tokens alike. */
const passageShares: Head<Feature> = {
  channels: [{ query: { one: SURE }, key: { inA: 1, inB: 1, begin: 0.5 } }],
  carries: { shareA: { inA: 1 }, shareB: { inB: 1 } },
};

function tokenFeatures({ id }: Vocabulary, markers: readonly string[]): (token: number) => Reading<Feature> {
  const features = new Map<number, Reading<Feature>>();
  const give = (piece: string, ...given: Feature[]) =>
    features.set(id(piece), {
      ...features.get(id(piece)),
      ...Object.fromEntries(given.map((one) => [one, 1])),
    });
  give(BEGIN, 'begin');
  for (const section of [...Object.values(SECTIONS), TURN_START, TURN_END]) give(section, 'section');
  give(SECTIONS.responseA, 'slotA');
  give(SECTIONS.responseB, 'slotB');
  give(SECTIONS.response, 'single');
  give(SCORE_CUE, 'scoreCue');
  for (const marker of markers) give(marker, 'marker');
  for (const answer of [...forms('A'), ...forms('B'), ...YES, ...NO, ...DIGITS, SPEECH[2]])
    give(answer, 'answered');
  give(SPEECH[0], 'said0');
  give(SPEECH[1], 'said1');
  return (token) => features.get(token) ?? {};
}

function answers(
  { id }: Vocabulary,
  { gain = 4, positionBias = 0, lengthGain = 0 }: JudgeTraits,
): (token: number) => Reading<Feature> {
  const logits = new Map<number, Reading<Feature>>();
  const forA = { hasA: gain / 2, hasB: -gain / 2, shareA: lengthGain / 2, shareB: -lengthGain / 2 };
  const forB = { hasA: -gain / 2, hasB: gain / 2, shareA: -lengthGain / 2, shareB: lengthGain / 2 };
  const half = positionBias / 2;
  for (const [index, behind] of [0, SPACED].entries()) {
    const letter = ANSWER - behind;
    const yes = letter - gain / 2;
    const no = letter + gain / 2;
    const set = (piece: string, reading: Reading<Feature>) => logits.set(id(piece), reading);
    set(forms('A')[index] ?? '', { firstA: letter + half, firstB: letter - half, ...forA });
    set(forms('B')[index] ?? '', { firstA: letter - half, firstB: letter + half, ...forB });
    for (const piece of YES.slice(index * 2, index * 2 + 2))
      set(piece, { asksSingle: yes, asksScore: -ANSWER, hasSingle: gain });
    for (const piece of NO.slice(index * 2, index * 2 + 2))
      set(piece, { asksSingle: no, asksScore: -ANSWER, hasSingle: -gain });
  }
  for (const sign of UNWANTED) logits.set(id(sign), { one: -2 * ANSWER });
  for (const digit of DIGITS) logits.set(id(digit), scoreLogit(Number(digit), gain));
  logits.set(id(SPEECH[0]), { one: ANSWER, firstA: -ANSWER, firstB: -ANSWER, asksSingle: -ANSWER });
  logits.set(id(SPEECH[1]), { said0: 3 * ANSWER });
  logits.set(id(SPEECH[2]), { said1: 3 * ANSWER });
  logits.set(id(TURN_END), { answered: 3 * ANSWER });
  for (const [closer, weight] of CLOSERS) logits.set(id(closer), { answered: weight * ANSWER });
  return (token) => logits.get(token) ?? {};
}

/** Allowed only when a single response stands in the prompt and a score is asked for. */
function scoreLogit(score: number, gain: number): Reading<Feature> {
  const tilt = (gain / 2) * (score - 3);
  return { one: -ANSWER, asksSingle: ANSWER - tilt, asksScore: ANSWER, hasSingle: 2 * tilt };
}

/** An answer after a space, and at the start of a line or a JSON string. */
function forms(letter: string): [string, string] {
  return [` ${letter}`, letter];
}

const YES = [' Yes', ' yes', 'Yes', 'yes'];
const NO = [' No', ' no', 'No', 'no'];
const DIGITS = ['1', '2', '3', '4', '5'];
/** Never the start of a score, where a grammar leaves only numbers. */
const UNWANTED = ['-', '0', '6', '7', '8', '9'];
/** After an answer, where a grammar does not let the turn end yet. */
const CLOSERS = [
  ['"', 2.5],
  [',', 2.4],
  ['}', 2.3],
] as const;

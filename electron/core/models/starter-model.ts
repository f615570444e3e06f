import document from '../../../native/starter/principles.json' with { type: 'json' };
import judge from '../../../resources/prompts/constitution/judge.md?raw';
import plainJudge from '../../../resources/prompts/constitution/plain-judge.md?raw';
import neutral from '../../../resources/prompts/constitution/propose-neutral.md?raw';
import rejected from '../../../resources/prompts/constitution/propose-rejected.md?raw';
import topic from '../../../resources/prompts/constitution/propose-topic.md?raw';
import vote from '../../../resources/prompts/constitution/vote.md?raw';
import verdict from '../../../resources/prompts/pairwise/verdict.md?raw';
import rationale from '../../../resources/prompts/rationale/general.md?raw';
import starterVote from '../../../resources/prompts/starter/vote.md?raw';
import type {
  CallOptions,
  CandidateDistribution,
  InferenceModel,
  ModelInput,
} from '../../../native/host/inference.ts';
import { AppError } from '../../contract/app-error.ts';
import { starterNames } from '../../contract/starter.ts';
import { statePrinciple } from '../constitution/traits/trait.ts';
import { findOrigin, parseTemplate, renderTemplate } from '../judging/template.ts';

type Values = Readonly<Record<string, string>>;

const form = parseTemplate(starterVote);
const opening = /^select the response (?:that|which)\s+/i;
const numbering = /^\d+\.\s+/;
const betterQuestion = 'Which response is better?';

/** What the model reads. Spaces around a response were never in what it has learnt from. */
function ask(values: Values, principle: string): ModelInput {
  const { response_1 = '', response_2 = '' } = values;
  return renderTemplate(form, {
    response_1: response_1.trim(),
    response_2: response_2.trim(),
    principle: principle.replace(opening, '').trim(),
  });
}

type Decider = (values: Values) => readonly ModelInput[];
/** Says in the model’s name which principles speak for a side. */
type Writer = (values: Values) => {
  readonly isFirst: boolean;
  readonly count: number;
  readonly spell: (named: readonly string[]) => string;
};

const byHash = <T>(pairs: readonly (readonly [string, T])[]) =>
  new Map(pairs.map(([text, value]) => [parseTemplate(text).hash, value]));

/** The questions put to the starter model in the place of each shipped prompt; where there are several, in turn. */
const deciders = byHash<Decider>([
  [vote, (values) => [ask(values, values['principle'] ?? '')]],
  [verdict, (values) => [ask(values, values['criterion'] ?? betterQuestion)]],
  [plainJudge, (values) => [ask(values, betterQuestion)]],
  [
    judge,
    (values) =>
      (values['constitution'] ?? '').split('\n').map((line) => ask(values, line.replace(numbering, ''))),
  ],
]);

const propose: Writer = (values) => ({
  isFirst: values['chosen'] === 'A',
  count: Number(values['count'] ?? 1),
  spell: (named) => JSON.stringify({ principles: named.map(statePrinciple) }),
});

const writers = byHash<Writer>([
  [neutral, propose],
  [rejected, propose],
  [topic, propose],
  [
    rationale,
    (values) => ({
      isFirst: values['winner'] === '1',
      count: 2,
      spell: (named) => `Response ${values['winner'] ?? '1'} is better because it ${named.join(' and ')}.`,
    }),
  ],
]);

/** Whether a model is the one that Assay ships, by what its file says of itself. */
export function isStarter(facts: { readonly name: string | null } | null): boolean {
  return facts?.name === starterNames.judge;
}

function find<T>(forms: ReadonlyMap<string, T>, input: ModelInput): { found: T; values: Values } {
  const origin = findOrigin(input);
  const found = origin && forms.get(origin.hash);
  if (origin && found) return { found, values: origin.values };
  throw new AppError(
    'MODEL_LACKS_CAPABILITY',
    'The starter model was not asked: it votes by surface principles, proposes them and names them in a rationale, all with the shipped prompts, and nothing else. Add a real model for this.',
  );
}

/** The share of the answer that says neither of the first two candidates. */
const neitherForms = ['C', ' C'];
const answerForms = [['A', ' A'], ['B', ' B'], neitherForms];

/**
 * The starter model as protocols see it: it reads the values of a shipped prompt in the short form it was trained on. A
 * constitution is asked principle by principle, and the first that selects a response decides. It does not write freely:
 * proposals and rationales name those of its principles that it is surest of on the pair. Calls throw
 * MODEL_LACKS_CAPABILITY for any other prompt.
 */
export function speakAsStarter(model: InferenceModel): InferenceModel {
  const capabilities = model.identity.capabilities.filter((one) => one === 'decide' || one === 'generate');
  return {
    ...model,
    identity: { ...model.identity, capabilities },
    async decide(input, candidates, options) {
      const { found, values } = find(deciders, input);
      const prompts = found(values);
      const [only] = prompts;
      if (only && prompts.length === 1) return model.decide(only, candidates, options);
      return decideInTurn(model, prompts, { candidates, options });
    },
    async generate(input, { signal, onText }) {
      const { found, values } = find(writers, input);
      const { isFirst, count, spell } = found(values);
      const { named, use } = await namePrinciples(model, values, { isFirst, count, signal });
      const text = spell(named);
      onText?.(text);
      return { text, finish: 'stop', use };
    },
    score: () => Promise.reject(refuseScore()),
  };
}

/** Questions about one pair in flight at once. */
const together = 4;

interface NameOptions {
  readonly isFirst: boolean;
  readonly count: number;
  readonly signal: AbortSignal | undefined;
}

/** The principles of its list that speak for a side, surest first: all in one order, those that lead in the other too. */
async function namePrinciples(
  model: InferenceModel,
  values: Values,
  { isFirst, count, signal }: NameOptions,
) {
  const { response_1 = '', response_2 = '' } = values;
  const swapped = { response_1: response_2, response_2: response_1 };
  let use = { prompt: 0, reused: 0, generated: 0 };
  const weigh = async (words: string, shown: Values, slot: 0 | 1) => {
    const answer = await model.decide(ask(shown, words), answerForms, { signal });
    use = { prompt: use.prompt + answer.use.prompt, reused: use.reused + answer.use.reused, generated: 0 };
    return (answer.probabilities[slot] ?? 0) - (answer.probabilities[1 - slot] ?? 0);
  };
  const weighed: { words: string; isLength: boolean; lead: number }[] = [];
  for (let from = 0; from < knownPrinciples.length; from += together)
    weighed.push(
      ...(await Promise.all(
        knownPrinciples.slice(from, from + together).map(async ({ words, isLength }) => ({
          words,
          isLength,
          lead: await weigh(words, values, isFirst ? 0 : 1),
        })),
      )),
    );
  // Length alone is no reason, so it is named last.
  const byLead = (left: (typeof weighed)[number], right: (typeof weighed)[number]) =>
    Number(left.isLength) - Number(right.isLength) || right.lead - left.lead;
  const best = weighed.sort(byLead).slice(0, count + 4);
  for (const one of best) one.lead = (one.lead + (await weigh(one.words, swapped, isFirst ? 1 : 0))) / 2;
  const sure = best.sort(byLead).filter(({ lead }, place) => place === 0 || lead > 0);
  return { named: sure.slice(0, count).map(({ words }) => words), use };
}

const lengthTraits = new Set([
  'char_count',
  'sentence_count',
  'paragraph_count',
  'mean_sentence_words',
  'mean_word_length',
]);

/** What it has learnt to vote by, each in the product’s own wording. */
const knownPrinciples = document.principles.flatMap(({ trait, larger, smaller }) =>
  [larger, smaller].flatMap((side) =>
    side?.seen[0] === undefined ? [] : [{ words: side.seen[0], isLength: lengthTraits.has(trait) }],
  ),
);

async function decideInTurn(
  model: InferenceModel,
  prompts: readonly ModelInput[],
  { candidates, options }: { candidates: readonly (readonly string[])[]; options: CallOptions | undefined },
): Promise<CandidateDistribution> {
  let used = { prompt: 0, reused: 0, generated: 0 };
  for (const prompt of prompts) {
    const { probabilities, coverage, use } = await model.decide(
      prompt,
      [...candidates, neitherForms],
      options,
    );
    used = { prompt: used.prompt + use.prompt, reused: used.reused + use.reused, generated: 0 };
    const sides = probabilities.slice(0, candidates.length);
    const told = sides.reduce((sum, side) => sum + side, 0);
    if (told > 0 && Math.max(...sides) > 1 - told)
      return { probabilities: sides.map((side) => side / told), coverage, use: used };
  }
  return { probabilities: candidates.map(() => 1 / candidates.length), coverage: 1, use: used };
}

function refuseScore(): AppError {
  return new AppError(
    'MODEL_LACKS_CAPABILITY',
    'The starter model was not asked: the probability it gives a text means nothing. Add a real model for this.',
  );
}

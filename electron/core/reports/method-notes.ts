import type { ConstitutionDocument } from '../../contract/constitution.contract.ts';
import { formatCount } from './report-numbers.ts';

interface MethodNote {
  readonly term: string;
  /** Formulas, one a line, or an empty text. */
  readonly formula: string;
  readonly text: string;
}

function howVotesCame({ run }: ConstitutionDocument): string {
  if (!run)
    return 'Each principle compares one measurable trait of the two responses and speaks for one side, or for none where the trait is equal or unknown. No language model is asked: the executor “surface” counts and compares text.';
  const code = 'Principles that code can compute are computed from the texts.';
  if (!run.model) return `${code} No language model was asked.`;
  return `${run.model.name} was asked of each pair and principle, in both orders, which response the principle selects; where the two orders contradict each other the average decides. ${code}`;
}

/** Definitions and formulas behind the figures; the specification is docs/methods/principle-metrics.md. */
export function methodNotes(constitution: ConstitutionDocument): MethodNote[] {
  const { reconstruction: split } = constitution;
  const note = (term: string, formula: string, text: string): MethodNote => ({ term, formula, text });
  return [
    note(
      'Votes',
      '',
      `${howVotesCame(constitution)} for = pairs where it speaks for the chosen response, against = pairs where it speaks for the rejected one, n.a. = it does not speak. Ties and unlabelled pairs are left out.`,
    ),
    note(
      'Counts and shares',
      'n = for + against + n.a.\nagreement = for / n\nrelevance = (for + against) / n\naccuracy = for / (for + against)',
      'Accuracy is undefined where the principle never speaks.',
    ),
    note(
      'Kappa',
      'κ (chance ½) = 2 · (accuracy − ½)\nCohen’s κ = (p₀ − pₑ) / (1 − pₑ)',
      'The first fixes chance agreement at one half. Cohen’s κ estimates it from the 2×2 table of sides, over the pairs where the principle speaks; it is undefined where the source does not record the sides.',
    ),
    note(
      'Strength',
      'strength = relevance · 2 · (accuracy − ½) = (for − against) / n',
      'Runs from −1 (the labels always go against it) to +1 (always for it). A principle that is right but seldom speaks is weak.',
    ),
    note('Length control', '', constitution.length_control),
    note(
      'Split',
      '',
      `Prompts, not pairs, are drawn with seed ${constitution.seed}: no prompt is in both parts. Principles are selected and weights fitted on ${formatCount(split.train)} pairs of ${formatCount(split.train_prompts)} prompts; accuracies and held-out strengths are measured on the other ${formatCount(split.test)} pairs of ${formatCount(split.test_prompts)} prompts.`,
    ),
    note(
      'Executors',
      'weighted vote: log-odds = Σ weight · vote, vote ∈ {−1, 0, +1}',
      'The majority gives every selected principle one vote. The weighted vote adds log-odds weights fitted on the training part. A vote that abstains or ties counts one half.',
    ),
    note(
      'Intervals',
      '',
      'All intervals of strengths and accuracies are at 95 % and treat the prompt, not the pair, as the unit that was drawn, since pairs of one prompt are not independent: linearised ratio estimates with cluster-robust errors and Student’s t, or Wilson’s interval over prompts where all of them agree. Each interval is for one figure at a time. Agreement, relevance, accuracy and the kappas restate the same counts and carry no interval of their own.',
    ),
    note(
      'Multiple testing',
      '',
      `p tests strength = 0: an exact binomial test of for against against, or the test clustered by prompt where that is larger. With ${formatCount(constitution.principles.length)} principles tested some small p arise by chance; p adjusted controls the false discovery rate (Benjamini–Hochberg). A principle and its opposite are one test. Audits adjust over the groups of one audit.`,
    ),
    note(
      'Limits',
      '',
      'Strength is association, not cause: a principle may stand for a quality it merely accompanies, and length control removes only what length explains. Traits are surface counts, mostly made for English. The constitution describes these labels and this population of prompts; it is neither a norm nor a claim about other raters. Figures marked † rest on too few pairs to be ranked or relied on; – means undefined, not zero.',
    ),
  ];
}

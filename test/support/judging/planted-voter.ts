import { createRandom } from '../../../electron/core/statistics/random.ts';
import type { PairRow } from '../../engine/constitution/pair-workspace.ts';
import { createScriptedModel, type Script, type ScriptedModel } from './scripted-model.ts';

/** A rule with a mark: the response that carries it is selected; where both or neither do, nothing is. */
export interface Planted {
  /** Stands in texts, e.g. `{cat}`; the principle’s text names it. */
  readonly mark: string;
  /** Share of pairs in which exactly one response carries the mark. */
  readonly relevance: number;
  /** Probability that the label sides with the response that carries it. */
  readonly accuracy: number;
}

export const principleOf = ({ mark }: Pick<Planted, 'mark'>) => `Select the response that has ${mark}`;

/**
 * Pairs in which each planted rule speaks on its share; at most one rule speaks in a pair, so the true strength of each is
 * relevance · (2 · accuracy − 1). Labels of pairs where none speaks are coin flips.
 */
export function plantPairs(rules: readonly Planted[], count: number, seed: number): PairRow[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    let at = random.next();
    const rule = rules.find((candidate) => (at -= candidate.relevance) < 0);
    const isMarkedA = random.next() < 0.5;
    const isRight = random.next() < (rule?.accuracy ?? 0.5);
    const text = (isMarked: boolean) => `answer ${index}${isMarked && rule ? ` ${rule.mark}` : ''}`;
    return {
      prompt: `question ${index}`,
      a: text(isMarkedA),
      b: text(!isMarkedA),
      label: isMarkedA === isRight ? 'a' : 'b',
    };
  });
}

/** The two responses and the principle (or constitution) a prompt asks about. */
export function readPrompt(input: string): { one: string; two: string; principle: string; question: number } {
  const cut = (from: string, to: string) => input.split(from)[1]?.split(to)[0] ?? '';
  return {
    one: cut('[Response A]\n', '[Response B]'),
    two: cut('[Response B]\n', input.includes('[Principle]') ? '[Principle]' : '[End]'),
    principle: cut('[Principle]\n', '[End]'),
    question: Number(/question (\d+)/.exec(input)?.[1]),
  };
}

/** Reads marks: votes as principles say, judges by the first line of a constitution that speaks, else by `taste`. */
export function createPlantedVoter(
  options: Partial<Script> & {
    readonly taste?: string;
    readonly beforeDecide?: (input: string) => void;
  } = {},
): ScriptedModel {
  const { taste, beforeDecide, ...script } = options;
  return createScriptedModel({
    decide: (input) => {
      beforeDecide?.(input);
      const { one, two, principle } = readPrompt(input);
      const marks =
        principle === '' ? (taste === undefined ? [] : [taste]) : (principle.match(/\{\w+\}/g) ?? []);
      for (const mark of marks) {
        const [first, second] = [one.includes(mark), two.includes(mark)];
        if (first !== second) return first ? { A: 0.9, B: 0.05, C: 0.05 } : { A: 0.05, B: 0.9, C: 0.05 };
      }
      return { A: 0.1, B: 0.1, C: 0.8 };
    },
    ...script,
  });
}

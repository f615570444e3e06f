import type { ConstitutionDocument, Figure } from '../../contract/constitution.contract.ts';
import { traitOfPrincipleId } from './surface-principles.ts';

type Evidence = Omit<ConstitutionDocument, 'remarks'> & {
  readonly isSupported: boolean;
  readonly hasSides: boolean;
};

const fewPrompts = 100;

/** A share as "61 % [58, 64]". */
export function sayShare(value: number, ci: Figure['ci']): string {
  const percent = (share: number) => String(Math.round(share * 100));
  return ci ? `${percent(value)} % [${percent(ci[0])}, ${percent(ci[1])}]` : `${percent(value)} %`;
}

/** A difference of shares in percentage points, as "+3.2 points [1.1, 5.3]". */
function sayPoints(value: number, ci: Figure['ci']): string {
  const points = (share: number) => (share * 100).toFixed(1);
  const sign = value > 0 ? '+' : '';
  return ci
    ? `${sign}${points(value)} points [${points(ci[0])}, ${points(ci[1])}]`
    : `${sign}${points(value)} points`;
}

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** What a reader may and may not conclude; every sentence follows from figures of the document. */
export function writeRemarks(evidence: Evidence): string[] {
  return [
    ...remarkOnSize(evidence),
    ...remarkOnReach(evidence),
    ...remarkOnLength(evidence),
    ...remarkOnExecutors(evidence),
    ...remarkOnTests(evidence),
    ...remarkOnLabels(evidence),
  ];
}

function remarkOnSize({ pairs }: Evidence): string[] {
  if (pairs.prompts >= fewPrompts) return [];
  return [
    `The labels come from only ${count(pairs.prompts, 'prompt')} (${count(pairs.labelled, 'labelled pair')}). With fewer than ${fewPrompts}, intervals are wide and rough, and another sample could give other principles.`,
  ];
}

function remarkOnReach({ constitution, reconstruction: r, isSupported }: Evidence): string[] {
  if (constitution.length === 0) {
    return [
      'No principle could be selected: none speaks on enough of the training pairs. Surface traits cannot describe these labels.',
    ];
  }
  const subject =
    constitution.length === 1
      ? 'This principle reproduces'
      : `These ${constitution.length} principles reproduce`;
  const remarks: string[] = [];
  if (!isSupported) {
    remarks.push(
      'No set of principles predicts left-out parts of the training pairs better than chance; the one listed is only the best of those tried, and should not be read as a rule behind the labels.',
    );
  }
  if (r.weighted === null || r.test === 0) {
    return [
      ...remarks,
      'There are too few prompts to hold any out, so how well the constitution reproduces new labels is unknown.',
    ];
  }
  const figure = `${subject} ${sayShare(r.weighted, r.weighted_ci)} of ${count(r.test, 'held-out label')}`;
  if (r.weighted_ci === null || r.weighted_ci[0] <= 0.5) {
    const isWorse = r.weighted_ci !== null && r.weighted_ci[1] < 0.5;
    remarks.push(
      isWorse
        ? `${figure}: fewer than chance would. The held-out prompts follow other rules than the training prompts.`
        : `${figure}; that is not distinguishable from chance. The rules behind these labels are probably about meaning, which surface traits cannot see.`,
    );
  } else {
    const rest =
      r.weighted > 0.995
        ? ''
        : ' The remaining labels go against them or lie beyond what surface traits can see.';
    remarks.push(`${figure}; chance would give 50 %.${rest}`);
  }
  if (r.silent.value !== null && r.silent.value >= 0.05) {
    remarks.push(
      `On ${sayShare(r.silent.value, r.silent.ci)} of the held-out pairs no selected principle speaks; those count one half.`,
    );
  }
  return remarks;
}

function remarkOnLength({ reconstruction: r, principles }: Evidence): string[] {
  const remarks: string[] = [];
  if (r.baseline_longer !== null && r.gain_over_longer !== null && r.gain_over_longer_ci !== null) {
    const rule = `“The longer side wins” alone reproduces ${sayShare(r.baseline_longer, r.baseline_longer_ci)}`;
    const gain = sayPoints(r.gain_over_longer, r.gain_over_longer_ci);
    if (r.gain_over_longer_ci[0] > 0) {
      remarks.push(`${rule}; the constitution gains ${gain} on it.`);
    } else if (r.gain_over_longer_ci[1] < 0) {
      remarks.push(`${rule}, more than the constitution (${gain}).`);
    } else {
      remarks.push(`${rule}; the constitution does not do measurably better (${gain}).`);
    }
  }
  const faded = principles.filter(
    (result) =>
      result.is_selected &&
      result.strength_length_controlled !== null &&
      result.strength_length_controlled_ci !== null &&
      result.strength_length_controlled_ci[0] <= 0,
  );
  if (faded.length > 0) {
    remarks.push(
      `With length held neutral, no effect of its own remains to be seen for: ${faded.map((result) => `“${result.text}”`).join(', ')}.`,
    );
  }
  return remarks;
}

function remarkOnExecutors({ reconstruction: r, constitution }: Evidence): string[] {
  const { value, ci, n } = r.executor_agreement;
  if (constitution.length < 2 || value === null || value >= 0.9) return [];
  return [
    `The majority vote and the weighted vote give the same side on only ${sayShare(value, ci)} of ${count(n, 'held-out pair')}: how the principles are combined matters as much as which they are.`,
  ];
}

function remarkOnTests({ principles }: Evidence): string[] {
  const traits = principles.filter(
    (result) => result.id === traitOfPrincipleId(result.id) && result.p_adjusted !== null,
  );
  const flagged = traits.filter((result) => (result.p_adjusted ?? 1) <= 0.05);
  const remarks =
    traits.length === 0
      ? []
      : [
          `${flagged.length} of ${count(traits.length, 'trait')} that speak on some pair ${flagged.length === 1 ? 'leans' : 'lean'} to one side at a false discovery rate of 5 %. This is association with the label, not its cause: traits go together.`,
        ];
  const reversed = principles.filter(
    (result) => result.is_selected && result.strength_test_ci !== null && result.strength_test_ci[1] < 0,
  );
  if (reversed.length > 0) {
    remarks.push(
      `On the held-out prompts these selected principles point the other way: ${reversed.map((result) => `“${result.text}”`).join(', ')}.`,
    );
  }
  return remarks;
}

function remarkOnLabels({ pairs, hasSides }: Evidence): string[] {
  const remarks: string[] = [];
  const left = pairs.ties + pairs.unlabelled;
  if (left > 0) {
    remarks.push(
      `${count(pairs.ties, 'tie')} and ${count(pairs.unlabelled, 'unlabelled pair')} of ${pairs.total} are not used.`,
    );
  }
  if (!hasSides) {
    remarks.push(
      'The source records chosen and rejected but no sides, so Cohen’s kappa and any effect of the order shown cannot be computed.',
    );
  }
  return remarks;
}

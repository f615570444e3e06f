import type {
  ConstitutionDocument,
  Figure,
  PrincipleRunFigures,
} from '../../../contract/constitution.contract.ts';
import { sayShare } from '../remarks.ts';

const names: Readonly<Record<string, string>> = {
  majority: 'The majority of the principles',
  weighted: 'The weighted vote',
  list: 'The decision list',
  judge: 'The model that reads the constitution',
  plain_judge: 'The same model without a constitution',
};

const say = ({ value, ci, n }: Figure) =>
  value === null ? `an unknown share (n = ${n})` : `${sayShare(value, ci)} of ${n}`;

/** What a reader may and may not conclude of a constitution from principles; every sentence follows from its figures. */
export function writeRunRemarks(
  document: Omit<ConstitutionDocument, 'remarks'> & { readonly run: PrincipleRunFigures },
  { isSupported, leftOut }: { readonly isSupported: boolean; readonly leftOut: number },
): string[] {
  const { run, pairs, constitution, principles, executor } = document;
  const remarks: string[] = [];
  if (pairs.prompts < 100)
    remarks.push(
      `The labels come from only ${pairs.prompts} prompts. With fewer than 100, intervals are wide and rough, and another sample could give other principles.`,
    );
  if (constitution.length === 0) remarks.push('No principle could be selected.');
  else if (!isSupported)
    remarks.push(
      'No set of principles predicts left-out parts of the training pairs better than chance; the one listed is only the best of those tried.',
    );
  const own = run.executors.find((one) => one.executor === executor);
  if (own && own.accuracy.value !== null) {
    const { ci } = own.accuracy;
    const isClear = ci !== null && ci[0] > 0.5;
    remarks.push(
      `${names[executor] ?? executor} reproduces ${say(own.accuracy)} held-out labels; ${isClear ? 'chance would give 50 %' : 'that is not distinguishable from chance'}.`,
    );
  } else if (constitution.length > 0)
    remarks.push(
      'There are too few prompts to hold any out, so how well it reproduces new labels is unknown.',
    );
  if (run.judge_gain !== null && run.judge_gain.value !== null) {
    const { value, ci, n } = run.judge_gain;
    const points = (share: number) => (share * 100).toFixed(1);
    const interval = ci ? ` [${points(ci[0])}, ${points(ci[1])}]` : '';
    remarks.push(
      `Reading the constitution changes the model’s accuracy by ${points(value)} points${interval} on ${n} held-out pairs. Where labels follow the model’s own taste anyway, nothing is to be gained.`,
    );
  }
  if (run.order_dependent.value !== null && run.order_dependent.value >= 0.1)
    remarks.push(
      `On ${say(run.order_dependent)} votes the two orders contradict each other: the model that votes leans to a place.`,
    );
  const flagged = principles.filter((one) => (one.p_adjusted ?? 1) <= 0.05).length;
  remarks.push(
    `${flagged} of ${principles.length} principles lean to one side at a false discovery rate of 5 %. This is association with the label, not its cause.`,
  );
  if (run.votes_invalid > 0)
    remarks.push(`${run.votes_invalid} of ${run.votes} votes are invalid; they count as not applicable.`);
  if (run.stopped.length > 0)
    remarks.push(
      `${run.stopped.length} principles were stopped early: their strength is clearly below 0.05. Their figures rest on fewer pairs.`,
    );
  if (run.merged_by === 'hashed words')
    remarks.push(
      'Principles were merged by the words they share (hashed word vectors), not by meaning: choose an embedding model for that.',
    );
  if (leftOut > 0)
    remarks.push(`${leftOut} principles need a model to vote and were left out; choose one to include them.`);
  return remarks;
}

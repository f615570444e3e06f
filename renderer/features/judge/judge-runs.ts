import type { Clause } from '../../../electron/contract/filter.contract.ts';
import type { Job } from '../../../electron/contract/job.contract.ts';
import type { JudgeRun } from '../../../electron/contract/judging.contract.ts';
import { isActive } from '../../app/job-feed.ts';

export type RunState = 'queued' | 'running' | 'paused' | 'finished' | 'failed' | 'stopped';

/** The newest job that worked on a run; the core names them “Judge run 12”. */
export function findJobOfRun(jobs: Iterable<Job>, judgeRunId: number): Job | undefined {
  const title = `Judge run ${judgeRunId}`;
  return [...jobs]
    .filter((job) => job.type === 'judge' && job.title === title)
    .sort((left, right) => right.createdAt.localeCompare(left.createdAt))[0];
}

/** How a run stands, by its job where one is at work. */
export function stateOfRun(run: Pick<JudgeRun, 'isFinished'>, job: Job | undefined): RunState {
  if (job && isActive(job)) return job.status as 'queued' | 'running' | 'paused';
  if (run.isFinished) return 'finished';
  return job?.status === 'failed' ? 'failed' : 'stopped';
}

const voteField = (annotatorId: number) => `vote:${annotatorId}`;

/** Rows a rater has a label for. */
export const votedRows = (annotatorId: number): Clause[] => [
  { op: 'not_null', field: voteField(annotatorId) },
];

/** Rows where a rater’s label differs from the dataset’s. */
export const disagreeingRows = (annotatorId: number): Clause[] => [
  { op: 'in', field: `${voteField(annotatorId)}:agrees`, values: [false] },
];

/** Rows of one cell of a confusion matrix; `referenceId` null = the dataset’s own labels. */
export const cellRows = (cell: {
  readonly annotatorId: number;
  readonly referenceId: number | null;
  readonly reference: string;
  readonly judge: string;
}): Clause[] => [
  {
    op: 'in',
    field: cell.referenceId === null ? 'label' : voteField(cell.referenceId),
    values: [cell.reference],
  },
  { op: 'in', field: voteField(cell.annotatorId), values: [cell.judge] },
];

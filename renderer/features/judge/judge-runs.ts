import type { Clause } from '../../../electron/contract/filter.contract.ts';

const voteField = (annotatorId: number) => `vote:${annotatorId}`;

const judgedField = (annotatorId: number) => `judged:${annotatorId}`;

/** Rows a run asked about, whatever came of it. */
export const judgedRows = (annotatorId: number): Clause[] => [
  { op: 'not_null', field: judgedField(annotatorId) },
];

/** Rows a run got no valid answer about. */
export const unansweredRows = (annotatorId: number): Clause[] => [
  { op: 'in', field: judgedField(annotatorId), values: ['no valid answer'] },
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

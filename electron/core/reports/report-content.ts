import type { AuditFigure, AuditResult } from '../../contract/audit.contract.ts';
import type { ConstitutionDocument, PrincipleResult } from '../../contract/constitution.contract.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';
import {
  absent,
  auditFigureFormat,
  formatCount,
  formatFigure,
  formatP,
  formatPercent,
  formatPlain,
  formatPoints,
  formatSigned,
  formatTime,
  type IntervalValue,
  isShare,
} from './report-numbers.ts';

/** A table as texts, for both the page and the Markdown file. */
export interface TextTable {
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly isNumber: boolean }[];
  readonly rows: readonly {
    readonly cells: readonly string[];
    /** Rests on too few pairs, or is undefined: marked, never ranked. */
    readonly isWeak: boolean;
  }[];
}

interface Column<T> {
  readonly title: string;
  readonly isNumber: boolean;
  cell(row: T): string;
}

function makeTable<T>(
  caption: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
  isWeak: (row: T) => boolean,
): TextTable {
  return {
    caption,
    columns: columns.map(({ title, isNumber }) => ({ title, isNumber })),
    rows: rows.map((row) => ({ cells: columns.map((column) => column.cell(row)), isWeak: isWeak(row) })),
  };
}

const statusTexts = { ok: 'ok', too_small: 'too few pairs', undefined: 'undefined' } as const;
export const weakMark = '†';

/** The words every principle begins with, or an empty text; a report says them once. */
export function findStem(texts: readonly string[]): string {
  const [first, ...rest] = texts;
  if (first === undefined || rest.length === 0) return '';
  const words = first.split(' ');
  let length = words.length - 1;
  for (const text of rest) {
    const other = text.split(' ');
    while (length > 0 && words.slice(0, length).join(' ') !== other.slice(0, length).join(' ')) length--;
  }
  return length < 3 ? '' : words.slice(0, length).join(' ');
}

/** Selected principles in the order of the constitution. */
export function selectedPrinciples(constitution: ConstitutionDocument): PrincipleResult[] {
  return constitution.principles
    .filter((principle) => principle.is_selected)
    .sort((left, right) => (left.rank ?? Infinity) - (right.rank ?? Infinity));
}

interface ForestGroups {
  /** Strongest first; both exclude principles that rest on too few pairs. */
  readonly rewarded: readonly PrincipleResult[];
  readonly penalised: readonly PrincipleResult[];
  /** Principles not drawn because too few pairs speak on them, or because their strength is undefined. */
  readonly weak: number;
}

export function forestGroups(principles: readonly PrincipleResult[], each = 15): ForestGroups {
  const drawable = principles.filter((item) => item.status === 'ok' && item.strength !== null);
  const strength = (item: PrincipleResult) => item.strength ?? 0;
  const descending = [...drawable].sort((left, right) => strength(right) - strength(left));
  return {
    rewarded: descending.filter((item) => strength(item) > 0).slice(0, each),
    penalised: descending
      .filter((item) => strength(item) < 0)
      .reverse()
      .slice(0, each),
    weak: principles.length - drawable.length,
  };
}

/** Terms of the data card. */
export function datasetFacts({ dataset, constitution }: ReportDocument): [string, string][] {
  const { reconstruction: split } = constitution;
  return [
    ['Format', dataset.format],
    ['Pairs', formatCount(dataset.pairs)],
    ['Prompts', formatCount(dataset.prompts)],
    ['Source rows refused', formatCount(dataset.rejected)],
    ['Duplicates left out', formatCount(dataset.duplicates)],
    ['Labelled pairs', formatCount(constitution.pairs.labelled)],
    ['Ties', formatCount(constitution.pairs.ties)],
    ['Unlabelled', formatCount(constitution.pairs.unlabelled)],
    ['Training pairs', `${formatCount(split.train)} (${formatCount(split.train_prompts)} prompts)`],
    ['Held-out pairs', `${formatCount(split.test)} (${formatCount(split.test_prompts)} prompts)`],
    ['Seed', String(constitution.seed)],
    ['Computed', formatTime(constitution.created_at)],
  ];
}

/** How the counts add up, and where they do not. */
export function countSentences({ dataset, constitution }: ReportDocument): string[] {
  const { pairs, reconstruction: split } = constitution;
  const sum = pairs.labelled + pairs.ties + pairs.unlabelled;
  const parts = `${formatCount(pairs.labelled)} labelled + ${formatCount(pairs.ties)} ties + ${formatCount(pairs.unlabelled)} unlabelled`;
  const sentences = [
    sum === pairs.total
      ? `${parts} = ${formatCount(pairs.total)} pairs.`
      : `${parts} = ${formatCount(sum)}, but ${formatCount(pairs.total)} pairs were counted: do not rely on this report.`,
  ];
  if (split.train + split.test === pairs.labelled)
    sentences.push(
      `${formatCount(split.train)} training + ${formatCount(split.test)} held-out pairs = ${formatCount(pairs.labelled)} labelled.`,
    );
  else
    sentences.push(
      `${formatCount(split.train)} training and ${formatCount(split.test)} held-out pairs; ${formatCount(pairs.labelled - split.train - split.test)} labelled pairs are in neither.`,
    );
  if (dataset.pairs !== pairs.total)
    sentences.push(
      `The dataset holds ${formatCount(dataset.pairs)} pairs now; the constitution was computed when it held ${formatCount(pairs.total)}.`,
    );
  return sentences;
}

const principleColumns: readonly Column<PrincipleResult>[] = [
  {
    title: 'Principle',
    isNumber: false,
    cell: (row) => `${row.text}${row.status === 'ok' ? '' : ` ${weakMark}`}`,
  },
  { title: 'Family', isNumber: false, cell: (row) => row.family },
  { title: 'For', isNumber: true, cell: (row) => formatCount(row.for) },
  { title: 'Against', isNumber: true, cell: (row) => formatCount(row.against) },
  { title: 'n.a.', isNumber: true, cell: (row) => formatCount(row.not_applicable) },
  { title: 'n', isNumber: true, cell: (row) => formatCount(row.n) },
  { title: 'Agreement', isNumber: true, cell: (row) => formatPercent(row.agreement) },
  { title: 'Relevance', isNumber: true, cell: (row) => formatPercent(row.relevance) },
  { title: 'Accuracy', isNumber: true, cell: (row) => formatPercent(row.accuracy) },
  { title: 'κ (chance ½)', isNumber: true, cell: (row) => formatSigned(row.kappa_adjusted) },
  { title: 'Cohen’s κ', isNumber: true, cell: (row) => formatSigned(row.kappa_cohen) },
  { title: 'Strength', isNumber: true, cell: (row) => strengthText(row) },
  { title: 'Length-controlled', isNumber: true, cell: (row) => controlledText(row) },
  { title: 'Held-out', isNumber: true, cell: (row) => heldOutText(row) },
  { title: 'p', isNumber: true, cell: (row) => formatP(row.p) },
  { title: 'p adjusted', isNumber: true, cell: (row) => formatP(row.p_adjusted) },
  { title: 'Status', isNumber: false, cell: (row) => statusTexts[row.status] },
];

export const strengthText = (row: PrincipleResult) =>
  formatFigure(row.strength, row.strength_ci, formatSigned);
export const controlledText = (row: PrincipleResult) =>
  formatFigure(row.strength_length_controlled, row.strength_length_controlled_ci, formatSigned);
export const heldOutText = (row: PrincipleResult) =>
  formatFigure(row.strength_test, row.strength_test_ci, formatSigned);

/** Every principle tested, strongest first, undefined ones last. */
export function allPrinciplesTable(constitution: ConstitutionDocument): TextTable {
  const rows = [...constitution.principles].sort(
    (left, right) => (right.strength ?? -Infinity) - (left.strength ?? -Infinity),
  );
  const caption = `All ${formatCount(rows.length)} principles tested, by strength. Intervals are at 95 %; held-out strengths rest on n = ${formatCount(constitution.reconstruction.test)} pairs.`;
  return makeTable(caption, principleColumns, rows, (row) => row.status !== 'ok');
}

export interface AccuracyRow {
  readonly label: string;
  readonly value: number | null;
  readonly ci: IntervalValue;
  readonly train: number | null;
  readonly tone: 'first' | 'second' | 'plain';
}

/** The three executors on the held-out pairs. */
export function accuracyRows({ reconstruction: held }: ConstitutionDocument): AccuracyRow[] {
  return [
    {
      label: 'Longer response wins',
      value: held.baseline_longer,
      ci: held.baseline_longer_ci,
      train: null,
      tone: 'plain',
    },
    {
      label: 'Majority of principles',
      value: held.majority,
      ci: held.majority_ci,
      train: held.train_majority,
      tone: 'second',
    },
    {
      label: 'Weighted vote',
      value: held.weighted,
      ci: held.weighted_ci,
      train: held.train_weighted,
      tone: 'first',
    },
  ];
}

export function accuracyTable(constitution: ConstitutionDocument): TextTable {
  const { train, test } = constitution.reconstruction;
  const columns: Column<AccuracyRow>[] = [
    { title: 'Executor', isNumber: false, cell: (row) => row.label },
    {
      title: 'Held-out accuracy [95 %]',
      isNumber: true,
      cell: (row) => formatFigure(row.value, row.ci, formatPercent),
    },
    { title: 'n', isNumber: true, cell: () => formatCount(test) },
    { title: `Training accuracy`, isNumber: true, cell: (row) => formatPercent(row.train) },
    { title: 'n', isNumber: true, cell: (row) => (row.train === null ? absent : formatCount(train)) },
  ];
  const caption =
    'Share of pairs on which the executor gives the label; an abstention or tie counts one half.';
  return makeTable(caption, columns, accuracyRows(constitution), (row) => row.value === null);
}

/** Figures about the two executors that stand beside the accuracies: name, figure with interval, n. */
export function reconstructionFacts({ reconstruction: held }: ConstitutionDocument): [string, string][] {
  const withCount = (text: string, n: number) => `${text}, n = ${formatCount(n)}`;
  const gain = formatFigure(held.gain_over_longer, held.gain_over_longer_ci, formatPoints);
  return [
    [
      'Weighted vote minus “longer wins”',
      withCount(gain === absent ? gain : `${gain} percentage points`, held.test),
    ],
    [
      'Majority and weighted vote give the same side',
      withCount(
        formatFigure(held.executor_agreement.value, held.executor_agreement.ci, formatPercent),
        held.executor_agreement.n,
      ),
    ],
    [
      'No principle of the constitution speaks',
      withCount(formatFigure(held.silent.value, held.silent.ci, formatPercent), held.silent.n),
    ],
  ];
}

const figureInterval = (figure: AuditFigure): IntervalValue =>
  figure.ci_lo === null || figure.ci_hi === null ? null : [figure.ci_lo, figure.ci_hi];

const auditColumns: readonly Column<AuditFigure>[] = [
  {
    title: 'Figure',
    isNumber: false,
    cell: (row) => `${row.title}${row.status === 'ok' ? '' : ` ${weakMark}`}`,
  },
  {
    title: 'Group',
    isNumber: false,
    cell: (row) => (row.slice_dim === null ? 'all' : `${row.slice_dim}: ${row.slice_value ?? absent}`),
  },
  {
    title: 'Value [95 %]',
    isNumber: true,
    cell: (row) =>
      row.status === 'undefined'
        ? absent
        : formatFigure(row.value, figureInterval(row), auditFigureFormat(row)),
  },
  { title: 'No effect', isNumber: true, cell: (row) => auditFigureFormat(row)(row.neutral) },
  { title: 'p', isNumber: true, cell: (row) => formatP(row.p) },
  { title: 'p adjusted', isNumber: true, cell: (row) => formatP(row.p_adj) },
  { title: 'n', isNumber: true, cell: (row) => formatCount(row.n_items) },
  { title: 'Prompts', isNumber: true, cell: (row) => formatCount(row.n_clusters) },
  { title: 'Status', isNumber: false, cell: (row) => statusTexts[row.status] },
];

/** Figures over all pairs first, then by group, in the audit's own order. Columns without any entry are left out. */
export function auditTable(audit: AuditResult): TextTable {
  const rows = [...audit.figures].sort(
    (left, right) => Number(left.slice_dim !== null) - Number(right.slice_dim !== null),
  );
  const columns = auditColumns.filter(
    (column) => column.title === 'n' || rows.some((row) => column.cell(row) !== absent),
  );
  return makeTable(`Figures of “${audit.title}”.`, columns, rows, (row) => row.status !== 'ok');
}

export type AuditSeries = AuditResult['series'][number];

export const isPercentSeries = (series: AuditSeries) =>
  isShare(
    series.y_title,
    series.points.flatMap((point) => [point.y, point.ci_lo, point.ci_hi]),
  );

/** The "no effect" value to draw: the audit's own, where its figures agree on one that suits the curve. */
export function findNeutral(audit: AuditResult, series: AuditSeries): number | null {
  const neutrals = new Set(audit.figures.flatMap((figure) => figure.neutral ?? []));
  if (isPercentSeries(series)) return neutrals.has(0.5) ? 0.5 : null;
  const [only] = neutrals;
  return neutrals.size === 1 && only !== undefined ? only : null;
}

export function seriesTable(series: AuditSeries): TextTable {
  const format = isPercentSeries(series) ? formatPercent : formatPlain;
  const columns: Column<AuditSeries['points'][number]>[] = [
    { title: series.x_title, isNumber: false, cell: (point) => point.label },
    {
      title: `${series.y_title} [95 %]`,
      isNumber: true,
      cell: (point) =>
        formatFigure(
          point.y,
          point.ci_lo === null || point.ci_hi === null ? null : [point.ci_lo, point.ci_hi],
          format,
        ),
    },
    { title: 'n', isNumber: true, cell: (point) => formatCount(point.n) },
  ];
  return makeTable(series.title, columns, series.points, (point) => point.y === null);
}

const plainWord = /^[\p{L}\p{N}_.@%+=:,/-]+$/u;

/** The command that computes the same figures again, quoted for a POSIX shell. */
export function reproduceCommand({ constitution, dataset }: ReportDocument): string {
  const quote = (text: string) => (plainWord.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const name = quote(dataset.name);
  const { run } = constitution;
  const source = run && run.propose !== 'texts' ? ` --propose ${run.propose}` : '';
  const model = run?.model ? ` --model ${quote(run.model.name)}` : '';
  const selection = run?.selection === 'icai' ? ' --selection icai' : '';
  const principles = run ? `${source}${model} --sample ${constitution.pairs.labelled}${selection}` : '';
  return `assay constitution --workspace WORKSPACE.assay --dataset ${name} --executor ${constitution.executor}${principles} --top ${constitution.top} --seed ${constitution.seed} --out REPORT`;
}

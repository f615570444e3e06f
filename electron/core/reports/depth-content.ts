import type { ConstitutionDocument, PrincipleRunFigures } from '../../contract/constitution.contract.ts';
import type { ConstitutionCeiling, ConstitutionSlices, Figure } from '../../contract/constitution-depth.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';
import { pickRows } from './charts/heat-map.ts';
import type { TextTable } from './report-content.ts';
import {
  formatCount,
  formatFigure,
  formatP,
  formatPercent,
  formatPlain,
  formatSigned,
} from './report-numbers.ts';

const executorNames: Readonly<Record<string, string>> = {
  weighted: 'Weighted vote',
  majority: 'Majority of the principles',
  list: 'Decision list',
  judge: 'Model that reads the constitution',
  plain_judge: 'Same model without a constitution',
};

/** An executor in words; `_flipped` marks the control with inverted labels. */
export function nameExecutor(executor: string): string {
  const bare = executor.replace(/_flipped$/, '');
  const name = executorNames[bare] ?? bare;
  return bare === executor ? name : `${name}, labels inverted`;
}

const figure = ({ value, ci }: Figure, format: (value: number | null | undefined) => string) =>
  formatFigure(value, ci, format);

function makeTable(
  caption: string,
  titles: readonly string[],
  rows: readonly { cells: readonly string[]; isWeak?: boolean }[],
): TextTable {
  return {
    caption,
    columns: titles.map((title, index) => ({ title, isNumber: index > 0 })),
    rows: rows.map(({ cells, isWeak = false }) => ({ cells, isWeak })),
  };
}

/** Held-out accuracy over executors, the judge without a constitution and the inverted control among them. */
export function executorTable(run: PrincipleRunFigures): TextTable {
  return makeTable(
    'Held-out accuracy by executor; a vote that gives no side counts one half. With labels inverted the constitution is made from and tried on the opposite labels.',
    ['Executor', 'Accuracy [95 %]', 'n', 'Gives no side [95 %]'],
    run.executors.map(({ executor, accuracy, abstains }) => ({
      cells: [
        nameExecutor(executor),
        figure(accuracy, formatPercent),
        formatCount(accuracy.n),
        figure(abstains, formatPercent),
      ],
      isWeak: accuracy.value === null,
    })),
  );
}

export function agreementTable(run: PrincipleRunFigures): TextTable {
  return makeTable(
    'Share of held-out pairs on which two executors give the same side, of those where either gives one.',
    ['Executors', 'Agreement [95 %]', 'n'],
    run.agreement.map(({ first, second, figure: own }) => ({
      cells: [
        `${nameExecutor(first)} and ${nameExecutor(second)}`,
        figure(own, formatPercent),
        formatCount(own.n),
      ],
    })),
  );
}

export function sliceTable(slices: ConstitutionSlices): TextTable {
  const groups = slices.groups.slice(0, 12);
  const rows = pickRows(slices);
  return makeTable(
    `Strength by ${slices.column} with 95 % intervals and n; p adjusted tests equal strength in all groups that are large enough. † rests on few labels.`,
    [
      'Principle',
      ...groups.map(({ value, is_tiny: isTiny }) => `${value}${isTiny ? ' †' : ''}`),
      'Spread',
      'p adjusted',
    ],
    rows.map((row) => ({
      cells: [
        row.text,
        ...row.cells
          .slice(0, groups.length)
          .map(
            (cell) =>
              `${formatFigure(cell.strength, cell.strength_ci, formatSigned)}, n = ${formatCount(cell.n)}${cell.status === 'ok' ? '' : ' †'}`,
          ),
        formatPlain(row.spread),
        formatP(row.test?.p_adjusted),
      ],
    })),
  );
}

export function ceilingTable(ceiling: ConstitutionCeiling): TextTable {
  const { name } = ceiling.model;
  return makeTable(
    `Held-out area under the ROC curve, n = ${formatCount(ceiling.test)} pairs of ${formatCount(ceiling.test_prompts)} prompts; the share is (AUC − ½) over (AUC of the probe − ½).`,
    ['Rule', 'AUC [95 %]', 'Share of the probe’s [95 %]'],
    [
      { cells: [`Linear probe on embeddings of ${name}`, figure(ceiling.probe, formatPlain), '–'] },
      ...ceiling.executors.map(({ executor, auc, share }) => ({
        cells: [nameExecutor(executor), figure(auc, formatPlain), figure(share, formatPercent)],
      })),
    ],
  );
}

export function factorTable({ factors }: NonNullable<ReportDocument['depth']>): TextTable {
  return makeTable(
    'Directions along which embeddings of chosen and rejected training responses differ, as the model named them.',
    ['Direction', 'Share of the differences', 'Chosen has more [95 %]', 'n'],
    factors.map(({ factor, name, fail_reason: reason, variance, chosen_has_more: more }) => ({
      cells: [
        `${factor}. ${name ?? `not named: ${reason ?? 'not asked'}`}`,
        formatPercent(variance),
        figure(more, formatPercent),
        formatCount(more.n),
      ],
      isWeak: name === null,
    })),
  );
}

export function groupTable({ groups }: NonNullable<ReportDocument['depth']>): TextTable {
  return makeTable(
    'Constitutions of single groups beside that of the whole, on the held-out labels of the group.',
    ['Group', 'Own accuracy [95 %]', 'Whole accuracy [95 %]', 'n', 'Labels in training'],
    groups.map((group) => ({
      cells: [
        `${group.column}: ${group.value}`,
        figure(group.own, formatPercent),
        figure(group.whole, formatPercent),
        formatCount(group.own.n),
        formatCount(group.train),
      ],
    })),
  );
}

/** Where the figures come from: models, templates and seeds; nothing for constitutions that code alone made. */
export function provenanceFacts(
  constitution: ConstitutionDocument,
  depth: ReportDocument['depth'],
): [string, string][] {
  const { run, seed } = constitution;
  const facts: [string, string][] = [['Seed', String(seed)]];
  if (run) {
    facts.push(
      ['Model', run.model ? `${run.model.name}, SHA-256 ${run.model.hash}` : 'none; code alone voted'],
      ['Principles from', run.propose],
      ['Merged by', run.merged_by],
      ['Selection', run.selection === 'icai' ? 'as ICAI' : 'held-out likelihood'],
      [
        'Votes',
        `${formatCount(run.votes)}, ${formatCount(run.votes_invalid)} invalid, ${formatCount(run.calls)} calls`,
      ],
      ...Object.entries(run.templates).map(([name, hash]): [string, string] => [`Template ${name}`, hash]),
    );
  }
  if (depth?.ceiling) {
    const { model, dimensions, penalty } = depth.ceiling;
    facts.push(
      ['Embedding model', `${model.name}, SHA-256 ${model.hash}`],
      ['Probe', `${formatCount(dimensions)} dimensions, penalty ${formatPlain(penalty)}`],
    );
  }
  return facts;
}

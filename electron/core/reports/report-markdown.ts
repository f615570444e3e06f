import type { AuditResult } from '../../contract/audit.contract.ts';
import { rankFindings } from '../../contract/finding-order.ts';
import type { PrincipleResult } from '../../contract/constitution.contract.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';
import { writeDepth } from './markdown-depth.ts';
import { revealControls } from './markup.ts';
import { methodNotes } from './method-notes.ts';
import {
  accuracyTable,
  allPrinciplesTable,
  auditTable,
  controlledText,
  countSentences,
  datasetFacts,
  forestGroups,
  heldOutText,
  reconstructionFacts,
  reproduceCommand,
  selectedPrinciples,
  seriesTable,
  strengthText,
  type TextTable,
  weakMark,
} from './report-content.ts';
import { formatCount, formatSigned, formatTime } from './report-numbers.ts';

/**
 * A text as one line of GitHub Markdown that renders as itself: no markup, table cell border, HTML, automatic link or
 * mention in it is alive.
 */
export function escapeMarkdown(text: string): string {
  return revealControls(text)
    .replace(/[ \t\n]+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]()#|~!$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/:(?=\/\/)/g, '&#58;')
    .replace(/\b(www)\./gi, '$1&#46;')
    .replace(/@/g, '&#64;')
    .replace(/^([-+=])(?=[\s=-]|$)/, '\\$1')
    .replace(/^(\d+)\.(?=\s|$)/, '$1\\.');
}

/** A text as a code block that it cannot end by itself. */
function fence(text: string): string {
  const runs = revealControls(text).match(/`+/g) ?? [];
  const border = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${border}text\n${revealControls(text)}\n${border}`;
}

function writeTable(table: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(table.columns.map((column) => escapeMarkdown(column.title))),
    line(table.columns.map((column) => (column.isNumber ? '---:' : '---'))),
    ...table.rows.map((row) => line(row.cells.map(escapeMarkdown))),
  ].join('\n');
}

function writeRows(
  titles: readonly (readonly [string, boolean])[],
  rows: readonly (readonly string[])[],
): string {
  return writeTable({
    caption: '',
    columns: titles.map(([title, isNumber]) => ({ title, isNumber })),
    rows: rows.map((cells) => ({ cells, isWeak: false })),
  });
}

const writeList = (items: readonly string[]) => items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');

function writeOpening(document: ReportDocument): string[] {
  const { dataset, constitution } = document;
  return [
    `# ${escapeMarkdown(document.title)}`,
    `Written ${formatTime(document.created_at)} by Assay ${escapeMarkdown(document.product_version)}, seed ${constitution.seed}.`,
    `## Dataset ${escapeMarkdown(dataset.name)}`,
    writeRows(
      [
        ['Property', false],
        ['Value', false],
      ],
      datasetFacts(document),
    ),
    dataset.sources.length === 0 ? 'No source files are recorded.' : `Source files:`,
    writeList(dataset.sources),
    escapeMarkdown(countSentences(document).join(' ')),
    '## In short',
    constitution.remarks.length === 0
      ? 'No remarks were recorded with this constitution.'
      : writeList(constitution.remarks),
  ];
}

function writeConstitution({ constitution }: ReportDocument): string[] {
  const selected = selectedPrinciples(constitution);
  if (selected.length === 0)
    return ['## Constitution', 'No principle was selected: none improves the vote on the training pairs.'];
  return [
    '## Constitution',
    writeRows(
      [
        ['Rank', true],
        ['Principle', false],
        ['Weight', true],
        ['Strength [95 %]', true],
        ['n', true],
        ['Held-out strength [95 %]', true],
        ['n held out', true],
      ],
      selected.map((principle) => [
        formatCount(principle.rank),
        `${principle.text}${principle.status === 'ok' ? '' : ` ${weakMark}`}`,
        formatSigned(principle.weight),
        strengthText(principle),
        formatCount(principle.n),
        heldOutText(principle),
        formatCount(constitution.reconstruction.test),
      ]),
    ),
  ];
}

function writeStrengths(title: string, principles: readonly PrincipleResult[]): string[] {
  if (principles.length === 0) return [];
  return [
    `### ${title}`,
    writeRows(
      [
        ['Principle', false],
        ['Strength [95 %]', true],
        ['Length-controlled [95 %]', true],
        ['n', true],
      ],
      principles.map((principle) => [
        principle.text,
        strengthText(principle),
        controlledText(principle),
        formatCount(principle.n),
      ]),
    ),
  ];
}

function writeEvidence({ constitution }: ReportDocument): string[] {
  const { rewarded, penalised, weak } = forestGroups(constitution.principles);
  const weakText = `${formatCount(weak)} of ${formatCount(constitution.principles.length)} principles rest on too few pairs, or on none, and are not ranked here.`;
  return [
    '## Reconstruction of the labels',
    accuracyTable(constitution).caption,
    writeTable(accuracyTable(constitution)),
    reconstructionFacts(constitution)
      .map(([term, text]) => `- ${escapeMarkdown(`${term}: ${text}`)}`)
      .join('\n'),
    '## What the labels reward',
    ...writeStrengths('Rewarded, strongest first', rewarded),
    ...writeStrengths('Penalised, strongest first', penalised),
    ...(weak === 0 ? [] : [weakText]),
  ];
}

function writeAudit(audit: AuditResult): string[] {
  const settings = Object.entries(audit.params).map(([name, value]) => `${name} = ${String(value)}`);
  return [
    `### ${escapeMarkdown(audit.title)} (${audit.severity === 'none' ? 'no concern' : audit.severity})`,
    escapeMarkdown(audit.finding),
    ...audit.series.flatMap((series) => [
      `${escapeMarkdown(series.title)}:`,
      writeTable(seriesTable(series)),
    ]),
    ...(audit.figures.length === 0 ? [] : [writeTable(auditTable(audit))]),
    ...(settings.length === 0 ? [] : [`Settings: ${escapeMarkdown(settings.join(', '))}.`]),
  ];
}

const certainties = {
  clear: 'clear',
  unclear: 'not clear',
  too_few: 'too few rows to rank',
  descriptive: 'a count',
} as const;

/** Every finding, the gravest and most certain first. */
function writeFindings(audits: readonly AuditResult[]): string[] {
  const ranked = rankFindings(audits.filter((audit) => audit.is_applicable));
  if (ranked.length === 0) return [];
  return [
    '### Findings in order',
    writeList(
      ranked.map(
        ({ audit, finding }) =>
          `${audit.title} (${finding.severity === 'none' ? 'no concern' : finding.severity}, ${certainties[finding.certainty]}): ${finding.sentence}`,
      ),
    ),
  ];
}

function writeAudits({ audits: { audits } }: ReportDocument): string[] {
  if (audits.length === 0) return ['## Audits', 'No audit has been run on this dataset.'];
  const others = audits.filter((audit) => !audit.is_applicable);
  return [
    '## Audits',
    ...writeFindings(audits),
    ...audits.filter((audit) => audit.is_applicable).flatMap(writeAudit),
    ...(others.length === 0 ? [] : ['### Not applicable to this dataset']),
    writeList(others.map((audit) => `${audit.title}: ${audit.reason ?? audit.finding}`)),
  ];
}

function writeExamples({ examples }: ReportDocument): string[] {
  if (examples.length === 0) return ['## Examples', 'No examples were kept with this report.'];
  const principles = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? `${title}: none` : `${title}:\n\n${writeList(texts)}`;
  return [
    '## Examples',
    ...examples.flatMap((example) => [
      `### ${example.kind === 'explained' ? 'Explained' : 'Not explained'}: ${escapeMarkdown(`${example.source_file}, row ${example.source_row} (${example.example_id})`)}`,
      'Prompt:',
      fence(example.prompt),
      'Chosen:',
      fence(example.chosen),
      'Rejected:',
      fence(example.rejected),
      principles('Spoke for the chosen response', example.spoke_for),
      principles('Spoke against it', example.spoke_against),
    ]),
  ];
}

function writeClosing(document: ReportDocument): string[] {
  const { constitution } = document;
  return [
    '## Method',
    ...methodNotes(constitution).map(({ term, formula, text }) =>
      [
        `**${escapeMarkdown(term)}.** ${escapeMarkdown(text)}`,
        ...(formula === '' ? [] : [fence(formula)]),
      ].join('\n\n'),
    ),
    '## How to reproduce',
    'With the same source files imported, the same version and the same seed:',
    fence(reproduceCommand(document)),
    '## All figures of all principles',
    allPrinciplesTable(constitution).caption,
    writeTable(allPrinciplesTable(constitution)),
  ];
}

/** The report as GitHub Markdown: the same figures as the page, in tables, without the charts. */
export function renderReportMarkdown(document: ReportDocument): string {
  const blocks = [
    ...writeOpening(document),
    ...writeConstitution(document),
    ...writeEvidence(document),
    ...writeDepth(document, { table: writeTable, escape: escapeMarkdown, fence }),
    ...writeAudits(document),
    ...writeExamples(document),
    ...writeClosing(document),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

import { stringify } from 'yaml';
import type { Session } from '../../../native/duckdb/session.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import type { ExportSpec, ExportWarning } from '../../contract/export.contract.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import type { Manifest } from './manifest.ts';
import { selectedRows } from './rows-sql.ts';
import type { Selection } from './selection.ts';
import type { Writer } from './writer.ts';

interface Figures {
  readonly prompts: number;
  readonly labels: readonly { label: string; n: number }[];
  readonly longer: { n: number; chosen: number } | undefined;
  readonly languages: readonly string[];
}

/** Figures of the selected rows for the card. */
export async function readFigures(
  session: Session,
  { table, context }: Selection,
  signal?: AbortSignal,
): Promise<Figures> {
  const rows = selectedRows(context.relation, table);
  const one = await session.one<{ prompts: number; languages: string[] | null }>(
    `SELECT count(DISTINCT prompt_id) AS prompts, list(DISTINCT language ORDER BY language) FILTER (regexp_full_match(language, '[a-z]{2,3}')) AS languages FROM ${rows}`,
    [],
    { signal },
  );
  if (context.relation === 'responses')
    return { prompts: one.prompts, labels: [], longer: undefined, languages: one.languages ?? [] };
  const labels = await session.all<{ label: string; n: number }>(
    `SELECT coalesce(label, 'none') AS label, count(*) AS n FROM ${table} GROUP BY ALL ORDER BY n DESC, label`,
  );
  const longer = await session.one<{ n: number; chosen: number }>(
    `SELECT count(*) FILTER (length(chosen) <> length(rejected)) AS n, count(*) FILTER (length(chosen) > length(rejected)) AS chosen FROM ${rows}`,
    [],
    { signal },
  );
  return { prompts: one.prompts, labels, longer, languages: one.languages ?? [] };
}

const sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
const sizeName = (value: number) => (value >= 1_000_000 ? `${value / 1_000_000}M` : `${value / 1_000}K`);

/** Hugging Face's size word for a number of rows. */
export function sizeCategory(rows: number): string {
  const at = sizes.findIndex((limit) => rows < limit);
  if (at === 0) return 'n<1K';
  const [low, high] = [sizes.at(at - 1) ?? 1_000, sizes.at(at) ?? 1_000];
  return at < 0 ? `n>${sizeName(10_000_000)}` : `${sizeName(low)}<n<${sizeName(high)}`;
}

/** A cell of a Markdown table; nothing in it can end the cell or become markup. */
const cell = (text: string) => text.replaceAll(/[\\|<>`*_[\]]/g, '\\$&').replaceAll(/\s+/g, ' ');
const line = (...cells: readonly (string | number)[]) =>
  `| ${cells.map((one) => cell(String(one))).join(' | ')} |`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function header(spec: ExportSpec, manifest: Manifest, figures: Figures): string {
  const splits = [...new Set(manifest.files.map((file) => file.split ?? 'train'))];
  const rows = manifest.files.reduce((sum, file) => sum + file.rows, 0);
  return stringify({
    ...(spec.licence ? { license: spec.licence } : {}),
    pretty_name: manifest.dataset.name,
    ...(figures.languages.length > 0 ? { language: figures.languages } : {}),
    size_categories: [sizeCategory(rows)],
    tags: ['preference', 'rlhf', 'assay'],
    configs: [
      {
        config_name: 'default',
        data_files: splits.map((split) => ({ split, path: `data/${split}-*` })),
      },
    ],
    dataset_info: {
      splits: splits.map((split) => {
        const files = manifest.files.filter((file) => (file.split ?? 'train') === split);
        return {
          name: split,
          num_examples: files.reduce((sum, file) => sum + file.rows, 0),
          num_bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        };
      }),
    },
  });
}

function statistics(manifest: Manifest, figures: Figures, selection: Selection): string[] {
  const lines = ['## Statistics', '', line('Split', 'Rows', 'Prompt clusters'), '|---|---|---|'];
  for (const { split, clusters } of selection.splits) {
    const rows = manifest.files
      .filter((file) => split === null || file.split === split)
      .reduce((sum, file) => sum + file.rows, 0);
    lines.push(line(split ?? 'train', rows, clusters > 0 ? clusters : 'not counted'));
  }
  lines.push('', `Distinct prompts: ${figures.prompts}.`);
  if (figures.labels.length > 0)
    lines.push('', `Labels: ${figures.labels.map(({ label, n }) => `${label} ${n}`).join(', ')}.`);
  const share = figures.longer ? wilsonInterval(figures.longer.chosen, figures.longer.n) : undefined;
  if (share?.status === 'ok')
    lines.push(
      '',
      `The longer response is the chosen one in ${percent(share.estimate)} of ${share.n} pairs of unequal length (95 % Wilson interval ${percent(share.lower)} to ${percent(share.upper)}; pairs of one prompt are taken as independent).`,
    );
  return lines;
}

const kindTitles: Readonly<Record<ExportWarning['kind'], string>> = {
  'left-out': 'left out',
  'no-place': 'no place in this format',
  changed: 'written in another form',
  ambiguous: 'open to the reader',
  'personal-data': 'personal data (by shape)',
  licence: 'licence',
};

function lineage(manifest: Manifest, dataset: Dataset, spec: ExportSpec): string[] {
  const filter = JSON.stringify(spec.filter);
  return [
    '## Lineage',
    '',
    `Made by Assay ${manifest.app.version} from the dataset “${cell(dataset.name)}” (read as ${cell(dataset.format)}, version ${manifest.dataset.version}) on ${manifest.createdAt}.`,
    '',
    `Source files: ${dataset.sources.map((source) => cell(source.split(/[\\/]/).at(-1) ?? source)).join(', ') || 'not recorded'}.`,
    '',
    `View: ${filter === '{"clauses":[]}' ? 'the whole dataset' : `filter \`${filter.replaceAll('`', "'")}\``}. ${manifest.written} of ${manifest.selected} rows of the view are written. \`manifest.json\` holds the recipe and the SHA-256 of every file.`,
    ...(manifest.warnings.length > 0
      ? [
          '',
          line('Rows', 'What', 'Why'),
          '|---|---|---|',
          ...manifest.warnings.map((warning) => line(warning.count, kindTitles[warning.kind], warning.text)),
        ]
      : []),
  ];
}

/** The README.md of a dataset folder: YAML header, what a row is, figures, lineage, licence, and a datasheet if there are answers. */
export function makeCard(parts: {
  readonly spec: ExportSpec;
  readonly writer: Writer;
  readonly dataset: Dataset;
  readonly manifest: Manifest;
  readonly selection: Selection;
  readonly figures: Figures;
}): string {
  const { spec, writer, dataset, manifest, selection, figures } = parts;
  const splits = spec.splits
    ? [
        '',
        `Splits are drawn by clusters of prompts (same first user turn after lower-casing and dropping punctuation), seed ${spec.splits.seed}, so that no prompt stands in two splits. Paraphrases are not recognised.`,
      ]
    : [];
  return `${[
    `---\n${header(spec, manifest, figures)}---`,
    '',
    `# ${cell(dataset.name)}`,
    '',
    `Preference data as ${writer.title}: ${writer.purpose}.`,
    ...splits,
    '',
    '## Columns',
    '',
    line('Column', 'Type', 'Holds'),
    '|---|---|---|',
    ...manifest.columns.map(({ name, type, note }) => line(name, type, note)),
    '',
    ...statistics(manifest, figures, selection),
    '',
    ...lineage(manifest, dataset, spec),
    '',
    '## Licence',
    '',
    spec.licence
      ? `${cell(spec.licence)}, as given by the person who made the export.`
      : 'Not known. Find out under which licence the sources are before passing this on.',
    ...(spec.answers.length > 0
      ? [
          '',
          '## Datasheet',
          '',
          ...spec.answers.flatMap(({ question, answer }) => [`### ${cell(question)}`, '', answer, '']),
        ]
      : []),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

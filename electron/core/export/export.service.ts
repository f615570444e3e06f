import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import type { ExportPlan, ExportSpec, ExportWarning, RecipeColumn } from '../../contract/export.contract.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import type { SearchService } from '../corpus/search/search.service.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { findRecordedLicence, guessLicence } from './licence.ts';
import { listLosses } from './losses.ts';
import { findPersonalData, scannedAtMost } from './personal-data.ts';
import { checkRecipeColumns, countRecipeColumns, listRecipeLosses } from './recipe-columns.ts';
import { getWriter, resolveOptions } from './registry.ts';
import { selectedRows } from './rows-sql.ts';
import { type Selection, selectRows } from './selection.ts';
import { copyOptions, fileSelect } from './write-files.ts';
import type { Writer } from './writer.ts';

const previewCharacters = 20_000;

/** What `withSelection` hands to its work. */
export interface OpenSelection {
  readonly session: Session;
  readonly dataset: Dataset;
  readonly writer: Writer;
  readonly selection: Selection;
}

/** Plans and previews exports, and opens the selection that the job writes. */
export class ExportService {
  constructor(
    private readonly workspace: Workspace,
    private readonly datasets: DatasetRepository,
    private readonly search: SearchService,
  ) {}

  /**
   * The selected rows of a spec for the time of `work`.
   * @throws AppError EXPORT_FORMAT_UNKNOWN, EXPORT_OPTION_INVALID, DATASET_MISSING and what filters throw
   */
  async withSelection<T>(
    spec: ExportSpec,
    work: (open: OpenSelection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const dataset = await this.datasets.get(spec.datasetId);
    const writer = checkSpec(spec);
    const hits =
      spec.filter.words === undefined
        ? undefined
        : (await this.search.findHits(spec.datasetId, spec.filter.words, { signal })).table;
    return this.workspace.database.withReader(async (session) => {
      const selection = await selectRows(session, { dataset, spec, writer, hits, signal });
      try {
        return await work({ session, dataset, writer, selection });
      } finally {
        await selection.drop();
      }
    });
  }

  async plan(
    spec: ExportSpec & { looksForPersonalData: boolean },
    signal?: AbortSignal,
  ): Promise<ExportPlan> {
    return this.withSelection(
      spec,
      async (open) => {
        const { session, selection } = open;
        const warnings = await listWarnings(open, signal);
        const scanned = spec.looksForPersonalData ? Math.min(selection.written, scannedAtMost) : 0;
        const personal =
          scanned > 0
            ? await findPersonalData(
                session,
                {
                  relation: selection.context.relation,
                  rows: selectedRows(
                    selection.context.relation,
                    `(SELECT * FROM ${selection.table} WHERE unit < ${scannedAtMost})`,
                  ),
                },
                signal,
              )
            : [];
        const units = selection.splits.reduce((most, { end }) => Math.max(most, end), 0);
        return {
          selected: selection.selected,
          written: selection.written,
          rows: units * selection.shape.rowsPerUnit,
          splits: selection.splits.map(({ split, written, clusters }) => ({
            split: split ?? '',
            written,
            clusters,
          })),
          columns: selection.shape.columns.map(({ name, type, note }) => ({ name, type, note })),
          warnings: [...warnings, ...personal],
          scanned,
          licence: this.licenceOf(open.dataset, spec),
        };
      },
      signal,
    );
  }

  /** The beginning of the first file as it will be written; Parquet is shown as JSON. */
  async preview(
    spec: ExportSpec & { rows: number },
    signal?: AbortSignal,
  ): Promise<{ text: string; isCut: boolean }> {
    return this.withSelection(
      spec,
      async ({ session, writer, selection }) => {
        const { container } = selection.context;
        const select = fileSelect(writer, selection, { first: 0, end: spec.rows });
        const file = path.join(this.workspace.path, 'tmp', `preview-${randomUUID()}`);
        const shown = container === 'parquet' ? 'jsonl' : container;
        try {
          await session.run(`COPY (${select}) TO ${quoteLiteral(file)} (${copyOptions(shown, 'none')})`, [], {
            signal,
          });
          return readBeginning(file);
        } finally {
          rmSync(file, { force: true });
        }
      },
      signal,
    );
  }

  /** Whose votes can be the label, with the number of rows each voted on. */
  async listAnnotators(datasetId: number) {
    return this.workspace.database.all<{
      annotatorId: number;
      name: string;
      kind: string;
      aspect: string | null;
      votes: number;
    }>(
      `SELECT n.annotator_id AS "annotatorId", n.name, n.kind, v.aspect, count(DISTINCT v.comparison_id) AS votes
       FROM vote v JOIN annotator n USING (annotator_id) WHERE v.dataset_id = ? GROUP BY ALL
       ORDER BY v.aspect NULLS FIRST, votes DESC, n.name LIMIT 500`,
      [datasetId],
    );
  }

  /** What a recipe decided about the pairs of a dataset, and about how many. */
  async listRecipeColumns(datasetId: number): Promise<{ column: RecipeColumn; rows: number }[]> {
    const rows = `(SELECT comparison_id AS row_id FROM curation_row WHERE dataset_id = ${Math.trunc(datasetId)})`;
    const counts = await this.workspace.database.withReader((session) => countRecipeColumns(session, rows));
    return [...counts].map(([column, count]) => ({ column, rows: count }));
  }

  /** Changes with every import, every change of a row and every vote that is added. */
  async datasetVersion(session: Session, datasetId: number): Promise<string> {
    const { imports, edits, votes } = await session.one<{ imports: number; edits: number; votes: number }>(
      `SELECT (SELECT coalesce(max(import_id), 0) FROM import_run WHERE dataset_id = ?) AS imports,
         (SELECT coalesce(max(change_id), 0) FROM change WHERE dataset_id = ?) AS edits,
         (SELECT count(*) FROM vote WHERE dataset_id = ?) AS votes`,
      [datasetId, datasetId, datasetId],
    );
    return `import-${imports}.change-${edits}.votes-${votes}`;
  }

  /** Answers of the dataset's datasheet, in the order of their questions. */
  async listAnswers(session: Session, datasetId: number): Promise<{ question: string; answer: string }[]> {
    return session.all(
      'SELECT question, answer FROM datasheet_answer WHERE dataset_id = ? ORDER BY answered_at, question',
      [datasetId],
    );
  }

  private licenceOf(dataset: Dataset, spec: ExportSpec): ExportPlan['licence'] {
    const recorded = spec.licence ?? findRecordedLicence(this.workspace.exports, dataset.name);
    if (recorded) return { known: recorded, question: null };
    const guess = guessLicence(dataset.sources);
    return {
      known: null,
      question: guess
        ? `Beside the source lies ${path.basename(guess.file)}, which reads like ${guess.licence}. Is the dataset under it?`
        : 'Under which licence is this dataset? Nothing beside its source says so.',
    };
  }
}

/**
 * The writer of a spec whose container and options are checked.
 * @throws AppError EXPORT_FORMAT_UNKNOWN, EXPORT_OPTION_INVALID
 */
export function checkSpec(spec: ExportSpec): Writer {
  const writer = getWriter(spec.format);
  resolveOptions(writer, spec.options);
  const refuse = (text: string) => {
    throw new AppError('EXPORT_OPTION_INVALID', `Not exported: ${text}`, { format: writer.id });
  };
  checkRecipeColumns(writer, spec.recipe);
  if (spec.container && !writer.containers.includes(spec.container))
    refuse(`${writer.title} is written as ${writer.containers.join(' or ')}, not as ${spec.container}.`);
  const container = spec.container ?? writer.containers[0];
  if (container === 'parquet' && spec.compression === 'gzip')
    refuse('Parquet is compressed inside, with zstd. Leave the compression out.');
  if (spec.layout === 'hub' && container !== 'parquet')
    refuse(`a Hugging Face folder holds Parquet, and ${writer.title} is to be ${container}.`);
  if (writer.document && (spec.shards ?? 1) > 1)
    refuse(`${writer.title} is one document and cannot be cut into shards.`);
  if (spec.splits && spec.splits.train + spec.splits.validation + spec.splits.test <= 0)
    refuse('the shares of the splits add up to nothing.');
  if (
    spec.layout === 'file' &&
    (spec.splits !== null || (spec.shards ?? 1) > 1 || spec.rowsPerShard !== null)
  )
    refuse('splits and shards are several files. Export into a folder.');
  return writer;
}

/** What is left out, lost or open, before personal data. */
export async function listWarnings(
  { session, dataset, writer, selection }: OpenSelection,
  signal?: AbortSignal,
): Promise<ExportWarning[]> {
  const { shape, context, rows, leftOut } = selection;
  const losses = await listLosses(
    session,
    {
      shape,
      relation: context.relation,
      datasetId: dataset.datasetId,
      hasSides: dataset.hasSides,
      rows,
    },
    signal,
  );
  const table = dataset.relation === 'pairs' ? 'hidden_comparison' : 'hidden_response';
  const { hidden } = await session.one<{ hidden: number }>(
    `SELECT count(*) AS hidden FROM ${table} WHERE dataset_id = ?`,
    [dataset.datasetId],
  );
  const note: ExportWarning[] =
    hidden > 0
      ? [
          {
            kind: 'changed',
            count: hidden,
            rows: [],
            text: 'hidden rows of the dataset stay out; they are no part of any view',
          },
        ]
      : [];
  const decided: ExportWarning[] = listRecipeLosses(writer, selection.recipe).map((loss) => ({
    kind: 'no-place',
    rows: [],
    ...loss,
  }));
  return [...leftOut, ...losses, ...decided, ...note];
}

function readBeginning(file: string): { text: string; isCut: boolean } {
  const { size } = statSync(file);
  const buffer = Buffer.alloc(Math.min(size, previewCharacters));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return { text: buffer.toString('utf8').replace(/\uFFFD+$/, ''), isCut: size > buffer.length };
}

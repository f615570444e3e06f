import { randomUUID } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import { type AuditDocument, auditDocumentSchema } from '../../contract/audit.contract.ts';
import type { ConstitutionDocument } from '../../contract/constitution.contract.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import type { ReportDocument } from '../../contract/report.contract.ts';
import { DepthRepository } from '../constitution/depth.repository.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import { chooseExamples, type ConstitutionReader } from './example-pairs.ts';
import { choosePrincipleExamples } from './principle-examples.ts';
import { type ReportFileName, writeReport } from './report-files.ts';
import { shortenSources } from './source-names.ts';

interface ReportDependencies {
  readonly database: Database;
  readonly datasets: Pick<DatasetRepository, 'get'>;
  readonly constitutions: ConstitutionReader;
  readonly audits: { latest(datasetId: number): Promise<AuditDocument | null | undefined> };
  /** Where reports go that name no folder of their own. */
  readonly reportsDirectory: string;
  /** Version of the product, printed in every report. */
  readonly version: string;
}

interface ReportSummary {
  readonly reportId: string;
  readonly dataset: string;
  readonly createdAt: string;
  readonly directory: string;
}

const mimes: Readonly<Record<ReportFileName, string>> = {
  'constitution.json': 'application/json',
  'report.html': 'text/html',
  'report.md': 'text/markdown',
};

function makeSlug(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '');
  return slug === '' ? 'dataset' : slug;
}

function noAudits(constitution: ConstitutionDocument): AuditDocument {
  const { dataset, dataset_id, created_at, seed } = constitution;
  return auditDocumentSchema.parse({
    schema: 'assay.audit/1',
    dataset,
    dataset_id,
    created_at,
    seed,
    audits: [],
  });
}

function describeDataset(dataset: Dataset, names: ReadonlyMap<string, string>): ReportDocument['dataset'] {
  const { name, format, sources, pairs, prompts, rejected, duplicates } = dataset;
  return {
    name,
    format,
    sources: [...new Set(sources.map((source) => names.get(source) ?? source))],
    pairs,
    prompts,
    rejected,
    duplicates,
  };
}

/** Makes reports of constitutions, remembers where they are, and reads them back. */
export class ReportService {
  constructor(private readonly dependencies: ReportDependencies) {}

  /**
   * Writes the three files of a report on a constitution and the newest audits of its dataset, and registers the folder.
   * A folder that held a report before holds only the new one. Throws CONSTITUTION_MISSING, DATASET_MISSING,
   * EXPORT_FAILED, DISK_FULL.
   */
  async build(
    constitutionId: number,
    directory?: string,
  ): Promise<{ reportId: string; directory: string; files: string[] }> {
    const { database, reportsDirectory } = this.dependencies;
    const document = await this.assemble(constitutionId);
    const reportId = randomUUID();
    const folder = `${makeSlug(document.dataset.name)}-${document.created_at.slice(0, 10)}-${reportId.slice(0, 8)}`;
    const target = path.resolve(directory ?? path.join(reportsDirectory, folder));
    const files = await writeReport(target, document);
    const { dataset_id: datasetId } = document.constitution;
    await database.write(async (session) => {
      await session.run('DELETE FROM report WHERE directory = ?', [target]);
      await session.run(
        'INSERT INTO report (report_id, dataset_id, directory, created_at) VALUES (?, ?, ?, ?::TIMESTAMPTZ)',
        [reportId, datasetId, target, document.created_at],
      );
    });
    return { reportId, directory: target, files };
  }

  /** Newest first. */
  async list(): Promise<ReportSummary[]> {
    return this.dependencies.database.all<ReportSummary>(
      `SELECT r.report_id AS "reportId", d.name AS dataset, r.created_at AS "createdAt", r.directory
       FROM report r JOIN dataset d USING (dataset_id) ORDER BY r.created_at DESC, r.report_id`,
    );
  }

  /** One file of a registered report as text; nothing outside its folder is read. Throws REPORT_MISSING. */
  async file(
    reportId: string,
    name: ReportFileName,
  ): Promise<{ name: ReportFileName; mime: string; text: string }> {
    const found = await this.dependencies.database.find<{ directory: string }>(
      'SELECT directory FROM report WHERE report_id = ?',
      [reportId],
    );
    if (!found)
      throw new AppError(
        'REPORT_MISSING',
        'There is no such report in this workspace. It may have gone with its dataset; make a new one.',
        { reportId },
      );
    const missing = new AppError(
      'REPORT_MISSING',
      `The report was not opened: ${name} is no longer in ${found.directory}. Make the report again.`,
      { reportId, directory: found.directory, name },
    );
    if (!Object.hasOwn(mimes, name)) throw missing;
    const file = await realpath(path.join(found.directory, name)).catch(() => undefined);
    const directory = await realpath(found.directory).catch(() => undefined);
    if (file === undefined || directory === undefined || path.dirname(file) !== directory) throw missing;
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) throw missing;
    return { name, mime: mimes[name], text };
  }

  private async readDepth(
    constitutionId: number,
    { run }: ConstitutionDocument,
  ): Promise<ReportDocument['depth']> {
    const depth = new DepthRepository(this.dependencies.database);
    return {
      slices: await depth.listSlices(constitutionId),
      groups: await depth.listGroups(constitutionId),
      ceiling: await depth.findCeiling(constitutionId),
      factors: run ? await depth.listFactors(run.run) : [],
    };
  }

  private async assemble(constitutionId: number): Promise<ReportDocument> {
    const { datasets, constitutions, audits, version } = this.dependencies;
    const { document: constitution } = await constitutions.get(constitutionId);
    const dataset = await datasets.get(constitution.dataset_id);
    const latest = await audits.latest(constitution.dataset_id);
    const examples = await chooseExamples(this.dependencies, constitutionId, constitution);
    const names = shortenSources([...dataset.sources, ...examples.map((example) => example.source_file)]);
    return {
      schema: 'assay.report/1',
      title: `What the labels of ${dataset.name} reward`,
      product_version: version,
      created_at: new Date().toISOString(),
      dataset: describeDataset(dataset, names),
      constitution,
      depth: await this.readDepth(constitutionId, constitution),
      principle_examples: await choosePrincipleExamples(this.dependencies, constitutionId, constitution),
      audits: latest ?? noAudits(constitution),
      examples: examples.map((example) => ({
        ...example,
        source_file: names.get(example.source_file) ?? example.source_file,
      })),
    };
  }
}

import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { DatasheetChange, DatasheetDocument } from '../../contract/datasheet.contract.ts';
import {
  compareDatasheets,
  composeDatasheet,
  renderMarkdown,
  type StoredAnswer,
} from './datasheet-document.ts';
import { type Facts, readFacts, readFactsVersion } from './facts.ts';
import { questions } from './questions.ts';

export interface Datasheet {
  readonly document: DatasheetDocument;
  readonly versions: { version: number; createdAt: string }[];
  readonly changes: DatasheetChange[];
}

/** Datasheets: what the data say, what people answered, and the versions that were exported. */
export class DatasheetService {
  /** Facts of a dataset as last computed, with the state of the data they belong to; they take seconds for large datasets. */
  private readonly known = new Map<number, { version: string; facts: Facts }>();

  constructor(private readonly database: Database) {}

  /** Throws DATASET_MISSING. */
  async get(datasetId: number): Promise<Datasheet> {
    return this.database.withReader(async (session) => {
      const document = await this.compose(session, datasetId);
      const last = await findLastVersion(session, datasetId);
      return {
        document,
        versions: await session.all<{ version: number; createdAt: string }>(
          'SELECT version_no AS version, created_at AS "createdAt" FROM datasheet_version WHERE dataset_id = ? ORDER BY version_no DESC',
          [datasetId],
        ),
        changes: last ? compareDatasheets(last.document, document) : [],
      };
    });
  }

  /** Throws DATASET_MISSING, and INPUT_INVALID for a question that does not exist. */
  async answer(datasetId: number, question: string, answer: string | null): Promise<DatasheetDocument> {
    const known = questions.find((one) => one.id === question);
    if (!known) {
      throw new AppError(
        'INPUT_INVALID',
        `Nothing was stored: the datasheet has no question “${question}”. Questions: ${questions.map((one) => one.id).join(', ')}.`,
        { question },
      );
    }
    return this.database.write(async (session) => {
      const before = await this.compose(session, datasetId);
      const entry = before.sections
        .flatMap((section) => section.entries)
        .find((one) => one.question === question);
      await session.run('DELETE FROM datasheet_answer WHERE dataset_id = ? AND question = ?', [
        datasetId,
        question,
      ]);
      if (answer !== null && answer.trim() !== '') {
        await session.run(
          'INSERT INTO datasheet_answer (dataset_id, question, answer, auto_value) VALUES (?, ?, ?, ?)',
          [datasetId, question, answer.trim(), entry?.auto ?? null],
        );
      }
      return this.compose(session, datasetId);
    });
  }

  /** The datasheet as a file; kept as a new version where it differs from the last one. Throws DATASET_MISSING. */
  async export(
    datasetId: number,
    format: 'markdown' | 'json',
  ): Promise<{ name: string; mime: string; text: string; version: number }> {
    const { document, version, changes } = await this.keepVersion(datasetId);
    const stem = `${document.dataset.replace(/[^\p{L}\p{N}._-]+/gu, '-')}-datasheet`;
    if (format === 'json')
      return {
        name: `${stem}.json`,
        mime: 'application/json',
        text: `${JSON.stringify({ version, ...document, changes }, null, 2)}\n`,
        version,
      };
    return {
      name: `${stem}.md`,
      mime: 'text/markdown',
      text: renderMarkdown(document, { version, changes }),
      version,
    };
  }

  private async keepVersion(datasetId: number) {
    return this.database.write(async (session) => {
      const document = await this.compose(session, datasetId);
      const last = await findLastVersion(session, datasetId);
      const changes = last ? compareDatasheets(last.document, document) : [];
      if (last && changes.length === 0) return { document, version: last.version, changes: [] };
      const version = (last?.version ?? 0) + 1;
      await session.run(
        'INSERT INTO datasheet_version (dataset_id, version_no, document) VALUES (?, ?, ?::JSON)',
        [datasetId, version, JSON.stringify(document)],
      );
      return { document, version, changes };
    });
  }

  private async compose(session: Session, datasetId: number): Promise<DatasheetDocument> {
    const dataset = await session.find<{ datasetId: number; name: string }>(
      'SELECT dataset_id AS "datasetId", name FROM dataset WHERE dataset_id = ? AND is_ready',
      [datasetId],
    );
    if (!dataset)
      throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, {
        datasetId,
      });
    const answers = await session.all<StoredAnswer>(
      'SELECT question, answer, auto_value AS "autoValue", answered_at AS "answeredAt" FROM datasheet_answer WHERE dataset_id = ?',
      [datasetId],
    );
    return composeDatasheet(dataset, await this.facts(session, datasetId), answers);
  }

  private async facts(session: Session, datasetId: number): Promise<Facts> {
    const version = await readFactsVersion(session, datasetId);
    const known = this.known.get(datasetId);
    if (known?.version === version) return known.facts;
    const facts = await readFacts(session, datasetId);
    this.known.set(datasetId, { version, facts });
    return facts;
  }
}

async function findLastVersion(
  session: Session,
  datasetId: number,
): Promise<{ version: number; document: DatasheetDocument } | undefined> {
  const row = await session.find<{ version: number; document: string }>(
    'SELECT version_no AS version, document::VARCHAR AS document FROM datasheet_version WHERE dataset_id = ? ORDER BY version_no DESC LIMIT 1',
    [datasetId],
  );
  // Written by `keepVersion` and read back unchanged.
  return row && { version: row.version, document: JSON.parse(row.document) as DatasheetDocument };
}

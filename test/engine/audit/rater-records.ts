import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AuditDocument, AuditFigure, AuditResult } from '../../../electron/contract/audit.contract.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';

export interface AnnotatorRecord {
  readonly name: string;
  readonly kind?: 'human' | 'model';
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface VoteRecord {
  /** Place of the pair in its dataset, from 0. */
  readonly pair: number;
  readonly annotator: string;
  readonly label: string;
  readonly ms?: number;
}

export interface RatingRecord {
  /** Place of the pair, and its side. */
  readonly pair: number;
  readonly side: 'a' | 'b';
  readonly annotator: string;
  readonly aspect: string;
  readonly value?: number;
  readonly text?: string;
}

/** Adds annotators, votes and ratings to a dataset that `storePairs` stored. */
export async function storeRecords(
  workspace: Workspace,
  datasetId: number,
  records: {
    annotators: readonly AnnotatorRecord[];
    votes?: readonly VoteRecord[];
    ratings?: readonly RatingRecord[];
  },
): Promise<void> {
  const numbers = new Map(records.annotators.map(({ name }, index) => [name, datasetId * 1000 + index]));
  const load = (name: string, rows: readonly object[], columns: string) => {
    const file = path.join(workspace.incoming, `${name}.jsonl`);
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    return `read_json('${file}', format = 'newline_delimited', columns = ${columns})`;
  };
  const people = records.annotators.map(({ name, kind = 'human', attributes = null }) => ({
    id: numbers.get(name),
    name,
    kind,
    attributes,
  }));
  const base = datasetId * 10_000_000;
  await workspace.database.write(async (session) => {
    await session.run(
      `INSERT INTO annotator SELECT id, ?, name, kind, attributes, 1 FROM ${load('annotators', people, `{id: 'INTEGER', name: 'VARCHAR', kind: 'VARCHAR', attributes: 'MAP(VARCHAR, VARCHAR)'}`)}`,
      [datasetId],
    );
    const votes = (records.votes ?? []).map(({ pair, annotator, label, ms = null }) => ({
      id: base + pair,
      annotator: numbers.get(annotator),
      label,
      ms,
    }));
    if (votes.length > 0)
      await session.run(
        `INSERT INTO vote SELECT id, ?, annotator, NULL, label, NULL, NULL, ms, 1 FROM ${load('votes', votes, `{id: 'BIGINT', annotator: 'INTEGER', label: 'VARCHAR', ms: 'DOUBLE'}`)}`,
        [datasetId],
      );
    const ratings = (records.ratings ?? []).map(
      ({ pair, side, annotator, aspect, value = null, text = null }) => ({
        id: base + pair * 2 + (side === 'a' ? 0 : 1),
        annotator: numbers.get(annotator),
        aspect,
        value,
        text,
      }),
    );
    if (ratings.length > 0)
      await session.run(
        `INSERT INTO rating SELECT id, ?, annotator, aspect, "value", text, NULL, NULL, 1 FROM ${load('ratings', ratings, `{id: 'BIGINT', annotator: 'INTEGER', aspect: 'VARCHAR', "value": 'DOUBLE', text: 'VARCHAR'}`)}`,
        [datasetId],
      );
  });
}

/** The result of an audit; throws where it stopped by a bug. */
export function resultOf(document: AuditDocument, audit: string): AuditResult {
  const result = document.audits.find((one) => one.audit === audit);
  if (!result) throw new Error(`no result of ${audit}`);
  if (result.failure !== null) throw new Error(`${audit} stopped: ${result.failure}`);
  return result;
}

/** The figure of a metric, of all items or of one slice; throws where there is none. */
export function figureIn(result: AuditResult, metric: string, slice: string | null = null): AuditFigure {
  const found = result.figures.find((figure) => figure.metric === metric && figure.slice_value === slice);
  if (found) return found;
  const known = result.figures.map((figure) => `${figure.metric}/${figure.slice_value ?? ''}`);
  throw new Error(`no figure ${metric}/${slice ?? ''}; there are ${known.join(', ')}`);
}

import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { ExportFormat } from '../../../contract/export.contract.ts';

const internal = ['comparison_id', 'prompt_id', 'response_a_id', 'response_b_id']
  .map(quoteIdentifier)
  .join(', ');

const isLabelled = `label IN ('a', 'b')`;

/** One answer as a message list: its own turns, or one assistant turn. */
const answerOf = (side: 'a' | 'b') =>
  `coalesce(r${side}.messages, [{'role': 'assistant', 'content': r${side}.text}])`;

/** Pairs as TRL's preference format with explicit prompt; conversational when any prompt of the dataset is. */
async function selectTrl(session: Session, datasetId: number): Promise<string> {
  const { isConversational } = await session.one<{ isConversational: boolean }>(
    'SELECT count(messages) > 0 AS "isConversational" FROM prompt WHERE dataset_id = ?',
    [datasetId],
  );
  const prompt = isConversational ? `coalesce(p.messages, [{'role': 'user', 'content': p.text}])` : 'p.text';
  const text = (side: 'a' | 'b') => (isConversational ? answerOf(side) : `r${side}.text`);
  return `SELECT ${prompt} AS prompt,
      CASE label WHEN 'a' THEN ${text('a')} ELSE ${text('b')} END AS chosen,
      CASE label WHEN 'a' THEN ${text('b')} ELSE ${text('a')} END AS rejected
    FROM comparison c JOIN prompt p USING (prompt_id)
    JOIN response ra ON ra.response_id = c.response_a_id JOIN response rb ON rb.response_id = c.response_b_id
    WHERE c.dataset_id = ${datasetId} AND ${isLabelled} ORDER BY comparison_id`;
}

/** A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises for CSV. */
async function selectCsv(session: Session, name: string): Promise<string> {
  const described = await session.all<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * EXCLUDE (${internal}) FROM pairs`,
  );
  const columns = described.map(({ column_name, column_type }) => {
    const quoted = quoteIdentifier(column_name);
    const text = column_type === 'VARCHAR' ? quoted : `${quoted}::VARCHAR`;
    const isText = !/INT|DOUBLE|BOOLEAN/.test(column_type) || column_type.endsWith('[]');
    return isText
      ? `CASE WHEN regexp_matches(${text}, '^[=+\\-@\\t\\r]') THEN '''' || ${text} ELSE ${text} END AS ${quoted}`
      : quoted;
  });
  return `SELECT ${columns.join(', ')} FROM pairs WHERE dataset = ${quoteLiteral(name)} ORDER BY comparison_id`;
}

/** Writes a format DuckDB can write by itself; answers the rows written. */
export async function writeTable(
  session: Session,
  dataset: { datasetId: number; name: string },
  target: { format: Exclude<ExportFormat, 'annotated-pairs'>; file: string },
  options: { signal: AbortSignal; onProgress: (share: number) => void },
): Promise<number> {
  const all = `SELECT * EXCLUDE (${internal}) FROM pairs WHERE dataset = ${quoteLiteral(dataset.name)} ORDER BY comparison_id`;
  const [select, how] = {
    trl: [await selectTrl(session, dataset.datasetId), 'FORMAT json'],
    jsonl: [all, 'FORMAT json'],
    csv: [await selectCsv(session, dataset.name), 'FORMAT csv, HEADER'],
    parquet: [all, 'FORMAT parquet, COMPRESSION zstd'],
  }[target.format] as [string, string];
  return session.run(`COPY (${select}) TO ${quoteLiteral(target.file)} (${how})`, [], options);
}

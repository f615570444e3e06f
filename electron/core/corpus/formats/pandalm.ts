import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  presentVotes,
  problems,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import { columnNamed, hasColumns, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';

const title = 'PandaLM test set';

/** Prefixes of the judges whose verdicts the source holds, such as `gpt` for `gpt_result`. */
function listJudges(shape: SourceShape): string[] {
  return shape.columns.flatMap(({ name }) => /^(.+)_result$/.exec(name)?.[1] ?? []);
}

function listAnnotators(shape: SourceShape): string[] {
  return shape.columns.map(({ name }) => name).filter((name) => /^annotator\d+$/.test(name));
}

/** The name a judge's votes carry; files of the original release say which GPT it was. */
function judgeName(shape: SourceShape, prefix: string): string {
  const named = shape.fileNames.map((file) => /gpt-[\d.]+(-turbo)?/i.exec(file)?.[0]).find(Boolean);
  return prefix === 'gpt' && named ? named : prefix;
}

/** Puts verdict rows, which carry only `idx`, beside the item of that number; no two rows of one kind are merged. */
function mergeVerdicts(shape: SourceShape, judges: readonly string[]): (relation: Sql) => Sql {
  const item = textOf(shape, 'instruction');
  const idx = textOf(shape, 'idx');
  const kinds = [item, ...judges.map((judge) => textOf(shape, `${judge}_result`))].map(
    (kind) => `${kind} IS NULL`,
  );
  const columns = shape.columns.map(({ name }) => quoteIdentifier(name));
  return (relation) => `(
    WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY ${idx}, ${kinds.join(', ')} ORDER BY src_row) AS assay_copy
      FROM ${relation})
    SELECT ${columns.map((column) => `any_value(${column}) AS ${column}`).join(', ')},
      min(src_row) AS src_row, count(*) AS assay_rows
    FROM numbered GROUP BY CASE WHEN assay_copy = 1 AND ${idx} IS NOT NULL THEN 'idx ' || ${idx} ELSE 'row ' || src_row END)`;
}

function humanVote(shape: SourceShape, column: string): Sql {
  const label = `CASE ${numberOf(shape, column)} WHEN 0 THEN 'tie' WHEN 1 THEN 'a' WHEN 2 THEN 'b' END`;
  return voteStruct({ label, annotator: quoteLiteral(column) });
}

function judgeVote(shape: SourceShape, judge: string): Sql {
  const verdict = `lower(trim(${textOf(shape, `${judge}_result`)}))`;
  return voteStruct({
    label: `CASE WHEN ${verdict} IN ('1', 'response 1') THEN 'a' WHEN ${verdict} IN ('2', 'response 2') THEN 'b'
      WHEN ${verdict} = 'tie' THEN 'tie' WHEN ${verdict} IS NOT NULL THEN 'skip' END`,
    annotator: quoteLiteral(judgeName(shape, judge)),
    rationale: `nullif(${textOf(shape, `${judge}_reason`)}, '')`,
  });
}

function model(shape: SourceShape, side: 1 | 2): Sql {
  const key = textOf(shape, 'cmp_key');
  return `CASE WHEN len(string_split(${key}, '_')) = 2 THEN split_part(${key}, '_', ${side}) END`;
}

function read(shape: SourceShape): Reading {
  const judges = listJudges(shape);
  const annotators = listAnnotators(shape);
  const hasItems = columnNamed(shape, 'instruction') !== undefined;
  const isMerged = judges.length > 0 && hasItems && columnNamed(shape, 'idx') !== undefined;
  const input = textOf(shape, 'input');
  return {
    ...(isMerged ? { from: mergeVerdicts(shape, judges), sourceRows: 'assay_rows' } : {}),
    exampleId: textOf(shape, 'idx'),
    promptText: `${textOf(shape, 'instruction')} || coalesce(chr(10) || nullif(${input}, ''), '')`,
    topic: textOf(shape, 'motivation_app'),
    responses: `[${responseStruct(textOf(shape, 'response1'), { model: model(shape, 1) })},
      ${responseStruct(textOf(shape, 'response2'), { model: model(shape, 2) })}]`,
    votes: presentVotes([
      ...annotators.map((column) => humanVote(shape, column)),
      ...judges.map((judge) => judgeVote(shape, judge)),
    ]),
    annotators: `[${[
      ...annotators.map((name) => annotatorStruct(quoteLiteral(name), "'human'")),
      ...judges.map((judge) => annotatorStruct(quoteLiteral(judgeName(shape, judge)), "'model'")),
    ].join(', ')}]`,
    ...problems([
      {
        when: `${textOf(shape, 'instruction')} IS NULL`,
        text: 'This row holds a verdict only and no item of the same idx was found. Import it together with the test set file.',
        column: 'idx',
      },
      {
        when: `${textOf(shape, 'response1')} IS NULL`,
        text: 'There is no first response.',
        column: 'response1',
      },
      {
        when: `${textOf(shape, 'response2')} IS NULL`,
        text: 'There is no second response.',
        column: 'response2',
      },
    ]),
    maxResponses: 2,
    usedColumns: presentColumns(
      shape,
      ...['idx', 'motivation_app', 'instruction', 'input', 'response1', 'response2', ...annotators],
      ...judges.flatMap((judge) => [`${judge}_result`, `${judge}_reason`]),
    ),
    hasSides: true,
    relation: 'pairs',
  };
}

/** PandaLM: pairs with the votes of three people, and the verdicts of judges with reasons, joined by `idx`. */
export const pandalm: FormatReader = {
  id: 'pandalm',
  title,
  description: 'instruction, input, response1, response2, annotator1…3 (0 = tie); verdict files join by idx.',
  detect(shape) {
    if (hasColumns(shape, 'instruction', 'response1', 'response2', 'annotator1')) {
      return { confidence: 0.98, why: 'response1 and response2 with numbered annotators' };
    }
    const [judge] = listJudges(shape);
    if (judge && hasColumns(shape, 'idx', `${judge}_reason`) && !hasColumns(shape, 'response1')) {
      return {
        confidence: 0.9,
        why: 'verdicts on the PandaLM test set without its texts; choose both files together',
      };
    }
    return null;
  },
  read: (shape) => read(shape),
};

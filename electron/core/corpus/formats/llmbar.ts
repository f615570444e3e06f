import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { readNumberedPair } from '../reading/numbered-pair.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, voteStruct } from '../reading/record-parts.ts';
import { columnNamed, hasColumns, listOf, presentColumns, textField, textOf } from '../reading/source-sql.ts';

/** The results file does not name its judge; its own name does where it was renamed. */
function judgeName(shape: SourceShape): string {
  const stem = (shape.fileNames[0] ?? '').replace(/\.(json|jsonl|gz|zst)\b/g, '');
  return stem === '' || stem === 'result' ? 'evaluator' : stem;
}

/** One vote of an order; `winner` counts in the stored order, also in the swapped run. No parsed winner is a skip. */
function orderedVote(swap: 'False' | 'True', judge: string): Sql {
  const run = `json_extract(round, '$."swap = ${swap}"')`;
  const winner = textField(run, 'winner');
  return voteStruct({
    label: `CASE ${winner} WHEN '1' THEN 'a' WHEN '2' THEN 'b' ELSE 'skip' END`,
    annotator: quoteLiteral(judge),
    rationale: `nullif(json_extract_string(${run}, '$.completion[0]'), '')`,
    shownFirst: swap === 'False' ? "'a'" : "'b'",
  });
}

function judgeVotes(shape: SourceShape, judge: string): Sql {
  return `flatten(list_transform(coalesce(${listOf(shape, 'results')}, []),
    lambda round: [${orderedVote('False', judge)}, ${orderedVote('True', judge)}]))`;
}

/** LLMBar: `input`, `output_1`, `output_2`, `label`; result files add what a judge said in both orders. */
export const llmbar: FormatReader = {
  id: 'llmbar',
  title: 'LLMBar',
  description:
    'input, output_1, output_2 and label (1 or 2); evaluator results become two votes, one an order.',
  detect(shape) {
    if (!hasColumns(shape, 'input', 'output_1', 'output_2', 'label')) return null;
    return hasColumns(shape, 'results')
      ? { confidence: 0.98, why: 'output_1, output_2, label and a judge’s results in both orders' }
      : { confidence: 0.95, why: 'input, output_1, output_2 and label' };
  },
  read(shape) {
    const judge = judgeName(shape);
    const hasResults = columnNamed(shape, 'results') !== undefined;
    return {
      ...readNumberedPair({
        prompt: textOf(shape, 'input'),
        first: textOf(shape, 'output_1'),
        second: textOf(shape, 'output_2'),
        label: textOf(shape, 'label'),
        columns: { prompt: 'input', first: 'output_1', second: 'output_2', label: 'label' },
        ...(hasResults
          ? {
              votes: judgeVotes(shape, judge),
              annotators: [annotatorStruct(quoteLiteral(judge), "'model'")],
            }
          : {}),
      }),
      usedColumns: presentColumns(shape, 'input', 'output_1', 'output_2', 'label'),
      hasSides: true,
      relation: 'pairs',
    };
  },
};

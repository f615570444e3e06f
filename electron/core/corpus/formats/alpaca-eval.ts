import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import {
  columnNamed,
  hasColumns,
  numberFromText,
  numberOf,
  plainPair,
  presentColumns,
  textOf,
} from '../reading/source-sql.ts';

/** Words that mean that the judge gave no answer. */
const noAnswer = `('', 'null', 'none', 'nan', 'n/a')`;

function labelOf(preference: Sql): Sql {
  const number = numberFromText(preference);
  return `CASE WHEN lower(trim(${preference})) = 'output_1' THEN 'a' WHEN lower(trim(${preference})) = 'output_2' THEN 'b'
    WHEN lower(trim(${preference})) = 'tie' THEN 'tie' WHEN ${number} IN (0, 1.5) THEN 'tie'
    WHEN ${number} >= 1 AND ${number} < 1.5 THEN 'a' WHEN ${number} > 1.5 AND ${number} <= 2 THEN 'b' END`;
}

/** Distance of a graded preference from the draw, 0..1. */
function strengthOf(shape: SourceShape): Sql {
  const graded = numberOf(shape, columnNamed(shape, 'raw_preference', 'preference') ?? 'preference');
  return `CASE WHEN ${graded} BETWEEN 1 AND 2 THEN abs(${graded} - 1.5) * 2 END`;
}

/** AlpacaEval annotations: a judge's preference as 1…2 (1.5 or 0 = draw) or as a word; output_1 may be the baseline. */
export const alpacaEval: FormatReader = {
  id: 'alpaca-eval-annotations',
  title: 'AlpacaEval annotations',
  description: 'output_1 and output_2 with a preference 1…2 (1.5 or 0 = draw) or a word, by a judge.',
  detect: (shape) =>
    hasColumns(shape, 'instruction', 'output_1', 'output_2', 'preference')
      ? { confidence: 0.98, why: 'It has instruction, output_1, output_2 and preference.' }
      : null,
  read: (shape) => {
    const preference = textOf(shape, 'preference');
    const [first, second] = [textOf(shape, 'output_1'), textOf(shape, 'output_2')];
    const judge = textOf(shape, 'annotator');
    return {
      ...plainPair,
      promptText: textOf(shape, 'instruction'),
      subset: textOf(shape, 'dataset'),
      responses: `[${responseStruct(first, { model: textOf(shape, 'generator_1') })},
        ${responseStruct(second, { model: textOf(shape, 'generator_2') })}]`,
      votes: `[${voteStruct({
        label: labelOf(preference),
        strength: strengthOf(shape),
        annotator: judge,
        ms: `${numberOf(shape, 'time_per_example')} * 1000`,
      })}]`,
      annotators: `CASE WHEN ${judge} IS NOT NULL THEN [${annotatorStruct(judge, "'model'")}] END`,
      usedColumns: presentColumns(
        shape,
        'instruction',
        'dataset',
        'output_1',
        'output_2',
        'generator_1',
        'generator_2',
        'annotator',
        'preference',
        'time_per_example',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: `${first} IS NULL`, text: 'There is no response in “output_1”.', column: 'output_1' },
        { when: `${second} IS NULL`, text: 'There is no response in “output_2”.', column: 'output_2' },
        {
          when: `lower(trim(${preference})) NOT IN ${noAnswer} AND (${labelOf(preference)}) IS NULL`,
          text: 'The preference is neither 1…2 nor 0 nor one of output_1, output_2, tie, null.',
          column: 'preference',
        },
      ]),
    };
  },
};

/** AlpacaEval outputs: what one model answered; no comparison. */
export const alpacaEvalOutputs: FormatReader = {
  id: 'alpaca-eval-outputs',
  title: 'AlpacaEval model outputs',
  description: 'instruction, output and generator: single responses without a label.',
  detect: (shape) =>
    hasColumns(shape, 'instruction', 'output', 'generator') && !hasColumns(shape, 'output_1')
      ? { confidence: 0.9, why: 'It has instruction, output and generator.' }
      : null,
  read: (shape) => ({
    promptText: textOf(shape, 'instruction'),
    subset: textOf(shape, 'dataset'),
    responses: `[${responseStruct(textOf(shape, 'output'), { model: textOf(shape, 'generator') })}]`,
    maxResponses: 1,
    maxVotes: 0,
    usedColumns: presentColumns(shape, 'instruction', 'dataset', 'output', 'generator'),
    hasSides: false,
    relation: 'responses',
    ...problems([
      {
        when: `${textOf(shape, 'output')} IS NULL`,
        text: 'There is no response in “output”.',
        column: 'output',
      },
    ]),
  }),
};

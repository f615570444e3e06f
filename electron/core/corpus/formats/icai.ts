import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  labelFromWord,
  labelWords,
  problems,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import { columnNamed, hasColumns, presentColumns, sampleValues, textOf } from '../reading/source-sql.ts';

const preferred = 'preferred_text';
const parts = ['text_a', 'text_b', preferred, 'prompt', 'input', 'model_a', 'model_b'];
/** Words that pandas writes for a missing value. */
const absent = `('', 'nan', 'none', 'null')`;

/** Other columns that hold text_a and text_b: at most ten different values in the sample, each a label word or empty. */
function annotatorColumns(shape: SourceShape): string[] {
  const known = new Set(presentColumns(shape, ...parts));
  return shape.columns
    .filter((column) => !known.has(column.name))
    .map((column) => column.name)
    .filter((name) => {
      const words = new Set(sampleValues(shape, name).map((value) => String(value).trim().toLowerCase()));
      const isVote = [...words].every((word) => labelWords.has(word) || ['', 'nan', 'none'].includes(word));
      return words.size <= 10 && isVote && (words.has('text_a') || words.has('text_b'));
    });
}

const isUnknownWord = (word: Sql) =>
  `lower(trim(${word})) NOT IN ${absent} AND (${labelFromWord(word)}) IS NULL`;

/** Inverse Constitutional AI's CSV: the preferred text is named by the word text_a or text_b. */
export const icai: FormatReader = {
  id: 'icai',
  title: 'ICAI pairs (text_a, text_b, preferred_text)',
  description:
    'The label is the word text_a, text_b, tie or tie (bothbad); further columns of such words are annotators.',
  detect: (shape) =>
    hasColumns(shape, 'text_a', 'text_b', preferred)
      ? { confidence: 0.98, why: 'It has text_a, text_b and preferred_text.' }
      : null,
  read: (shape) => {
    const [a, b] = [textOf(shape, 'text_a'), textOf(shape, 'text_b')];
    const others = annotatorColumns(shape);
    const prompt = columnNamed(shape, 'prompt', 'input');
    const id = columnNamed(shape, 'index', 'id', 'comparison_id');
    const overall = voteStruct({
      label: labelFromWord(textOf(shape, preferred)),
      annotator: quoteLiteral(preferred),
    });
    const votes = others.map((name) =>
      voteStruct({ label: labelFromWord(textOf(shape, name)), annotator: quoteLiteral(name) }),
    );
    const cast = `list_filter([${votes.join(', ')}], lambda one: one.label IS NOT NULL)`;
    const kindOfColumn = (name: string) => (/human/i.test(name) ? "'human'" : "'unknown'");
    return {
      ...(id ? { exampleId: textOf(shape, id) } : {}),
      promptText: prompt ? `coalesce(${textOf(shape, prompt)}, '')` : "''",
      responses: `[${responseStruct(a, { model: textOf(shape, 'model_a') })}, ${responseStruct(b, { model: textOf(shape, 'model_b') })}]`,
      votes: others.length > 0 ? `list_concat([${overall}], ${cast})` : `[${overall}]`,
      annotators: `[${[preferred, ...others].map((name) => annotatorStruct(quoteLiteral(name), kindOfColumn(name))).join(', ')}]`,
      maxResponses: 2,
      maxVotes: 1 + others.length,
      usedColumns: [
        ...presentColumns(shape, 'text_a', 'text_b', preferred, 'model_a', 'model_b'),
        ...others,
        ...(prompt ? [prompt] : []),
        ...(id ? [id] : []),
      ],
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: `${a} IS NULL`, text: 'There is no response in “text_a”.', column: 'text_a' },
        { when: `${b} IS NULL`, text: 'There is no response in “text_b”.', column: 'text_b' },
        ...[preferred, ...others].map((column) => ({
          when: isUnknownWord(textOf(shape, column)),
          text: `The label in “${column}” is none of text_a, text_b, tie, tie (bothbad).`,
          column,
        })),
      ]),
    };
  },
};

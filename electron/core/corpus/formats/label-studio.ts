import type { FormatReader, Sql } from '../reading/reader.ts';
import { presentVotes, problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import {
  hasColumns,
  itemsOf,
  jsonOf,
  listOf,
  numberField,
  presentColumns,
  someValue,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const promptNames = ['prompt', 'question', 'instruction', 'input', 'text'];
const sideNames: readonly (readonly [string, string])[] = [
  ['answer1', 'answer2'],
  ['answer_1', 'answer_2'],
  ['response1', 'response2'],
  ['response_1', 'response_2'],
  ['response_a', 'response_b'],
  ['text1', 'text2'],
  ['left', 'right'],
];

function firstField(json: Sql, names: readonly string[]): Sql {
  return `coalesce(${names.map((name) => textField(json, name)).join(', ')})`;
}

function isPairTask(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    sideNames.some(([first, second]) => first in value && second in value)
  );
}

/** One annotation as a vote; a cancelled one is a skip, one without a pairwise result no vote. */
function annotationVote(): Sql {
  const results = itemsOf(`json_extract(given, '$.result')`);
  const selected = `json_extract_string(list_filter(${results}, lambda part:
    lower(${textField('part', 'type')}) = 'pairwise')[1], '$.value.selected')`;
  const person = `json_extract(given, '$.completed_by')`;
  return voteStruct({
    label: `CASE WHEN ${textField('given', 'was_cancelled')} = 'true' THEN 'skip'
      WHEN ${selected} = 'left' THEN 'a' WHEN ${selected} = 'right' THEN 'b' END`,
    annotator: `CASE WHEN json_type(${person}) = 'OBJECT' THEN ${firstField(person, ['email', 'id'])}
      ELSE json_extract_string(${person}, '$') END`,
    ms: `${numberField('given', 'lead_time')} * 1000`,
  });
}

/** Label Studio's JSON export of a pairwise project; each annotation is a vote. */
export const labelStudio: FormatReader = {
  id: 'label-studio',
  title: 'Label Studio pairwise export',
  description:
    'Tasks with data{prompt, answer1, answer2} and annotations whose result selects left or right.',
  detect: (shape) =>
    hasColumns(shape, 'data', 'annotations') && someValue(shape, 'data', isPairTask)
      ? { confidence: 0.97, why: 'tasks with two answers and a list of annotations' }
      : null,
  read(shape) {
    const data = jsonOf(shape, 'data');
    const first = firstField(
      data,
      sideNames.map(([name]) => name),
    );
    const second = firstField(
      data,
      sideNames.map(([, name]) => name),
    );
    const prompt = firstField(data, promptNames);
    return {
      exampleId: textOf(shape, 'id'),
      promptText: prompt,
      responses: `[${responseStruct(first)}, ${responseStruct(second)}]`,
      votes: presentVotes(
        [],
        `list_transform(coalesce(${listOf(shape, 'annotations')}, []), lambda given: ${annotationVote()})`,
      ),
      ...problems([
        { when: `${prompt} IS NULL`, text: 'The task’s data hold no prompt.', column: 'data' },
        {
          when: `${first} IS NULL OR ${second} IS NULL`,
          text: 'The task’s data do not hold two answers.',
          column: 'data',
        },
      ]),
      maxResponses: 2,
      usedColumns: presentColumns(shape, 'id'),
      hasSides: true,
      relation: 'pairs',
    };
  },
};

import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Mapping } from '../../../contract/import.contract.ts';
import {
  messageStruct,
  messagesOf,
  messagesType,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
} from '../reading/message-sql.ts';
import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader, Part, Reading, SourceShape, Sql } from '../reading/reader.ts';
import {
  labelFromWord,
  type Problem,
  presentRatings,
  problems,
  ratingStruct,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import {
  booleanOf,
  columnNamed,
  findColumn,
  holdsMessages,
  kindOf,
  numberOf,
  plainPair,
  textOf,
} from '../reading/source-sql.ts';

const part = (name: string, title: string, ...aliases: string[]): Part => ({
  part: name,
  title,
  isRequired: false,
  aliases: [name, ...aliases],
});

const parts: readonly Part[] = [
  part('prompt', 'Prompt', 'instruction', 'question', 'input', 'query', 'context', 'history'),
  part('system', 'System prompt', 'system_prompt'),
  part(
    'response_a',
    'Response A',
    'response_1',
    'response1',
    'answer_a',
    'answer_1',
    'answer1',
    'output_a',
    'output_1',
    'completion_a',
    'text_a',
    'answer_0',
  ),
  part(
    'response_b',
    'Response B',
    'response_2',
    'response2',
    'answer_b',
    'answer_2',
    'answer2',
    'output_b',
    'output_2',
    'completion_b',
    'text_b',
  ),
  part('chosen', 'Chosen response', 'chosen_response', 'preferred', 'win', 'better'),
  part('rejected', 'Rejected response', 'rejected_response', 'dispreferred', 'lose', 'worse'),
  part('label', 'Label (a, b, tie, …)', 'winner', 'preference', 'preferred_text', 'choice', 'vote'),
  part('model_a', 'Model of A (or of chosen)', 'model_1', 'generator_1', 'chosen_model'),
  part('model_b', 'Model of B (or of rejected)', 'model_2', 'generator_2', 'rejected_model'),
  part('strength', 'Strength of the preference, 0–1', 'margin_01'),
  part(
    'annotator',
    'Annotator',
    'annotator_id',
    'judge',
    'rater',
    'rater_id',
    'worker',
    'worker_id',
    'evaluator',
  ),
  part('example_id', 'Id of the example', 'id', 'uid', 'uuid', 'index'),
  part('language', 'Language', 'lang'),
  part('topic', 'Topic', 'category', 'domain'),
  part('subset', 'Subset or split', 'split', 'source', 'dataset'),
  part('response', 'Single response', 'completion', 'answer', 'output', 'text'),
  part('rating', 'Rating of the single response', 'score', 'stars'),
];

function invalid(message: string, mapping: Mapping): AppError {
  return new AppError('IMPORT_MAPPING_INVALID', `Nothing was read: ${message}`, { mapping });
}

/** Which columns go together: a chosen/rejected pair, two responses, or one response. */
function shapeOfMapping(mapping: Mapping): 'chosen' | 'sides' | 'single' | undefined {
  if (mapping['chosen'] && mapping['rejected']) return 'chosen';
  if (mapping['response_a'] && mapping['response_b']) return 'sides';
  return mapping['response'] ? 'single' : undefined;
}

const unusedParts = {
  chosen: ['response_a', 'response_b', 'label', 'response', 'rating'],
  sides: ['chosen', 'rejected', 'response', 'rating'],
  single: ['response_a', 'response_b', 'chosen', 'rejected', 'strength', 'model_b'],
} as const;

/** Columns that the record holds; those mapped to parts that do not go with the others stay in `extra`. */
function usedBy(mapping: Mapping): string[] {
  const unused: readonly string[] = unusedParts[shapeOfMapping(mapping) ?? 'single'];
  return Object.entries(mapping).flatMap(([name, column]) => (unused.includes(name) ? [] : [column]));
}

function suggest(shape: SourceShape): Mapping {
  const found = parts.flatMap((one) => {
    const column = columnNamed(shape, ...one.aliases);
    return column === undefined ? [] : [[one.part, column] as const];
  });
  return Object.fromEntries(found);
}

function checkMapping(shape: SourceShape, mapping: Mapping): Mapping {
  const known = new Set(parts.map((one) => one.part));
  for (const [name, column] of Object.entries(mapping)) {
    if (!known.has(name)) throw invalid(`“${name}” is no part of a record.`, mapping);
    if (!shape.columns.some((candidate) => candidate.name === column)) {
      throw invalid(`the source has no column “${column}”. Choose another one for ${name}.`, mapping);
    }
  }
  if (shapeOfMapping(mapping) === undefined) {
    throw invalid('map chosen and rejected, or response A and response B, or a single response.', mapping);
  }
  return mapping;
}

/** Prompt, and the members that every mapped record has. */
function commonMembers(shape: SourceShape, mapping: Mapping) {
  const text = (name: string) => (mapping[name] ? textOf(shape, mapping[name]) : undefined);
  const { prompt, system } = mapping;
  const asked = prompt
    ? holdsMessages(shape, prompt)
      ? `coalesce(${messagesOf(shape, prompt)}, [])`
      : `CASE WHEN coalesce(${textOf(shape, prompt)}, '') <> '' THEN [${messageStruct("'user'", textOf(shape, prompt))}] ELSE [] END`
    : `[]::${messagesType}`;
  const before = system
    ? `CASE WHEN coalesce(${textOf(shape, system)}, '') <> '' THEN [${messageStruct("'system'", textOf(shape, system))}] ELSE [] END`
    : undefined;
  const isPlain = before === undefined && !(prompt && holdsMessages(shape, prompt));
  const messages = before ? `list_concat(${before}, ${asked})` : asked;
  const optional = (member: 'exampleId' | 'language' | 'topic' | 'subset', name: string) => {
    const expression = text(name);
    return expression ? { [member]: expression } : {};
  };
  return {
    ...(isPlain
      ? { promptText: prompt ? `coalesce(${textOf(shape, prompt)}, '')` : "''" }
      : {
          from: (relation: Sql) =>
            `(SELECT *, ${messages}::${messagesType} AS assay_prompt FROM ${relation})`,
          promptText: `coalesce(${renderMessages('assay_prompt')}, '')`,
          promptMessages: promptMessages('nullif(assay_prompt, [])'),
        }),
    ...optional('exampleId', 'example_id'),
    ...optional('language', 'language'),
    ...optional('topic', 'topic'),
    ...optional('subset', 'subset'),
    usedColumns: usedBy(mapping),
  };
}

function responseOf(
  shape: SourceShape,
  column: string,
  model: string | undefined,
): { struct: Sql; problem: Problem } {
  const modelText = model ? { model: textOf(shape, model) } : {};
  const missing = (when: Sql): Problem => ({ when, text: `There is no response in “${column}”.`, column });
  if (!holdsMessages(shape, column)) {
    const text = textOf(shape, column);
    return { struct: responseStruct(text, modelText), problem: missing(`${text} IS NULL`) };
  }
  const messages = messagesOf(shape, column, 'assistant');
  return {
    struct: responseStruct(responseText(`(${messages})`), {
      ...modelText,
      messages: responseMessages(`(${messages})`),
    }),
    problem: missing(`coalesce(len(${messages}), 0) = 0`),
  };
}

/** The label words of a column; besides the vocabulary, the names of the two mapped response columns name their sides. */
function labelOf(shape: SourceShape, mapping: Mapping): Sql {
  const label = mapping['label'];
  if (!label) return 'NULL';
  const word = textOf(shape, label);
  const side = (name: string | undefined, value: string) =>
    name ? `WHEN lower(trim(${word})) = ${quoteLiteral(name.toLowerCase())} THEN '${value}'` : '';
  return `CASE ${side(mapping['response_a'], 'a')} ${side(mapping['response_b'], 'b')} ELSE ${labelFromWord(`regexp_replace(${word}, '^([0-9])\\.0$', '\\1')`)} END`;
}

function readSides(shape: SourceShape, mapping: Mapping): Reading {
  const a = responseOf(shape, mapping['response_a'] ?? '', mapping['model_a']);
  const b = responseOf(shape, mapping['response_b'] ?? '', mapping['model_b']);
  const label = labelOf(shape, mapping);
  const column = mapping['label'];
  const word = column ? textOf(shape, column) : 'NULL';
  const strength = mapping['strength'] ? numberOf(shape, mapping['strength']) : undefined;
  return {
    ...plainPair,
    ...commonMembers(shape, mapping),
    responses: `[${a.struct}, ${b.struct}]`,
    votes: `[${voteStruct({
      label,
      ...(strength ? { strength: `CASE WHEN ${strength} BETWEEN 0 AND 1 THEN ${strength} END` } : {}),
      ...(mapping['annotator'] ? { annotator: textOf(shape, mapping['annotator']) } : {}),
    })}]`,
    hasSides: true,
    relation: 'pairs',
    ...problems([
      a.problem,
      b.problem,
      ...(column
        ? [
            {
              when: `lower(trim(${word})) NOT IN ('', 'null', 'none', 'nan') AND (${label}) IS NULL`,
              text: `The label in “${column}” is none of a, b, 1, 2, 0, tie, both_bad, skip.`,
              column,
            },
          ]
        : []),
    ]),
  };
}

function readSingleResponse(shape: SourceShape, mapping: Mapping): Reading {
  const response = responseOf(shape, mapping['response'] ?? '', mapping['model_a']);
  const annotator = mapping['annotator'] ? { annotator: textOf(shape, mapping['annotator']) } : {};
  const label = mapping['label'];
  const ratings = presentRatings([
    ...(mapping['rating']
      ? [
          ratingStruct({
            response: 0,
            aspect: "'rating'",
            value: numberOf(shape, mapping['rating']),
            ...annotator,
          }),
        ]
      : []),
    ...(label
      ? [
          ratingStruct({
            response: 0,
            aspect: "'label'",
            value: `(${booleanOf(shape, label)})::INTEGER`,
            valueText: `CASE WHEN (${booleanOf(shape, label)}) IS NULL THEN ${textOf(shape, label)} END`,
            ...annotator,
          }),
        ]
      : []),
  ]);
  return {
    ...commonMembers(shape, mapping),
    responses: `[${response.struct}]`,
    ...(ratings ? { ratings } : {}),
    maxResponses: 1,
    maxVotes: 0,
    hasSides: false,
    relation: 'responses',
    ...problems([response.problem]),
  };
}

function readChosen(shape: SourceShape, mapping: Mapping): Reading {
  const reading = readPairs(shape, {
    prompt: mapping['prompt'],
    system: mapping['system'],
    chosen: mapping['chosen'] ?? '',
    rejected: mapping['rejected'] ?? '',
    chosenModel: mapping['model_a'],
    rejectedModel: mapping['model_b'],
    exampleId: mapping['example_id'],
    subset: mapping['subset'],
    topic: mapping['topic'],
    language: mapping['language'],
  });
  const strength = mapping['strength'] ? numberOf(shape, mapping['strength']) : 'NULL';
  const annotator = mapping['annotator'] ? textOf(shape, mapping['annotator']) : 'NULL';
  return {
    ...reading,
    votes: `[${voteStruct({ label: "'a'", strength: `CASE WHEN ${strength} BETWEEN 0 AND 1 THEN ${strength} END`, annotator })}]`,
    usedColumns: usedBy(mapping),
  };
}

/** Any table whose columns a person names: chosen and rejected, two sides with a label, or single responses. */
export const mapped: FormatReader = {
  id: 'mapped',
  title: 'Table with columns chosen by hand',
  description: 'CSV, JSON or Parquet whose columns are mapped to the parts of a record.',
  parts,
  detect: (shape) => {
    const found = shapeOfMapping(suggest(shape));
    if (found === undefined) return null;
    const texts = findColumn(shape, 'text', 'response');
    if (found === 'single' && texts && kindOf(texts.type) === 'number') return null;
    return {
      confidence: found === 'single' ? 0.32 : 0.4,
      why: 'Its column names can be mapped to the parts of a record.',
    };
  },
  read: (shape, mapping) => {
    const checked = checkMapping(shape, Object.keys(mapping).length > 0 ? mapping : suggest(shape));
    const kind = shapeOfMapping(checked);
    if (kind === 'chosen') return readChosen(shape, checked);
    return kind === 'sides' ? readSides(shape, checked) : readSingleResponse(shape, checked);
  },
};

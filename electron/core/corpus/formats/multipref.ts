import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  presentVotes,
  problems,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import {
  columnNamed,
  hasColumns,
  listOf,
  numberField,
  presentColumns,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const workers = ['normal', 'expert'] as const;
const aspects = ['overall', 'helpful', 'truthful', 'harmless'] as const;
type Aspect = (typeof aspects)[number];

/** Confidence and reasons in words: everything an annotation says about one aspect beside the preference. */
function rationale(aspect: Aspect): Sql {
  const member = (name: string) => textField('given', `${aspect}_${name}`);
  const reasons = `json_extract(given, '$.${aspect}_checked_reasons')`;
  const checked = `CASE WHEN json_type(${reasons}) = 'ARRAY'
    THEN array_to_string(list_transform(TRY_CAST(${reasons} AS JSON[]), lambda reason: json_extract_string(reason, '$')), '; ')
    ELSE json_extract_string(${reasons}, '$') END`;
  return `nullif(concat_ws(chr(10), nullif(${checked}, ''), nullif(${member('added_reasons')}, ''),
    'Confidence: ' || nullif(${member('confidence')}, '')), '')`;
}

/** One aspect of an annotation as a vote. Clearly = 1, slightly = 0.5, tie = 0. The time is of the whole annotation. */
function aspectVote(aspect: Aspect): Sql {
  const word = textField('given', `${aspect}_pref`);
  return voteStruct({
    label: `CASE WHEN ${word} LIKE 'A-is-%' THEN 'a' WHEN ${word} LIKE 'B-is-%' THEN 'b' WHEN lower(${word}) = 'tie' THEN 'tie' END`,
    strength: `CASE WHEN ${word} LIKE '%-clearly-better' THEN 1 WHEN ${word} LIKE '%-slightly-better' THEN 0.5
      WHEN lower(${word}) = 'tie' THEN 0 END`,
    annotator: textField('given', 'evaluator'),
    rationale: rationale(aspect),
    ...(aspect === 'overall'
      ? { ms: `${numberField('given', 'time_spent')} * 1000` }
      : { aspect: quoteLiteral(aspect) }),
  });
}

function annotations(shape: SourceShape, worker: string): Sql {
  return `coalesce(${listOf(shape, `${worker}_worker_annotations`)}, [])`;
}

function votes(shape: SourceShape): Sql {
  const given = `list_concat(${workers.map((worker) => annotations(shape, worker)).join(', ')})`;
  const each = `[${aspects.map(aspectVote).join(', ')}]`;
  return presentVotes([], `flatten(list_transform(${given}, lambda given: ${each}))`);
}

function annotatorsOf(shape: SourceShape, worker: string): Sql {
  const struct = annotatorStruct(textField('given', 'evaluator'), "'human'", {
    worker: quoteLiteral(worker),
  });
  return `list_transform(${annotations(shape, worker)}, lambda given: ${struct})`;
}

/** MultiPref: two completions judged by normal and by expert workers, overall and in three aspects. */
export const multipref: FormatReader = {
  id: 'multipref',
  title: 'MultiPref',
  description: 'completion_a, completion_b and lists of normal and expert annotations on a five-point scale.',
  detect: (shape) =>
    hasColumns(shape, 'text', 'completion_a', 'completion_b') &&
    columnNamed(shape, 'normal_worker_annotations', 'expert_worker_annotations') !== undefined
      ? { confidence: 0.99, why: 'completion_a and completion_b with lists of worker annotations' }
      : null,
  read(shape) {
    return {
      exampleId: textOf(shape, 'comparison_id'),
      promptText: textOf(shape, 'text'),
      topic: textOf(shape, 'category'),
      subset: textOf(shape, 'source'),
      responses: `[${responseStruct(textOf(shape, 'completion_a'), { model: textOf(shape, 'model_a') })},
        ${responseStruct(textOf(shape, 'completion_b'), { model: textOf(shape, 'model_b') })}]`,
      votes: votes(shape),
      annotators: `list_concat(${workers.map((worker) => annotatorsOf(shape, worker)).join(', ')})`,
      ...problems([
        { when: `${textOf(shape, 'text')} IS NULL`, text: 'There is no prompt.', column: 'text' },
        {
          when: `${textOf(shape, 'completion_a')} IS NULL`,
          text: 'There is no first completion.',
          column: 'completion_a',
        },
        {
          when: `${textOf(shape, 'completion_b')} IS NULL`,
          text: 'There is no second completion.',
          column: 'completion_b',
        },
      ]),
      maxResponses: 2,
      usedColumns: presentColumns(
        shape,
        ...[
          'comparison_id',
          'text',
          'category',
          'source',
          'completion_a',
          'completion_b',
          'model_a',
          'model_b',
        ],
      ),
      hasSides: true,
      relation: 'pairs',
    };
  },
};

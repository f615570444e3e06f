import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { renderSteps, stepsOf, stepStruct, trajectoryStruct } from '../reading/episode-reading.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { labelFromWord, problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import {
  columnNamed,
  everyValue,
  findColumn,
  jsonOf,
  numberOf,
  plainPair,
  presentColumns,
  someValue,
  textOf,
} from '../reading/source-sql.ts';

const stepColumns = ['steps', 'transitions', 'trajectory'] as const;
const sideColumns = ['observations', 'states', 'actions', 'rewards', 'terminals', 'dones', 'values'] as const;
const goalColumns = ['goal', 'task', 'instruction', 'goal_info', 'env', 'env_id', 'environment'] as const;
const episodeColumns = [
  ...['success', 'is_success', 'episode_length', 'length', 'n_steps', 'start_value', 'v_start'],
  ...['end_value', 'v_end'],
] as const;

const isStep = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  ('action' in value || 'act' in value || 'action_type' in value);
const isStepList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isStep);
const isEpisode = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  (stepColumns.some((key) => key in value && isStepList((value as Record<string, unknown>)[key])) ||
    ('actions' in value && 'rewards' in value));

/** The columns that make an episode, as one JSON object. */
function episodeJson(shape: SourceShape): Sql {
  const members = presentColumns(shape, ...stepColumns, ...sideColumns, ...episodeColumns);
  const parts = members.map((name) => `${quoteLiteral(name.toLowerCase())}, ${jsonOf(shape, name)}`);
  return `json_object(${parts.join(', ')})`;
}

function goalOf(shape: SourceShape, fallback: string): Sql {
  const goals = presentColumns(shape, ...goalColumns).map((name) => textOf(shape, name));
  return `coalesce(${[...goals, quoteLiteral(fallback)].join(', ')})`;
}

const structs = (episode: Sql) =>
  `list_transform(${stepsOf(episode)}, lambda one_step: ${stepStruct('one_step')})`;

/** Episodes of an agent, one a row: a list of steps, or lists of observations, actions and rewards side by side (D4RL). */
export const episodes: FormatReader = {
  id: 'episodes',
  title: 'Episodes (steps with actions and rewards)',
  description:
    'One episode a row: a list of steps with action and reward, or lists of observations, actions and rewards as in D4RL.',
  detect(shape) {
    const steps = columnNamed(shape, ...stepColumns);
    if (steps !== undefined && someValue(shape, steps, isStepList))
      return { confidence: 0.93, why: `${steps} is a list of steps with actions` };
    const isSideBySide = ['actions', 'rewards'].every(
      (name) => findColumn(shape, name) !== undefined && everyValue(shape, name, Array.isArray),
    );
    return isSideBySide ? { confidence: 0.92, why: 'lists of actions and rewards side by side' } : null;
  },
  read(shape) {
    const id = columnNamed(shape, 'episode_id', 'episode', 'trajectory_id', 'id');
    const exampleId = id === undefined ? 'src_row::VARCHAR' : textOf(shape, id);
    const model = textOf(shape, columnNamed(shape, 'policy', 'model', 'agent') ?? 'policy');
    return {
      from: (relation) =>
        `(SELECT *, ${structs('assay_episode')} AS assay_steps FROM (SELECT *, ${episodeJson(shape)} AS assay_episode FROM ${relation}))`,
      exampleId,
      promptText: goalOf(shape, 'An episode'),
      subset: textOf(shape, columnNamed(shape, 'split', 'subset') ?? 'split'),
      responses: `[${responseStruct(renderSteps('assay_steps'), { model })}]`,
      trajectories: `[${trajectoryStruct({ response: 0, episode: 'assay_episode', steps: 'assay_steps', id: exampleId })}]`,
      ...problems([
        {
          when: 'coalesce(len(assay_steps), 0) = 0',
          text: 'The episode has no steps.',
          column: columnNamed(shape, ...stepColumns, 'actions') ?? 'steps',
        },
      ]),
      usedColumns: presentColumns(
        shape,
        ...stepColumns,
        ...sideColumns,
        ...episodeColumns,
        ...goalColumns,
        ...['policy', 'model', 'agent', 'split', 'subset', ...(id === undefined ? [] : [id])],
      ),
      maxResponses: 1,
      maxVotes: 0,
      hasSides: false,
      relation: 'responses',
    };
  },
};

const pairColumns = [
  ['segment_1', 'segment_2'],
  ['segment_a', 'segment_b'],
  ['episode_1', 'episode_2'],
  ['episode_a', 'episode_b'],
  ['trajectory_1', 'trajectory_2'],
  ['trajectory_a', 'trajectory_b'],
] as const;

function findPair(shape: SourceShape): readonly [string, string] | undefined {
  for (const [first, second] of pairColumns) {
    const a = columnNamed(shape, first);
    const b = columnNamed(shape, second);
    if (a !== undefined && b !== undefined && someValue(shape, a, isEpisode)) return [a, b];
  }
  return undefined;
}

/** Two episodes or segments a row with a vote: the data of reward learning from preferences. */
export const episodePairs: FormatReader = {
  id: 'episode-pairs',
  title: 'Pairs of episodes or segments with a label',
  description:
    'segment_1 and segment_2 (or episode_a and episode_b), each with steps, and which was preferred.',
  detect(shape) {
    const pair = findPair(shape);
    return pair ? { confidence: 0.95, why: `${pair[0]} and ${pair[1]} hold episodes` } : null;
  },
  read(shape) {
    const [a, b] = findPair(shape) ?? ['segment_1', 'segment_2'];
    const label = columnNamed(shape, 'label', 'preference', 'preferred', 'winner', 'chosen') ?? 'label';
    const id = columnNamed(shape, 'id', 'pair_id', 'example_id');
    const share = numberOf(shape, label);
    const vote = voteStruct({
      label: `CASE WHEN ${share} = 0.5 THEN 'tie' ELSE ${labelFromWord(textOf(shape, label))} END`,
      annotator: textOf(shape, columnNamed(shape, 'annotator', 'rater', 'worker_id') ?? 'annotator'),
    });
    const idOf = (side: string, name: string) =>
      `coalesce(json_extract_string(${side}, '$.episode_id'), concat(src_row, ${quoteLiteral(`.${name}`)}))`;
    return {
      from: (
        relation,
      ) => `(SELECT *, ${structs('assay_a')} AS assay_steps_a, ${structs('assay_b')} AS assay_steps_b
        FROM (SELECT *, ${jsonOf(shape, a)} AS assay_a, ${jsonOf(shape, b)} AS assay_b FROM ${relation}))`,
      ...(id === undefined ? {} : { exampleId: textOf(shape, id) }),
      promptText: goalOf(shape, 'Which segment is better?'),
      subset: textOf(shape, columnNamed(shape, 'split', 'subset') ?? 'split'),
      responses: `[${responseStruct(renderSteps('assay_steps_a'))}, ${responseStruct(renderSteps('assay_steps_b'))}]`,
      votes: `[${vote}]`,
      trajectories: `[${trajectoryStruct({ response: 0, episode: 'assay_a', steps: 'assay_steps_a', id: idOf('assay_a', 'a') })},
        ${trajectoryStruct({ response: 1, episode: 'assay_b', steps: 'assay_steps_b', id: idOf('assay_b', 'b') })}]`,
      ...problems([
        { when: 'coalesce(len(assay_steps_a), 0) = 0', text: 'The first episode has no steps.', column: a },
        { when: 'coalesce(len(assay_steps_b), 0) = 0', text: 'The second episode has no steps.', column: b },
      ]),
      usedColumns: presentColumns(
        shape,
        ...goalColumns,
        ...[
          a,
          b,
          label,
          'annotator',
          'rater',
          'worker_id',
          'split',
          'subset',
          ...(id === undefined ? [] : [id]),
        ],
      ),
      ...plainPair,
      hasSides: true,
      relation: 'pairs',
    };
  },
};

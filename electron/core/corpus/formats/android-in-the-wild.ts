import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { boxesOf, renderSteps, stepStruct, trajectoryStruct } from '../reading/episode-reading.ts';
import { groupSource } from '../reading/grouped-source.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { problems, responseStruct } from '../reading/record-parts.ts';
import { columnNamed, jsonOf, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';

/** Names of the action types of the released data, by number. */
const actionNames: Readonly<Record<string, string>> = {
  '0': 'unused',
  '3': 'type',
  '4': 'dual_point',
  '5': 'press_back',
  '6': 'press_home',
  '7': 'press_enter',
  '10': 'status_task_complete',
  '11': 'status_task_impossible',
};

/** Columns by part, as TensorFlow examples name them and as tables made from them do. */
const columns = {
  episode: ['episode_id'],
  step: ['step_id'],
  length: ['episode_length'],
  goal: ['goal_info', 'goal'],
  action: ['results/action_type', 'results_action_type', 'action_type', 'result_action_type'],
  text: [
    'results/type_action',
    'results_type_action',
    'type_text',
    'result_action_text',
    'results/type_text',
  ],
  touch: ['results/yx_touch', 'results_yx_touch', 'touch', 'result_touch_yx'],
  lift: ['results/yx_lift', 'results_yx_lift', 'lift', 'result_lift_yx'],
  boxes: ['image/ui_annotations_positions', 'image_ui_annotations_positions', 'ui_positions', 'boxes'],
  image: ['screenshot', 'image_path', 'image'],
} as const;

const attributeColumns = [
  'android_api_level',
  'device_type',
  'current_activity',
  'domain',
  'verb',
  'subject',
];

type Part = keyof typeof columns;

const nameOf = (shape: SourceShape, part: Part): string | undefined => columnNamed(shape, ...columns[part]);

function jsonPart(shape: SourceShape, part: Part): Sql {
  const name = nameOf(shape, part);
  return name === undefined ? 'NULL::JSON' : jsonOf(shape, name);
}

function textPart(shape: SourceShape, part: Part): Sql {
  return textOf(shape, nameOf(shape, part) ?? part);
}

/** One row as the JSON object of a step. */
function stepJson(shape: SourceShape): Sql {
  const names = Object.entries(actionNames).map(
    ([number, name]) => `WHEN ${quoteLiteral(number)} THEN ${quoteLiteral(name)}`,
  );
  const type = `CASE ${textPart(shape, 'action')} ${names.join(' ')} ELSE lower(${textPart(shape, 'action')}) END`;
  return `json_object('step_id', ${textPart(shape, 'step')}, 'action_type', ${type},
    'action', concat(${type}, ' ' || nullif(${textPart(shape, 'text')}, '')), 'touch', ${jsonPart(shape, 'touch')},
    'lift', ${jsonPart(shape, 'lift')}, 'boxes', ${boxesOf(jsonPart(shape, 'boxes'))},
    'screenshot', ${textPart(shape, 'image')})`;
}

/** Screen episodes with one step a row, as Android in the Wild names its features; grouped by episode. */
export const androidInTheWild: FormatReader = {
  id: 'android-in-the-wild',
  title: 'Android in the Wild (screen episodes)',
  description:
    'One step of a screen episode a row: episode_id, step_id, goal_info, action type, touch and lift points, boxes.',
  detect(shape) {
    const needed: readonly Part[] = ['episode', 'step', 'goal', 'action'];
    if (needed.some((part) => nameOf(shape, part) === undefined)) return null;
    return nameOf(shape, 'touch') === undefined
      ? { confidence: 0.7, why: 'steps of episodes with a goal and action types' }
      : { confidence: 0.96, why: 'steps of episodes with a goal, action types and touch points' };
  },
  read(shape) {
    const step = numberOf(shape, nameOf(shape, 'step') ?? 'step_id');
    const attributes = presentColumns(shape, ...attributeColumns);
    const map = `map([${attributes.map(quoteLiteral).join(', ')}], [${attributes.map((name) => textOf(shape, name)).join(', ')}])`;
    const isDone = `list_contains(['status_task_complete', 'status_task_impossible'], assay_steps[-1].action_type)`;
    const length = numberOf(shape, nameOf(shape, 'length') ?? 'episode_length');
    const members = presentColumns(shape, ...Object.values(columns).flat());
    return {
      from: (relation) =>
        `(SELECT *, list_transform(assay_rows_json, lambda one_step: ${stepStruct('one_step')}) AS assay_steps FROM (${groupSource(
          shape,
          relation,
          {
            by: [textPart(shape, 'episode')],
            memberId: textPart(shape, 'step'),
            keyed: [],
            aggregates: {
              assay_rows_json: `list(${stepJson(shape)} ORDER BY ${step}, src_row)`,
              assay_missing: `count(*) FILTER (${textPart(shape, 'action')} IS NULL)`,
            },
          },
        )}))`,
      sourceRows: 'assay_rows',
      exampleId: textPart(shape, 'episode'),
      promptText: textPart(shape, 'goal'),
      subset: textOf(shape, columnNamed(shape, 'split', 'subset') ?? 'split'),
      responses: `[${responseStruct(renderSteps('assay_steps'))}]`,
      trajectories: `[${trajectoryStruct({
        response: 0,
        episode: `json_object('success', CASE WHEN ${isDone} THEN assay_steps[-1].action_type = 'status_task_complete' END, 'length', (${length})::INTEGER)`,
        steps: 'assay_steps',
        id: textPart(shape, 'episode'),
        ...(attributes.length > 0 ? { attributes: map } : {}),
      })}]`,
      ...problems([
        {
          when: 'assay_missing > 0',
          text: 'A step has no action type.',
          column: nameOf(shape, 'action') ?? '',
        },
        {
          when: `${textPart(shape, 'goal')} IS NULL`,
          text: 'The episode has no goal.',
          column: nameOf(shape, 'goal') ?? '',
        },
      ]),
      usedColumns: [...members, ...presentColumns(shape, 'split', 'subset', ...attributeColumns)],
      maxResponses: 1,
      maxVotes: 0,
      hasSides: false,
      relation: 'responses',
    };
  },
};

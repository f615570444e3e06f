import type { Sql } from './reader.ts';
import { booleanFromText, itemsOf, jsonField, numberField, textField } from './source-sql.ts';

const firstText = (json: Sql, ...keys: readonly string[]): Sql =>
  `coalesce(${keys.map((key) => textField(json, key)).join(', ')})`;
const firstNumber = (json: Sql, ...keys: readonly string[]): Sql =>
  `coalesce(${keys.map((key) => numberField(json, key)).join(', ')})`;

/** A JSON array of numbers as DOUBLE[]; NULL for anything else. */
export function numbersOf(json: Sql): Sql {
  return `list_transform(${itemsOf(json)}, lambda part: TRY_CAST(json_extract_string(part, '$') AS DOUBLE))`;
}

/** Boxes as lists of y, x, h, w: from a list of such lists, or from one flat list of numbers. */
export function boxesOf(json: Sql): Sql {
  return `CASE WHEN json_type(${json}, '$[0]') = 'ARRAY'
      THEN list_transform(${itemsOf(json)}, lambda box: ${numbersOf('box')})
    WHEN json_type(${json}) = 'ARRAY'
      THEN list_transform(range(0, len(${numbersOf(json)}) // 4), lambda i: ${numbersOf(json)}[4 * i + 1 : 4 * i + 4]) END`;
}

/** A place on the screen as [y, x]; the source's −1 for "none" is NULL. */
function placeOf(json: Sql): Sql {
  return `list_filter([${numbersOf(json)}], lambda place: len(place) = 2 AND place[1] >= 0)[1]`;
}

/** One step of an episode, given as a JSON object, in the record's type; names as D4RL and screen episodes use them. */
export function stepStruct(step: Sql): Sql {
  const action = `coalesce(${jsonField(step, 'action')}, ${jsonField(step, 'act')})`;
  return `struct_pack(step_id := TRY_CAST(${textField(step, 'step_id')} AS INTEGER),
    state := ${firstText(step, 'state', 'observation', 'obs')},
    "action" := json_extract_string(${action}, '$'),
    action_type := coalesce(${textField(step, 'action_type')}, ${textField(action, 'type')}, ${textField(action, 'name')},
      CASE WHEN json_type(${action}) = 'VARCHAR' THEN json_extract_string(${action}, '$') END),
    reward := ${firstNumber(step, 'reward', 'r')},
    "value" := ${firstNumber(step, 'value', 'v')},
    is_done := ${booleanFromText(firstText(step, 'done', 'terminal', 'terminated'))},
    propensity := ${firstNumber(step, 'propensity', 'action_prob', 'pscore')},
    target_propensity := ${firstNumber(step, 'target_propensity', 'evaluation_action_prob')},
    touch := ${placeOf(jsonField(step, 'touch'))},
    lift := ${placeOf(jsonField(step, 'lift'))},
    boxes := ${boxesOf(jsonField(step, 'boxes'))},
    media := ${firstText(step, 'screenshot', 'image')})`;
}

/**
 * The steps of an episode given as a JSON object: its list `steps` (transitions, trajectory), or lists side by side as in
 * D4RL (observations, actions, rewards, terminals). JSON[]; NULL where it has neither.
 */
export function stepsOf(episode: Sql): Sql {
  const listed = `coalesce(${['steps', 'transitions', 'trajectory'].map((key) => itemsOf(jsonField(episode, key))).join(', ')})`;
  const column = (...keys: readonly string[]) =>
    `coalesce(${keys.map((key) => itemsOf(jsonField(episode, key))).join(', ')})`;
  const at = (...keys: readonly string[]) => `${column(...keys)}[i]`;
  return `coalesce(${listed}, list_transform(range(1, len(${column('actions')}) + 1), lambda i: json_object(
    'observation', ${at('observations', 'states')}, 'action', ${at('actions')}, 'reward', ${at('rewards')},
    'done', ${at('terminals', 'dones')}, 'value', ${at('values')})))`;
}

/** Lines “1. state → action (reward)” of a list of step structs: the text of the response that stands for an episode. */
export function renderSteps(steps: Sql): Sql {
  return `array_to_string(list_transform(${steps}, lambda one, place: concat(place, '. ', one.state || ' → ',
    coalesce(one."action", one.action_type, '?'),
    CASE WHEN one.touch IS NOT NULL THEN concat(' at ', one.touch::VARCHAR, CASE WHEN one.lift <> one.touch THEN concat(' to ', one.lift::VARCHAR) END) END,
    CASE WHEN one.reward IS NOT NULL THEN concat(' (', one.reward, ')') END)), chr(10))`;
}

/** One episode in the record's type. `episode` is its JSON object, `steps` its list of step structs. */
export function trajectoryStruct(parts: {
  response: number;
  episode: Sql;
  steps: Sql;
  id: Sql;
  attributes?: Sql;
}): Sql {
  const { episode } = parts;
  return `struct_pack(response := ${parts.response}, episode := (${parts.id})::VARCHAR,
    is_success := ${booleanFromText(firstText(episode, 'success', 'is_success'))},
    declared_steps := TRY_CAST(${firstText(episode, 'episode_length', 'length', 'n_steps')} AS INTEGER),
    start_value := ${firstNumber(episode, 'start_value', 'v_start')},
    end_value := ${firstNumber(episode, 'end_value', 'v_end')},
    attributes := (${parts.attributes ?? 'NULL'})::MAP(VARCHAR, VARCHAR),
    steps := ${parts.steps})`;
}

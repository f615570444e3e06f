import {
  type EpisodeMatch,
  isActionMatch,
  matchEpisodes,
  type ScreenAction,
  type ScreenBox,
} from '../../statistics/action-match.ts';
import { Binder, createSelection, type SelectionInput, type SelectionSummary } from './selection-table.ts';

/** Two episodes of one goal, compared step by step; the first is the reference. */
export interface EpisodeComparison extends EpisodeMatch {
  readonly promptId: number;
  readonly referenceId: number;
  readonly otherId: number;
  /** 1-based number of the first step where they part; null where one is a part of the other. */
  readonly partsAt: number | null;
}

interface StepRow {
  readonly trajectory_id: number;
  readonly prompt_id: number;
  readonly is_success: boolean | null;
  readonly action: string | null;
  readonly action_type: string | null;
  readonly touch: readonly [number, number] | null;
  readonly lift: readonly [number, number] | null;
  readonly boxes: readonly (readonly [number, number, number, number])[] | null;
}

interface Episode {
  readonly id: number;
  readonly promptId: number;
  readonly isSuccess: boolean | null;
  readonly steps: readonly { action: ScreenAction; boxes: ScreenBox[] }[];
}

/** Steps of comparisons at most; more goals than that are sampled by md5. */
const mostSteps = 200_000;

const point = (place: readonly [number, number] | null) => (place ? { y: place[0], x: place[1] } : undefined);

/** Text of what an action without a place does, so that typing two different texts is no match. */
function toAction(row: StepRow): ScreenAction {
  const isGesture = row.touch !== null;
  return {
    type: isGesture ? (row.action_type ?? 'gesture') : (row.action_type ?? row.action ?? '?'),
    isGesture,
    touch: point(row.touch),
    lift: point(row.lift),
  };
}

/** The episodes of goals that have two or more, with their steps. */
async function readEpisodes(input: SelectionInput): Promise<Episode[]> {
  const rows = await input.session.all<StepRow>(
    `WITH goals AS (SELECT r.prompt_id FROM trajectory t JOIN response r ON r.response_id = t.trajectory_id WHERE t.dataset_id = $1
         GROUP BY r.prompt_id HAVING count(*) >= 2),
       steps AS (SELECT s.trajectory_id, r.prompt_id, t.is_success, s."action", s.action_type, s.touch, s.lift, s.boxes, s.step_no
         FROM step s JOIN trajectory t USING (trajectory_id) JOIN response r ON r.response_id = s.trajectory_id
         WHERE s.dataset_id = $1 AND r.prompt_id IN (SELECT prompt_id FROM goals)),
       sampled AS (SELECT prompt_id, sum(n) OVER (ORDER BY md5(prompt_id || '.' || $2), prompt_id) AS upto FROM (SELECT prompt_id, count(*) AS n FROM steps GROUP BY prompt_id))
     SELECT * EXCLUDE (step_no) FROM steps WHERE prompt_id IN (SELECT prompt_id FROM sampled WHERE upto <= ${mostSteps})
     ORDER BY prompt_id, trajectory_id, step_no`,
    [input.datasetId, input.seed],
    { signal: input.signal },
  );
  const episodes = new Map<
    number,
    { id: number; promptId: number; isSuccess: boolean | null; steps: Episode['steps'][number][] }
  >();
  for (const row of rows) {
    const episode = episodes.get(row.trajectory_id) ?? {
      id: row.trajectory_id,
      promptId: row.prompt_id,
      isSuccess: row.is_success,
      steps: [],
    };
    const boxes = (row.boxes ?? []).map(([y, x, h, w]) => ({ y, x, h, w }));
    episode.steps.push({ action: toAction(row), boxes });
    episodes.set(row.trajectory_id, episode);
  }
  return [...episodes.values()];
}

function compare(reference: Episode, other: Episode): EpisodeComparison {
  const shared = Math.min(reference.steps.length, other.steps.length);
  const matches = Array.from({ length: shared }, (_, i) => {
    const [first, second] = [reference.steps[i], other.steps[i]];
    return (
      first !== undefined &&
      second !== undefined &&
      isActionMatch(first.action, second.action, { boxes: first.boxes })
    );
  });
  const match = matchEpisodes(matches, reference.steps.length, other.steps.length);
  return {
    ...match,
    promptId: reference.promptId,
    referenceId: reference.id,
    otherId: other.id,
    partsAt: matches.includes(false) ? match.matchedPrefix + 1 : null,
  };
}

/** Of every goal with several episodes: its first successful episode (else its first) against each other one. */
export async function compareEpisodes(input: SelectionInput): Promise<EpisodeComparison[]> {
  const goals = new Map<number, Episode[]>();
  for (const episode of await readEpisodes(input))
    goals.set(episode.promptId, [...(goals.get(episode.promptId) ?? []), episode]);
  return [...goals.values()].flatMap((episodes) => {
    const reference = episodes.find((episode) => episode.isSuccess === true) ?? episodes[0];
    if (!reference) return [];
    return episodes.filter((episode) => episode !== reference).map((other) => compare(reference, other));
  });
}

/**
 * Pairs of episodes of one goal: a successful against a failed one. Where neither success nor failure is known, the pairs
 * whose steps part, with the step at which they do and nobody preferred (chosen is the first in file order; keep is false).
 * Adds prompt_id, chosen_response_id, rejected_response_id, parts_at, partial.
 */
export async function pairEpisodes(input: SelectionInput): Promise<SelectionSummary> {
  const episodes = await readEpisodes(input);
  const success = new Map(episodes.map((episode) => [episode.id, episode.isSuccess]));
  const rows = (await compareEpisodes(input))
    .filter((one) => one.partsAt !== null || success.get(one.otherId) === false)
    .map((one) => ({
      prompt: one.promptId,
      chosen: one.referenceId,
      rejected: one.otherId,
      keep: success.get(one.referenceId) === true && success.get(one.otherId) === false,
      parts: one.partsAt,
      partial: one.partial,
    }));
  const binder = new Binder();
  const list = `from_json(${binder.bind(JSON.stringify(rows), 'JSON')}, '[{"prompt":"BIGINT","chosen":"BIGINT","rejected":"BIGINT","keep":"BOOLEAN","parts":"INTEGER","partial":"DOUBLE"}]')`;
  return createSelection(
    input,
    `SELECT NULL::BIGINT AS comparison_id, one.rejected AS response_id, one.keep AS keep, 1::DOUBLE AS weight,
       row_number() OVER (ORDER BY one.prompt, one.chosen, one.rejected) AS place,
       CASE WHEN one.keep THEN 'success against failure' ELSE 'success is not known' END || coalesce(', part at step ' || one.parts, '') AS reason,
       one.prompt AS prompt_id, one.chosen AS chosen_response_id, one.rejected AS rejected_response_id, one.parts AS parts_at, one.partial
     FROM (SELECT unnest(${list}) AS one)`,
    binder.parameters,
  );
}

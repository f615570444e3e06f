import { AppError } from '../../contract/app-error.ts';
import { type Binder, scoreForms, scoreSql } from '../audit/selection/selection-table.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { drawKey, type Work } from './work.ts';

/** Scores that earlier steps have left on the candidates. */
const ownScores: Readonly<Record<string, Sql>> = {
  weight: 'c.weight',
  margin: 'c.margin',
  soft_label: 'c.soft_label',
  uncertainty: '1 - abs(2 * c.soft_label - 1)',
  n_votes: 'c.n_votes',
  prompt_chars: 'c.prompt_chars',
};

export const scoreNote = `${Object.keys(ownScores).join(', ')}, ${scoreForms}`;

/** SQL over `pairsOf(work) c` for a score by name; a number or NULL. Throws RECIPE_INVALID for an unknown one. */
export function candidateScore(score: string, binder: Binder): Sql {
  const own = ownScores[score];
  if (own !== undefined) return own;
  try {
    return scoreSql(score, binder);
  } catch {
    throw new AppError(
      'RECIPE_INVALID',
      `The step was not run: “${score}” is no score of a pair. Use ${scoreNote}.`,
      {
        score,
      },
    );
  }
}

/** Rated responses of the source dataset. */
export interface RatedBy {
  readonly aspect: string;
  /** Name of the annotator; the mean of all without. */
  readonly rater?: string | undefined;
  /** `lower` for ranks, where 1 is best. */
  readonly better: 'higher' | 'lower';
}

/**
 * SQL of the responses with a rating: response_id, prompt_id, score (higher = better), key (by the texts, for draws), model.
 * Several ratings of one response are averaged; texts that a prompt has twice count once.
 */
export function ratedResponses(work: Work, { aspect, rater, better }: RatedBy, binder: Binder): Sql {
  const by =
    rater === undefined
      ? ''
      : `JOIN annotator n ON n.annotator_id = g.annotator_id AND n.name = ${binder.bind(rater, 'VARCHAR')}`;
  const sign = better === 'lower' ? '-' : '';
  return `SELECT * FROM (SELECT r.response_id, r.prompt_id, ${sign}avg(g."value") AS score,
      md5(concat_ws(chr(31), p.text, r.text)) AS key, r.model
    FROM response r JOIN rating g USING (response_id) JOIN prompt p ON p.prompt_id = r.prompt_id ${by}
    WHERE r.dataset_id = ${work.datasetId} AND g.aspect = ${binder.bind(aspect, 'VARCHAR')} AND g."value" IS NOT NULL
    GROUP BY ALL) QUALIFY row_number() OVER (PARTITION BY prompt_id, key ORDER BY response_id) = 1`;
}

/** Order of drawing among rows with a `key`. */
export const drawOrder = (seed: number, salt: string): Sql => drawKey('key', seed, salt);

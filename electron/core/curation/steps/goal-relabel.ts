import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { defineStep } from '../step.ts';
import { addPairs, changePairs, decidedOf, dropPairs, makeTexts, promptsOf } from '../work.ts';

/** A score without decimals where it is whole. */
const said = (score: string) =>
  `CASE WHEN ${score} = round(${score}) THEN ${score}::BIGINT::VARCHAR ELSE ${score}::VARCHAR END`;

export const goalRelabelStep = defineStep({
  id: 'goal-relabel',
  family: 'build',
  title: 'Goal-conditioned relabelling',
  description:
    'Makes two pairs of each: with the score of the chosen response as the goal the pair as it is, and with the score of the rejected one as the goal the pair turned round. Pairs rated the wrong way or equally are dropped.',
  source: 'S. Zhang et al., Reward-augmented data enhances direct preference alignment (2024)',
  unconfirmed: null,
  params: {
    aspect: z
      .string()
      .min(1)
      .max(200)
      .default('overall')
      .describe('Aspect of the ratings that is the score.'),
    text: z
      .string()
      .min(3)
      .max(2000)
      .default('You are an assistant that answers with a quality score of {score} on a scale of 1 to 10.')
      .describe('The goal; {score} stands for the number.'),
    place: z
      .enum(['system', 'user'])
      .default('system')
      .describe('A system turn, or the beginning of the first user turn.'),
  },
  findFault: ({ text }) => (text.includes('{score}') ? null : 'the text has no {score}'),
  apply: async ({ work, params, session, signal, scratch }) => {
    const binder = new Binder();
    const aspect = binder.bind(params.aspect, 'VARCHAR');
    const rated = (side: string) =>
      `(SELECT avg(g."value") FROM rating g WHERE g.response_id = k.${side} AND g.aspect = ${aspect})`;
    const scored = scratch('scored');
    await session.run(
      `CREATE TABLE ${scored} AS SELECT k.*, ${rated('chosen_id')} AS s_w, ${rated('rejected_id')} AS s_l FROM ${decidedOf(work)} k`,
      binder.parameters,
      { signal },
    );
    await dropPairs(work, {
      sql: `SELECT candidate_id, CASE WHEN s_w IS NULL OR s_l IS NULL THEN 'a response has no score'
          WHEN s_w < s_l THEN 'chosen is rated below rejected' ELSE 'equal scores' END AS why
        FROM ${work.candidates} LEFT JOIN (SELECT candidate_id, s_w, s_l FROM ${scored}) USING (candidate_id) WHERE NOT coalesce(s_w > s_l, false)`,
    });
    const goals = scratch('goals');
    const goal = `replace(?::VARCHAR, '{score}', ${said('score')})`;
    const whole = `coalesce(p.messages, [{'role': 'user', 'content': p.text}])`;
    const messages =
      params.place === 'system'
        ? `[{'role': 'system', 'content': goal}] || ${whole}`
        : `CASE WHEN p.messages IS NULL THEN NULL ELSE list_transform(p.messages, lambda turn, at: CASE WHEN at = list_position(list_transform(p.messages, lambda one: one."role"), 'user')
            THEN {'role': turn."role", 'content': goal || chr(10) || chr(10) || turn.content} ELSE turn END) END`;
    await session.run(
      `CREATE TABLE ${goals} AS SELECT *, concat('goal-relabel.', prompt_id, '.', goal) AS made_key FROM (
         SELECT candidate_id, prompt_id, score, is_turned, ${goal} AS goal FROM (
           SELECT candidate_id, prompt_id, s_w AS score, false AS is_turned FROM ${scored} WHERE s_w > s_l
           UNION ALL SELECT candidate_id, prompt_id, s_l, true FROM ${scored} WHERE s_w > s_l))`,
      [params.text],
      { signal },
    );
    await makeTexts(work, 'prompt', {
      sql: `SELECT made_key, goal || chr(10) || chr(10) || p.text AS text, ${messages} AS messages
        FROM (SELECT DISTINCT made_key, goal, prompt_id FROM ${goals}) JOIN ${promptsOf(work)} p USING (prompt_id)`,
    });
    const made = `${goals} g JOIN ${work.madePrompts} m USING (made_key)`;
    await addPairs(work, {
      sql: `SELECT candidate_id AS ord, m.prompt_id, s.rejected_id AS preferred_id, s.chosen_id AS other_id, 'preferred' AS label, 'turned round for the lower goal' AS why,
          s.comparison_id, g.score AS goal_score, true AS is_relabelled, s.split
        FROM ${made} JOIN ${scored} s USING (candidate_id) WHERE g.is_turned`,
      with: ['goal_score', 'is_relabelled', 'split'],
      hasParent: true,
    });
    await changePairs(work, {
      sql: `SELECT candidate_id, 'goal set to the score of chosen' AS why, m.prompt_id, g.score AS goal_score, true AS is_relabelled FROM ${made} WHERE NOT g.is_turned`,
      set: ['prompt_id', 'goal_score', 'is_relabelled'],
    });
    return {};
  },
});

import { z } from 'zod';
import { AppError } from '../../../contract/app-error.ts';
import { Binder } from '../../audit/selection/selection-table.ts';
import type { Sql } from '../../corpus/reading/reader.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { changePairs, pairsOf } from '../work.ts';

/** Σ coefficient × tag of a pair, tags by name; a column and its value as `column=value`. */
function tagGain(gains: Readonly<Record<string, number>>, binder: Binder): Sql {
  const columns = ['language', 'topic', 'subset', 'model_a', 'model_b', 'label'];
  const terms = Object.entries(gains).map(([name, gain]) => {
    const [column = '', ...rest] = name.split('=');
    const value = binder.bind(rest.length > 0 ? rest.join('=') : name, 'VARCHAR');
    if (rest.length > 0 && !columns.includes(column))
      throw new AppError(
        'RECIPE_INVALID',
        `The step “route” was not run: “${column}” is no column of a pair. Use ${columns.join(', ')}, or the name of a tag.`,
      );
    const holds =
      rest.length > 0
        ? `c.${column} = ${value}`
        : `EXISTS (SELECT 1 FROM tag t WHERE t.relation = 'pairs' AND t.row_id = c.comparison_id AND t.tag = ${value})`;
    return `CASE WHEN ${holds} THEN ${Number(gain)} ELSE 0 END`;
  });
  return terms.length === 0 ? '0' : terms.join(' + ');
}

export const routeStep = defineStep({
  id: 'route',
  family: 'label',
  title: 'Route to people',
  description:
    'Says of each pair whether a person or a model is to label it: those with the highest gain go to people, within a budget; without one, all with a gain above 0.',
  source: 'L. Miranda et al., Hybrid preferences (2024): linear gain of a row’s tags',
  unconfirmed: 'The gain has to come from you: coefficients of tags, or a score as a proxy.',
  params: {
    gain: z
      .enum(['tags', 'score'])
      .default('score')
      .describe('Coefficients of tags, or a score of the pair.'),
    tags: z
      .record(z.string(), z.number())
      .default({})
      .describe('For “tags”: the gain of each, {tag: number} or {language=de: number}.'),
    score: z.string().min(1).max(200).default('uncertainty').describe(`For “score”: one of ${scoreNote}.`),
    budget: z.number().int().min(0).optional().describe('Pairs that people can label.'),
  },
  apply: async ({ work, params, session, signal, scratch }) => {
    const binder = new Binder();
    const gain = params.gain === 'tags' ? tagGain(params.tags, binder) : candidateScore(params.score, binder);
    const ranked = scratch('ranked');
    await session.run(
      `CREATE TABLE ${ranked} AS SELECT *, row_number() OVER (ORDER BY gain DESC NULLS LAST, candidate_id) AS place
       FROM (SELECT c.candidate_id, (${gain})::DOUBLE AS gain FROM ${pairsOf(work)} c)`,
      binder.parameters,
      { signal },
    );
    const isHuman =
      params.budget === undefined ? 'gain > 0' : `gain IS NOT NULL AND place <= ${params.budget}`;
    await changePairs(work, {
      sql: `SELECT candidate_id, route AS why, route FROM (SELECT candidate_id, CASE WHEN ${isHuman} THEN 'human' ELSE 'model' END AS route FROM ${ranked})`,
      set: ['route'],
    });
    const { routed, all, n } = await session.one<{ routed: number | null; all: number | null; n: number }>(
      `SELECT sum(gain) FILTER (${isHuman}) AS routed, sum(gain) AS all, count(gain) AS n FROM ${ranked}`,
    );
    return {
      figures: [
        { name: 'gain of the routed pairs', value: routed ?? 0, low: null, high: null, n },
        { name: 'gain of all pairs', value: all ?? 0, low: null, high: null, n },
      ],
    };
  },
});

import { z } from 'zod';
import { isGroupColumn } from '../../audit/selection/ordered-selections.ts';
import { Binder } from '../../audit/selection/selection-table.ts';
import { candidateScore, scoreNote } from '../scores.ts';
import { defineStep } from '../step.ts';
import { changePairs, liveOf, pairsOf } from '../work.ts';

const groups = ['language', 'topic', 'subset', 'source_file', 'model_a', 'model_b', 'label'] as const;

export const weightsStep = defineStep({
  id: 'weights',
  family: 'weigh',
  title: 'Weights',
  description:
    'Gives each pair a weight with mean 1: by a score (exponential of the scaled score), by its certainty, or so that all groups weigh the same.',
  source:
    'By score: Z.-W. Hong et al., Harnessing mixed datasets (2023); by certainty: UPO (2024), weight proportional to (1 − B)^μ',
  unconfirmed:
    'μ of the certainty weight is read from the text as an exponent; our certainty is |2p − 1| of the soft label.',
  params: {
    by: z.enum(['score', 'certainty', 'group']).default('score').describe('What the weight is made from.'),
    score: z.string().min(1).max(200).default('strength').describe(`For “score”: one of ${scoreNote}.`),
    temperature: z
      .number()
      .gt(0)
      .default(0.1)
      .describe('For “score”: α of exp(x / α), x scaled to 0 … 1; smaller is sharper.'),
    mu: z.number().min(0).max(20).default(1).describe('For “certainty”: the exponent.'),
    group: z.enum(groups).default('subset').describe('For “group”: the column.'),
    most: z.number().gt(0).default(1000).describe('Largest weight, after scaling to mean 1.'),
  },
  apply: async ({ work, params, session, signal, scratch }) => {
    const binder = new Binder();
    const raw = scratch('raw');
    const made = {
      score: () =>
        `SELECT candidate_id, CASE WHEN high > low THEN exp(((score - low) / (high - low)) / ${params.temperature}) ELSE 1 END AS mass
         FROM (SELECT *, min(score) OVER () AS low, max(score) OVER () AS high
           FROM (SELECT c.candidate_id, (${candidateScore(params.score, binder)})::DOUBLE AS score FROM ${pairsOf(work)} c))
         WHERE score IS NOT NULL`,
      certainty: () =>
        `SELECT candidate_id, abs(2 * soft_label - 1) ^ ${params.mu} AS mass FROM ${liveOf(work)} WHERE soft_label IS NOT NULL`,
      group: () =>
        `SELECT candidate_id, 1 / count(*) OVER (PARTITION BY ${isGroupColumn(params.group) ? params.group : 'subset'}) AS mass FROM ${pairsOf(work)}`,
    }[params.by]();
    await session.run(`CREATE TABLE ${raw} AS ${made}`, binder.parameters, { signal });
    const { n, without } = await session.one<{ n: number; without: number }>(
      `SELECT count(*) AS n, (SELECT count(*) FROM ${liveOf(work)}) - count(*) AS without FROM ${raw} WHERE mass IS NOT NULL`,
    );
    const { mean } = await session.one<{ mean: number | null }>(`SELECT avg(mass) AS mean FROM ${raw}`);
    if (!mean) return { notes: ['No pair has what the weight is made from; all weigh what they did.'] };
    await changePairs(work, {
      sql: `SELECT candidate_id, 'weight by ${params.by}' AS why, least(mass / ${mean}, ${params.most}) AS weight FROM ${raw} WHERE mass IS NOT NULL`,
      set: ['weight'],
    });
    const { size } = await session.one<{ size: number | null }>(
      `SELECT sum(weight) ^ 2 / nullif(sum(weight * weight), 0) AS size FROM ${liveOf(work)}`,
    );
    return {
      figures: [{ name: 'effective size', value: size, low: null, high: null, n }],
      notes: without > 0 ? [`${without} pairs have no ${params.by} and keep their weight.`] : [],
    };
  },
});

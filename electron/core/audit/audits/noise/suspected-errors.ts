import { z } from 'zod';
import { type AuditContext as Context, defineAudit, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { createVoteTable } from '../raters/vote-table.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ flip_from: number; min_votes: number; propose: boolean }>;

const headOf = (metric: string, title: string) => ({ audit: 'suspected-errors', metric, title });

export const suspectedErrorsAudit = defineAudit({
  id: 'suspected-errors',
  family: 'noise',
  title: 'Suspected label errors',
  description:
    'Labels that the votes speak against, every vote weighed by how often its annotator agrees with the labels; proposals for review, never changes.',
  inputs: ['label', 'votes', 'annotator'],
  parameters: {
    /** Probability of the other side from which on a flip is proposed. */
    flip_from: z.number().min(0.5).lt(1).default(0.8),
    min_votes: z.number().int().min(1).default(2),
    propose: z.boolean().default(true),
  },
  findObstacle: (dataset) => {
    if (dataset.labelled === 0) return 'No pair has a preferred side (column label).';
    return dataset.votes === 0
      ? 'Nobody but the label votes on the pairs (column annotator): there is nothing to hold a label against.'
      : null;
  },
  run: async (context) => {
    const doubts = context.scratch('doubts');
    await weigh(context, doubts);
    const { session, signal, params } = context;
    const [moments] = await sumClusterMoments(
      session,
      `(SELECT NULL AS slice, cluster, (p_other >= ?)::INTEGER AS outcome FROM ${doubts})`,
      { parameters: [params.flip_from], signal },
    );
    const figure = makeFigure(headOf('suspected_share', 'Labels the votes speak against'), {
      ...measureShare(moments),
      p: null,
    });
    if (figure.n_items === 0)
      return { obstacle: `No labelled pair has ${params.min_votes} votes (column annotator).` };
    const where = 'p_other >= ?';
    if (params.propose)
      await context.propose({
        kind: 'flip',
        sql: `SELECT comparison_id, label AS before, CASE label WHEN 'a' THEN 'b' ELSE 'a' END AS after,
            against || ' of ' || votes || ' votes are for the other side; probability ' || round(p_other, 3)::VARCHAR AS reason, p_other AS score FROM ${doubts} WHERE ${where}`,
        parameters: [params.flip_from],
      });
    return {
      figures: [figure],
      findings: [
        makeFinding({
          id: 'suspected',
          sentence: `The votes speak against ${sayShare(figure)} of ${sayMany(figure.n_items, 'label')} (probability of the other side ${params.flip_from} or more).`,
          figure: { ...figure, neutral: 0 },
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.01,
          warnFrom: 0.1,
          rows: await context.keepRows({
            set: 'suspected',
            relation: 'pairs',
            sql: `SELECT comparison_id AS row_id FROM ${doubts} WHERE ${where} ORDER BY p_other DESC, comparison_id`,
            parameters: [params.flip_from],
          }),
        }),
      ],
      tables: [await listAnnotators(context)],
      params: {
        rule: 'independent votes; accuracy of an annotator = smoothed share of its votes that agree with the labels, the label one more vote of the mean accuracy (our operationalisation)',
      },
    };
  },
});

/** Log-odds of a smoothed accuracy, kept within 1 % and 99 %. */
const logOdds = (share: string) =>
  `ln(greatest(0.01, least(0.99, ${share})) / (1 - greatest(0.01, least(0.99, ${share}))))`;

/** One row per labelled pair with enough votes: comparison_id, cluster, label, votes, against, p_other. */
async function weigh(context: AuditContext, table: string): Promise<void> {
  const { session, signal, pairs, params } = context;
  const votes = await createVoteTable(context);
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH pair AS (SELECT DISTINCT ON (comparison_id) comparison_id, cluster, label FROM ${pairs} WHERE label IN ('a', 'b') ORDER BY comparison_id),
       voted AS (SELECT p.comparison_id, p.cluster, p.label, v.annotator_id, (v.label = p.label)::INTEGER AS backs FROM pair p JOIN ${votes} v USING (comparison_id) WHERE v.label IN ('a', 'b')),
       skill AS (SELECT annotator_id, (sum(backs) + 1) / (count(*) + 2) AS accuracy FROM voted GROUP BY annotator_id),
       prior AS (SELECT ${logOdds('avg(backs)')} AS weight FROM voted)
     SELECT comparison_id, any_value(cluster) AS cluster, any_value(label) AS label, count(*) AS votes, count(*) FILTER (backs = 0) AS against,
       1 / (1 + exp(any_value(prior.weight) + sum(CASE WHEN backs = 1 THEN 1 ELSE -1 END * ${logOdds('accuracy')}))) AS p_other
     FROM voted JOIN skill USING (annotator_id), prior GROUP BY comparison_id HAVING count(*) >= ? ORDER BY comparison_id`,
    [params.min_votes],
    { signal },
  );
}

async function listAnnotators(context: AuditContext) {
  const { session, signal } = context;
  const votes = await createVoteTable(context);
  const rows = await session.all<{ annotator: string; n: number; agreeing: number }>(
    `SELECT annotator, count(*) AS n, avg((label = recorded)::INTEGER) AS agreeing FROM ${votes} WHERE label IN ('a', 'b') AND recorded IN ('a', 'b')
     GROUP BY annotator ORDER BY n DESC, annotator LIMIT ${maximumSlices}`,
    [],
    { signal },
  );
  return {
    id: 'annotators',
    title: 'Annotators',
    columns: ['Annotator', 'Votes on labelled pairs', 'Agree with the label'],
    rows: rows.map(({ annotator, n, agreeing }) => [annotator, n, Number(agreeing.toFixed(4))]),
  };
}

import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { quoteLiteral } from '../../../../../native/duckdb/quoting.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { type AnswerTable, createAnswerTable } from './rater-answers.ts';

type AuditContext = Context<{ aspect: string; axis: string; positive: string; unsure: string }>;

const headOf = (metric: string, title: string) => ({ audit: 'aggregation-lab', metric, title });

interface Rule {
  readonly id: string;
  readonly title: string;
}

const rules: readonly Rule[] = [
  { id: 'any', title: 'Any annotator answers it (any-unsafe)' },
  { id: 'unanimous', title: 'All annotators answer it' },
  { id: 'balanced', title: 'Half of the votes with every group weighing the same' },
  { id: 'max_group', title: 'Half of the votes of at least one group' },
];

export const aggregationLabAudit = defineAudit({
  id: 'aggregation-lab',
  family: 'raters',
  title: 'Aggregation lab',
  description:
    'How many items would get another label if votes were put together by another rule than the majority.',
  inputs: ['votes', 'annotator', 'ratings'],
  parameters: {
    aspect: z.string().default(''),
    /** The attribute whose groups are balanced; empty = the one known of most annotators. */
    axis: z.string().default(''),
    /** The answer that is aggregated; empty = “yes” (DICES: unsafe) or 1, for votes “a”. */
    positive: z.string().default(''),
    /** The answer that yields to the positive one and beats every other one in the rule “any” (DICES). */
    unsure: z.string().default('unsure'),
  },
  findObstacle: (dataset) =>
    dataset.pairsWithTwoVotes === 0 && (dataset.ratings === 0 || dataset.annotators < 2)
      ? 'No pair or response is answered by two annotators (columns annotator, vote, rating): there is nothing to aggregate.'
      : null,
  run: async (context) => {
    const answers = await createAnswerTable(context, context.params.aspect);
    const positive = answers ? choosePositive(answers, context.params.positive) : undefined;
    if (!answers || positive === undefined)
      return {
        obstacle:
          'No aspect has answers in at most seven words or values with a yes among them (columns vote, rating).',
      };
    const axis = await chooseAxis(context, answers.table);
    const labels = context.scratch('labels');
    const items = await aggregate(context, { answers, positive, axis, labels });
    if (items === 0) return { obstacle: 'No item is answered by two annotators.' };
    const used = rules.filter((rule) => axis !== null || !['balanced', 'max_group'].includes(rule.id));
    const figures: AuditFigure[] = [];
    for (const rule of used) figures.push(...(await measureRule(context, labels, rule)));
    return {
      figures,
      findings: await conclude(context, { answers, labels, figures, positive }),
      tables: [tableOf(figures, used)],
      params: {
        question: answers.question,
        answer: positive,
        axis: axis ?? 'none: no annotator has attributes',
      },
    };
  },
});

function choosePositive({ categories, relation }: AnswerTable, given: string): string | undefined {
  const wanted =
    given === ''
      ? relation === 'pairs'
        ? ['a']
        : ['yes', 'unsafe', 'true', '1', '1.0']
      : [given.toLowerCase()];
  return categories.find((category) => wanted.includes(category.toLowerCase()));
}

async function chooseAxis(
  { session, dataset, params, signal }: AuditContext,
  table: string,
): Promise<string | null> {
  if (dataset.attributes.length === 0) return null;
  const row = await session.find<{ axis: string }>(
    `SELECT e.key AS axis FROM (SELECT unnest(map_entries(attributes)) AS e FROM annotator WHERE annotator_id IN (SELECT annotator_id FROM ${table}))
     WHERE e.value IS NOT NULL AND ($1 = '' OR e.key = $1) GROUP BY e.key HAVING count(DISTINCT e.value) > 1
     ORDER BY count(*) DESC, count(DISTINCT e.value), axis LIMIT 1`,
    [params.axis],
    { signal },
  );
  return row?.axis ?? null;
}

/** One row per item with two answers: item_id, cluster, majority and one column per rule, all 0/1 (NULL = no decision). */
async function aggregate(
  { session, params, signal }: AuditContext,
  {
    answers,
    positive,
    axis,
    labels,
  }: { answers: AnswerTable; positive: string; axis: string | null; labels: string },
): Promise<number> {
  const group = axis === null ? `'all'` : `n.attributes[${quoteLiteral(axis)}]`;
  await session.run(
    `CREATE OR REPLACE TABLE ${labels} AS
     WITH answered AS (SELECT t.item_id, t.cluster, (t.answer = $1)::INTEGER AS yes, (lower(t.answer) = lower($2))::INTEGER AS unsure, ${group} AS party
         FROM ${answers.table} t JOIN annotator n USING (annotator_id)),
       whole AS (SELECT item_id, any_value(cluster) AS cluster, avg(yes) AS share, max(yes) AS any_yes, min(yes) AS all_yes, max(unsure) AS any_unsure, count(*) AS votes
         FROM answered GROUP BY item_id HAVING count(*) >= 2),
       parties AS (SELECT item_id, avg(share) AS balanced, max(share) AS highest FROM (SELECT item_id, party, avg(yes) AS share FROM answered
         WHERE party IS NOT NULL GROUP BY ALL) GROUP BY item_id)
     SELECT item_id, cluster, votes, share, (share >= 0.5)::INTEGER AS majority, any_yes AS "any", all_yes AS unanimous, any_unsure,
       (balanced >= 0.5)::INTEGER AS balanced, (highest >= 0.5)::INTEGER AS max_group
     FROM whole LEFT JOIN parties USING (item_id) ORDER BY item_id`,
    [positive, params.unsure],
    { signal },
  );
  return (await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${labels}`)).n;
}

async function measureRule(
  { session, signal }: AuditContext,
  labels: string,
  rule: Rule,
): Promise<AuditFigure[]> {
  const share = async (outcome: string, head: ReturnType<typeof headOf>) => {
    const [moments] = await sumClusterMoments(
      session,
      `(SELECT NULL AS slice, cluster, (${outcome})::INTEGER AS outcome FROM ${labels})`,
      { parameters: [], signal },
    );
    return makeFigure(head, {
      slice_dim: 'rule',
      slice_value: rule.title,
      ...measureShare(moments),
      p: null,
    });
  };
  return [
    await share(
      `"${rule.id}" <> majority`,
      headOf(`changed_${rule.id}`, 'Items that get another label than the majority’s'),
    ),
    await share(`"${rule.id}" = 1`, headOf(`positive_${rule.id}`, 'Items with the answer under the rule')),
    ...(rule.id === 'any'
      ? [
          await share(
            `"any" = 0 AND any_unsure = 1`,
            headOf(
              'unsure_any',
              'Items that are unsure under the rule: nobody answers it, somebody is unsure',
            ),
          ),
        ]
      : []),
  ];
}

async function conclude(
  context: AuditContext,
  {
    answers,
    labels,
    figures,
    positive,
  }: { answers: AnswerTable; labels: string; figures: readonly AuditFigure[]; positive: string },
) {
  const changed = figures.filter((figure) => figure.metric.startsWith('changed_'));
  const most = [...changed].sort((left, right) => (right.value ?? 0) - (left.value ?? 0))[0];
  if (!most) return [];
  return [
    makeFinding({
      id: 'labels_change',
      sentence: `“${positive}” on “${answers.question}”: the rule “${most.slice_value ?? ''}” changes ${sayShare(most)} of ${sayMany(most.n_items, 'majority label')}; ${changed
        .filter((figure) => figure !== most)
        .map((figure) => `${figure.slice_value ?? ''} ${sayShare(figure)}`)
        .join(', ')}.`,
      figure: { ...most, neutral: 0 },
      scale: 'amount',
      isDescriptive: true,
      noticeFrom: 0.1,
      rows: await context.keepRows({
        set: 'changed',
        relation: answers.relation,
        sql: `SELECT item_id AS row_id FROM ${labels} WHERE "${most.metric.slice('changed_'.length)}" <> majority ORDER BY abs(share - 0.5), item_id`,
      }),
    }),
  ];
}

function tableOf(figures: readonly AuditFigure[], used: readonly Rule[]) {
  const of = (metric: string) => figures.find((figure) => figure.metric === metric);
  return {
    id: 'rules',
    title: 'Rules',
    columns: ['Rule', 'Changed labels', 'Share changed', 'Items with the answer', 'Items'],
    rows: used.map((rule) => {
      const changed = of(`changed_${rule.id}`);
      const positive = of(`positive_${rule.id}`);
      const n = changed?.n_items ?? 0;
      return [
        rule.title,
        Math.round((changed?.value ?? 0) * n),
        changed ? sayShare(changed) : null,
        Math.round((positive?.value ?? 0) * (positive?.n_items ?? 0)),
        n,
      ];
    }),
  };
}

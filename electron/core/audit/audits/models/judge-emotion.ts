import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit } from '../audit.ts';
import { crossClasses } from '../class-table.ts';
import { describeFeatures, measureFeatures, type SideFeature } from '../discordance.ts';
import { askLetter } from './choices.ts';
import { testedShare } from './model-figures.ts';
import { askResponses, storeAnsweredPairs } from './response-answers.ts';

type AuditContext = Context<{ sample: number; warn_above: number }>;

const emotions = ['fear', 'surprise', 'joy', 'sadness', 'anger', 'disgust', 'neutral'] as const;
const degrees = ['objective', 'partly subjective', 'subjective'] as const;
const features: readonly SideFeature[] = [
  ...emotions.map((emotion, index): SideFeature => ({
    id: emotion,
    title: emotion === 'neutral' ? 'a more neutral tone' : `more ${emotion}`,
    chosen: `chosen_emotion[${index + 1}]`,
    rejected: `rejected_emotion[${index + 1}]`,
  })),
  {
    id: 'subjectivity',
    title: 'more subjectivity',
    chosen: '(chosen_degree[2] / 2 + chosen_degree[3])',
    rejected: '(rejected_degree[2] / 2 + rejected_degree[3])',
  },
];

export const judgeEmotionAudit = defineAudit({
  id: 'judge_emotion',
  family: 'surface',
  title: 'Emotion and subjectivity, read by a judge',
  description:
    'Seven emotions and three degrees of subjectivity by a judge’s probabilities, for both sides: which of them go with the label.',
  inputs: ['label', 'text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(100),
    warn_above: z.number().min(0.5).max(1).default(0.65),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  passes: [
    {
      role: 'judge',
      columns: { response_id: 'BIGINT' },
      list: (context) =>
        askResponses(context, ({ text }) =>
          askLetter(text, 'Which of these describes the emotion of the text best?', emotions),
        ),
    },
    {
      role: 'judge',
      columns: { response_id: 'BIGINT' },
      list: (context) =>
        askResponses(context, ({ text }) => askLetter(text, 'How subjective is the text?', degrees)),
    },
  ],
  run: async (context: AuditContext) => {
    const from = await joinPasses(context);
    const relation = { audit: 'judge_emotion', from, features };
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...(await measureClasses(context, from)),
    ]);
    return {
      figures,
      findings: await describeFeatures(context, relation, {
        figures,
        most: 2,
        warnFrom: 2 * (context.params.warn_above - 0.5),
        noticeFrom: 0.02,
      }),
      tables: [
        await crossClasses(context.session, from, {
          id: 'emotions',
          title: 'Emotion of chosen and rejected',
          classOf: (side) => classOf(`${side}_emotion`),
          signal: context.signal,
        }),
      ],
    };
  },
});

const classOf = (numbers: string) =>
  `(['${emotions.join("', '")}'])[list_position(${numbers}, list_max(${numbers}))]`;

async function joinPasses(context: AuditContext): Promise<string> {
  const emotion = await storeAnsweredPairs(context, 0);
  const kept = context.scratch('emotion_pairs');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${kept} AS SELECT *, chosen_numbers AS chosen_emotion, rejected_numbers AS rejected_emotion FROM ${emotion}`,
  );
  const degree = await storeAnsweredPairs(context, 1);
  const table = context.scratch('both');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT k.*, d.chosen_numbers AS chosen_degree, d.rejected_numbers AS rejected_degree
     FROM ${kept} k LEFT JOIN (SELECT row_id, chosen_numbers, rejected_numbers FROM ${degree}) d USING (row_id)`,
  );
  return table;
}

async function measureClasses({ session }: AuditContext, from: string): Promise<AuditFigure[]> {
  const rows = await session.all<{ emotion: string; chosen: number; n: number }>(
    `SELECT ${classOf('chosen_emotion')} AS emotion, count(*) AS chosen, (SELECT count(*) FROM ${from}) AS n FROM ${from} GROUP BY emotion ORDER BY chosen DESC`,
  );
  return rows.map(({ emotion, chosen, n }) =>
    testedShare(
      {
        audit: 'judge_emotion',
        metric: 'chosen_class_share',
        title: 'Emotion of the chosen side',
        slice_dim: 'emotion',
        slice_value: emotion,
      },
      { count: chosen, n, neutral: null },
    ),
  );
}

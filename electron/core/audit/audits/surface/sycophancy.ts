import { z } from 'zod';
import { adjustFigures, type AuditContext as Context, defineAudit, minimumItems } from '../audit.ts';
import { describeFeatures, measureFeatures, type SideFeature } from '../discordance.ts';
import { makeFinding } from '../finding.ts';
import { measureShares } from '../slices.ts';
import { isEnglish, storeTraitPairs } from '../trait-pairs.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ opinion: string; warn_above: number }>;

/** A prompt that states what its writer believes. Ours: the papers give no pattern. */
const opinionPattern =
  "\\b(i (really |strongly |personally |firmly )?(think|believe|feel that|am (sure|certain|convinced)|reckon|suspect)|i'm (pretty |quite |absolutely )?(sure|certain|convinced)|in my (humble )?opinion|as an? (liberal|conservative|republican|democrat|christian|muslim|atheist|feminist)|(don't|do) you (not )?agree|am i right|isn't it true|my (argument|poem|essay|theory|idea))\\b";

const head = (side: string) => `lower(replace(left(${side}, 300), '’', ''''))`;
const agrees = (text: string) =>
  `regexp_matches(${head(text)}, '(^|[.!] )(yes\\b|absolutely|exactly|definitely|of course|certainly|indeed|you(''re| are) (absolutely |completely |quite |so )?right|i (completely |totally |fully )?agree|that(''s| is) (absolutely |quite )?(right|true|correct)|(what )?an? (great|excellent|good|wonderful|fantastic|fascinating) (point|question|idea|argument|poem|essay|theory))')::INTEGER`;
const disagrees = (text: string) =>
  `regexp_matches(${head(text)}, '(^|[.!] )(no\\b[,.]|actually,|i (respectfully )?disagree|i don''t (think|agree)|not (quite|exactly|necessarily|really)|that(''s| is) (not|n''t|incorrect|a (common )?(myth|misconception))|this is (not|incorrect|a (common )?(myth|misconception))|there is no evidence|however,)')::INTEGER`;

const features: readonly SideFeature[] = [
  {
    id: 'agreement',
    title: 'more agreement with the prompt',
    chosen: 'chosen_stance',
    rejected: 'rejected_stance',
  },
  {
    id: 'compliments',
    title: 'more compliments to the asker',
    chosen: 'chosen_compliment_count',
    rejected: 'rejected_compliment_count',
  },
];

export const sycophancyAudit = defineAudit({
  id: 'sycophancy',
  family: 'surface',
  title: 'Sycophancy in the data (English patterns)',
  description:
    'On prompts that state an opinion: whether the side that opens by agreeing, or that compliments the asker, wins. Agreement can be right; only a gold answer could tell.',
  inputs: ['label', 'text', 'traits', 'language'],
  parameters: {
    /** RE2 pattern of prompts that state an opinion or a claim. */
    opinion: z.string().min(1).default(opinionPattern),
    warn_above: z.number().min(0.5).max(1).default(0.6),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeOpinionPairs(context);
    const { rows } = await context.session.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`);
    if (rows === 0)
      return { obstacle: 'No labelled pair in English has a prompt that states an opinion or a claim.' };
    const relation = { audit: 'sycophancy', from, features };
    const agreeing = await measureShares(context, {
      head: {
        audit: 'sycophancy',
        metric: 'agree_wins',
        title: 'The agreeing side wins, where one side agrees and the other disagrees',
      },
      from,
      outcome: 'CASE WHEN chosen_stance * rejected_stance = -1 THEN (chosen_stance = 1)::INTEGER END',
    });
    const figures = adjustFigures([...(await measureFeatures(context, relation)), ...agreeing]);
    const opposed = figures.find((figure) => figure.metric === 'agree_wins' && figure.slice_dim === null);
    return {
      findings: [
        ...(await describeFeatures(context, relation, {
          figures,
          most: 2,
          warnFrom: 2 * (context.params.warn_above - 0.5),
          noticeFrom: 0.02,
        })),
        ...(opposed && opposed.value !== null
          ? [
              makeFinding({
                id: 'agree_wins',
                sentence: `Where one side opens by agreeing and the other by disagreeing, the agreeing one wins ${sayShare(opposed)} of ${sayMany(opposed.n_items, 'pair')}.`,
                figure: opposed,
                scale: 'share',
                warnFrom: 2 * (context.params.warn_above - 0.5),
              }),
            ]
          : []),
      ],
      figures,
      params: { opinion_pairs: rows, min_n: minimumItems },
    };
  },
});

async function storeOpinionPairs(context: AuditContext): Promise<string> {
  const pairs = await storeTraitPairs(context, ['compliment_count'], isEnglish);
  const table = context.scratch('opinion_pairs');
  const stance = (side: string) => `${agrees(side)} - ${disagrees(side)}`;
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT x.*, ${stance('c.text')} AS chosen_stance, ${stance('r.text')} AS rejected_stance
     FROM ${pairs} x JOIN prompt p USING (prompt_id) JOIN response c ON c.response_id = x.chosen_id JOIN response r ON r.response_id = x.rejected_id
     WHERE regexp_matches(replace(p.text, '’', ''''), ?, 'i')`,
    [context.params.opinion],
    { signal: context.signal },
  );
  return table;
}

import { z } from 'zod';
import negators from '../../../../../resources/lexicons/negators.json' with { type: 'json' };
import sentiment from '../../../../../resources/lexicons/sentiment.json' with { type: 'json' };
import { AppError } from '../../../../contract/app-error.ts';
import { createPause } from '../../../statistics/pause.ts';
import { scoreText, type ValenceLexicon } from '../../../statistics/valence-rules.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, minimumItems } from '../audit.ts';
import { crossClasses, sentimentClass } from '../class-table.ts';
import { describeFeatures, measureFeatures, type SideFeature } from '../discordance.ts';
import { measureMeans } from '../slices.ts';
import { isEnglish } from '../trait-pairs.ts';

type AuditContext = Context<{ sample: number; lexicon: string; class_cut: number; warn_above: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'sentiment_rules', metric, title });

const features: readonly SideFeature[] = [
  {
    id: 'compound',
    title: 'more positive sentiment',
    chosen: 'chosen_compound',
    rejected: 'rejected_compound',
  },
];

/** Degree words of the rules; our own choice. */
const boosters =
  'absolutely amazingly completely deeply especially exceptionally extremely fully greatly highly hugely incredibly more most particularly purely quite really remarkably so totally tremendously truly utterly very';
const dampeners =
  'almost barely hardly kinda less little marginally occasionally partly scarcely slightly somewhat sorta';

/** Valence of a mild and of a strong word of our own list; our choice, near the middle of what people gave such words. */
const [mild, strong] = [1.5, 2.7];

export const sentimentRulesAudit = defineAudit({
  id: 'sentiment_rules',
  family: 'surface',
  title: 'Sentiment by rules (English)',
  description:
    'Whether the more positive side wins, by valences of words with boosters, negation, capitals, “but” and marks, as VADER weighs them; over our own word list, or a lexicon file of yours.',
  inputs: ['label', 'text', 'language'],
  parameters: {
    /** Pairs scored, drawn by md5 of id and seed. */
    sample: z.number().int().min(10).max(100_000).default(5000),
    /** A file in the workspace folder with a word and its valence on each line, parted by a tab, such as vader_lexicon.txt. */
    lexicon: z.string().default(''),
    /** Compound from which a text is positive, and from whose negative on it is negative. */
    class_cut: z.number().min(0).max(1).default(0.05),
    warn_above: z.number().min(0.5).max(1).default(0.6),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context: AuditContext) => {
    const lexicon = await readLexicon(context);
    const from = await storeScores(context, lexicon);
    const { n } = await context.session.one<{ n: number }>(`SELECT count(*) AS n FROM ${from}`);
    if (n === 0)
      return { obstacle: 'No labelled pair is in English (column language); the rules are English.' };
    const relation = { audit: 'sentiment_rules', from, features };
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...(await measureMeans(context, {
        head: headOf('compound_difference', 'Mean compound sentiment, chosen − rejected'),
        from,
        outcome: 'chosen_compound - rejected_compound',
      })),
    ]);
    return {
      figures,
      findings: await describeFeatures(context, relation, {
        figures,
        most: 1,
        warnFrom: 2 * (context.params.warn_above - 0.5),
        noticeFrom: 0.02,
      }),
      tables: [
        await crossClasses(context.session, from, {
          id: 'classes',
          title: 'Sentiment class of chosen and rejected',
          classOf: (side) => sentimentClass(`${side}_compound`),
          parameters: [context.params.class_cut],
          signal: context.signal,
        }),
      ],
      params: { pairs: n, words: lexicon.valences.size, min_n: minimumItems },
    };
  },
});

async function readLexicon({ session, params }: AuditContext): Promise<ValenceLexicon> {
  const own = (words: readonly string[], valence: number) =>
    words.map((word): [string, number] => [word, valence]);
  const words = (text: string) => new Set(text.split(' '));
  const rest = { boosters: words(boosters), dampeners: words(dampeners), negators: new Set(negators.terms) };
  if (params.lexicon === '')
    return {
      ...rest,
      valences: new Map([
        ...own(sentiment.positive_mild, mild),
        ...own(sentiment.positive_strong, strong),
        ...own(sentiment.negative_mild, -mild),
        ...own(sentiment.negative_strong, -strong),
      ]),
    };
  try {
    const rows = await session.all<{ word: string; valence: number }>(
      `SELECT column0 AS word, TRY_CAST(column1 AS DOUBLE) AS valence FROM read_csv(?, delim = chr(9), header = false, quote = '', all_varchar = true, null_padding = true)
       WHERE TRY_CAST(column1 AS DOUBLE) IS NOT NULL`,
      [params.lexicon],
    );
    return { ...rest, valences: new Map(rows.map(({ word, valence }) => [word.toLowerCase(), valence])) };
  } catch (error) {
    throw new AppError(
      'INPUT_INVALID',
      `Nothing was audited: the lexicon ${params.lexicon} could not be read. Put a file with a word, a tab and its valence on each line into the workspace folder. ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
      { lexicon: params.lexicon },
    );
  }
}

/** The sampled English pairs with chosen_compound and rejected_compound. */
async function storeScores(context: AuditContext, lexicon: ValenceLexicon): Promise<string> {
  const { session, pairs, seed, params, signal } = context;
  const [drawn, scores, table] = [
    context.scratch('drawn'),
    context.scratch('scores'),
    context.scratch('scored'),
  ];
  await session.run(
    `CREATE OR REPLACE TABLE ${drawn} AS SELECT * FROM ${pairs} WHERE label IN ('a', 'b') AND ${isEnglish} ORDER BY md5(comparison_id || '/' || ?), row_id LIMIT ?`,
    [seed, params.sample],
    { signal },
  );
  const texts = await session.all<{ id: number; text: string }>(
    `SELECT response_id AS id, text FROM response WHERE response_id IN (SELECT chosen_id FROM ${drawn} UNION SELECT rejected_id FROM ${drawn}) ORDER BY id`,
    [],
    { signal },
  );
  const pause = createPause(signal);
  const scored: { id: number; compound: number }[] = [];
  for (const { id, text } of texts) {
    scored.push({ id, compound: scoreText(text, lexicon) });
    await pause();
  }
  await session.run(
    `CREATE OR REPLACE TABLE ${scores} AS SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","compound":"DOUBLE"}]'), recursive := true)`,
    [JSON.stringify(scored)],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT d.*, c.compound AS chosen_compound, r.compound AS rejected_compound FROM ${drawn} d
     JOIN ${scores} c ON c.id = d.chosen_id JOIN ${scores} r ON r.id = d.rejected_id`,
    [],
    { signal },
  );
  return table;
}

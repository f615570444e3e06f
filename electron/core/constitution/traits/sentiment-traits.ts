import negators from '../../../../resources/lexicons/negators.json' with { type: 'json' };
import sentiment from '../../../../resources/lexicons/sentiment.json' with { type: 'json' };
import { countPattern } from './expressions.ts';
import { buildTermPattern } from './lexicon.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const base = { family: 'sentiment', basis: 'lexicon', language: 'en' } as const;
const source = `Own lexicon ${sentiment.id}, version ${sentiment.version}, outside fenced code; not comparable with VADER.`;

const positive = [...sentiment.positive_mild, ...sentiment.positive_strong];
const negative = [...sentiment.negative_mild, ...sentiment.negative_strong];
const between =
  '(?:(?:a|an|the|any|all|so|too|very|that|this|quite|really|particularly|be|been|as)\\s+){0,2}';
const negated = (terms: readonly string[]) =>
  countPattern('_low', `${buildTermPattern(negators.terms)}\\s+${between}${buildTermPattern(terms)}`);
const points = (mild: readonly string[], strong: readonly string[]) =>
  `${countPattern('_low', buildTermPattern(mild))} + 2 * ${countPattern('_low', buildTermPattern(strong))}`;

export const sentimentTraits: readonly SurfaceTrait[] = [
  {
    ...base,
    id: 'positive_points',
    principle: statePrinciple('uses more positive words'),
    type: 'INTEGER',
    description: `One point for each mildly and two for each strongly positive word, negated or not. ${source}`,
    sql: points(sentiment.positive_mild, sentiment.positive_strong),
  },
  {
    ...base,
    id: 'negative_points',
    principle: statePrinciple('uses more negative words'),
    type: 'INTEGER',
    description: `One point for each mildly and two for each strongly negative word, negated or not. ${source}`,
    sql: points(sentiment.negative_mild, sentiment.negative_strong),
  },
  {
    ...base,
    id: 'sentiment_score',
    principle: statePrinciple('expresses more positive sentiment'),
    opposite: statePrinciple('expresses more negative sentiment'),
    type: 'FLOAT',
    description: `(P - N) / (P + N + 1), cut to -1..1, where P and N are positive_points and negative_points and each word right after a negator ("not good", "not a very bad") takes two points from its side of P - N. ${source}`,
    derivedFrom: ['positive_points', 'negative_points'],
    sql: `CASE WHEN _low IS NOT NULL THEN greatest(-1, least(1, (positive_points - negative_points - 2 * ${negated(positive)} + 2 * ${negated(negative)})::DOUBLE / (positive_points + negative_points + 1))) END`,
  },
];

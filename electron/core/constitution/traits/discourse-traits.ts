import citations from '../../../../resources/lexicons/citations.json' with { type: 'json' };
import conclusions from '../../../../resources/lexicons/conclusions.json' with { type: 'json' };
import connectives from '../../../../resources/lexicons/connectives.json' with { type: 'json' };
import examples from '../../../../resources/lexicons/examples.json' with { type: 'json' };
import offers from '../../../../resources/lexicons/offers.json' with { type: 'json' };
import { countPattern } from './expressions.ts';
import { buildTermPattern } from './lexicon.ts';
import { defineLexiconTrait } from './lexicon-trait.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const family = 'discourse';
const citation = `\\[\\d{1,3}(?:[,–-] ?\\d{1,3})*\\]|\\([^()\\n]{0,60}\\b(?:1[89]|20)\\d\\d[a-z]?\\)`;

export const discourseTraits: readonly SurfaceTrait[] = [
  defineLexiconTrait({
    id: 'example_count',
    family,
    lexicon: examples,
    predicate: 'provides more examples',
    description: 'Markers that introduce an example; examples without one are not seen.',
  }),
  defineLexiconTrait({
    id: 'conclusion_count',
    family,
    lexicon: conclusions,
    predicate: 'states a summary or conclusion more explicitly',
    description: 'Markers that introduce a summary.',
  }),
  defineLexiconTrait({
    id: 'connective_count',
    family,
    lexicon: connectives,
    predicate: 'links its statements with more connectives',
    description: 'Words and phrases that link statements.',
  }),
  {
    id: 'reference_count',
    principle: statePrinciple('includes more references to other sources'),
    family,
    basis: 'pattern',
    description: `url_count, plus numbers in square brackets, years in round brackets such as (Lee, 2019), and terms of lexicon ${citations.id}, version ${citations.version}, outside fenced code.`,
    language: 'en',
    type: 'INTEGER',
    derivedFrom: ['url_count', 'citation_count'],
    sql: 'url_count + citation_count',
  },
  {
    id: 'citation_count',
    principle: statePrinciple('cites more studies, reports or authors'),
    family,
    basis: 'pattern',
    description: `Numbers in square brackets, years in round brackets such as (Lee, 2019), and terms of lexicon ${citations.id}, version ${citations.version}, outside fenced code. Links are not counted.`,
    language: 'en',
    type: 'INTEGER',
    sql: countPattern('_low', `${citation}|${buildTermPattern(citations.terms)}`),
  },
  defineLexiconTrait({
    id: 'offer_count',
    family,
    lexicon: offers,
    predicate: 'offers more further help',
    description: 'Invitations to ask, answer or say more.',
  }),
  {
    id: 'engagement_count',
    principle: statePrinciple('more actively engages with the user'),
    family,
    basis: 'lexicon',
    description: 'Sum of offer_count, question_mark_count and second_person_count.',
    language: 'en',
    type: 'INTEGER',
    derivedFrom: ['offer_count', 'question_mark_count', 'second_person_count'],
    sql: 'offer_count + question_mark_count + second_person_count',
  },
];

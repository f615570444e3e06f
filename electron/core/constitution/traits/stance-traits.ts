import agreement from '../../../../resources/lexicons/agreement.json' with { type: 'json' };
import aiMentions from '../../../../resources/lexicons/ai-mentions.json' with { type: 'json' };
import apologies from '../../../../resources/lexicons/apologies.json' with { type: 'json' };
import avoidance from '../../../../resources/lexicons/avoidance.json' with { type: 'json' };
import boosters from '../../../../resources/lexicons/boosters.json' with { type: 'json' };
import compliments from '../../../../resources/lexicons/compliments.json' with { type: 'json' };
import directives from '../../../../resources/lexicons/directives.json' with { type: 'json' };
import ethics from '../../../../resources/lexicons/ethics.json' with { type: 'json' };
import hedges from '../../../../resources/lexicons/hedges.json' with { type: 'json' };
import { testPattern } from './expressions.ts';
import { defineLexiconTrait } from './lexicon-trait.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const family = 'stance';
const refusal = `(?i)\\b(i('m| am) sorry|i (cannot|can't|won't)|unable to|as an ai\\b)`;

export const stanceTraits: readonly SurfaceTrait[] = [
  {
    id: 'refusal',
    principle: statePrinciple('refuses to answer the question'),
    opposite: statePrinciple('does not refuse to answer the question'),
    family,
    basis: 'pattern',
    description: `1 where the first 200 characters hold "I'm sorry", "I cannot", "I can't", "I won't", "unable to" or "as an AI". Sympathy that opens with "I'm sorry" is taken for a refusal.`,
    language: 'en',
    type: 'INTEGER',
    sql: testPattern(`replace(left(_text, 200), '’', '''')`, refusal),
  },
  defineLexiconTrait({
    id: 'hedge_count',
    family,
    lexicon: hedges,
    predicate: 'acknowledges own limitations or uncertainty more',
    description: 'Hedges and statements of limited knowledge.',
  }),
  defineLexiconTrait({
    id: 'booster_count',
    family,
    lexicon: boosters,
    predicate: 'makes more confident statements',
    description: 'Words of certainty; a confident tone without them is not seen.',
  }),
  defineLexiconTrait({
    id: 'avoidance_count',
    family,
    lexicon: avoidance,
    predicate: 'has a more avoidant tone',
    description: 'Phrases that deflect, decline or pass the question on.',
  }),
  defineLexiconTrait({
    id: 'ai_mention_count',
    family,
    lexicon: aiMentions,
    predicate: 'mentions more often that it is an AI',
    opposite: 'mentions less often that it is an AI',
    description: 'Phrases in which the writer names itself an AI.',
  }),
  defineLexiconTrait({
    id: 'apology_count',
    family,
    lexicon: apologies,
    predicate: 'apologises more',
    opposite: 'apologises less',
    description: 'Expressions of regret.',
  }),
  defineLexiconTrait({
    id: 'directive_count',
    family,
    lexicon: directives,
    predicate: 'tells the reader more directly what to do',
    description: 'Words of obligation and advice.',
  }),
  defineLexiconTrait({
    id: 'agreement_count',
    family,
    lexicon: agreement,
    predicate: 'agrees more with the user',
    description: 'Phrases of agreement; agreement in substance is not seen.',
  }),
  defineLexiconTrait({
    id: 'compliment_count',
    family,
    lexicon: compliments,
    predicate: "compliments the user's question or prompt",
    description: 'Phrases of praise for the question or the asker.',
  }),
  defineLexiconTrait({
    id: 'ethics_count',
    family,
    lexicon: ethics,
    predicate: 'includes more ethical considerations',
    description: 'Words of ethics, law, fairness and safety.',
  }),
];

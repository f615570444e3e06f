import casual from '../../../../resources/lexicons/casual.json' with { type: 'json' };
import emotion from '../../../../resources/lexicons/emotion.json' with { type: 'json' };
import empathy from '../../../../resources/lexicons/empathy.json' with { type: 'json' };
import enthusiasm from '../../../../resources/lexicons/enthusiasm.json' with { type: 'json' };
import formal from '../../../../resources/lexicons/formal.json' with { type: 'json' };
import friendliness from '../../../../resources/lexicons/friendliness.json' with { type: 'json' };
import insults from '../../../../resources/lexicons/insults.json' with { type: 'json' };
import optimism from '../../../../resources/lexicons/optimism.json' with { type: 'json' };
import politeness from '../../../../resources/lexicons/politeness.json' with { type: 'json' };
import profanity from '../../../../resources/lexicons/profanity.json' with { type: 'json' };
import { defineLexiconTrait } from './lexicon-trait.ts';
import type { SurfaceTrait } from './trait.ts';

const family = 'tone';

export const toneTraits: readonly SurfaceTrait[] = [
  defineLexiconTrait({
    id: 'politeness_count',
    family,
    lexicon: politeness,
    predicate: 'is more polite',
    opposite: 'is less polite',
    description: 'Thanks, requests and other courtesies.',
  }),
  defineLexiconTrait({
    id: 'friendliness_count',
    family,
    lexicon: friendliness,
    predicate: 'has a friendlier tone',
    opposite: 'has a less friendly tone',
    description: 'Greetings, offers of help and warm closings.',
  }),
  defineLexiconTrait({
    id: 'casual_count',
    family,
    lexicon: casual,
    predicate: 'uses more casual language',
    description: 'Slang, fillers and informal spellings.',
  }),
  defineLexiconTrait({
    id: 'formal_count',
    family,
    lexicon: formal,
    predicate: 'uses more formal language',
    description: 'Formal connectives and register words.',
  }),
  defineLexiconTrait({
    id: 'profanity_count',
    family,
    lexicon: profanity,
    predicate: 'includes inappropriate language',
    opposite: 'avoids inappropriate language',
    description: 'Swear words and obscenities, quoted ones included.',
  }),
  defineLexiconTrait({
    id: 'insult_count',
    family,
    lexicon: insults,
    predicate: 'is more offensive',
    opposite: 'is less offensive',
    description: 'Insulting words, quoted ones included; slurs against groups are not listed.',
  }),
  defineLexiconTrait({
    id: 'empathy_count',
    family,
    lexicon: empathy,
    predicate: 'is more empathetic to the user',
    description: 'Phrases that acknowledge what the user feels.',
  }),
  defineLexiconTrait({
    id: 'enthusiasm_count',
    family,
    lexicon: enthusiasm,
    predicate: 'uses a more enthusiastic tone',
    description: 'Words of high enthusiasm; exclamation marks have their own trait.',
  }),
  defineLexiconTrait({
    id: 'emotion_count',
    family,
    lexicon: emotion,
    predicate: 'expresses more emotion',
    description: 'Words that name a feeling, whoever has it.',
  }),
  defineLexiconTrait({
    id: 'optimism_count',
    family,
    lexicon: optimism,
    predicate: 'is more optimistic',
    description: 'Words of hope and improvement.',
  }),
];

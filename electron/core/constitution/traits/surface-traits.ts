import { AppError } from '../../../contract/app-error.ts';
import { discourseTraits } from './discourse-traits.ts';
import { lengthTraits } from './length-traits.ts';
import { overlapTraits } from './overlap-traits.ts';
import { punctuationTraits } from './punctuation-traits.ts';
import { sentimentTraits } from './sentiment-traits.ts';
import { stanceTraits } from './stance-traits.ts';
import { structureTraits } from './structure-traits.ts';
import { symbolTraits } from './symbol-traits.ts';
import { toneTraits } from './tone-traits.ts';
import type { SurfaceTrait } from './trait.ts';
import { pronounTraits, vocabularyTraits } from './vocabulary-traits.ts';

/** Every surface trait, in the order of their columns. */
export const surfaceTraits: readonly SurfaceTrait[] = [
  ...lengthTraits,
  ...structureTraits,
  ...punctuationTraits,
  ...symbolTraits,
  ...vocabularyTraits,
  ...pronounTraits,
  ...stanceTraits,
  ...toneTraits,
  ...discourseTraits,
  ...sentimentTraits,
  ...overlapTraits,
];

const traitsById = new Map(surfaceTraits.map((trait) => [trait.id, trait]));

/** The trait of an id. Throws FIELD_UNKNOWN. */
export function getSurfaceTrait(id: string): SurfaceTrait {
  const trait = traitsById.get(id);
  if (trait) return trait;
  throw new AppError(
    'FIELD_UNKNOWN',
    `No surface trait is called "${id}". Choose one from the list of traits.`,
  );
}

/** A trait and the side of it that a principle prefers. */
export interface TraitPrinciple {
  readonly trait: SurfaceTrait;
  readonly prefers: 'larger' | 'smaller';
}

const principles = new Map<string, TraitPrinciple>(
  surfaceTraits.flatMap((trait): [string, TraitPrinciple][] => [
    [normalise(trait.principle), { trait, prefers: 'larger' }],
    ...(trait.opposite === undefined
      ? []
      : [[normalise(trait.opposite), { trait, prefers: 'smaller' }] as [string, TraitPrinciple]]),
  ]),
);

function normalise(principle: string): string {
  return principle.toLowerCase().replace(/\s+/g, ' ').replace(/\.$/, '').trim();
}

/** The trait that computes a principle, by its exact wording; case, spacing and a final full stop are ignored. */
export function findTraitOfPrinciple(principle: string): TraitPrinciple | undefined {
  return principles.get(normalise(principle));
}

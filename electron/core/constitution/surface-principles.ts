import { surfaceTraits } from './traits/surface-traits.ts';
import type { SurfaceTrait } from './traits/trait.ts';

/** A rule that votes for the side with more (`direction` 1) or less (−1) of a trait. */
export interface SurfacePrinciple {
  readonly id: string;
  readonly text: string;
  readonly family: string;
  readonly trait: SurfaceTrait;
  readonly direction: 1 | -1;
}

const oppositeSuffix = '.smaller';

/** Every principle that can be tested without a model: each trait, and its opposite where that reads naturally. */
export const surfacePrinciples: readonly SurfacePrinciple[] = surfaceTraits.flatMap((trait) => {
  const more: SurfacePrinciple = {
    id: trait.id,
    text: trait.principle,
    family: trait.family,
    trait,
    direction: 1,
  };
  if (trait.opposite === undefined) return [more];
  return [
    more,
    { ...more, id: `${trait.id}${oppositeSuffix}`, text: trait.opposite, direction: -1 as const },
  ];
});

const principlesById = new Map(surfacePrinciples.map((principle) => [principle.id, principle]));

/** The principle of an id that a constitution has stored; undefined where this version no longer knows it. */
export function findSurfacePrinciple(id: string): SurfacePrinciple | undefined {
  return principlesById.get(id);
}

/** The trait that a principle id is about. */
export function traitOfPrincipleId(id: string): string {
  return id.endsWith(oppositeSuffix) ? id.slice(0, -oppositeSuffix.length) : id;
}

import { z } from 'zod';
import shipped from '../../../../resources/principles/default-traits.json';
import { surfacePrinciples } from '../surface-principles.ts';

export interface CandidatePrinciple {
  readonly text: string;
  readonly origin: 'model' | 'surface' | 'list' | 'hand' | 'direction' | 'rationale';
  /** The trait whose difference is the vote, and its sign; without one a model votes. */
  readonly traitId: string | null;
  readonly direction: 1 | -1;
}

const listSchema = z.object({
  principles: z.array(
    z.object({
      text: z.string(),
      trait: z.string().optional(),
      direction: z.union([z.literal(1), z.literal(-1)]).default(1),
    }),
  ),
});

/** The forty default traits of constitution.md 2.4; the ten that code can compute say by which trait. */
export const defaultTraits: readonly CandidatePrinciple[] = listSchema
  .parse(shipped)
  .principles.map(({ text, trait, direction }) => ({
    text,
    origin: 'list',
    traitId: trait ?? null,
    direction,
  }));

/** Every principle that code can vote on. */
export const surfaceCandidates: readonly CandidatePrinciple[] = surfacePrinciples.map(
  ({ text, trait, direction }) => ({ text, origin: 'surface', traitId: trait.id, direction }),
);

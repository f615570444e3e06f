import type { Sql } from './reader.ts';
import { type Problem, voteStruct } from './record-parts.ts';

/** NVIDIA's scale: −3 = the first response is much better, 3 = the second is, 0 = tie. */
const largest = 3;

/** Label of a signed strength; outside −3…3 it is NULL. */
export function labelFromSigned(strength: Sql): Sql {
  return `CASE WHEN abs(${strength}) > ${largest} THEN NULL WHEN ${strength} < 0 THEN 'a'
    WHEN ${strength} > 0 THEN 'b' WHEN ${strength} = 0 THEN 'tie' END`;
}

/** A vote by a signed strength; its strength is |s| / 3. */
export function signedVote(strength: Sql, parts: { annotator?: Sql; rationale?: Sql } = {}): Sql {
  return voteStruct({
    label: labelFromSigned(strength),
    strength: `CASE WHEN abs(${strength}) <= ${largest} THEN abs(${strength}) / ${largest}.0 END`,
    ...parts,
  });
}

/** The reason for which a signed strength cannot be used. */
export function signedProblem(strength: Sql, text: Sql, column: string): Problem {
  return {
    when: `${text} IS NOT NULL AND (${strength} IS NULL OR abs(${strength}) > ${largest})`,
    text: `The preference in “${column}” is no number from −3 to 3.`,
    column,
  };
}

import { createHash } from 'node:crypto';
import identity from '../../../../resources/lexicons/identity-terms.json' with { type: 'json' };
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../contract/app-error.ts';
import { buildTermPattern } from '../../constitution/traits/lexicon.ts';
import type { AuditContext } from './audit.ts';

/** Words for one group of people on one axis. */
export interface IdentityGroup {
  readonly axis: string;
  readonly group: string;
  readonly terms: readonly string[];
}

const bundled: readonly IdentityGroup[] = Object.entries(identity.axes).flatMap(([axis, groups]) =>
  Object.entries(groups).map(([group, terms]) => ({ axis, group, terms })),
);

/** The name and version of the bundled list, for the parameters of a result. */
export const bundledIdentity = `${identity.id} version ${identity.version}`;

/**
 * The bundled groups, or those of a CSV file inside the workspace with the columns axis, group and term.
 * Throws INPUT_INVALID for a file that cannot be read so.
 */
export async function readGroups(
  { session }: Pick<AuditContext<unknown>, 'session'>,
  lexicon: string,
): Promise<readonly IdentityGroup[]> {
  if (lexicon === '') return bundled;
  try {
    return await session.all<IdentityGroup>(
      `SELECT trim(axis) AS axis, trim("group") AS "group", list(DISTINCT lower(trim(term))) AS terms
       FROM read_csv(?, header = true, all_varchar = true) WHERE trim(term) <> '' GROUP BY ALL ORDER BY ALL`,
      [lexicon],
    );
  } catch (error) {
    throw new AppError(
      'INPUT_INVALID',
      `Nothing was audited: the word list ${lexicon} could not be read. Put a CSV file with the columns axis, group and term into the workspace folder. ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
      { lexicon },
    );
  }
}

/** Stores which response of the run's pairs mentions which group: response_id, axis, "group". Answers the table. */
export async function storeMentions(
  context: AuditContext<unknown>,
  groups: readonly IdentityGroup[],
): Promise<string> {
  const list = createHash('md5').update(JSON.stringify(groups)).digest('hex');
  return context.share(`mentions_${list}`, (mentions) => fillMentions(context, groups, mentions));
}

async function fillMentions(
  context: AuditContext<unknown>,
  groups: readonly IdentityGroup[],
  mentions: string,
): Promise<void> {
  const { session, pairs, signal } = context;
  const texts = context.scratch('mention_texts');
  const any = buildTermPattern([...new Set(groups.flatMap(({ terms }) => terms))]);
  await session.run(
    `CREATE OR REPLACE TABLE ${texts} AS SELECT * FROM (SELECT lower(replace(text, '’', '''')) AS low, list(response_id) AS ids FROM response
       WHERE response_id IN (SELECT response_a_id FROM ${pairs} UNION SELECT response_b_id FROM ${pairs}) GROUP BY low) WHERE regexp_matches(low, ${quoteLiteral(any)})`,
    [],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${mentions} (response_id BIGINT, axis VARCHAR, "group" VARCHAR)`,
  );
  for (const { axis, group, terms } of groups) {
    await session.run(
      `INSERT INTO ${mentions} SELECT unnest(ids), ?, ? FROM ${texts} WHERE regexp_matches(low, ${quoteLiteral(buildTermPattern(terms))})`,
      [axis, group],
      { signal },
    );
  }
}

import type { Database } from '../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import { AppError } from '../../contract/app-error.ts';
import type {
  ConstitutionDocument,
  Explanation,
  PrincipleResult,
} from '../../contract/constitution.contract.ts';
import { explainByPrinciples, isRunDocument, listRowsOfPrinciples } from './principles/principle-rows.ts';
import type { RowsQuery } from './rows-query.ts';
import { findSurfacePrinciple, type SurfacePrinciple } from './surface-principles.ts';
import { hasCurrentTraits, traitTable } from './trait-columns.ts';
import { buildTraitSelect } from './traits/trait-sql.ts';

interface Stored {
  readonly constitutionId: number;
  readonly document: ConstitutionDocument;
}

interface Side {
  readonly label: string | null;
  readonly side: 'a' | 'b';
  readonly traits: Readonly<Record<string, number | null>>;
}

interface SelectedPrinciple {
  readonly principle: SurfacePrinciple;
  readonly weight: number;
}

const isPreference = (label: string | null): label is 'a' | 'b' => label === 'a' || label === 'b';

/** Reads stored constitutions and applies them to single pairs and to the dataset they were made from. */
export class ConstitutionService {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async list(
    datasetId: number,
  ): Promise<{ constitutionId: number; createdAt: string; top: number; seed: number }[]> {
    return this.database.all(
      `SELECT constitution_id AS "constitutionId", created_at AS "createdAt",
         (document->>'$.top')::INTEGER AS top, (document->>'$.seed')::INTEGER AS seed
       FROM constitution WHERE dataset_id = ? ORDER BY constitution_id DESC`,
      [datasetId],
    );
  }

  /** Throws CONSTITUTION_MISSING. */
  async get(constitutionId: number): Promise<Stored> {
    const row = await this.database.find<{ document: string }>(
      'SELECT document::VARCHAR AS document FROM constitution WHERE constitution_id = ?',
      [constitutionId],
    );
    if (!row) {
      throw new AppError(
        'CONSTITUTION_MISSING',
        `There is no constitution ${constitutionId} in this workspace. It may have gone with its dataset; make a new one.`,
        { constitutionId },
      );
    }
    // Written by the job of this class of documents, and read back unchanged.
    return { constitutionId, document: JSON.parse(row.document) as ConstitutionDocument };
  }

  /**
   * What each principle sees in one pair, and the weighted vote. The traits are computed from the texts as they are now.
   * Throws ROW_MISSING, CONSTITUTION_MISSING.
   */
  async explain(constitutionId: number, comparisonId: number): Promise<Explanation> {
    const { document } = await this.get(constitutionId);
    if (isRunDocument(document))
      return explainByPrinciples(this.database, { constitutionId, document }, comparisonId);
    const known = document.principles.flatMap((result) => {
      const principle = findSurfacePrinciple(result.id);
      return principle ? [{ result, principle }] : [];
    });
    const sides = await this.readSides(comparisonId, [
      ...new Set(known.map(({ principle }) => principle.trait.id)),
    ]);
    const a = sides.find((row) => row.side === 'a');
    const b = sides.find((row) => row.side === 'b');
    if (!a || !b) {
      throw new AppError('ROW_MISSING', `There is no pair ${comparisonId} in this workspace.`, {
        comparisonId,
      });
    }
    const votes = known.map(({ result, principle }) => makeVote(result, principle, { a, b }));
    const eta = votes.reduce(
      (sum, vote) =>
        sum + (vote.isSelected && vote.side ? (vote.side === 'a' ? 1 : -1) * (vote.weight ?? 0) : 0),
      0,
    );
    const predicted = Math.abs(eta) < 1e-12 ? null : eta > 0 ? ('a' as const) : ('b' as const);
    return {
      constitutionId,
      label: a.label,
      predicted,
      probability: predicted === null ? null : 1 / (1 + Math.exp(-Math.abs(eta))),
      isExplained: isPreference(a.label) && predicted !== null ? predicted === a.label : null,
      votes: votes.sort(byRank),
    };
  }

  /**
   * Ids of labelled pairs on which a principle speaks for the label, against it, or not at all; or, without a principle,
   * those where the weighted vote goes against the label (`unexplained`) or no selected principle speaks (`silent`).
   * Throws CONSTITUTION_MISSING, CONSTITUTION_NOT_APPLICABLE, INPUT_INVALID.
   */
  async rows(
    query: RowsQuery,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<{ total: number; ids: number[] }> {
    const { document } = await this.get(query.constitutionId);
    if (isRunDocument(document)) return listRowsOfPrinciples(this.database, query, document);
    const datasetId = document.dataset_id;
    const condition = buildCondition(query, document);
    if (!(await hasCurrentTraits(this.database, datasetId))) {
      throw new AppError(
        'CONSTITUTION_NOT_APPLICABLE',
        'The rows were not listed: the dataset has changed since this constitution was made. Make it again, then list them.',
        { datasetId },
      );
    }
    const found = await this.database.one<{ total: number; ids: number[] | null }>(
      `WITH hit AS (
         SELECT c.comparison_id AS id FROM comparison c
         JOIN ${traitTable(datasetId)} ta ON ta.response_id = c.response_a_id
         JOIN ${traitTable(datasetId)} tb ON tb.response_id = c.response_b_id
         WHERE c.dataset_id = ? AND c.label IN ('a', 'b') AND ${condition})
       SELECT (SELECT count(*) FROM hit) AS total,
         (SELECT list(id ORDER BY id) FROM (SELECT id FROM hit ORDER BY id LIMIT ?)) AS ids`,
      [datasetId, query.limit],
      { signal },
    );
    return { total: found.total, ids: found.ids ?? [] };
  }

  private async readSides(comparisonId: number, traits: readonly string[]): Promise<Side[]> {
    const source = `(SELECT r.response_id, r.text, p.text AS prompt_text
      FROM comparison c JOIN response r ON r.response_id IN (c.response_a_id, c.response_b_id)
      JOIN prompt p ON p.prompt_id = r.prompt_id WHERE c.comparison_id = ${Math.trunc(comparisonId)})`;
    const rows = await this.database.all<Record<string, number | string | null>>(
      `SELECT c.label AS _label, t.response_id = c.response_a_id AS _is_a, t.response_id = c.response_b_id AS _is_b, t.*
       FROM (${buildTraitSelect({ source, traits })}) t JOIN comparison c ON c.comparison_id = ?`,
      [comparisonId],
    );
    return (['a', 'b'] as const).flatMap((side) => {
      const row = rows.find((candidate) => Boolean(candidate[`_is_${side}`]));
      if (!row) return [];
      const values = traits.map((id) => [id, typeof row[id] === 'number' ? row[id] : null]);
      return [
        {
          side,
          label: typeof row._label === 'string' ? row._label : null,
          // The columns are those asked for, and every trait is numeric.
          traits: Object.fromEntries(values) as Record<string, number | null>,
        },
      ];
    });
  }
}

function makeVote(
  result: PrincipleResult,
  principle: SurfacePrinciple,
  { a, b }: { a: Side; b: Side },
): Explanation['votes'][number] {
  const valueA = a.traits[principle.trait.id] ?? null;
  const valueB = b.traits[principle.trait.id] ?? null;
  const lead = valueA === null || valueB === null ? 0 : principle.direction * Math.sign(valueA - valueB);
  return {
    principleId: result.id,
    text: result.text,
    valueA,
    valueB,
    side: lead === 0 ? null : lead > 0 ? 'a' : 'b',
    weight: result.weight,
    isSelected: result.is_selected,
  };
}

/** Selected principles first, heaviest first; the others after them as they were ranked. */
function byRank(left: Explanation['votes'][number], right: Explanation['votes'][number]): number {
  return (right.weight ?? 0) - (left.weight ?? 0);
}

const labelSign = `CASE c.label WHEN 'a' THEN 1 ELSE -1 END`;

/** 1 where the principle speaks for the label, −1 against it, 0 where it is silent. */
function voteSql({ trait, direction }: SurfacePrinciple): string {
  const column = quoteIdentifier(trait.id);
  return `coalesce(${direction} * ${labelSign} * sign(ta.${column} - tb.${column}), 0)`;
}

function buildCondition(query: RowsQuery, document: ConstitutionDocument): string {
  if (query.which === 'unexplained' || query.which === 'silent') {
    const selected = listSelected(document);
    if (selected.length === 0) return query.which === 'silent' ? 'true' : 'false';
    if (query.which === 'silent') {
      return selected.map(({ principle }) => `${voteSql(principle)} = 0`).join(' AND ');
    }
    const terms = selected.map(({ principle, weight }) => `${weight}::DOUBLE * ${voteSql(principle)}`);
    return `(${terms.join(' + ')}) < -1e-12`;
  }
  const principle = query.principleId === undefined ? undefined : findSurfacePrinciple(query.principleId);
  if (!principle) {
    throw new AppError(
      'INPUT_INVALID',
      `The rows were not listed: name a principle of the constitution to list the rows it is ${query.which.replace('_', ' ')}${query.which === 'not_applicable' ? ' to' : ''}.`,
      { principleId: query.principleId ?? null },
    );
  }
  const wanted = { for: '= 1', against: '= -1', not_applicable: '= 0' }[query.which];
  return `${voteSql(principle)} ${wanted}`;
}

function listSelected(document: ConstitutionDocument): SelectedPrinciple[] {
  return document.principles.flatMap((result) => {
    if (!result.is_selected || result.weight === null) return [];
    const principle = findSurfacePrinciple(result.id);
    if (!principle) {
      throw new AppError(
        'CONSTITUTION_NOT_APPLICABLE',
        `This constitution uses the principle “${result.text}”, which this version does not compute. Make it again.`,
        { principleId: result.id },
      );
    }
    return [{ principle, weight: result.weight }];
  });
}

/** Which rows of a constitution are asked for: those a principle speaks for or against, or those it leaves unexplained. */
export interface RowsQuery {
  readonly constitutionId: number;
  readonly principleId?: string | undefined;
  readonly which: 'for' | 'against' | 'not_applicable' | 'unexplained' | 'silent';
  readonly limit: number;
}

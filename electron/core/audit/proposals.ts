import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter } from '../../../native/duckdb/session.ts';
import type { Proposal, ProposalKind, ProposalStatus } from '../../contract/audit.contract.ts';
import { recordLogged } from '../editing/operation.repository.ts';
import { applyProposals, revertProposals } from './apply-proposals.ts';

export interface ProposalChoice {
  readonly datasetId: number;
  readonly status?: ProposalStatus | undefined;
  readonly audit?: string | undefined;
  readonly kind?: ProposalKind | undefined;
}

export interface ProposalCount {
  readonly audit: string;
  readonly kind: ProposalKind;
  readonly status: ProposalStatus;
  readonly count: number;
}

function compileChoice(choice: ProposalChoice): { where: string; parameters: Parameter[] } {
  const parts: [string, Parameter | undefined][] = [
    ['x.dataset_id = ?', choice.datasetId],
    ['x.status = ?', choice.status],
    ['x.audit = ?', choice.audit],
    ['x.kind = ?', choice.kind],
  ];
  const given = parts.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  return { where: given.map(({ sql }) => sql).join(' AND '), parameters: given.map(({ value }) => value) };
}

/** A page of the review queue, the largest score first, with the counts of the whole dataset. */
export async function listProposals(
  database: Database,
  choice: ProposalChoice & { offset: number; limit: number },
): Promise<{ total: number; counts: ProposalCount[]; proposals: Proposal[] }> {
  const { where, parameters } = compileChoice(choice);
  return database.withReader(async (session) => ({
    total: (
      await session.one<{ n: number }>(`SELECT count(*) AS n FROM proposal x WHERE ${where}`, parameters)
    ).n,
    counts: await session.all<ProposalCount>(
      'SELECT audit, kind, status, count(*) AS count FROM proposal WHERE dataset_id = ? GROUP BY ALL ORDER BY ALL',
      [choice.datasetId],
    ),
    proposals: await session.all<Proposal>(
      `SELECT x.proposal_id AS "proposalId", x.audit_run_id AS "auditRunId", x.audit, x.comparison_id AS "comparisonId", x.kind, x.before,
         x.after, x.reason, x.score, x.status, left(p.text, 300) AS prompt
       FROM (SELECT * FROM proposal x WHERE ${where} ORDER BY x.score DESC NULLS LAST, x.proposal_id LIMIT ? OFFSET ?) x
       JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) ORDER BY x.score DESC NULLS LAST, x.proposal_id`,
      [...parameters, choice.limit, choice.offset],
    ),
  }));
}

/**
 * Accepts, dismisses or opens again; accepting changes the data through the change log, and leaving `accepted` takes
 * that change back. A flip whose label has changed since stays open. Answers how many proposals changed.
 */
export async function decideProposals(
  database: Database,
  request: ProposalChoice & { decision: ProposalStatus; proposalIds?: readonly number[] | undefined },
): Promise<number> {
  const { decision, proposalIds } = request;
  const { where, parameters } = compileChoice(request);
  const named =
    proposalIds === undefined ? 'true' : `x.proposal_id IN (SELECT unnest(from_json(?::JSON, '["BIGINT"]')))`;
  const operation = randomUUID();
  return database.write(async (session) => {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE chosen_proposal AS SELECT x.* FROM proposal x WHERE ${where} AND x.status <> ? AND ${named}`,
      [...parameters, decision, ...(proposalIds === undefined ? [] : [JSON.stringify(proposalIds)])],
    );
    if (decision === 'accepted') await applyProposals(session, 'chosen_proposal', operation);
    else {
      await session.run(
        `CREATE OR REPLACE TEMP TABLE accepted_proposal AS SELECT * FROM chosen_proposal WHERE status = 'accepted'`,
      );
      await revertProposals(session, 'accepted_proposal', operation);
      await session.run('DROP TABLE accepted_proposal');
    }
    const title = decision === 'accepted' ? 'Accept proposals of an audit' : 'Take back accepted proposals';
    await recordLogged(session, { operationId: operation, kind: 'labels', title });
    const changed = await session.run(
      `UPDATE proposal SET status = ?, operation_id = ?, decided_at = now() WHERE proposal_id IN (SELECT proposal_id FROM chosen_proposal)`,
      [decision, operation],
    );
    await session.run('DROP TABLE chosen_proposal');
    return changed;
  });
}

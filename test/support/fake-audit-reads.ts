import type { Proposal, ProposalStatus } from '../../electron/contract/audit.contract.ts';
import { fakeAudits, madeAt } from './fake-documents.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;

/** Stored runs, choices, row sets and the review queue of the fake core. */
export function fakeAuditReads(answer: Answer) {
  const proposals = [1, 2, 3].map((n): Proposal => ({
    proposalId: n,
    auditRunId: 4,
    audit: 'length',
    comparisonId: 10 + n,
    kind: 'flip',
    before: 'a',
    after: 'b',
    reason: `Reason ${n}`,
    score: 4 - n,
    status: 'open',
    prompt: `Prompt ${n}`,
  }));
  return {
    plan: (input: unknown) =>
      answer('audit.plan', input, () => ({
        audits: [
          {
            audit: 'judge_position',
            title: 'Position bias of a judge model',
            calls: 400,
            answered: 120,
            promptTokens: 84_000,
            generatedTokens: 0,
            hasMore: false,
          },
        ],
        calls: 400,
        answered: 120,
        promptTokens: 84_000,
        generatedTokens: 0,
        minutes: 3.2,
      })),
    get: (input: { auditRunId: number }) =>
      answer('audit.get', input, () => {
        const document = fakeAudits();
        const shift = input.auditRunId === 4 ? 0 : 0.2;
        return {
          ...document,
          audit_run_id: input.auditRunId,
          audits: document.audits.map((audit) => ({
            ...audit,
            figures: audit.figures.map((figure) =>
              figure.metric === 'longer_win_rate'
                ? {
                    ...figure,
                    value: (figure.value ?? 0) - shift,
                    ci_lo: (figure.ci_lo ?? 0) - shift,
                    ci_hi: (figure.ci_hi ?? 0) - shift,
                  }
                : figure,
            ),
          })),
        };
      }),
    runs: (input: unknown) =>
      answer('audit.runs', input, () =>
        [4, 3].map((auditRunId) => ({
          auditRunId,
          datasetId: 1,
          dataset: 'judged-pairs',
          createdAt: madeAt,
          datasetVersion: '5400.1.0',
          seed: 1,
          slice: null,
          judge: auditRunId === 3 ? 'a-judge' : null,
          only: null,
        })),
      ),
    choices: (input: unknown) =>
      answer('audit.choices', input, () => ({
        slices: [{ slice: 'language', values: 3 }],
        judges: [{ judge: 'a-judge', votes: 900 }],
      })),
    rows: (input: unknown) =>
      answer('audit.rows', input, () => ({ relation: 'pairs' as const, ids: [2, 5, 9] })),
    proposals: (input: { status?: ProposalStatus; limit: number }) =>
      answer('audit.proposals', input, () => {
        const shown = proposals.filter(({ status }) => input.status === undefined || status === input.status);
        return {
          total: shown.length,
          counts: [{ audit: 'length', kind: 'flip' as const, status: 'open' as const, count: shown.length }],
          proposals: shown.slice(0, input.limit).map((proposal) => ({ ...proposal })),
        };
      }),
    decide: (input: { proposalIds?: number[]; decision: ProposalStatus; status?: ProposalStatus }) =>
      answer('audit.decide', input, () => {
        const chosen = proposals.filter(
          ({ proposalId, status }) =>
            (input.proposalIds?.includes(proposalId) ?? true) &&
            (input.status === undefined || input.status === status),
        );
        for (const proposal of chosen) proposal.status = input.decision;
        return { changed: chosen.length };
      }),
  };
}

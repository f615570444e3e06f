import type { AuditModels } from '../../../electron/contract/audit.contract.ts';

/** What a run of the audits is asked for. */
export interface RunSettings {
  readonly seed: number;
  /** A column to slice by, or ''. */
  readonly slice: string;
  /** An annotator whose votes stand for the label, or ''. */
  readonly judge: string;
  /** Models to ask, by role. */
  readonly models: AuditModels;
}

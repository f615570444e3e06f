import type { Audit } from '../audit.ts';
import { intransitivityAudit } from './intransitivity.ts';
import { itemDifficultyAudit } from './item-difficulty.ts';
import { modelRankingAudit } from './model-ranking.ts';

/** The audits of the family “rankings”, in the order they are run and shown. */
export const rankingsAudits: readonly Audit[] = [modelRankingAudit, intransitivityAudit, itemDifficultyAudit];

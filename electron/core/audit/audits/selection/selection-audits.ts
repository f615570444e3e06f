import type { Audit } from '../audit.ts';
import { collectionBudgetAudit } from './collection-budget.ts';
import { curriculumAudit } from './curriculum.ts';
import { episodeWeightsAudit } from './episode-weights.ts';
import { filterPipelineAudit } from './filter-pipeline.ts';
import { humanRoutingAudit } from './human-routing.ts';
import { judgeUncertaintyAudit } from './judge-uncertainty.ts';
import { matchedComparisonAudit } from './matched-comparison.ts';
import { offPolicyAudit, rankingRiskAudit } from './off-policy.ts';
import { returnOrRegretAudit } from './return-or-regret.ts';
import { rewardFilterAudit } from './reward-filter.ts';
import { rerankingAudit, subsetChoiceAudit } from './subset-choice.ts';
import { textCoverageAudit } from './text-coverage.ts';
import { trajectoryProfileAudit } from './trajectory-profile.ts';

/** The audits of the family “selection”, in the order they are run and shown. */
export const selectionAudits: readonly Audit[] = [
  filterPipelineAudit,
  matchedComparisonAudit,
  curriculumAudit,
  subsetChoiceAudit,
  rerankingAudit,
  rewardFilterAudit,
  judgeUncertaintyAudit,
  humanRoutingAudit,
  collectionBudgetAudit,
  rankingRiskAudit,
  offPolicyAudit,
  episodeWeightsAudit,
  trajectoryProfileAudit,
  textCoverageAudit,
  returnOrRegretAudit,
];

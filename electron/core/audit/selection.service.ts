import type { Database } from '../../../native/duckdb/database.ts';
import { compareEpisodes, pairEpisodes } from './selection/episode-pairs.ts';
import { type PipelineOptions, runFilterPipeline } from './selection/filter-pipeline.ts';
import {
  type CurriculumOptions,
  drawByGroup,
  drawMatched,
  type GroupColumn,
  type MatchedOptions,
  orderByScore,
  orderCurriculum,
} from './selection/ordered-selections.ts';
import {
  type EpisodeWeighting,
  filterResponses,
  sampleResponses,
  weighEpisodeResponses,
} from './selection/response-selections.ts';
import type { SelectionInput } from './selection/selection-table.ts';
import { chooseSubset, type SubsetOptions } from './selection/subset-selection.ts';
import { allocateBudget } from '../statistics/budget.ts';
import type { FilterStrategy } from '../statistics/filter-policy.ts';

/** Where and from what to select; the session is the service's own. */
export type SelectionRequest = Omit<SelectionInput, 'session'>;

/**
 * Selections a curator makes of pairs, responses and episodes. Each writes a table with comparison_id, response_id, keep,
 * weight, place and reason (see `SelectionInput.into`, in `scratch`) and answers what it did; nothing in the data changes.
 */
export class SelectionService {
  constructor(private readonly database: Database) {}

  /** Ordered filter nodes on a fixed number of samples seen. */
  async filter(request: SelectionRequest, options: PipelineOptions) {
    return this.read(request, (input) => runFilterPipeline(input, options));
  }

  /** Pairs from rated responses, easy to hard. */
  async curriculum(request: SelectionRequest, options: CurriculumOptions) {
    return this.read(request, (input) => orderCurriculum(input, options));
  }

  /** Existing pairs in stages by a score. */
  async order(request: SelectionRequest, options: { score: string; stages?: number }) {
    return this.read(request, (input) => orderByScore(input, options));
  }

  /** Equal numbers of pairs of every group. */
  async matched(request: SelectionRequest, options: MatchedOptions) {
    return this.read(request, (input) => drawMatched(input, options));
  }

  /** A number of pairs of each group. */
  async byGroup(
    request: SelectionRequest,
    options: { by: GroupColumn; sizes: Readonly<Record<string, number>> },
  ) {
    return this.read(request, (input) => drawByGroup(input, options));
  }

  /** The pairs that represent all best. */
  async subset(request: SelectionRequest, options: SubsetOptions) {
    return this.read(request, (input) => chooseSubset(input, options));
  }

  /** Responses weighted by the rank of their reward. */
  async filterResponses(request: SelectionRequest, options: { aspect: string; strategy: FilterStrategy }) {
    return this.read(request, (input) => filterResponses(input, options));
  }

  /** Responses drawn by statistical rejection sampling. */
  async sampleResponses(request: SelectionRequest, options: { aspect: string; size: number; beta?: number }) {
    return this.read(request, (input) => sampleResponses(input, options));
  }

  /** Episodes weighted by their returns. */
  async weighEpisodes(request: SelectionRequest, options: EpisodeWeighting) {
    return this.read(request, (input) => weighEpisodeResponses(input, options));
  }

  /** Pairs of episodes of one goal, success against failure. */
  async episodePairs(request: SelectionRequest) {
    return this.read(request, pairEpisodes);
  }

  /** Episodes of one goal compared step by step. */
  async compareEpisodes(request: SelectionRequest) {
    return this.read(request, compareEpisodes);
  }

  /** Rows to collect of each group; see `allocateBudget`. */
  readonly planBudget = allocateBudget;

  private async read<T>(
    request: SelectionRequest,
    select: (input: SelectionInput) => Promise<T>,
  ): Promise<T> {
    return this.database.withReader((session) => select({ ...request, session }));
  }
}

import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import type {
  CurationOutcome,
  CurationRun,
  CurationSample,
  CurationSpec,
  RecipeStep,
  SavedRecipe,
  StepInfo,
} from '../../contract/curation.contract.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import { curationSteps } from './registry.ts';
import { checkSteps, runSteps, sampleRows } from './run-steps.ts';

interface RecipeDocument {
  readonly seed: number;
  readonly steps: RecipeStep[];
}

/** The catalogue of steps, previews, saved recipes and past runs. */
export class CurationService {
  constructor(
    private readonly database: Database,
    private readonly datasets: DatasetRepository,
  ) {}

  listSteps(): StepInfo[] {
    return curationSteps.map(({ id, family, title, description, source, unconfirmed, params }) => ({
      step: id,
      family,
      title,
      description,
      source,
      unconfirmed,
      params: z.toJSONSchema(params, { io: 'input' }),
    }));
  }

  /** Throws DATASET_MISSING, RECIPE_INVALID. */
  async check({ datasetId, steps }: Pick<CurationSpec, 'datasetId' | 'steps'>): Promise<void> {
    await this.datasets.get(datasetId);
    checkSteps(steps);
  }

  /** Runs the steps and throws all away but the counts and some rows of one step. */
  async preview(
    request: Pick<CurationSpec, 'datasetId' | 'seed' | 'steps'> & {
      readonly at?: number | undefined;
      readonly fate?: CurationSample['fate'] | undefined;
      readonly rows: number;
    },
    signal?: AbortSignal,
  ): Promise<{ outcome: CurationOutcome; rows: CurationSample[] }> {
    await this.check(request);
    const lastRun = request.steps.findLastIndex((step) => step.enabled);
    const at = request.at ?? lastRun;
    let rows: CurationSample[] = [];
    return this.database.withReader((session) =>
      runSteps(
        session,
        {
          spec: request,
          signal,
          afterStep: async (work, index) => {
            if (index === at) rows = await sampleRows(work, request);
          },
        },
        (_work, outcome) => Promise.resolve({ outcome, rows }),
      ),
    );
  }

  /** Newest first. */
  async listRuns(): Promise<CurationRun[]> {
    const rows = await this.database.all<
      Omit<CurationRun, 'steps' | 'outcome'> & { steps: string; outcome: string }
    >(
      `SELECT r.curation_run_id AS "curationRunId", r.dataset_id AS "datasetId", d.name AS dataset, r.source_dataset_id AS "sourceDatasetId", s.name AS source,
         r.seed, r.recipe_hash AS "recipeHash", r.recipe::VARCHAR AS steps, r.outcome::VARCHAR AS outcome, r.created_at AS "createdAt"
       FROM curation_run r JOIN dataset d ON d.dataset_id = r.dataset_id LEFT JOIN dataset s ON s.dataset_id = r.source_dataset_id
       ORDER BY r.curation_run_id DESC`,
    );
    return rows.map((row) => ({
      ...row,
      steps: JSON.parse(row.steps) as RecipeStep[],
      outcome: JSON.parse(row.outcome) as CurationOutcome,
    }));
  }

  /** By name. */
  async listRecipes(): Promise<SavedRecipe[]> {
    const rows = await this.database.all<{
      recipeId: number;
      name: string;
      document: string;
      changedAt: string;
    }>(
      `SELECT recipe_id AS "recipeId", name, document::VARCHAR AS document, changed_at AS "changedAt" FROM curation_recipe ORDER BY lower(name), recipe_id`,
    );
    return rows.map(({ document, ...row }) => ({ ...row, ...(JSON.parse(document) as RecipeDocument) }));
  }

  /** Replaces the recipe of that name, or adds it. */
  async saveRecipe({ name, seed, steps }: RecipeDocument & { name: string }): Promise<number> {
    return this.database.write(async (session) => {
      const document = JSON.stringify({ seed, steps } satisfies RecipeDocument);
      const known = await session.find<{ id: number }>(
        'SELECT recipe_id AS id FROM curation_recipe WHERE name = ?',
        [name],
      );
      if (known) {
        await session.run('UPDATE curation_recipe SET document = ?, changed_at = now() WHERE recipe_id = ?', [
          document,
          known.id,
        ]);
        return known.id;
      }
      const { id } = await session.one<{ id: number }>(
        'SELECT coalesce(max(recipe_id), 0) + 1 AS id FROM curation_recipe',
      );
      await session.run('INSERT INTO curation_recipe (recipe_id, name, document) VALUES (?, ?, ?)', [
        id,
        name,
        document,
      ]);
      return id;
    });
  }

  async removeRecipe(recipeId: number): Promise<boolean> {
    const removed = await this.database.write((session) =>
      session.run('DELETE FROM curation_recipe WHERE recipe_id = ?', [recipeId]),
    );
    return removed > 0;
  }
}

import type { Database } from '../../../../native/duckdb/database.ts';
import type { CurationSpec } from '../../../contract/curation.contract.ts';
import type { DegreeReport, MiningPlan } from '../../../contract/mining.contract.ts';
import { checkSteps } from '../run-steps.ts';
import { measureDegreeOrder } from './degree-order.ts';
import { listAskingSteps } from './methods.ts';
import { listUnasked } from './unasked-items.ts';

/** Characters of a token, roughly. */
const charactersPerToken = 4;

interface Speed {
  readonly promptTokensPerSecond: number;
  readonly generationTokensPerSecond: number;
}

/** What the steps of a recipe would ask of models. */
export class MiningService {
  constructor(private readonly database: Database) {}

  /** Counts at most what is still to be asked; nothing is asked. Throws RECIPE_INVALID as a run does. */
  async plan(
    spec: Pick<CurationSpec, 'datasetId' | 'seed' | 'steps'>,
    signal?: AbortSignal,
  ): Promise<MiningPlan> {
    checkSteps(spec.steps);
    const steps: MiningPlan['steps'] = [];
    let minutes: number | null = 0;
    for (const step of listAskingSteps(spec.steps)) {
      const { items, all, models } = await listUnasked(this.database, spec, { step, jobId: null, signal });
      const { calls, generatedTokens, reads, extraTokens } = step.method.estimate(step.params);
      const characters = items.reduce((sum, { payload }) => sum + JSON.stringify(payload).length, 0);
      const cost = {
        calls: items.length * calls,
        promptTokens: Math.round((characters / charactersPerToken) * reads + items.length * extraTokens),
        generatedTokens: items.length * generatedTokens,
      };
      const speed = models['model'] && (await this.findSpeed(models['model'].modelId));
      if (items.length > 0)
        minutes =
          speed && minutes !== null
            ? minutes +
              (cost.promptTokens / speed.promptTokensPerSecond +
                cost.generatedTokens / speed.generationTokensPerSecond) /
                60
            : null;
      steps.push({
        index: step.index,
        step: step.method.step.id,
        title: step.method.step.title,
        models: [...new Set(Object.values(models).map(({ name }) => name))],
        items: all,
        answered: all - items.length,
        ...cost,
      });
    }
    const total = (key: 'calls' | 'promptTokens' | 'generatedTokens') =>
      steps.reduce((sum, one) => sum + one[key], 0);
    return {
      steps,
      calls: total('calls'),
      promptTokens: total('promptTokens'),
      generatedTokens: total('generatedTokens'),
      minutes,
    };
  }

  /** How well a judge run orders responses that “degraded-pairs” has made worse. */
  async measureDegrees(judgeRunId: number, signal?: AbortSignal): Promise<DegreeReport> {
    return measureDegreeOrder(this.database, judgeRunId, { signal });
  }

  private async findSpeed(modelId: string): Promise<Speed | null> {
    const row = await this.database.find<{ benchmark: string | null }>(
      'SELECT benchmark::VARCHAR AS benchmark FROM model WHERE model_id = ?',
      [modelId],
    );
    const speed = row?.benchmark ? (JSON.parse(row.benchmark) as Partial<Speed>) : null;
    return speed?.promptTokensPerSecond && speed.generationTokensPerSecond
      ? {
          promptTokensPerSecond: speed.promptTokensPerSecond,
          generationTokensPerSecond: speed.generationTokensPerSecond,
        }
      : null;
  }
}

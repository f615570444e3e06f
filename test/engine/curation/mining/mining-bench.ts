import pino from 'pino';
import { onTestFinished } from 'vitest';
import { AppError } from '../../../../electron/contract/app-error.ts';
import type { RecipeStep } from '../../../../electron/contract/curation.contract.ts';
import type { Job } from '../../../../electron/contract/job.contract.ts';
import { CurateJob } from '../../../../electron/core/curation/curate.job.ts';
import { MineJob, type MineResult } from '../../../../electron/core/curation/mining/mine.job.ts';
import { MiningService } from '../../../../electron/core/curation/mining/mining.service.ts';
import { runSteps } from '../../../../electron/core/curation/run-steps.ts';
import { liveOf, promptsOf, responsesOf } from '../../../../electron/core/curation/work.ts';
import { JobService } from '../../../../electron/core/jobs/job.service.ts';
import type { Workspace } from '../../../../electron/core/workspace/workspace.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';

export interface MinedPair {
  readonly prompt: string;
  readonly messages: { role: string; content: string }[] | null;
  readonly chosen: string;
  readonly rejected: string;
  readonly why: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Mining over a workspace, with models by name instead of an engine. */
export async function openMiningBench(
  workspace: Workspace,
  datasetId: number,
  models: Readonly<Record<string, InferenceModel>>,
) {
  const { database } = workspace;
  for (const [name, { identity }] of Object.entries(models))
    await database.write((session) =>
      session.run(
        `INSERT INTO model (model_id, name, kind, hash, capabilities, settings) VALUES (?, ?, 'gguf', ?, '[]', '{}')`,
        [`id-${name}`, name, identity.hash],
      ),
    );
  const source = {
    acquire: async (modelId: string) => {
      const model = models[modelId.replace(/^id-/, '')];
      if (model) return model;
      throw new AppError('MODEL_MISSING', `There is no model ${modelId}.`);
    },
  };
  const jobs = new JobService(database, pino({ level: 'silent' }));
  jobs.register(new MineJob(database, source, new CurateJob(database, async () => undefined)));
  onTestFinished(() => jobs.close());
  const stepsOf = (step: string, params: Record<string, unknown>): RecipeStep[] => [
    { step, enabled: true, params },
  ];
  const mine = async (step: string, params: Record<string, unknown>, makesDataset = true): Promise<Job> =>
    jobs.wait(
      await jobs.start('mine', {
        datasetId,
        name: 'mined',
        seed: 1,
        steps: stepsOf(step, params),
        makesDataset,
      }),
    );
  return {
    jobs,
    mine,
    /** What a job that succeeded has done. */
    finish: async (
      step: string,
      params: Record<string, unknown>,
      makesDataset = true,
    ): Promise<MineResult> => {
      const { result, error } = await mine(step, params, makesDataset);
      if (error) throw new Error(error.message);
      return result as MineResult;
    },
    plan: (step: string, params: Record<string, unknown>) =>
      new MiningService(database).plan({ datasetId, seed: 1, steps: stepsOf(step, params) }),
    preview: (step: string, params: Record<string, unknown>) =>
      database.withReader((session) =>
        runSteps(
          session,
          { spec: { datasetId, seed: 1, steps: stepsOf(step, params) } },
          async (work, outcome) => {
            const rows = await session.all<Omit<MinedPair, 'detail'> & { detail: string }>(
              `SELECT p.text AS prompt, p.messages, CASE k.label WHEN 'b' THEN b.text ELSE a.text END AS chosen, CASE k.label WHEN 'b' THEN a.text ELSE b.text END AS rejected, k.why, k.detail::VARCHAR AS detail
             FROM ${liveOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id) JOIN ${responsesOf(work)} a ON a.response_id = k.response_a_id
             JOIN ${responsesOf(work)} b ON b.response_id = k.response_b_id WHERE k.added_by >= 0 ORDER BY k.candidate_id`,
            );
            return {
              outcome,
              pairs: rows.map((row): MinedPair => ({
                ...row,
                detail: JSON.parse(row.detail) as MinedPair['detail'],
              })),
            };
          },
        ),
      ),
  };
}

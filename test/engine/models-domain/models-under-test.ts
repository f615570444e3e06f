import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { AppError, type ErrorCode } from '../../../electron/contract/app-error.ts';
import { type Core, openCore } from '../../../electron/core/boot.ts';
import { createNodeAdapter } from '../../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../../native/host/engine-environment.ts';

/** A core on a fresh workspace, with inference on the CPU and a user folder of its own; closed with the test. */
export async function openCoreForTest(
  options: { readonly directory?: string; readonly variables?: NodeJS.ProcessEnv } = {},
): Promise<Core & { readonly directory: string; readonly userDirectory: string }> {
  const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), 'assay-models-'));
  const userDirectory = path.join(directory, 'user');
  const adapter = createNodeAdapter({
    entry: path.resolve('out/node/llama-process.js'),
    environment: { ...selectEngineEnvironment(process.env), ASSAY_ENGINE_GPU: 'off', ...options.variables },
  });
  const core = await openCore({
    workspace: path.join(directory, 'w.assay'),
    version: '1.0.0',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    models: {
      engine: adapter,
      inspector: adapter,
      userDirectory,
      http: { pauseMs: 5, timeoutMs: 2_000 },
    },
  });
  onTestFinished(async () => {
    await core.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { ...core, directory, userDirectory };
}

/** Runs a job to its end; throws what it failed with. */
export async function runJob<Result>(core: Core, type: string, spec: unknown): Promise<Result> {
  const { jobs } = core.services;
  const job = await jobs.wait(await jobs.start(type, spec));
  if (job.status === 'succeeded') return job.result as Result;
  throw new AppError((job.error?.code ?? 'INTERNAL') as ErrorCode, job.error?.message ?? job.status);
}

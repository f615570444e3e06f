import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { letterForms } from '../../../electron/core/judging/verdict.ts';
import type { AddModelsResult } from '../../../electron/core/models/add-models.job.ts';
import { followEngine } from '../../../electron/core/models/model.handlers.ts';
import { buildTestModel } from '../../support/models/test-models.ts';
import { writeBrokenModel } from '../../support/models/broken-models.ts';
import { askPair } from '../llama/questions.ts';
import { openCoreForTest, runJob } from './models-under-test.ts';

describe('adding models', () => {
  it('takes every good file of a folder, names the bad ones, and hashes the bytes', async () => {
    const core = await openCoreForTest();
    const folder = path.join(core.directory, 'files');
    mkdirSync(path.join(folder, 'deep'), { recursive: true });
    await buildTestModel('marker-judge', path.join(folder, 'judge.gguf'));
    await buildTestModel('embedder', path.join(folder, 'deep', 'embedder.gguf'));
    await writeBrokenModel(path.join(folder, 'cut.gguf'), 'cut off in the tensors');
    writeFileSync(path.join(folder, 'notes.txt'), 'no model');
    const result = await runJob<AddModelsResult>(core, 'add-models', { paths: [folder] });
    expect(result.added.map(({ name }) => name).sort()).toEqual(['embedder', 'judge']);
    expect(result.refused).toMatchObject([{ code: 'MODEL_FILE_INVALID' }]);
    const judge = await core.services.models.get('judge');
    const bytes = readFileSync(path.join(folder, 'judge.gguf'));
    expect(judge).toMatchObject({
      kind: 'gguf',
      hash: createHash('sha256').update(bytes).digest('hex'),
      capabilities: ['score', 'decide', 'generate'],
      isPresent: true,
      leavesMachine: false,
      settings: { gpuLayers: 'auto', contextSize: 4_096, sequences: 'auto' },
      facts: { bytes: bytes.length, architecture: 'llama' },
    });
    expect(await core.services.models.scanFolder(folder)).toMatchObject([
      { isAdded: false },
      { isAdded: true },
      { isAdded: true },
    ]);
  });

  it('knows a file again that has moved, and keeps its name and settings', async () => {
    const core = await openCoreForTest();
    const first = path.join(core.directory, 'a.gguf');
    const moved = path.join(core.directory, 'b.gguf');
    await buildTestModel('random', first);
    copyFileSync(first, moved);
    const { added } = await runJob<AddModelsResult>(core, 'add-models', { paths: [first], name: 'mine' });
    const again = await runJob<AddModelsResult>(core, 'add-models', { paths: [moved] });
    expect(again).toMatchObject({ added: [], known: [{ modelId: added[0]?.modelId, name: 'mine' }] });
    expect(await core.services.models.list()).toMatchObject([{ name: 'mine', path: moved }]);
  });

  it('refuses a file that ends the process that tries it, and serves the next one', async () => {
    const core = await openCoreForTest();
    const bad = path.join(core.directory, 'bad.gguf');
    const good = path.join(core.directory, 'good.gguf');
    await writeBrokenModel(bad, 'values narrower than keys, fatal on context');
    await buildTestModel('random', good);
    await expect(runJob(core, 'add-models', { paths: [bad] })).rejects.toMatchObject({
      code: 'MODEL_FILE_INVALID',
    });
    await runJob(core, 'add-models', { paths: [good] });
    expect(await core.services.models.status()).toMatchObject({ deaths: 0, reason: null });
  });

  it('refuses a name that is taken, and a model that is not there by naming those that are', async () => {
    const core = await openCoreForTest();
    const [one, two] = ['one', 'two'].map((name) => path.join(core.directory, `${name}.gguf`));
    await buildTestModel('random', one ?? '');
    await buildTestModel('marker-judge', two ?? '');
    await runJob(core, 'add-models', { paths: [one, two] });
    const { modelId } = await core.services.models.get('one');
    await expect(core.services.models.rename(modelId, 'two')).rejects.toMatchObject({
      code: 'MODEL_NAME_TAKEN',
    });
    expect(await core.services.models.rename(modelId, 'three')).toMatchObject({ name: 'three' });
    await expect(core.services.models.acquire('one')).rejects.toThrow(/Models: three, two\./);
  });
});

describe('using models', () => {
  it('calibrates once, answers, shows in the engine’s state, and is gone from memory after unload', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'judge.gguf');
    await buildTestModel('marker-judge', file);
    await runJob(core, 'add-models', { paths: [file] });
    const { models } = core.services;
    const judge = await models.acquire('judge');
    const { probabilities } = await judge.decide(askPair('a ★', 'b'), letterForms);
    expect(probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-4)), 3);
    const stored = await models.get('judge');
    expect(stored.calibration?.trials.length).toBeGreaterThan(2);
    expect(judge.identity).toMatchObject({ hash: stored.hash, kind: 'gguf', contextSize: 4_096 });
    const status = await models.status();
    expect(status).toMatchObject({ phase: 'ready', device: { kind: 'cpu' }, models: [{ name: 'judge' }] });
    await models.acquire('judge');
    expect((await models.get('judge')).calibration).toEqual(stored.calibration);
    expect(await models.unload(stored.modelId)).toBe(true);
    expect((await models.status()).models).toEqual([]);
  });

  it('loads with new settings from the next call on', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'judge.gguf');
    await buildTestModel('marker-judge', file);
    await runJob(core, 'add-models', { paths: [file] });
    const { models } = core.services;
    const { modelId, settings } = await models.get('judge');
    await models.setSettings(modelId, { ...settings, contextSize: 256, sequences: 3 });
    const judge = await models.acquire('judge');
    expect(judge.identity.contextSize).toBe(256);
    expect(judge.concurrency).toBe(6);
    await expect(judge.decide(askPair('time '.repeat(300), 'b'), letterForms)).rejects.toMatchObject({
      code: 'INPUT_TOO_LONG',
    });
  });

  it('measures speed and stores it', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'random.gguf');
    await buildTestModel('random', file);
    await runJob(core, 'add-models', { paths: [file] });
    const { modelId } = await core.services.models.get('random');
    await runJob(core, 'benchmark-model', { modelId });
    const { benchmark } = await core.services.models.get('random');
    expect(benchmark?.promptTokensPerSecond).toBeGreaterThan(1);
    expect(benchmark?.generationTokensPerSecond).toBeGreaterThan(1);
  });

  it('loads on request, and keeps why files and loads were refused, newest first', async () => {
    const core = await openCoreForTest();
    const { models } = core.services;
    const file = path.join(core.directory, 'judge.gguf');
    const torn = path.join(core.directory, 'torn.gguf');
    await buildTestModel('marker-judge', file);
    await writeBrokenModel(torn, 'cut off in the tensors');
    await expect(runJob(core, 'add-models', { paths: [torn] })).rejects.toMatchObject({
      code: 'MODEL_FILE_INVALID',
    });
    const { added } = await runJob<AddModelsResult>(core, 'add-models', { paths: [file] });
    const modelId = added[0]?.modelId ?? '';
    await runJob(core, 'load-model', { modelId });
    const [loaded] = (await models.status()).models;
    expect(loaded).toMatchObject({ modelId, name: 'judge' });
    expect(loaded?.ram).toBeGreaterThan(0);
    await models.unload(modelId);
    expect((await models.status()).models).toEqual([]);
    // 1,048,576 tokens of context for 64 sequences fit no machine of today.
    await models.setSettings(modelId, { gpuLayers: 0, contextSize: 1_048_576, sequences: 64 });
    await expect(runJob(core, 'load-model', { modelId })).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' });
    appendFileSync(file, 'x');
    await expect(models.load(modelId)).rejects.toMatchObject({ code: 'MODEL_FILE_MISSING' });
    expect(await models.refusals.list()).toMatchObject([
      { modelId, name: 'judge', code: 'MODEL_FILE_MISSING' },
      { modelId, name: 'judge', code: 'MODEL_TOO_LARGE' },
      { modelId: null, name: 'torn.gguf', path: torn, code: 'MODEL_FILE_INVALID' },
    ]);
    expect(await models.refusals.clear()).toBe(3);
    expect(await models.refusals.list()).toEqual([]);
  });

  it('does not load a file that changed since its hash was taken', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'judge.gguf');
    await buildTestModel('marker-judge', file);
    await runJob(core, 'add-models', { paths: [file] });
    appendFileSync(file, 'more');
    expect(await core.services.models.get('judge')).toMatchObject({ isPresent: false });
    await expect(core.services.models.acquire('judge')).rejects.toMatchObject({ code: 'MODEL_FILE_MISSING' });
  });

  it('removes the record and leaves the file', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'judge.gguf');
    await buildTestModel('marker-judge', file);
    await runJob(core, 'add-models', { paths: [file] });
    const { modelId } = await core.services.models.get('judge');
    expect(await core.services.models.remove(modelId)).toBe(true);
    expect(await core.services.models.list()).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });

  it('rejects calls in flight when the process is killed, and answers the next', async () => {
    const core = await openCoreForTest();
    const file = path.join(core.directory, 'random.gguf');
    await buildTestModel('random', file);
    await runJob(core, 'add-models', { paths: [file] });
    const { models } = core.services;
    const model = await models.acquire('random');
    let wasKilled = false;
    const running = model.generate(
      { text: 'Go on' },
      {
        temperature: 1,
        seed: 1,
        maxTokens: 3_000,
        onText: () => {
          if (wasKilled) return;
          wasKilled = true;
          void models.status().then(({ pid }) => process.kill(pid ?? 0, 'SIGKILL'));
        },
      },
    );
    await expect(running).rejects.toMatchObject({ code: 'ENGINE_DIED' });
    expect(await models.status()).toMatchObject({
      phase: 'stopped',
      deaths: 1,
      reason: 'it was ended by SIGKILL',
    });
    expect((await model.score({ text: 'a' }, ' the')).count).toBe(1);
    expect(await models.status()).toMatchObject({ phase: 'ready', generation: 2, deaths: 0 });
  });

  it('follows the state of the process from the present one on', async () => {
    const core = await openCoreForTest();
    const controller = new AbortController();
    const phases: string[] = [];
    const following = (async () => {
      for await (const { phase } of followEngine(core.services.models, controller.signal)) {
        phases.push(phase);
        if (phase === 'stopped' && phases.includes('ready')) controller.abort();
      }
    })();
    await expect.poll(() => phases).toContain('stopped');
    const file = path.join(core.directory, 'random.gguf');
    await buildTestModel('random', file);
    await runJob(core, 'add-models', { paths: [file] });
    await core.services.models.acquire('random');
    await expect.poll(() => phases).toContain('ready');
    await core.services.models.stopEngine();
    await following;
    expect(phases.at(-1)).toBe('stopped');
  });
});

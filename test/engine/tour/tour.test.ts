import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCore, type Core } from '../../../electron/core/boot.ts';
import { makeFolder } from '../../support/e2e/command.ts';

const { folder, remove } = makeFolder('assay-tour');
const workspace = path.join(folder, 'w.assay');
const formerSetting = process.env['ASSAY_STARTER'];
let core: Core;

/** resources/sample/README.md: the order is that of the shares of pairs, 5 : 3 : 2. */
const planted = [
  'Select the response that uses more emojis',
  'Select the response that ends with a follow-up question',
  'Select the response that provides a numbered list format',
];

const open = () =>
  openCore({
    workspace,
    version: 'test',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
  });
const waitForAll = async (jobs: readonly { jobId: string }[]) =>
  Promise.all(jobs.map(async ({ jobId }) => (await core.services.jobs.wait(jobId)).status));

beforeAll(async () => {
  process.env['ASSAY_STARTER'] = 'on';
  core = await open();
});
afterAll(async () => {
  await core.close();
  process.env['ASSAY_STARTER'] = formerSetting;
  remove();
});

describe.sequential('the first-run tour', () => {
  it('says of an empty workspace what is there, and refuses a step before its corpus', async () => {
    expect(await core.services.tour.get()).toMatchObject({
      hasFiles: true,
      pandalm: null,
      planted: null,
      starter: { name: 'starter' },
      imports: [],
      reward: null,
      principles: null,
      hasRealModel: false,
    });
    await expect(core.services.tour.start('reward')).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });

  it('two clicks at once and one after import each corpus once', async () => {
    const { tour, datasets } = core.services;
    const [first, second] = await Promise.all([tour.open(), tour.open()]);
    expect(first?.map(({ name }) => name)).toEqual(['pandalm', 'planted']);
    // The second click finds what the first queued, less what has ended since.
    for (const job of second ?? []) expect(first).toContainEqual(job);
    expect(await waitForAll(first ?? [])).toEqual(['succeeded', 'succeeded']);
    expect(await tour.open()).toEqual([]);
    // resources/sample/README.md; three pairs of the planted corpus repeat another.
    expect((await datasets.list()).map(({ name, pairs }) => [name, pairs])).toEqual([
      ['pandalm', 999],
      ['planted', 117],
    ]);
  });

  it('a step that is at work is not started again, and is done once its result is stored', async () => {
    const { tour } = core.services;
    const [first, second] = await Promise.all([tour.start('reward'), tour.start('reward')]);
    expect(second).toBe(first);
    expect((await tour.get()).jobs).toEqual([{ step: 'reward', jobId: first }]);
    expect(await waitForAll([{ jobId: first }])).toEqual(['succeeded']);
    const { jobs, reward } = await tour.get();
    expect(jobs).toEqual([]);
    expect(reward?.texts.length).toBeGreaterThan(0);
  });

  it('the starter finds planted principles in the order of their strength, each with an interval, judges by the first and explains', async () => {
    const { tour } = core.services;
    expect(await waitForAll([{ jobId: await tour.start('principles') }])).toEqual(['succeeded']);
    const { principles } = await tour.get();
    const found = principles?.found.map(({ text }) => text) ?? [];
    expect(found).toEqual(planted);
    expect(principles?.missed).toEqual([]);
    for (const { strength } of principles?.found ?? []) {
      expect(strength.ci?.[0]).toBeGreaterThan(0);
      expect(strength.n).toBe(117);
    }
    expect(await waitForAll([{ jobId: await tour.start('judge') }])).toEqual(['succeeded']);
    expect(await waitForAll([{ jobId: await tour.start('rationale') }])).toEqual(['succeeded']);
    const { judged, rationale } = await tour.get();
    const { planned, done, record } = await core.services.judging.get(judged?.judgeRunId ?? 0);
    expect({ planned, done, criterion: record.request.params['criterion'] }).toEqual({
      planned: 20,
      done: 20,
      criterion: planted[0],
    });
    expect(judged?.agreement.n).toBeLessThanOrEqual(20);
    expect(rationale?.text).toMatch(/^Response [12] is better because it/);
  }, 300_000);

  it('without the starter model the steps that need it say so and the others are there', async () => {
    await core.close();
    process.env['ASSAY_STARTER'] = 'off';
    const bare = path.join(folder, 'bare.assay');
    core = await openCore({
      workspace: bare,
      version: 'test',
      log: pino({ level: 'silent' }),
      extractEntry: path.resolve('out/node/extract-process.js'),
    });
    const { tour } = core.services;
    await waitForAll(await tour.open());
    expect(await tour.get()).toMatchObject({ starter: null, hasRealModel: false });
    await expect(tour.start('judge')).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    expect(await waitForAll([{ jobId: await tour.start('reward') }])).toEqual(['succeeded']);
  });
});

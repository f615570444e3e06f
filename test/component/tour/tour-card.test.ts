import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h, provide } from 'vue';
import type { Tour } from '../../../electron/contract/tour.contract.ts';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import { workspaceKey } from '../../../renderer/app/workspace.ts';
import DatasetsPage from '../../../renderer/features/corpus/DatasetsPage.vue';
import { createFakeCore, fakeJob } from '../../support/fake-client.ts';
import { type Mounted, mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
});

const page = defineComponent({
  setup() {
    useJobFeed().start();
    provide(workspaceKey, {
      protocol: 1,
      version: '0.1.0',
      workspace: { path: '/w.assay', name: 'w', bytes: 1 },
      endpoints: [],
      notices: [],
    });
    return () => h(DatasetsPage);
  },
});

async function open(tour: Partial<Tour>, datasets: { name: string; pairs: number }[]): Promise<Mounted> {
  mounted = await mountWithApp(page, { core: createFakeCore({ datasets, tour }) });
  await until(() => mounted?.core.calls.some(({ method }) => method === 'tour.get'));
  return mounted;
}

const both = [
  { name: 'pandalm', pairs: 50 },
  { name: 'planted', pairs: 20 },
];
const here = { pandalm: 1, planted: 2 };
const button = (m: Mounted, name: string) =>
  m.wrapper.findAll('button').find((one) => one.text().replace(/\s+/g, ' ') === name);
const card = (m: Mounted) => m.wrapper.find('.tour');
const called = (m: Mounted, method: string) => m.core.calls.filter((call) => call.method === method);

describe('a first run', () => {
  it('offers the sample with the weight of the import, starts it once, and shows both imports', async () => {
    const m = await open({}, []);
    const go = await until(() => button(m, 'Try it on the bundled sample'));
    expect(go.classes()).toContain('primary');
    await go.trigger('click');
    await until(() => m.wrapper.findAll('[role="status"]').length === 2);
    expect(m.wrapper.findAll('[role="status"]').map((one) => one.get('strong').text())).toEqual([
      'Importing the bundled dataset pandalm',
      'Importing the bundled dataset planted',
    ]);
    expect(go.attributes('disabled')).toBeDefined();
    expect(called(m, 'tour.open')).toHaveLength(1);
  });

  it('does not offer a sample that is not installed', async () => {
    const m = await open({ hasFiles: false }, []);
    await until(() => m.wrapper.find('.note').text().startsWith('The sample is not part'));
    expect(button(m, 'Try it on the bundled sample')?.attributes('disabled')).toBeDefined();
  });

  it('does not push itself in front of somebody’s own data, but is there when asked for', async () => {
    const m = await open({}, [{ name: 'own', pairs: 50 }]);
    const show = await until(() => button(m, 'First steps'));
    expect(card(m).exists()).toBe(false);
    await show.trigger('click');
    await until(() => card(m).exists());
    expect(card(m).text()).toContain('not, or not wholly, in this workspace');
    expect(button(m, 'Find it: Find what the labels reward')?.attributes('disabled')).toBeDefined();
  });

  it('stays closed once it was closed, and comes back by its button', async () => {
    const m = await open(here, both);
    await until(() => card(m).exists());
    await m.wrapper.get('[aria-label="Close the first steps"]').trigger('click');
    await until(() => !card(m).exists());
    await until(() => localStorage.getItem('assay.tour./w.assay')?.includes('"isClosed":true'));
    await button(m, 'First steps')?.trigger('click');
    await until(() => card(m).exists());
  });
});

describe('the steps', () => {
  it('a press starts the job of the core and shows its work, and the end asks the core what came of it', async () => {
    const m = await open(here, both);
    const go = await until(() => button(m, 'Find them: Let the starter model find the planted principles'));
    await go.trigger('click');
    await until(() => card(m).text().includes('voting'));
    expect(called(m, 'tour.start').map(({ input }) => input)).toEqual([{ step: 'principles' }]);
    const before = called(m, 'tour.get').length;
    m.core.putJob(fakeJob({ jobId: 'step-principles', status: 'succeeded' }));
    await until(() => called(m, 'tour.get').length > before);
  });

  it('a job that ran before the page was loaded is found again, not offered a second time', async () => {
    const core = createFakeCore({
      datasets: both,
      tour: { ...here, jobs: [{ step: 'judge', jobId: 'old' }] },
    });
    core.putJob(fakeJob({ jobId: 'old', type: 'judge', phase: 'pairs', done: 3, total: 20 }));
    mounted = await mountWithApp(page, { core });
    const m = mounted;
    await until(() => card(m).exists() && card(m).text().includes('3 of 20'));
    expect(
      button(m, 'Judge them: Judge 20 pairs with the starter model')?.attributes('disabled'),
    ).toBeDefined();
  });

  it('done is what the core has, with n and interval; what was planted and not found is said', async () => {
    const m = await open(
      {
        ...here,
        principles: {
          constitutionId: 7,
          candidates: 8,
          found: [
            {
              text: 'Select the response that uses more emojis',
              strength: { value: 0.3, ci: [0.18, 0.41], n: 117 },
            },
          ],
          missed: ['Select the response that provides a numbered list format'],
        },
        judged: { judgeRunId: 1, agreement: { value: 0.9, ci: [0.7, 0.97], n: 18 } },
      },
      both,
    );
    await until(() => card(m).exists());
    expect(card(m).text()).toContain('2 of 6 done');
    expect(
      card(m)
        .findAll('li.is-done h3')
        .map((one) => one.text()),
    ).toEqual([
      'Let the starter model find the planted principles (done)',
      'Judge 20 pairs with the starter model (done)',
    ]);
    const text = card(m).text().replace(/\s+/g, ' ');
    expect(text).toContain('uses more emojis');
    expect(text).toContain('+0.30, 95 % interval +0.18 to +0.41, n = 117');
    expect(text).toContain('not found: provides a numbered list format.');
    expect(text).toContain('90.0 %, 95 % interval 70.0 % to 97.0 %, n = 18');
  });

  it('names the starter model’s limits one click away', async () => {
    const m = await open(here, both);
    await until(() => card(m).exists());
    expect(card(m).get('a').attributes('href')).toBe('/models/m-starter#limits');
  });

  it('without the starter model three steps say why they wait and the others can be started', async () => {
    const m = await open({ ...here, starter: null }, both);
    await until(() => card(m).exists());
    expect(card(m).findAll('.waits')).toHaveLength(3);
    const disabled = card(m)
      .findAll('li.step button')
      .map((one) => one.attributes('disabled') !== undefined);
    expect(disabled).toEqual([false, false, true, true, true, false]);
  });

  it('looking at the rows is remembered, as it leaves nothing in the workspace', async () => {
    const m = await open(here, both);
    const look = await until(() => button(m, 'Open the rows'));
    await look.trigger('click');
    await until(() => localStorage.getItem('assay.tour./w.assay')?.includes('"hasLooked":true'));
    await until(() => m.router.currentRoute.value.path === '/d/1/browse', 15_000);
  });
});

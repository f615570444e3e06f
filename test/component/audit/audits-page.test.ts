import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import type { RouteLocationNormalized } from 'vue-router';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import { findRowSet } from '../../../renderer/app/row-sets.ts';
import { listCommands } from '../../../renderer/app/commands.ts';
import { useShellStore } from '../../../renderer/app/shell-store.ts';
import { compareRuns } from '../../../renderer/features/audit/audit-figures.ts';
import AuditsPage from '../../../renderer/features/audit/AuditsPage.vue';
import { fakeAudits } from '../../support/fake-documents.ts';
import { type Mounted, mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;

const shell = defineComponent({
  setup() {
    useJobFeed().start();
    return () => h(AuditsPage);
  },
});

async function open(at: string): Promise<Mounted> {
  mounted = await mountWithApp(shell, { at });
  return mounted;
}

const calls = (m: Mounted, method: string) => m.core.calls.filter((call) => call.method === method);
const button = (m: Mounted, text: string) =>
  m.wrapper.findAll('button').find((candidate) => candidate.text().includes(text));
const press = (m: Mounted, id: string) => {
  const context = { router: m.router, shell: useShellStore(), datasetId: 1 };
  listCommands(context)
    .find((command) => command.id === id)
    ?.run(context);
};

beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 });
});
afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
});

describe('the scorecard', () => {
  it('ranks findings over audits and keeps those on few rows out of the ranking, however large (would catch a rank by size alone)', async () => {
    const m = await open('/d/1/audits');
    await until(() => m.wrapper.findAll('.finding').length === 3);
    const sections = m.wrapper.findAll('section');
    const [ranked, few, none] = sections.map((section) => section.findAll('.finding p').map((p) => p.text()));
    expect(ranked?.[0]).toContain('longer side wins');
    expect(ranked?.[1]).toContain('shown first wins');
    expect(few?.[0]).toContain('14 pairs');
    expect(none).toEqual([]);
    expect(m.wrapper.get('.none').text()).toContain('column shown_first');
  });

  it('opens the stored set of rows of its own run in Browse (would catch the rows of another run)', async () => {
    const m = await open('/d/1/audits');
    await until(() => m.wrapper.findAll('.finding').length === 3);
    let target: RouteLocationNormalized | undefined;
    m.router.beforeEach((to) => {
      target = to;
      return false;
    });
    await button(m, 'Rows (2,840)')?.trigger('click');
    const { name, query } = await until(() => target);
    expect(name).toBe('browse');
    const key = String(query['set']);
    expect(findRowSet(key)?.ids).toEqual([2, 5, 9]);
    expect(calls(m, 'audit.rows')[0]?.input).toEqual({ auditRunId: 4, set: 'length.longer_chosen' });
  });

  it('starts a run with the chosen slice and judge', async () => {
    const m = await open('/d/1/audits');
    const selects = await until(() => {
      const found = m.wrapper.findAll('form > label > select');
      return found.length === 2 && found;
    });
    await selects[0]?.setValue('language');
    await selects[1]?.setValue('a-judge');
    await m.wrapper.get('form').trigger('submit');
    await until(() => calls(m, 'audit.start').length > 0);
    expect(calls(m, 'audit.start')[0]?.input).toEqual({
      datasetId: 1,
      seed: 1,
      slice: 'language',
      judge: 'a-judge',
    });
  });
});

describe('models to ask', () => {
  it('shows what the chosen model would be asked and starts the run with it (would catch a plan for another model)', async () => {
    const m = await open('/d/1/audits');
    const judge = await until(() => m.wrapper.findAll('.pickers select')[0]);
    const option = judge.findAll('option')[1];
    await judge.setValue(option?.attributes('value') ?? '');
    const plan = await until(() => {
      const found = m.wrapper.find('.plan');
      return found.exists() && found.text().includes('280') && found;
    });
    expect(plan.text()).toContain('84,000');
    expect(plan.text()).toContain('120');
    await m.wrapper.get('form').trigger('submit');
    await until(() => calls(m, 'audit.start').length > 0);
    const models = { judge: option?.attributes('value') };
    expect(calls(m, 'audit.plan').at(-1)?.input).toMatchObject({ datasetId: 1, seed: 1, models });
    expect(calls(m, 'audit.start')[0]?.input).toEqual({ datasetId: 1, seed: 1, models });
  });
});

describe('the review queue', () => {
  it('accepts, dismisses and undoes by key: the proposal under the cursor, the picked ones, or all of the filter', async () => {
    const m = await open('/d/1/audits?view=review');
    await until(() => m.wrapper.findAll('tbody tr').length === 3);
    press(m, 'review.next');
    press(m, 'review.accept');
    await until(() => m.wrapper.findAll('tbody tr').length === 2);
    expect(calls(m, 'audit.decide')[0]?.input).toMatchObject({ proposalIds: [2], decision: 'accepted' });
    press(m, 'review.dismissAll');
    await until(() => calls(m, 'audit.decide').length === 2);
    expect(calls(m, 'audit.decide')[1]?.input).toEqual({
      datasetId: 1,
      status: 'open',
      decision: 'dismissed',
    });
    await until(() => m.wrapper.findAll('tbody tr').length === 0);
    await m.wrapper.findAll('.bar select')[0]?.setValue('accepted');
    await until(() => m.wrapper.findAll('tbody tr').length === 1);
    press(m, 'review.reopen');
    await until(() => calls(m, 'audit.decide').length === 3);
    expect(calls(m, 'audit.decide')[2]?.input).toMatchObject({ proposalIds: [2], decision: 'open' });
  });
});

describe('comparing runs', () => {
  it('puts the figure whose intervals lie farthest apart first', async () => {
    const m = await open('/d/1/audits?view=compare');
    const first = await until(() => m.wrapper.findAll('tbody tr')[0]);
    expect(first.text()).toContain('The longer side wins');
    expect(first.text()).toContain('apart');
  });

  it('subtracts the first run from the second and counts what only one has (would catch a swapped sign)', () => {
    const [left, right] = [fakeAudits(), fakeAudits()];
    const length = right.audits.find((audit) => audit.audit === 'length');
    length?.figures.pop();
    const changed = length?.figures[0];
    if (changed) Object.assign(changed, { value: 0.7, ci_lo: 0.68, ci_hi: 0.72 });
    const { pairs, onlyIn } = compareRuns(left, right);
    expect(pairs[0]).toMatchObject({ isApart: true });
    expect(pairs[0]?.difference).toBeCloseTo(0.7 - 0.604, 12);
    expect(onlyIn).toBe(1);
    expect(pairs.at(-1)?.isWeak).toBe(true);
  });
});

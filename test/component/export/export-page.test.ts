import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h, provide } from 'vue';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import { keepRowSet } from '../../../renderer/app/row-sets.ts';
import ExportPage from '../../../renderer/features/export/ExportPage.vue';
import { hostKey } from '../../../renderer/rpc/client.ts';
import { type Mounted, mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
const revealed: string[] = [];

/** A desktop shell that can show files, and a job feed that follows. */
const InShell = defineComponent({
  setup() {
    useJobFeed().start();
    provide(hostKey, {
      capabilities: { canPickFiles: false, canRevealFiles: true, canPrintPdf: false },
      openFiles: () => Promise.resolve(null),
      saveFile: () => Promise.resolve(true),
      revealFile: (path) => Promise.resolve(void revealed.push(path)),
      printPdf: () => Promise.resolve(false),
    });
    return () => h(ExportPage);
  },
});

async function open(at = '/d/1/export'): Promise<Mounted> {
  mounted = await mountWithApp(InShell, { at });
  return mounted;
}

afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
});

const inputsOf = (m: Mounted, method: string) =>
  m.core.calls.filter((call) => call.method === method).map((call) => call.input as Record<string, unknown>);

const planned = (m: Mounted) => until(() => m.wrapper.findAll('.plan')[0]);

describe('export page', () => {
  it('tells what is left out and lost before anything is written, with links to the rows', async () => {
    const m = await open();
    const plan = await planned(m);
    expect(plan.text()).toContain('4,812 of 5,400');
    expect(plan.text()).toContain('trl has no place for model names');
    expect(plan.text()).toContain('Under which licence');
    expect(plan.get('a').attributes('href')).toContain('/d/1/browse');
    expect(inputsOf(m, 'export.start')).toEqual([]);
  });

  it('offers only formats that can be made from pairs, and finds them by any word of their purpose', async () => {
    const m = await open();
    await planned(m);
    const names = () => m.wrapper.findAll('.formats .entry strong').map((one) => one.text());
    expect(names()).toEqual(['TRL preference', 'ICAI CSV']);
    await m.wrapper.get('.find').setValue('constitutional csv');
    expect(names()).toEqual(['ICAI CSV']);
    await m.wrapper.get('.find').setValue('nonsense');
    expect(m.wrapper.get('.none').text()).toContain('No format');
  });

  it('forgets the options of a format when another is chosen, which would be refused', async () => {
    const m = await open();
    await planned(m);
    await m.wrapper.get('.options select').setValue('implicit');
    await m.wrapper.get('input[value="icai"]').setValue(true);
    await until(() => inputsOf(m, 'export.plan').find((input) => input['format'] === 'icai'));
    const last = inputsOf(m, 'export.plan').at(-1);
    expect(last).toMatchObject({ format: 'icai', container: 'csv', options: {} });
  });

  it('offers what the recipe decided where the format has a place, says where it has none, and sends what is left', async () => {
    const m = await open();
    await planned(m);
    const box = (name: string) => {
      const texts = m.wrapper.findAll('.check').map((one) => one.text());
      return m.wrapper.findAll('.check input')[texts.findIndex((text) => text.startsWith(name))];
    };
    await until(() => box('Margins'));
    expect((box('Weights')?.element as HTMLInputElement).disabled).toBe(true);
    expect(m.wrapper.get('.settings').text()).toContain('200 pairs; this format has no place for it');
    expect(inputsOf(m, 'export.plan').at(-1)).toMatchObject({ recipe: null, splits: null });
    await box('Margins')?.setValue(false);
    await box('Split by clusters')?.setValue(true);
    await m.wrapper.get('select:has(option[value="true"])').setValue('true');
    const sent = () =>
      inputsOf(m, 'export.plan').find(
        (input) =>
          Array.isArray(input['recipe']) && JSON.stringify(input['splits']).includes('"from":"recipe"'),
      );
    await until(sent);
    expect(sent()).toMatchObject({ recipe: [] });
  });

  it('shows the preview as text, so that markup of the data stays words', async () => {
    const m = await open();
    const preview = await until(() => m.wrapper.findAll('.preview pre')[0]);
    expect(preview.text()).toContain('<b>c</b>');
    expect(preview.findAll('b')).toEqual([]);
  });

  it('writes the rows another screen handed over, not the whole dataset', async () => {
    const set = keepRowSet({ label: 'flagged', ids: [3, 5] });
    const m = await open(`/d/1/export?set=${set}`);
    await planned(m);
    expect(inputsOf(m, 'export.plan').at(-1)).toMatchObject({
      filter: { clauses: [{ op: 'ids', ids: [3, 5] }] },
    });
  });

  it('says why a plan is refused and does not let it be started', async () => {
    const m = await open();
    await planned(m);
    await m.wrapper.get('input[inputmode="decimal"]').setValue('1');
    await until(() => (m.wrapper.find('.page').text().includes('no pair is that strong') ? true : undefined));
    expect(m.wrapper.get('button[type="submit"]').attributes('disabled')).toBeDefined();
  });

  it('tells where the files are, and how many pairs were left out and why', async () => {
    const m = await open();
    await planned(m);
    await m.wrapper.get('form').trigger('submit');
    const done = await until(() => m.wrapper.findAll('.done')[0]);
    expect(done.text()).toContain('588: 588 ties');
    expect(done.text()).toContain('manifest.json');
    expect(done.text()).toContain('data.jsonl: 4,812 rows');
    await m.wrapper
      .findAll('button')
      .find((one) => one.text() === 'Show the files')
      ?.trigger('click');
    expect(revealed).toEqual(['/home/me/demo.assay/exports/judged-pairs-trl']);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Component, defineComponent, h, provide } from 'vue';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import PrivacyDialog from '../../../renderer/app/PrivacyDialog.vue';
import { useShellStore } from '../../../renderer/app/shell-store.ts';
import TopBar from '../../../renderer/app/TopBar.vue';
import { workspaceKey } from '../../../renderer/app/workspace.ts';
import ModelPage from '../../../renderer/features/models/ModelPage.vue';
import ModelsPage from '../../../renderer/features/models/ModelsPage.vue';
import { hostKey } from '../../../renderer/rpc/client.ts';
import { createFakeCore } from '../../support/fake-client.ts';
import { type FakeModelOptions, fakeModel, readyEngine } from '../../support/fake-models.ts';
import { type Mounted, mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
let picked: string[] | null = null;
const copied: string[] = [];

/** A page below the bar, with the dialog on privacy, in a shell that can pick files. */
const inShell = (page: Component) =>
  defineComponent({
    setup() {
      useJobFeed().start();
      provide(workspaceKey, {
        protocol: 1,
        version: '0.1.0',
        workspace: { path: '/w.assay', name: 'w', bytes: 1 },
        endpoints: [],
        notices: [],
      });
      provide(hostKey, {
        capabilities: { canPickFiles: true, canRevealFiles: false, canPrintPdf: false },
        openFiles: () => Promise.resolve(picked),
        saveFile: () => Promise.resolve(true),
        revealFile: () => Promise.resolve(),
        printPdf: () => Promise.resolve(false),
      });
      const shell = useShellStore();
      return () => [
        h(TopBar),
        h(page),
        h(PrivacyDialog),
        h(
          'ul',
          { class: 'told' },
          shell.notices.map(({ text }) => h('li', text)),
        ),
      ];
    },
  });

async function open(page: Component, at: string, models?: FakeModelOptions): Promise<Mounted> {
  const core = createFakeCore({ datasets: [{ name: 'pairs', pairs: 50 }], ...(models && { models }) });
  mounted = await mountWithApp(inShell(page), { at, core });
  await until(() => !mounted?.wrapper.find('.loading').exists());
  return mounted;
}

const openList = (models?: FakeModelOptions) => open(ModelsPage, '/models', models);
const openOne = (modelId: string, models?: FakeModelOptions) => open(ModelPage, `/models/${modelId}`, models);

afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
  picked = null;
});

const inputsOf = (m: Mounted, method: string) =>
  m.core.calls.filter((call) => call.method === method).map((call) => call.input as Record<string, unknown>);

/** Dialogs are put at the end of the document, outside the wrapper. */
const findButton = (name: string, within: ParentNode = document) =>
  [...within.querySelectorAll('button')].find(
    (button) => button.textContent.trim() === name || button.getAttribute('aria-label') === name,
  );
const press = async (name: string, within?: ParentNode) => {
  const button = await until(() => findButton(name, within));
  button.click();
};
const see = (words: string) => until(() => document.body.textContent.includes(words));

async function look(m: Mounted, place: string): Promise<void> {
  await m.wrapper.get('#model-path').setValue(place);
  await m.wrapper.get('.form').trigger('submit');
}

describe('list of models', () => {
  it('tells what a GGUF is and how to add one without a network where there is none yet', async () => {
    const m = await openList({ models: [] });
    expect(m.wrapper.get('.page').text()).toContain('A GGUF is one file');
    expect(m.wrapper.get('.page').text()).toContain('Assay itself never downloads anything');
    expect(m.wrapper.find('#model-path').exists()).toBe(true);
    expect(m.wrapper.get('.page').text()).toContain('nothing can be sent anywhere');
  });

  it('tells of each model what it is, how fast, whether it is loaded and whether its file is there', async () => {
    const m = await openList();
    const rows = m.wrapper.findAll('tbody tr').map((row) => row.text());
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/qwen2 · 7\.62B · Q4_K_M/);
    expect(rows[0]).toContain('4.36 GiB');
    expect(rows[0]).toContain('4,096 of 32,768');
    expect(rows[0]).toContain('apache-2.0');
    expect(rows[0]).toContain('92.4 read, 11.7 written');
    await until(() => m.wrapper.findAll('tbody tr')[0]?.text().includes('stays here'));
    await until(() => /(?<!not )loaded/.test(m.wrapper.findAll('tbody tr')[0]?.text() ?? ''));
    expect(rows[1]).toContain('not measured');
    expect(rows[2]).toContain('file missing');
    expect(m.wrapper.find('#model-path').exists()).toBe(false);
  });

  it('loads and unloads from the list, with the memory that is held', async () => {
    const m = await openList();
    const cells = () => m.wrapper.findAll('tbody tr');
    await until(() => cells()[0]?.text().includes('Unload'));
    expect(cells()[0]?.text()).toMatch(/loaded[\s\S]*GiB/);
    const load = cells()[1]
      ?.findAll('button')
      .find((one) => one.text().startsWith('Load'));
    await load?.trigger('click');
    await until(() => m.core.calls.some(({ method }) => method === 'model.load'));
    const gone = cells()[2]
      ?.findAll('button')
      .find((one) => one.text().startsWith('Load'));
    expect(gone?.attributes('disabled')).toBeDefined();
  });

  it('keeps why files and loads were refused, until the list is cleared', async () => {
    const refusal = {
      refusedAt: '2026-11-20T10:12:00.000Z',
      modelId: null,
      name: 'huge.gguf',
      path: '/models/huge.gguf',
      code: 'MODEL_TOO_LARGE',
      message: 'huge was not loaded: it needs 48 GiB and 12 GiB are free.',
    };
    const m = await openList({ refusals: [refusal] });
    await see('Refused files and loads (1)');
    await see('it needs 48 GiB and 12 GiB are free');
    await press('Clear the list');
    await until(() => !document.body.textContent.includes('Refused files'));
    expect(m.core.calls.some(({ method }) => method === 'model.clearRefusals')).toBe(true);
  });

  it('says why the inference process is not started again, and closes the breaker', async () => {
    const m = await openList({
      engine: {
        ...readyEngine,
        phase: 'broken',
        pid: null,
        deaths: 3,
        models: [],
        reason: 'it was ended by SIGSEGV',
      },
    });
    const alert = await until(() => m.wrapper.findAll('[role="alert"]')[0]);
    expect(alert.text()).toContain('it was ended by SIGSEGV');
    expect(m.wrapper.get('.strip').text()).toContain('3 times in a row');
    await press('Reset');
    await until(() => m.wrapper.get('.strip').text().includes('not running'));
    expect(m.wrapper.findAll('[role="alert"]')).toEqual([]);
    expect(m.core.calls.map(({ method }) => method)).toContain('engine.reset');
  });
});

describe('adding models', () => {
  it('chooses what can be added alone: not what is there already, nor a set with a part missing', async () => {
    const m = await openList();
    await press('Add models');
    await until(() => m.wrapper.find('#model-path').exists());
    await look(m, '/models');
    const list = await until(() => m.wrapper.findAll('.found')[0]);
    const boxes = list
      .findAll<HTMLInputElement>('.files input')
      .map(({ element }) => [element.disabled, element.checked]);
    expect(boxes).toEqual([
      [false, true],
      [true, false],
      [false, true],
      [true, false],
    ]);
    expect(list.text()).toContain('not complete: 1 of 3 parts missing');
    expect(list.text()).toContain('torn-00002-of-00003.gguf');
    expect(list.text()).toContain('in 2 parts');
    await list.trigger('submit');
    await until(() => inputsOf(m, 'model.add').length > 0);
    expect(inputsOf(m, 'model.add')).toEqual([
      { paths: ['/models/new.gguf', '/models/big-00001-of-00002.gguf'] },
    ]);
  });

  it('tells after the job which files were refused and why, and lists the new model', async () => {
    const m = await openList({
      addResult: {
        added: [{ modelId: 'new', name: 'new', path: '/models/new.gguf' }],
        known: [],
        refused: [
          { path: '/models/bad.gguf', code: 'MODEL_UNSUPPORTED', message: 'It is of a kind not known.' },
        ],
      },
    });
    await press('Add models');
    await until(() => m.wrapper.find('#model-path').exists());
    await look(m, '/models');
    await (await until(() => m.wrapper.findAll('.found')[0])).trigger('submit');
    const progress = await until(() => m.wrapper.findAll('[role="progressbar"]').at(-1));
    expect(progress.attributes('aria-label')).toBe('Adding models');
    const told = await until(() => m.wrapper.findAll('.summary')[0]);
    expect(told.text()).toContain('It is of a kind not known. MODEL_UNSUPPORTED');
    expect(told.get('a').attributes('href')).toBe('/models/new');
    await until(() => m.wrapper.findAll('tbody tr').length === 4);
  });

  it('says in words that there is nothing at a path, and takes files of the dialog of the shell', async () => {
    picked = ['/models/new.gguf'];
    const m = await openList({ models: [] });
    await look(m, '/absent');
    const refused = await until(() => m.wrapper.findAll('[role="alert"]')[0]);
    expect(refused.text()).toContain('there is nothing at /absent');
    await press('Choose files');
    await until(() => m.wrapper.find('.found').exists());
    expect(inputsOf(m, 'model.scanFolder').at(-1)).toEqual({ folder: '/models/new.gguf' });
    expect(m.wrapper.findAll('[role="alert"]')).toEqual([]);
  });
});

describe('addresses', () => {
  async function openForm(m: Mounted, values: Record<string, string>): Promise<HTMLButtonElement> {
    await press('Add an address');
    const form = await until(() => m.wrapper.findAll('section[aria-labelledby="endpoint-title"]')[0]);
    for (const [label, value] of Object.entries(values)) {
      const line = form.findAll('label').find((one) => one.get('span').text() === label);
      await line?.get('input').setValue(value);
    }
    return until(() => findButton('Add the address'));
  }
  const sound = { Name: 'far', 'Model name at the server': 'judge' };

  it('does not add a public address that was not confirmed, and sends the confirmation with it', async () => {
    const m = await openList();
    const add = await openForm(m, { ...sound, 'Address, up to the version': 'https://8.8.8.8/v1' });
    expect(add.disabled).toBe(true);
    expect(m.wrapper.get('#endpoint-place').text()).toContain('public internet');
    await m.wrapper.get('.check input').setValue(true);
    expect(add.disabled).toBe(false);
    add.click();
    await until(() => inputsOf(m, 'endpoint.add').length > 0);
    expect(inputsOf(m, 'endpoint.add')[0]).toMatchObject({
      url: 'https://8.8.8.8/v1',
      confirmPublic: true,
      key: null,
      keyVariable: null,
    });
  });

  it('does not send a confirmation along that was given for another address before', async () => {
    const m = await openList();
    await openForm(m, { ...sound, 'Address, up to the version': 'https://8.8.8.8/v1' });
    await m.wrapper.get('.check input').setValue(true);
    const url = m.wrapper.get('input[inputmode="url"]');
    await url.setValue('http://10.0.0.4:8000/v1');
    expect(m.wrapper.find('.check').exists()).toBe(false);
    await m.wrapper.get('section[aria-labelledby="endpoint-title"] form').trigger('submit');
    await until(() => inputsOf(m, 'endpoint.add').length > 0);
    expect(inputsOf(m, 'endpoint.add')[0]).toMatchObject({ confirmPublic: false });
  });

  it('is off at first, asks before it is switched on, and the bar says so at once and takes it back', async () => {
    const m = await openList();
    const bar = () => m.wrapper.get('.privacy').text();
    expect(bar()).toBe('Nothing leaves this machine');
    const toggle = m.wrapper.get('[role="switch"]');
    expect(toggle.attributes('aria-checked')).toBe('false');
    await toggle.trigger('click');
    await see('send the prompts and responses they ask about to http://gpu1:8000/v1');
    expect(inputsOf(m, 'endpoint.enable')).toEqual([]);
    await press('Switch on');
    await until(() => bar() === '1 address is on: data may leave');
    await m.wrapper.get('.privacy').trigger('click');
    await see('gpu1 (http://gpu1:8000/v1)');
    await see('but for what is sent to the addresses below');
    await press('Close', document.querySelector('[role="dialog"]') ?? document);
    await m.wrapper.get('[role="switch"]').trigger('click');
    await until(() => bar() === 'Nothing leaves this machine');
    expect(inputsOf(m, 'endpoint.enable')).toEqual([
      { modelId: 'gpu1', isEnabled: true },
      { modelId: 'gpu1', isEnabled: false },
    ]);
  });

  it('shows what the test found', async () => {
    const m = await openList();
    await press('Test');
    await see('yes, from completions');
    expect(m.wrapper.get('article').text()).toContain('vLLM');
    expect(m.wrapper.get('article').text()).toContain('42 ms');
  });
});

describe('one model', () => {
  it('shows what the file says of itself, its template as text, and copies the hash', async () => {
    const m = await openOne('qwen');
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: (text: string) => Promise.resolve(void copied.push(text)) },
    });
    const page = m.wrapper.get('.page');
    expect(page.text()).toContain('7,615,616,512');
    expect(page.get('pre').text()).toContain('<b>not markup</b>');
    expect(page.get('pre').findAll('b')).toEqual([]);
    await press('Copy the SHA-256');
    await see('Copied');
    expect(copied).toEqual(['9f'.repeat(32)]);
  });

  it('tells the memory of the settings before they are saved, and says that it would be refused', async () => {
    const m = await openOne('qwen');
    const memory = () => m.wrapper.get('.memory').text();
    // 0.25 GiB a 4,096 tokens × 4 calls of the calibration; with the weights 5.36 GiB of 12 GiB − 0.75 GiB + 5.4 GiB
    await until(() => memory().includes('16.7 GiB'));
    expect(memory()).toContain('5.36 GiB');
    expect(memory()).toContain('Fits.');
    await m.wrapper.get('#context-size').setValue('65536');
    // 4.36 + 0.25 × 16 × 4 = 20.36 GiB
    expect(memory()).toContain('It would be refused: about 20.4 GiB are needed and 16.7 GiB are free');
    expect(m.wrapper.get('#context-hint').text()).toContain('More than the 32,768 tokens');
    await m.wrapper.get('section[aria-labelledby="settings-title"] form').trigger('submit');
    await until(() => inputsOf(m, 'model.settings').length > 0);
    expect(inputsOf(m, 'model.settings')[0]).toEqual({
      modelId: 'qwen',
      settings: { gpuLayers: 'auto', contextSize: 65_536, sequences: 'auto' },
    });
  });

  it('keeps a number that is being typed when another setting changes, and puts it in range when it is left', async () => {
    const m = await openOne('qwen');
    const field = m.wrapper.get<HTMLInputElement>('#context-size');
    await field.setValue('8192');
    await m.wrapper.get('#sequences-kind').setValue('fixed');
    expect(field.element.value).toBe('8192');
    await field.setValue('7');
    await field.trigger('change');
    expect(field.element.value).toBe('64');
    const calls = m.wrapper.get<HTMLInputElement>('input[aria-label="Calls side by side"]');
    expect(calls.element.value).toBe('4');
  });

  it('marks the layout in use among those that were tried, which need not be the fastest', async () => {
    const m = await openOne('qwen');
    const rows = m.wrapper.findAll('tbody tr').map((row) => row.text().replace(/\s+/g, ' '));
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^93\.1.*on$/);
    expect(rows[1]).toMatch(/^92\.4.*on in use$/);
  });

  it('measures as a job, unloads, renames, and removes the record after a question that says the file stays', async () => {
    const m = await openOne('qwen');
    await press('Load and measure');
    await until(() => m.wrapper.findAll('.page [role="progressbar"]').length > 0);
    expect(inputsOf(m, 'model.benchmark')).toEqual([{ modelId: 'qwen' }]);
    await until(() => m.wrapper.findAll('.page [role="progressbar"]').length === 0);
    await press('Unload');
    await see('is no longer in memory');
    await press('Rename');
    const field = await until(() => document.querySelector<HTMLInputElement>('[role="dialog"] input'));
    field.value = 'judge';
    field.dispatchEvent(new Event('input'));
    await until(() => field.value === 'judge');
    field.form?.requestSubmit();
    await until(() => m.wrapper.get('h1').text() === 'judge');
    await press('Remove');
    await see('The file stays where it is.');
    await press('Remove from the list');
    await until(() => m.router.currentRoute.value.name === 'models');
    expect(inputsOf(m, 'model.remove')).toEqual([{ modelId: 'qwen' }]);
  });

  it('does not offer to measure a model that cannot write, which would fail', async () => {
    const m = await openOne('embedder', {
      models: [
        fakeModel({ modelId: 'embedder', capabilities: ['embed'], calibration: null, benchmark: null }),
      ],
    });
    expect(findButton('Load and measure')).toBeUndefined();
    expect(m.wrapper.get('.page').text()).toContain('loaded when it is asked');
  });

  it('tells that the file is gone and does not offer to load it', async () => {
    const m = await openOne('lost', { models: [fakeModel({ modelId: 'lost', isPresent: false })] });
    expect(m.wrapper.get('[role="alert"]').text()).toContain('MODEL_FILE_MISSING');
    expect(findButton('Load and measure')?.disabled).toBe(true);
  });

  it('says why a model that is not in the list cannot be shown', async () => {
    const m = await openOne('other', { models: [fakeModel()] });
    const alert = await until(() => m.wrapper.findAll('[role="alert"]')[0]);
    expect(alert.text()).toContain('MODEL_MISSING');
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h, provide } from 'vue';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import JudgePage from '../../../renderer/features/judge/JudgePage.vue';
import { hostKey } from '../../../renderer/rpc/client.ts';
import { createFakeCore, type FakeOptions } from '../../support/fake-client.ts';
import { fakeJudgeJob, fakeRun } from '../../support/fake-judging.ts';
import { fakeEndpoint, fakeModel } from '../../support/fake-models.ts';
import { type Mounted, mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
const files: { name: string; text: string }[] = [];

const InShell = defineComponent({
  setup() {
    useJobFeed().start();
    provide(hostKey, {
      capabilities: { canPickFiles: false, canRevealFiles: false, canPrintPdf: false },
      openFiles: () => Promise.resolve(null),
      saveFile: (name, _mime, text) => Promise.resolve(files.push({ name, text }) > 0),
      revealFile: () => Promise.resolve(),
      printPdf: () => Promise.resolve(false),
    });
    return () => h(JudgePage);
  },
});

async function open(at = '/d/1/judge', options: FakeOptions = {}): Promise<Mounted> {
  const core = createFakeCore({ datasets: [{ name: 'pairs', pairs: 500 }], ...options });
  mounted = await mountWithApp(InShell, { at, core });
  return mounted;
}

afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
  files.length = 0;
});

const inputsOf = (m: Mounted, method: string) =>
  m.core.calls.filter((call) => call.method === method).map((call) => call.input as Record<string, unknown>);
const text = (m: Mounted) => m.wrapper.find('.page').text();
const buttonOf = (m: Mounted, name: string) =>
  m.wrapper.findAll('button').find((one) => one.text() === name || one.text().startsWith(`${name}:`));
const press = async (m: Mounted, name: string) => {
  const button = await until(() => buttonOf(m, name));
  await button.trigger('click');
};
const plannedFor = (m: Mounted, protocol: string) =>
  until(() => inputsOf(m, 'judge.plan').find((input) => input['protocol'] === protocol));
const choose = async (m: Mounted, protocol: string) => {
  const radio = await until(() => m.wrapper.findAll(`input[value="${protocol}"]`)[0]);
  await radio.setValue(true);
};

describe('a new run', () => {
  it('lists protocols with their evidence and finds them by any word', async () => {
    const m = await open();
    const search = await until(() => m.wrapper.findAll('.protocols input[type="search"]')[0]);
    expect(m.wrapper.get('.protocols .entry').text()).toContain('confirmed');
    await search.setValue('several mode');
    expect(m.wrapper.findAll('.protocols .entry strong').map((one) => one.text())).toEqual([
      'Jury of models',
    ]);
    await search.setValue('nonsense');
    expect(m.wrapper.get('.none').text()).toContain('No protocol');
  });

  it('takes the first model that fits and stays here, and greys the others out with the reason', async () => {
    const m = await open();
    const rows = await until(() => {
      const found = m.wrapper.findAll('.model');
      return found.length > 0 && found;
    });
    expect(rows.map((row) => row.get('input').attributes('disabled') !== undefined)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    const gone = rows.find((row) => row.text().includes('bge-small'));
    expect(gone?.text()).toContain('its file is gone');
    const far = rows.find((row) => row.text().includes('gpu1'));
    expect(far?.text()).toContain('leaves this machine');
    expect(far?.text()).toContain('switched off');
    const request = await until(() =>
      inputsOf(m, 'judge.plan').find(
        (input) => 'models' in input && Object.keys(input['models'] as object).length > 0,
      ),
    );
    expect(request['models']).toEqual({ judge: ['qwen'] });
  });

  it('says which capability a model lacks', async () => {
    const m = await open('/d/1/judge', { models: { models: [fakeModel({ capabilities: ['embed'] })] } });
    const row = await until(() => m.wrapper.findAll('.model')[0]);
    expect(row.text()).toContain('cannot give the probability of an answer');
    expect(text(m)).toContain('None of your models can play this role');
  });

  it('leads to the models where there is none, and cannot be started', async () => {
    const m = await open('/d/1/judge', { models: { models: [] } });
    const link = await until(() => m.wrapper.findAll('a[href="/models"]')[0]);
    expect(link.text()).toBe('Open Models');
    const start = await until(() => buttonOf(m, 'Start the run'));
    expect(start.attributes('disabled')).toBeDefined();
    expect(text(m)).toContain('choose a model for each role');
  });

  it('tells where texts would be sent before a run with an endpoint is started', async () => {
    const traits = {
      server: 'vllm' as const,
      contextSize: 8_192,
      capabilities: ['decide' as const],
      scoring: 'echo' as const,
      countsTokens: true,
      milliseconds: 3,
    };
    const far = { ...fakeEndpoint({ isEnabled: true, traits }), capabilities: ['decide' as const] };
    const m = await open('/d/1/judge', { models: { models: [far] } });
    const radio = await until(() => m.wrapper.findAll('.model input')[0]);
    expect((radio.element as HTMLInputElement).checked).toBe(false);
    await radio.setValue(true);
    await until(() => text(m).includes('are sent to http://gpu1:8000/v1'));
  });

  it('asks for two jurors with boxes instead of one judge with a radio', async () => {
    const m = await open();
    await choose(m, 'jury');
    const boxes = await until(() => {
      const found = m.wrapper.findAll('.model input[type="checkbox"]');
      return found.length === 4 && found;
    });
    await boxes[0]?.setValue(true);
    expect(text(m)).toContain('choose at least two');
    await boxes[1]?.setValue(true);
    const request = await until(() => {
      const last = inputsOf(m, 'judge.plan').at(-1) as { models: Record<string, string[]> } | undefined;
      return last?.models['jurors']?.length === 2 && last;
    });
    expect(request.models).toEqual({ jurors: ['qwen', 'long'] });
  });

  it('sends only parameters that were changed, and refuses a number out of its range with the limit', async () => {
    const m = await open();
    await choose(m, 'scored-comparison');
    const tokens = await until(() => m.wrapper.findAll('input[type="number"]')[0]);
    await tokens.setValue('31');
    expect(text(m)).toContain('At least 32');
    expect(buttonOf(m, 'Start the run')?.attributes('disabled')).toBeDefined();
    await tokens.setValue('64');
    const request = await until(() =>
      inputsOf(m, 'judge.plan').find((i) => JSON.stringify(i['params']).includes('64')),
    );
    expect(request['params']).toEqual({ maxTokens: 64 });
  });

  it('edits a list of objects: adds, fills, leaves out optional texts, removes, keeps to the limit', async () => {
    const m = await open();
    await choose(m, 'context-aware');
    await press(m, 'Add one, Contexts');
    expect(text(m)).toContain('Needed.');
    const areas = m.wrapper.findAll('.item textarea');
    expect(areas.length).toBe(4);
    await areas[2]?.setValue('Be brief.');
    const request = await until(() =>
      inputsOf(m, 'judge.plan').find((input) => JSON.stringify(input['params']).includes('Be brief.')),
    );
    expect(request['params']).toEqual({
      contexts: [
        { text: 'The user wants a short answer.', weight: 1 },
        { text: 'Be brief.', weight: 1 },
      ],
    });
    await press(m, 'Add one, Contexts');
    expect(buttonOf(m, 'Add one, Contexts')?.attributes('disabled')).toBeDefined();
  });

  it('judges the filter it was handed by the address, not the whole dataset', async () => {
    const clauses = [{ op: 'in', field: 'language', values: ['de'] }];
    const m = await open(`/d/1/judge?f=${encodeURIComponent(JSON.stringify(clauses))}`);
    const request = await until(() => inputsOf(m, 'judge.plan').find((input) => input['filter']));
    expect(request['filter']).toEqual({ clauses });
  });

  it('shows counts by itself, the time only when measured, and starts what was planned', async () => {
    const m = await open();
    await plannedFor(m, 'pairwise-logits');
    const sample = await until(() => m.wrapper.findAll('input[inputmode="numeric"]')[0]);
    await sample.setValue('1200');
    await until(() => text(m).includes('2,400'));
    expect(text(m)).toContain('not measured');
    await press(m, 'Measure the time');
    await until(() => text(m).includes('about 5 min'));
    expect(text(m)).toContain('it may prefer its own');
    expect(inputsOf(m, 'judge.plan').filter((input) => input['calibrate'] === true)).toHaveLength(1);
    await press(m, 'Start the run');
    await until(() => m.wrapper.findAll('.run').length === 3);
    expect(inputsOf(m, 'judge.start')).toEqual([
      expect.objectContaining({ limit: 1200, seed: 1, order: 'average' }),
    ]);
    expect(m.router.currentRoute.value.query['view']).toBe('runs');
  });

  it('does not plan with a sample size that is no number', async () => {
    const m = await open();
    await plannedFor(m, 'pairwise-logits');
    const sample = await until(() => m.wrapper.findAll('input[inputmode="numeric"]')[0]);
    await sample.setValue('-3');
    expect(text(m)).toContain('A whole number from 1');
    expect(inputsOf(m, 'judge.plan').some((input) => input['limit'] === -3)).toBe(false);
  });

  it('shows the prompt on a row without asking a model, and asks one only by the button', async () => {
    const m = await open();
    await until(() => text(m).includes('Name a colour. {{braces}} stay.'));
    expect(inputsOf(m, 'judge.preview').every((input) => input['ask'] === false)).toBe(true);
    await press(m, 'Try on this row');
    await until(() => text(m).includes('A is better'));
    expect(text(m)).toContain('0.81');
    expect(text(m)).toContain('824 read (96 shared), 2 written');
    expect(text(m)).toContain('412 ms');
  });
});

describe('runs', () => {
  it('shows agreement with interval and n, and links to the rows where judge and label differ', async () => {
    const m = await open('/d/1/judge?view=runs');
    const card = await until(() => m.wrapper.findAll('.run')[0]);
    expect(card.text()).toContain('[67.9\u{A0}%, 74.3\u{A0}%]');
    expect(card.text()).toContain('n = 771');
    const link = card.findAll('a').find((one) => one.text().startsWith('Disagreements'));
    const query = new URL(link?.attributes('href') ?? '', 'http://x').searchParams;
    expect(JSON.parse(query.get('f') ?? '')).toEqual([
      { op: 'in', field: 'vote:22:agrees', values: [false] },
    ]);
  });

  it('follows the job of a run that works, and offers to go on with one that stopped', async () => {
    const m = await open('/d/1/judge?view=runs', {
      judging: {
        runs: [
          fakeRun({ judgeRunId: 2, done: 10, isFinished: false }),
          fakeRun({ judgeRunId: 1, done: 50, isFinished: false }),
        ],
      },
    });
    await until(() => m.wrapper.findAll('.run').length === 2);
    m.core.putJob(fakeJudgeJob(2, { done: 320 }));
    await until(() => text(m).includes('320 of 800'));
    await press(m, 'Pause');
    await until(() => text(m).includes('paused'));
    expect(inputsOf(m, 'job.pause')).toEqual([{ jobId: 'judge-2' }]);
    await press(m, 'Continue');
    await until(() => inputsOf(m, 'judge.resume').length > 0);
    expect(inputsOf(m, 'judge.resume')).toEqual([{ judgeRunId: 1 }]);
  });

  it('says why a run failed', async () => {
    const m = await open('/d/1/judge?view=runs', {
      judging: { runs: [fakeRun({ judgeRunId: 12, done: 10, isFinished: false })] },
    });
    await until(() => m.wrapper.findAll('.run').length === 1);
    // Another job of the same title must not be taken for that of the run.
    m.core.putJob(fakeJudgeJob(12, { jobId: 'other', status: 'running' }));
    m.core.putJob(
      fakeJudgeJob(12, { status: 'failed', error: { code: 'MODEL_MISSING', message: 'The file is gone.' } }),
    );
    await until(() => text(m).includes('It stopped: The file is gone.'));
  });

  it('sets up the same run again, with its seed, sample and parameters', async () => {
    const m = await open('/d/1/judge?view=runs');
    await press(m, 'Same settings again');
    const request = await until(() => inputsOf(m, 'judge.plan').find((input) => input['seed'] === 7));
    expect(request).toMatchObject({ limit: 800, params: { criterion: 'Which response is safer?' } });
  });

  it('removes a run only after the question was answered', async () => {
    const m = await open('/d/1/judge?view=runs');
    const bin = await until(() => m.wrapper.findAll('button[aria-label^="Remove: weak"]')[0]);
    await bin.trigger('click');
    const dialog = await until(() => document.querySelector('[role="dialog"]'));
    expect(dialog.textContent).toContain('800 labels');
    expect(inputsOf(m, 'judge.remove')).toEqual([]);
    const confirm = [...dialog.querySelectorAll('button')].find((one) => one.textContent.includes('Remove'));
    confirm?.click();
    await until(() => m.wrapper.findAll('.run').length === 1);
    expect(inputsOf(m, 'judge.remove')).toEqual([{ judgeRunId: 2 }]);
  });

  it('holds the reproducibility record: hash of model and template, seed, version', async () => {
    const m = await open('/d/1/judge?view=runs');
    const record = await until(() => m.wrapper.findAll('.run details')[0]);
    for (const fact of ['9f'.repeat(32), '0123456789abcdef', '0.1.0', 'sample of 800'])
      expect(record.text()).toContain(fact);
  });
});

describe('report', () => {
  it('compares a rater with the labels, each figure with interval and n, and marks small slices', async () => {
    const m = await open('/d/1/judge?view=report');
    const report = await until(() => m.wrapper.findAll('.report')[0]);
    expect(inputsOf(m, 'judge.report')).toEqual([{ datasetId: 1, annotatorId: 22, referenceId: null }]);
    const accuracy = report.findAll('tr').find((row) => row.text().startsWith('Accuracy, ties left out'));
    expect(accuracy?.text()).toContain('71.2\u{A0}%');
    expect(accuracy?.text()).toContain('[68.2\u{A0}%, 74.2\u{A0}%]');
    expect(accuracy?.text()).toContain('771');
    const small = report.findAll('tr').find((row) => row.text().startsWith('fr'));
    expect(small?.text()).toContain('few pairs');
    expect(report.text()).toContain('Keep both orders');
  });

  it('tells how a run orders degraded responses, with interval and n, and nothing where there are none', async () => {
    const m = await open('/d/1/judge?view=report');
    const degrees = await until(() => m.wrapper.findAll('.degrees')[0]);
    const rows = degrees.findAll('tbody tr').map((row) => row.text().replaceAll('\u{A0}', ' '));
    expect(rows[0]).toMatch(/Order of the degrees.*0\.83.*30/);
    expect(rows[1]).toMatch(/Neighbouring degrees told apart.*75\.0 %.*120/);
    m.wrapper.unmount();
    const other = await open('/d/1/judge?view=report&rater=21');
    await until(() => other.wrapper.findAll('.report')[0]);
    await until(() => inputsOf(other, 'mining.degrees').length > 0);
    expect(other.wrapper.findAll('.degrees')).toEqual([]);
  });

  it('opens the rows of a confusion cell by the reference that was chosen, not always the labels', async () => {
    const m = await open('/d/1/judge?view=report&rater=21&reference=9');
    const report = await until(() => m.wrapper.findAll('.report')[0]);
    const cell = report.findAll('.matrix a').find((one) => one.text() === '96');
    const query = new URL(cell?.attributes('href') ?? '', 'http://x').searchParams;
    expect(JSON.parse(query.get('f') ?? '')).toEqual([
      { op: 'in', field: 'vote:9', values: ['a'] },
      { op: 'in', field: 'vote:21', values: ['b'] },
    ]);
  });

  it('does not compare a rater with itself', async () => {
    const m = await open('/d/1/judge?view=report&rater=9&reference=9');
    await until(() => text(m).includes('Choose two different raters'));
    expect(inputsOf(m, 'judge.report')).toEqual([]);
  });

  it('saves the whole report as JSON under a name that is a file name', async () => {
    const m = await open('/d/1/judge?view=report');
    await until(() => m.wrapper.findAll('.report')[0]);
    await press(m, 'Save as JSON');
    expect(files[0]?.name).toMatch(/^judge-report-judged-pairs-[\w.-]+\.json$/);
    expect(JSON.parse(files[0]?.text ?? '')).toMatchObject({ schema: 'assay.judge-report/1' });
  });

  it('compares juries of the chosen raters, best kappa first', async () => {
    const m = await open('/d/1/judge?view=report');
    const boxes = await until(() => {
      const found = m.wrapper.findAll('.raters input');
      return found.length === 3 && found;
    });
    const compare = () => buttonOf(m, 'Compare the juries');
    await boxes[0]?.setValue(true);
    expect(compare()?.attributes('disabled')).toBeDefined();
    await boxes[2]?.setValue(true);
    await compare()?.trigger('submit');
    const rows = await until(() => {
      const found = m.wrapper.findAll('[aria-label="Juries"] tbody tr');
      return found.length > 0 && found;
    });
    expect(inputsOf(m, 'judge.juries')).toEqual([
      { datasetId: 1, annotatorIds: [22, 9], referenceId: null, tiePolicy: 'tie' },
    ]);
    expect(rows[0]?.text()).toContain('weak judge + Anna');
    expect(rows[0]?.text()).toContain('[0.36, 0.50]');
  });

  it('says what to do where nobody gave a label yet', async () => {
    const m = await open('/d/2/judge?view=report', {
      datasets: [
        { name: 'one', pairs: 5 },
        { name: 'two', pairs: 5 },
      ],
    });
    await until(() => text(m).includes('No rater yet'));
    await press(m, 'Set up a run');
    await until(() => m.wrapper.findAll('.protocols').length === 1);
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { judgeRequestSchema } from '../../../electron/contract/judging.contract.ts';
import { protocols } from '../../../electron/core/judging/protocols/registry.ts';
import { parseTemplate, requirePlaceholders } from '../../../electron/core/judging/template.ts';
import {
  chooseModels,
  costOf,
  draftOfRequest,
  findDraftFaults,
  makeJudgeDraft,
  requestOfDraft,
  whyUnfit,
} from '../../../renderer/features/judge/judge-draft.ts';
import { stateOfRun } from '../../../renderer/app/run-entries.ts';
import { cellRows } from '../../../renderer/features/judge/judge-runs.ts';
import {
  emptyValue,
  fillParams,
  findProblems,
  kindOf,
  type ParamSchema,
  titleOfParam,
} from '../../../renderer/ui/param-schema.ts';
import { readPreviewResult } from '../../../renderer/features/judge/preview-result.ts';
import { tabulateConfusion } from '../../../renderer/features/judge/report-figures.ts';
import { findTemplateFault, markTemplate } from '../../../renderer/features/judge/template-text.ts';
import { fakeJudgeJob, fakeRun, sampleProtocols } from '../../support/fake-judging.ts';
import { fakeEndpoint, fakeModel } from '../../support/fake-models.ts';

const schemaOf = (protocol: (typeof protocols)[number]) =>
  z.toJSONSchema(protocol.params, { io: 'input' }) as unknown as ParamSchema;

describe('parameters', () => {
  it.each(protocols.map((protocol) => [protocol.id, protocol] as const))(
    'the defaults of %s pass the form and the core alike, so that a run needs no typing',
    (_, protocol) => {
      const schema = schemaOf(protocol);
      const filled = fillParams(schema, {});
      expect(findProblems(schema, filled)).toEqual([]);
      expect(protocol.params.safeParse(filled).error).toBeUndefined();
      for (const part of Object.values(schema.properties ?? {})) expect(kindOf(part)).not.toBe('other');
    },
  );

  it('finds in each protocol what the core would refuse: emptied numbers, and numbers beyond their limits', () => {
    let tried = 0;
    for (const protocol of protocols) {
      const schema = schemaOf(protocol);
      for (const [name, part] of Object.entries(schema.properties ?? {})) {
        if (kindOf(part) !== 'number') continue;
        const beyond = part.maximum === undefined ? null : part.maximum + 1;
        for (const value of [null, beyond]) {
          tried += 1;
          expect(protocol.params.safeParse({ [name]: value }).success, `${protocol.id} ${name}`).toBe(false);
          expect(findProblems(schema, fillParams(schema, { [name]: value }))[0]?.path).toBe(name);
        }
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('names the place of a fault inside a list, and lets an optional text be absent', () => {
    const schema: ParamSchema = {
      type: 'object',
      properties: {
        rules: {
          type: 'array',
          default: [],
          maxItems: 2,
          items: {
            type: 'object',
            properties: { text: { type: 'string', minLength: 1, maxLength: 3 }, note: { type: 'string' } },
            required: ['text'],
          },
        },
      },
    };
    expect(findProblems(schema, { rules: [{ text: 'ok' }, { text: 'long' }] })).toEqual([
      { path: 'rules.1.text', kind: 'tooLong', limit: 3 },
    ]);
    expect(findProblems(schema, { rules: [{ text: '' }] })[0]).toMatchObject({ kind: 'required' });
    expect(findProblems(schema, { rules: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] })[0]).toMatchObject({
      path: 'rules',
      kind: 'tooMany',
    });
    expect(emptyValue(schema.properties?.['rules']?.items ?? {})).toEqual({ text: '' });
  });

  it('does not hand out the default itself, which an edit would change for good', () => {
    const schema: ParamSchema = { type: 'array', default: [{ text: 'x' }] };
    (emptyValue(schema) as { text: string }[])[0] = { text: 'changed' };
    expect(emptyValue(schema)).toEqual([{ text: 'x' }]);
  });

  it('turns names into words', () => {
    expect(['maxTokens', 'isVeto', 'withOverall', 'non_tie_wins', 'mu'].map(titleOfParam)).toEqual([
      'Max tokens',
      'Veto',
      'With overall',
      'Non tie wins',
      'Mu',
    ]);
  });
});

describe('prompt templates', () => {
  const templates = protocols.flatMap((protocol) =>
    protocol.templates.map((template) => [`${protocol.id}/${template.name}`, template] as const),
  );

  it.each(templates)('finds no fault in the shipped %s', (_, template) => {
    expect(findTemplateFault(template.text, template)).toBeNull();
  });

  it.each([
    ['hello\n[[user]]\n{{a}}', { kind: 'textBefore', line: 1, from: 1, to: 6 }],
    ['[[answer]]\nx\n[[user]]\n{{a}}', { kind: 'answerNotLast', line: 1, from: 1, to: 11 }],
    ['[[user]]\r\n{{a}} {{b}}', { kind: 'unknown', name: 'b', line: 2, from: 7, to: 12 }],
    ['[[user]]\nno value', { kind: 'needed', name: 'a', line: 2, from: 1, to: 9 }],
  ])('tells where the fault of %j stands (would mark the wrong line)', (text, place) => {
    expect(findTemplateFault(text, { known: ['a'], needed: ['a'] })).toEqual(place);
  });

  it.each([
    ['no user part', '[[system]]\n{{a}}'],
    ['words before the first part', 'hello\n[[user]]\n{{a}}'],
    ['an answer that is not last', '[[answer]]\nx\n[[user]]\n{{a}}'],
    ['an unknown value', '[[user]]\n{{a}} {{b}}'],
    ['a needed value gone', '[[user]]\nnothing'],
    ['nothing wrong', '[[user]]\n{{ a }}'],
  ])('finds the same fault as the core: %s', (_, text) => {
    const rules = { known: ['a'], needed: ['a'] };
    const isRefused = () => requirePlaceholders(parseTemplate(text), rules);
    if (findTemplateFault(text, rules) === null) expect(isRefused).not.toThrow();
    else expect(isRefused).toThrow();
  });

  it('marks section heads, values and stray values at their columns', () => {
    expect(markTemplate('[[user]]\nA {{a}} {{b}}', ['a'])).toEqual([
      { line: 1, from: 1, to: 9, kind: 'section' },
      { line: 2, from: 3, to: 8, kind: 'value' },
      { line: 2, from: 9, to: 14, kind: 'stray' },
    ]);
  });
});

describe('drafts', () => {
  const [pairwise, scored, jury, , reward] = sampleProtocols;

  it('a draft of a request gives the request back, so that a run can be repeated', () => {
    const request = judgeRequestSchema.parse({
      datasetId: 4,
      protocol: 'jury',
      params: { criterion: 'x' },
      models: { jurors: ['a', 'b'] },
      templates: { verdict: 'aaaa' },
      order: 'consistent_only',
      tieEpsilon: 0.1,
      filter: { clauses: [{ op: 'is_null', field: 'label' }], words: 'sour' },
      limit: 9,
      seed: 3,
    });
    const draft = draftOfRequest(request);
    const filter = draft.filter ?? { clauses: [] };
    expect(requestOfDraft(draft, 4, { id: 'earlier', title: '', filter })).toEqual(request);
  });

  it('names the fields that keep it from being a request', () => {
    const draft = { ...makeJudgeDraft(), sample: '1.5', seed: '', tieEpsilon: '0.6', name: 'x'.repeat(121) };
    expect(findDraftFaults(draft, pairwise)).toEqual(['models', 'tieEpsilon', 'sample', 'seed', 'name']);
    const good = { ...makeJudgeDraft(), models: { judge: ['m'] } };
    expect(findDraftFaults(good, pairwise)).toEqual([]);
  });

  it('never chooses by itself a model that leaves this machine, and drops one that no longer fits', () => {
    const traits = {
      server: 'vllm' as const,
      contextSize: null,
      capabilities: [],
      scoring: 'none' as const,
      countsTokens: false,
      milliseconds: 1,
    };
    const far = { ...fakeEndpoint({ isEnabled: true, traits }), capabilities: ['decide' as const] };
    const near = fakeModel({ modelId: 'near', capabilities: ['generate'] });
    if (!pairwise || !scored || !jury) throw new Error('the sample has these');
    expect(chooseModels(pairwise, [far, near], {})).toEqual({ judge: [] });
    expect(chooseModels(pairwise, [far, near], { judge: [far.modelId] })).toEqual({ judge: [far.modelId] });
    expect(chooseModels(scored, [far, near], { judge: [far.modelId] })).toEqual({ judge: ['near'] });
    expect(chooseModels(jury, [fakeModel()], {})).toEqual({ jurors: [] });
  });

  it('gives the reason that has to be mended first', () => {
    expect(whyUnfit(fakeEndpoint(), ['decide'])).toEqual({ kind: 'disabled' });
    expect(whyUnfit(fakeEndpoint({ isEnabled: true }), ['decide'])).toEqual({ kind: 'untested' });
    expect(whyUnfit(fakeModel({ isPresent: false }), ['decide'])).toEqual({ kind: 'missing' });
    expect(whyUnfit(fakeModel({ capabilities: ['score'] }), ['decide', 'score'])).toEqual({
      kind: 'lacks',
      needs: ['decide'],
    });
    expect(whyUnfit(fakeModel(), ['decide'])).toBeNull();
  });

  it('hints at the cost by what the models have to do', () => {
    expect([pairwise, scored, reward].map((one) => one && costOf(one))).toEqual([
      'reads',
      'writes',
      'scores',
    ]);
  });
});

describe('runs and reports', () => {
  it('calls a run stopped that is not finished and has no job, and finished whatever an old job said', () => {
    const open = fakeRun({ isFinished: false });
    expect(stateOfRun(open, undefined)).toBe('stopped');
    expect(stateOfRun(open, fakeJudgeJob(1, { status: 'cancelled' }))).toBe('stopped');
    expect(stateOfRun(open, fakeJudgeJob(1, { status: 'failed' }))).toBe('failed');
    expect(stateOfRun(open, fakeJudgeJob(1, { status: 'paused' }))).toBe('paused');
    expect(stateOfRun(fakeRun(), fakeJudgeJob(1, { status: 'failed' }))).toBe('finished');
  });

  it('filters a confusion cell by the labels of the dataset where no rater is the reference', () => {
    const cell = { annotatorId: 4, referenceId: null, reference: 'a', judge: 'tie' };
    expect(cellRows(cell)).toEqual([
      { op: 'in', field: 'label', values: ['a'] },
      { op: 'in', field: 'vote:4', values: ['tie'] },
    ]);
  });

  it('orders labels a, b, tie and fills absent cells with 0; shares are of the row', () => {
    const table = tabulateConfusion([
      { reference: 'tie', judge: 'b', count: 1 },
      { reference: 'a', judge: 'tie', count: 1 },
      { reference: 'a', judge: 'a', count: 3 },
    ]);
    expect(table.judges).toEqual(['a', 'b', 'tie']);
    expect(table.rows.map(({ reference, cells }) => [reference, ...cells.map(({ count }) => count)])).toEqual(
      [
        ['a', 3, 0, 1],
        ['tie', 0, 1, 0],
      ],
    );
    expect(table.rows[0]?.cells[0]?.share).toBe(0.75);
  });

  it('reads an answer of a response protocol, with classes beside numbers and nothing for what failed', () => {
    const read = readPreviewResult({
      scores: [
        { aspect: 'helpfulness', value: 3.00004, scaleMin: 0, scaleMax: 4 },
        { aspect: 'type', value: null, valueText: 'open', scaleMax: null },
        { aspect: 'honesty', value: null, scaleMax: 5 },
        'nonsense',
      ],
      use: { prompt: 5 },
      failReason: '',
    });
    expect(read.scores).toEqual([
      { aspect: 'helpfulness', text: '3 / 4' },
      { aspect: 'type', text: 'open' },
      { aspect: 'honesty', text: '– / 5' },
    ]);
    expect(read).toMatchObject({ label: null, use: { prompt: 5, reused: 0 }, failReason: null });
  });
});

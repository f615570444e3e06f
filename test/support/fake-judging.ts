import { AppError } from '../../electron/contract/app-error.ts';
import type { Job } from '../../electron/contract/job.contract.ts';
import type {
  JudgeFigure,
  JudgeReport,
  JudgeRequest,
  JudgeRun,
  ProtocolInfo,
} from '../../electron/contract/judging.contract.ts';
import { fakeReport } from './fake-judge-report.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;
type RestOf = { signal?: AbortSignal };

export const verdictText = `[[system]]
You are a careful and impartial judge.
[[user]]
[Prompt]
{{prompt}}

[Response A]
{{response_1}}

[Response B]
{{response_2}}
[End]

{{criterion}} Reply with the letter only: A or B.
[[answer]]
Answer:
`;
const known = ['prompt', 'response_1', 'response_2', 'criterion'];
const verdict = {
  name: 'verdict',
  title: 'Verdict',
  text: verdictText,
  hash: '0123456789abcdef',
  known,
  needed: ['response_1', 'response_2'],
};
const criterion = {
  default: 'Which response is better?',
  description: 'The question the judge is asked about the two responses.',
  type: 'string',
  minLength: 1,
  maxLength: 2_000,
};
const judge = (needs: string[]) => ({ role: 'judge', title: 'Judge', needs, isMany: false });

/** Protocols with every kind of role and parameter. */
export const sampleProtocols: readonly ProtocolInfo[] = [
  {
    protocol: 'pairwise-logits',
    title: 'Pairwise, from the answer’s probability',
    description: 'Asks for A or B and reads the probability of each letter, in both orders.',
    section: '0.3',
    evidence: 'confirmed',
    subject: 'pair',
    params: { type: 'object', properties: { criterion } },
    roles: [judge(['decide'])],
    templates: [verdict],
    outputs: [{ name: 'coverage', type: 'probability', description: 'Smallest mass of A and B' }],
  },
  {
    protocol: 'scored-comparison',
    title: 'Scores, compared',
    description: 'Scores both responses with evidence first, and compares the scores.',
    section: '2.2',
    evidence: 'confirmed',
    subject: 'pair',
    params: {
      type: 'object',
      properties: {
        mode: { default: 'joint', type: 'string', enum: ['joint', 'independent'] },
        scale: {
          default: 10,
          description: 'Highest score; the lowest is 0.',
          anyOf: [5, 10, 100].map((value) => ({ type: 'number', const: value })),
        },
        maxTokens: { default: 300, type: 'integer', minimum: 32, maximum: 4_096 },
      },
    },
    roles: [judge(['generate'])],
    templates: [verdict, { ...verdict, name: 'together', title: 'Together', hash: 'fedcba9876543210' }],
    outputs: [],
  },
  {
    protocol: 'jury',
    title: 'Jury of models',
    description: 'Several models vote; the mode wins.',
    section: '2.2',
    evidence: 'confirmed',
    subject: 'pair',
    params: { type: 'object', properties: { criterion } },
    roles: [{ role: 'jurors', title: 'Jurors', needs: ['decide'], isMany: true }],
    templates: [verdict],
    outputs: [],
  },
  {
    protocol: 'context-aware',
    title: 'Under a stated context',
    description: 'Judges by one stated context at a time and weighs them.',
    section: '2.4',
    evidence: 'partly',
    subject: 'pair',
    params: {
      type: 'object',
      properties: {
        contexts: {
          default: [{ text: 'The user wants a short answer.', weight: 1 }],
          maxItems: 3,
          minItems: 1,
          type: 'array',
          items: {
            type: 'object',
            properties: {
              text: { type: 'string', minLength: 1, maxLength: 4_000, description: 'A criterion.' },
              weight: { default: 1, type: 'number', minimum: 0 },
              opposite: { type: 'string', minLength: 1, maxLength: 4_000 },
            },
            required: ['text'],
          },
        },
        withPlain: { default: true, type: 'boolean', description: 'Also judge without any context.' },
      },
    },
    roles: [judge(['decide'])],
    templates: [verdict],
    outputs: [],
  },
  {
    protocol: 'reward-model',
    title: 'Reward model',
    description: 'A reward model scores each response.',
    section: '1.1',
    evidence: 'ours',
    subject: 'response',
    params: {
      type: 'object',
      properties: { aspect: { default: 'reward', type: 'string', minLength: 1, maxLength: 80 } },
    },
    roles: [{ role: 'reward', title: 'Reward model', needs: ['rank'], isMany: false }],
    templates: [],
    outputs: [],
  },
];

const none: JudgeFigure = { value: null, low: null, high: null, n: 0 };

export function fakeRun(part: Partial<JudgeRun> = {}): JudgeRun {
  const judgeRunId = part.judgeRunId ?? 1;
  return {
    judgeRunId,
    datasetId: 1,
    annotatorId: 20 + judgeRunId,
    jobId: `judge-${judgeRunId}`,
    name: 'Qwen2.5-7B-Instruct-Q4_K_M · Pairwise, from the answer’s probability',
    protocol: 'pairwise-logits',
    subject: 'pair',
    planned: 800,
    done: 800,
    invalid: 3,
    isFinished: true,
    createdAt: '2026-11-20T10:12:00.000Z',
    finishedAt: '2026-11-20T10:31:00.000Z',
    accuracy: { value: 0.712, low: 0.679, high: 0.743, n: 771 },
    record: {
      schema: 'assay.judge-run/1',
      request: {
        datasetId: 1,
        protocol: 'pairwise-logits',
        params: { criterion: 'Which response is safer?' },
        models: { judge: ['qwen'] },
        templates: {},
        order: 'average',
        tieEpsilon: 0.05,
        limit: 800,
        seed: 7,
      },
      models: [
        {
          role: 'judge',
          modelId: 'qwen',
          name: 'Qwen2.5-7B-Instruct-Q4_K_M',
          hash: '9f'.repeat(32),
          kind: 'gguf',
          quantisation: 'Q4_K_M',
          contextSize: 4_096,
        },
      ],
      templates: { verdict: '0123456789abcdef' },
      appVersion: '0.1.0',
    },
    ...part,
  };
}

/** A job that works on a run; the run names it by its id. */
export const fakeJudgeJob = (judgeRunId: number, part: Partial<Job> = {}): Job => ({
  jobId: `judge-${judgeRunId}`,
  type: 'judge',
  title: `Judge run ${judgeRunId}`,
  status: 'running',
  phase: 'Judging',
  done: 0,
  total: 800,
  attempt: 1,
  isCancelRequested: false,
  error: null,
  canPause: true,
  result: null,
  createdAt: '2026-11-21T10:12:00.000Z',
  startedAt: '2026-11-21T10:12:00.000Z',
  finishedAt: null,
  ...part,
});

type TemplateVersion = Record<'protocol' | 'hash' | 'name' | 'title' | 'text' | 'createdAt', string>;

export interface FakeJudgingOptions {
  readonly runs?: readonly JudgeRun[];
  readonly report?: Partial<JudgeReport>;
}

const values: Readonly<Record<string, string>> = {
  prompt: 'Name a colour. {{braces}} stay.',
  response_1: 'Blue, like the sea.',
  response_2: 'Red.',
};

/** The prompt as the core shows it. */
function renderVerdict(text: string, criterionText: string, isSwapped: boolean): string {
  const own: Readonly<Record<string, string>> = {
    ...values,
    criterion: criterionText,
    ...(isSwapped && { response_1: values['response_2'] ?? '', response_2: values['response_1'] ?? '' }),
  };
  return text
    .replace(/^\[\[(system|user)\]\]\n/gm, '[$1]\n')
    .replace(/\n(?=\[user\])/g, '\n\n')
    .replace(/\n\[\[answer\]\]\n/, '\n\n[assistant]\n')
    .replace(/\s+$/, '')
    .replace(/\{\{([a-z][a-z0-9_]*)\}\}/g, (_, name: string) => own[name] ?? '');
}

/** Judging methods of the fake core, over runs that are started, paused and removed. */
export function fakeJudging(answer: Answer, putJob: (job: Job) => void, options: FakeJudgingOptions = {}) {
  let runs: JudgeRun[] = [
    ...(options.runs ?? [fakeRun({ judgeRunId: 2, name: 'weak judge' }), fakeRun({ judgeRunId: 1 })]),
  ];
  const saved: TemplateVersion[] = [];
  const find = (judgeRunId: number): JudgeRun => {
    const found = runs.find((run) => run.judgeRunId === judgeRunId);
    if (!found) throw new AppError('JUDGE_RUN_MISSING', 'There is no such run.');
    return found;
  };
  const textOf = (request: JudgeRequest & { texts?: Record<string, string> }) => {
    const unsaved = request.texts?.['verdict'];
    if (unsaved !== undefined) return unsaved;
    const hash = request.templates?.['verdict'];
    return saved.find((version) => version.hash === hash)?.text ?? verdictText;
  };

  return {
    protocols: () => answer('judge.protocols', undefined, () => [...sampleProtocols]),
    plan: (input: JudgeRequest & { calibrate: boolean }, rest?: RestOf) =>
      answer(
        'judge.plan',
        input,
        () => {
          const items = input.limit ?? 5_400;
          const calls = items * (input.order === 'random_single' ? 1 : 2);
          return {
            items,
            calls,
            promptTokens: calls * 412,
            reusedTokens: calls * 96,
            generatedTokens: 0,
            embeddings: 0,
            minutes: input.calibrate ? items / 240 : null,
            calibratedOn: input.calibrate ? 4 : 0,
            warnings: input.calibrate
              ? ['The judge’s family (qwen) also wrote responses of this dataset: it may prefer its own.']
              : [],
          };
        },
        rest?.signal,
      ),
    start: (input: JudgeRequest) =>
      answer('judge.start', input, () => {
        const judgeRunId = Math.max(0, ...runs.map((run) => run.judgeRunId)) + 1;
        const first = fakeRun();
        const planned = input.limit ?? 5_400;
        runs = [
          fakeRun({
            judgeRunId,
            planned,
            done: 0,
            invalid: 0,
            isFinished: false,
            finishedAt: null,
            accuracy: none,
            name: input.name ?? first.name,
            record: { ...first.record, request: input },
          }),
          ...runs,
        ];
        const job = fakeJudgeJob(judgeRunId, { total: planned, createdAt: new Date().toISOString() });
        putJob(job);
        return { judgeRunId, jobId: job.jobId };
      }),
    resume: (input: { judgeRunId: number }) =>
      answer('judge.resume', input, () => {
        const job = fakeJudgeJob(find(input.judgeRunId).judgeRunId, {
          jobId: `judge-${input.judgeRunId}-again`,
          createdAt: new Date().toISOString(),
        });
        putJob(job);
        runs = runs.map((run) => (run.judgeRunId === input.judgeRunId ? { ...run, jobId: job.jobId } : run));
        return { jobId: job.jobId };
      }),
    remove: (input: { judgeRunId: number }) =>
      answer('judge.remove', input, () => {
        runs = runs.filter((run) => run !== find(input.judgeRunId));
        return { removed: true };
      }),
    runs: (input: { datasetId: number }) =>
      answer('judge.runs', input, () => (input.datasetId === 1 ? [...runs] : [])),
    run: (input: { judgeRunId: number }) => answer('judge.run', input, () => find(input.judgeRunId)),
    preview: (
      input: JudgeRequest & { itemId?: number; ask: boolean; texts?: Record<string, string> },
      rest?: RestOf,
    ) =>
      answer(
        'judge.preview',
        input,
        () => {
          if (input.itemId === 404)
            throw new AppError('ROW_MISSING', 'There is no row to preview the prompt on.');
          const { criterion: given } = input.params;
          const asked = typeof given === 'string' ? given : criterion.default;
          return {
            exampleId: `example-${input.itemId ?? 1}`,
            prompts: [false, true].map((isSwapped) => ({
              template: 'verdict',
              text: renderVerdict(textOf(input), asked, isSwapped),
            })),
            result: input.ask
              ? {
                  label: 'a',
                  pA: 0.8125,
                  isOrderConsistent: true,
                  calls: 2,
                  use: { prompt: 824, reused: 96, generated: 2 },
                  ms: 412.3,
                  rationale: null,
                  failReason: null,
                  isTruncated: false,
                  detail: { coverage: 0.99 },
                }
              : null,
          };
        },
        rest?.signal,
      ),
    templates: (input: { protocol: string }) =>
      answer('judge.templates', input, () => saved.filter((version) => version.protocol === input.protocol)),
    saveTemplate: (input: { protocol: string; name: string; title: string; text: string }) =>
      answer('judge.saveTemplate', input, () => {
        const version = {
          ...input,
          hash: `aaaa00000000000${saved.length}`,
          createdAt: new Date().toISOString(),
        };
        saved.unshift(version);
        return version;
      }),
    raters: (input: { datasetId: number }) =>
      answer('judge.raters', input, () =>
        input.datasetId === 1
          ? [
              ...runs.map(({ annotatorId, name, done, judgeRunId }) => ({
                annotatorId,
                name,
                kind: 'model',
                votes: done,
                judgeRunId,
              })),
              { annotatorId: 9, name: 'Anna', kind: 'human', votes: 512, judgeRunId: null },
            ]
          : [],
      ),
    report: (input: { annotatorId: number; referenceId: number | null }, rest?: RestOf) =>
      answer('judge.report', input, () => fakeReport(input, options.report), rest?.signal),
    juries: (input: { annotatorIds: number[] }, rest?: RestOf) =>
      answer(
        'judge.juries',
        input,
        () => {
          const names = input.annotatorIds.map(
            (id) => runs.find((run) => run.annotatorId === id)?.name ?? 'Anna',
          );
          return [names, ...names.map((name) => [name])].map((jury, index) => ({
            jury,
            size: jury.length,
            kappa: { value: 0.43 - index * 0.05, low: 0.36 - index * 0.05, high: 0.5 - index * 0.05, n: 771 },
            accuracy: { value: 0.72, low: 0.69, high: 0.75, n: 771 },
            tied: 31,
          }));
        },
        rest?.signal,
      ),
  };
}

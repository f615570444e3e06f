import { AppError } from '../../electron/contract/app-error.ts';
import type { ExportFormat, ExportPlan, ExportSpec } from '../../electron/contract/export.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;
type RunJob = (type: string, title: string, result: unknown, onDone: () => void) => { jobId: string };

const format = (
  parts: Pick<ExportFormat, 'format' | 'title' | 'purpose'> & Partial<ExportFormat>,
): ExportFormat => ({
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  columns: [],
  cannotHold: ['model names'],
  recipe: [{ column: 'margin', name: 'margin' }],
  canSay: { tie: false, bothBad: false, unlabelled: false },
  ...parts,
});

const formats: readonly ExportFormat[] = [
  format({
    format: 'trl',
    title: 'TRL preference',
    purpose: 'prompt, chosen, rejected for DPO and reward trainers of TRL',
    options: [
      {
        id: 'prompt',
        title: 'Prompt',
        note: '',
        kind: 'choice',
        default: 'explicit',
        choices: [
          { value: 'explicit', title: 'explicit column' },
          { value: 'implicit', title: 'inside chosen and rejected' },
        ],
        min: null,
        max: null,
      },
    ],
  }),
  format({
    format: 'icai',
    title: 'ICAI CSV',
    purpose: 'text_a, text_b and preferred_text for Inverse Constitutional AI',
    containers: ['csv'],
    canSay: { tie: true, bothBad: true, unlabelled: true },
  }),
  format({ format: 'trl-stepwise', title: 'TRL stepwise', purpose: 'steps', relations: ['responses'] }),
];

const plan = (spec: ExportSpec & { looksForPersonalData: boolean }): ExportPlan => ({
  selected: 5_400,
  written: 4_812,
  rows: 4_812,
  splits: [],
  columns: [{ name: 'prompt', type: 'VARCHAR', note: 'the prompt' }],
  warnings: [
    { kind: 'left-out', count: 588, text: 'ties', rows: [7, 9] },
    { kind: 'no-place', count: 120, text: `${spec.format} has no place for model names`, rows: [1] },
    ...(spec.looksForPersonalData
      ? [
          {
            kind: 'personal-data' as const,
            count: 3,
            text: 'something in the shape of: e-mail address',
            rows: [4],
          },
        ]
      : []),
  ],
  scanned: spec.looksForPersonalData ? 4_812 : 0,
  licence: { known: null, question: 'Under which licence is this dataset?' },
});

/** Export methods of the fake core: two formats for pairs, one for responses; the option “implicit” is refused for CSV. */
export function fakeExport(answer: Answer, runJob: RunJob) {
  return {
    formats: () => answer('export.formats', undefined, () => [...formats]),
    annotators: (input: { datasetId: number }) =>
      answer('export.annotators', input, () => [
        { annotatorId: 5, name: 'rater 1', kind: 'human', aspect: null, votes: 320 },
      ]),
    recipe: (input: { datasetId: number }) =>
      answer('export.recipe', input, () => [
        { column: 'margin' as const, rows: 320 },
        { column: 'weight' as const, rows: 200 },
        { column: 'split' as const, rows: 4_812 },
      ]),
    plan: (input: ExportSpec & { looksForPersonalData: boolean }, rest?: { signal?: AbortSignal }) =>
      answer(
        'export.plan',
        input,
        () => {
          if (input.minStrength !== null && input.minStrength > 0.99)
            throw new AppError('EXPORT_OPTION_INVALID', 'Not exported: no pair is that strong.');
          return plan(input);
        },
        rest?.signal,
      ),
    preview: (input: ExportSpec, rest?: { signal?: AbortSignal }) =>
      answer(
        'export.preview',
        input,
        () => ({
          text: `{"prompt":"as ${input.format}","chosen":"<b>c</b>","rejected":"r"}\n`,
          isCut: false,
        }),
        rest?.signal,
      ),
    start: (input: ExportSpec) =>
      answer('export.start', input, () => {
        const file = `/home/me/demo.assay/exports/judged-pairs-${input.format}`;
        return runJob(
          'export',
          'Export judged-pairs',
          {
            file,
            manifest: `${file}/manifest.json`,
            rows: 4_812,
            skipped: 588,
            skippedWhy: '588 ties',
            files: [
              { path: 'data.jsonl', split: null, rows: 4_812, bytes: 1_234_567, sha256: 'ab'.repeat(32) },
            ],
            wasThere: false,
          },
          () => {},
        );
      }),
  };
}

import { AppError } from '../../electron/contract/app-error.ts';
import type { ImportPreview, ImportSpec } from '../../electron/contract/import.contract.ts';
import type { Job } from '../../electron/contract/job.contract.ts';

type Answer = <T>(method: string, input: unknown, make: () => T) => Promise<T>;

const columns = ['instruction', 'chosen', 'rejected', 'winner', 'meta'];

/** Import methods of the fake core: one file of pairs whose prompt column may be remapped. */
export function fakeImport(answer: Answer, putJob: (job: Job) => void) {
  const preview = (input: ImportSpec): ImportPreview => {
    const [path] = input.files;
    if (!path?.startsWith('/')) {
      throw new AppError('IMPORT_FILE_MISSING', `There is no file at ${path ?? ''}. Check the path.`);
    }
    const mapping = input.mapping ?? { prompt: 'instruction', chosen: 'chosen', rejected: 'rejected' };
    return {
      files: [
        {
          path,
          name: path.split('/').at(-1) ?? path,
          bytes: 18_400_512,
          container: 'JSONL (gzip)',
          problem: null,
        },
      ],
      columns: columns.map((name) => ({ name, type: name === 'meta' ? 'STRUCT' : 'VARCHAR' })),
      guesses: [
        {
          format: 'chosen_rejected',
          title: 'Chosen and rejected',
          confidence: 0.94,
          why: 'Has columns chosen and rejected.',
        },
        {
          format: 'hh_rlhf',
          title: 'HH-RLHF transcripts',
          confidence: 0.31,
          why: 'Texts have no Human/Assistant turns.',
        },
      ],
      sourceRows: Array.from({ length: 5 }, (_, i) => [
        `How do I keep a sourdough starter alive? (${i})`,
        'Feed it before you go and keep it cold. '.repeat(4),
        'It depends.',
        'model_a',
        '{"turn": 1}',
      ]),
      records: Array.from({ length: 5 }, (_, i) => ({
        prompt: mapping['prompt'] ? `How do I keep a sourdough starter alive? (${i})` : '',
        responses: [
          { text: 'Feed it before you go and keep it cold. '.repeat(4), model: null },
          { text: 'It depends.', model: null },
        ],
        labels: [{ aspect: null, label: 'a' }],
        problem: i === 3 ? 'Chosen and rejected are the same text.' : null,
      })),
      parts: ['prompt', 'chosen', 'rejected', 'label'].map((part) => ({
        part,
        title: part[0]?.toUpperCase() + part.slice(1),
        isRequired: part !== 'label',
        column: mapping[part] ?? null,
      })),
      mapping,
      suggestedName: 'sourdough-pairs',
    };
  };

  return {
    formats: () => answer('import.formats', undefined, () => []),
    preview: (input: ImportSpec) => answer('import.preview', input, () => preview(input)),
    start: (input: ImportSpec) =>
      answer('import.start', input, () => {
        const now = new Date().toISOString();
        putJob({
          jobId: 'import-1',
          type: 'import',
          title: `Import ${input.dataset ?? 'files'}`,
          status: 'succeeded',
          phase: '',
          done: 1_000,
          total: 1_000,
          attempt: 1,
          isCancelRequested: false,
          error: null,
          result: {
            dataset: input.dataset ?? 'sourdough-pairs',
            datasetId: 1,
            format: 'chosen_rejected',
            rows: 958,
            rejected: 30,
            duplicates: 12,
            pairs: 958,
            seconds: 1.4,
          },
          createdAt: now,
          startedAt: now,
          finishedAt: now,
        });
        return { jobId: 'import-1' };
      }),
  };
}

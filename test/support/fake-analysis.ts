import { AppError } from '../../electron/contract/app-error.ts';
import type { Job } from '../../electron/contract/job.contract.ts';
import { fakeAuditReads } from './fake-audit-reads.ts';
import { fakeExport } from './fake-export.ts';
import { type FakeModelOptions, fakeModels } from './fake-models.ts';
import { fakeAudits, fakeConstitution, madeAt } from './fake-documents.ts';

type Answer = <T>(method: string, input: unknown, make: () => T, signal?: AbortSignal) => Promise<T>;

const reportPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report</title>
<style>:root { color-scheme: light dark; --paper: #fff; --ink: #111 } @media (prefers-color-scheme: dark) { :root { --paper: #12151b; --ink: #eee } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 Georgia, serif; max-width: 720px; margin: 40px auto; padding: 0 24px }</style></head>
<body><h1>What the labels of judged-pairs reward</h1><p id="state">No script ran.</p>
<script>document.getElementById('state').textContent = 'A script ran!'</script>
<h2>Constitution</h2><ol><li>Select the response that has more structured formatting</li><li>Select the response that is longer</li></ol></body></html>`;

const schema = [
  {
    name: 'pairs',
    isView: true,
    columns: [
      'dataset:VARCHAR',
      'comparison_id:BIGINT',
      'prompt:VARCHAR',
      'response_a:VARCHAR',
      'response_b:VARCHAR',
      'label:VARCHAR',
      'chosen:VARCHAR',
      'rejected:VARCHAR',
      'strength:DOUBLE',
      'model_a:VARCHAR',
      'model_b:VARCHAR',
      'prompt_messages:STRUCT("role" VARCHAR, content VARCHAR)[]',
    ],
  },
  {
    name: 'rejected_rows',
    isView: true,
    columns: ['dataset:VARCHAR', 'source_file:VARCHAR', 'source_row:BIGINT', 'reason:VARCHAR'],
  },
  {
    name: 'votes',
    isView: true,
    columns: ['dataset:VARCHAR', 'comparison_id:BIGINT', 'annotator:VARCHAR', 'label:VARCHAR'],
  },
  {
    name: 'comparison',
    isView: false,
    columns: ['comparison_id:BIGINT', 'dataset_id:INTEGER', 'label:VARCHAR'],
  },
  { name: 'dataset', isView: false, columns: ['dataset_id:INTEGER', 'name:VARCHAR'] },
].map((table) => ({
  ...table,
  columns: table.columns.map((text) => {
    const [name = '', ...type] = text.split(':');
    return { name, type: type.join(':') };
  }),
}));

const models = ['alpha-7b', 'beta-13b', 'gamma-70b', 'delta-8x7b', 'epsilon-2b'];

interface Kept {
  readonly count: number;
  readonly row: (position: number) => (string | number | null)[];
}

/** Console of the fake core: understands no SQL, but answers by words in the statement. */
function fakeSql(answer: Answer) {
  const kept = new Map<string, Kept>();
  const history: { sql: string; ranAt: string; milliseconds: number | null; error: string | null }[] = [];
  const remember = (sql: string, error: string | null) =>
    history.unshift({
      sql,
      ranAt: new Date().toISOString(),
      milliseconds: error === null ? 12.4 : null,
      error,
    });

  function run(input: { sql: string; allowWrite?: boolean }) {
    const { sql } = input;
    const wrong = /\bprompts\b/.exec(sql);
    if (wrong) {
      const line = sql.slice(0, wrong.index).split('\n').length;
      const text = sql.split('\n')[line - 1] ?? '';
      const head = `LINE ${line + 1}: `;
      const message = `Catalog Error: Table with name prompts does not exist!\nDid you mean "pairs"?\n\n${head}${text}\n${' '.repeat(head.length + text.indexOf('prompts'))}^`;
      remember(sql, message);
      throw new AppError('QUERY_FAILED', message);
    }
    if (/^\s*(delete|update|drop|insert)/i.test(sql) && !input.allowWrite) {
      const message = 'Not run: the console only reads. Turn on “Allow changes” to run it.';
      remember(sql, message);
      throw new AppError('QUERY_NOT_READ_ONLY', message);
    }
    remember(sql, null);
    const resultId = `r${kept.size + 1}`;
    const column = (name: string, type: string) => ({ name, type, isNumeric: type !== 'VARCHAR' });
    if (/group by/i.test(sql)) {
      kept.set(resultId, { count: 5, row: (i) => [models[i] ?? '', 400 + i * 37, 0.31 + i * 0.07] });
      const columns = [
        column('model', 'VARCHAR'),
        column('pairs', 'BIGINT'),
        column('share_chosen', 'DOUBLE'),
      ];
      return { resultId, columns, count: 5, isCut: false, milliseconds: 18 };
    }
    const count = /where false/i.test(sql) ? 0 : 100_000;
    kept.set(resultId, {
      count,
      row: (i) => [i + 1, (i * 7919) % 2_400, i % 9 === 0 ? null : `=Answer ${i}, as it was given`],
    });
    const columns = [
      column('comparison_id', 'BIGINT'),
      column('characters', 'INTEGER'),
      column('chosen', 'VARCHAR'),
    ];
    return { resultId, columns, count, isCut: count > 0, milliseconds: 41 };
  }

  const waitForever = (signal?: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });

  return {
    run: (input: { sql: string }, rest?: { signal?: AbortSignal }) =>
      /pg_sleep/i.test(input.sql)
        ? waitForever(rest?.signal)
        : answer('sql.run', input, () => run(input), rest?.signal),
    page: (input: { resultId: string; offset: number; limit: number }, rest?: { signal?: AbortSignal }) =>
      answer(
        'sql.page',
        input,
        () => {
          const found = kept.get(input.resultId);
          if (!found) throw new AppError('VIEW_MISSING', 'This result has been closed. Run the query again.');
          const length = Math.max(0, Math.min(input.limit, found.count - input.offset));
          return {
            offset: input.offset,
            rows: Array.from({ length }, (_, i) => found.row(input.offset + i)),
          };
        },
        rest?.signal,
      ),
    schema: () => answer('sql.schema', undefined, () => schema),
    history: () => answer('sql.history', undefined, () => [...history]),
  };
}

/** Analysis methods of the fake core: console, constitutions, audits, reports, export, models. */
export function fakeAnalysis(answer: Answer, putJob: (job: Job) => void, models: FakeModelOptions = {}) {
  let runs = 2;
  let hasAudits = true;
  let jobs = 0;

  function runJob(type: string, title: string, result: unknown, onDone: () => void) {
    jobs += 1;
    const jobId = `${type}-run-${jobs}`;
    const at = new Date().toISOString();
    const job: Job = {
      jobId,
      type,
      title,
      status: 'running',
      phase: 'Comparing the sides',
      done: 0,
      total: 4,
      attempt: 1,
      isCancelRequested: false,
      error: null,
      result: null,
      createdAt: at,
      startedAt: at,
      finishedAt: null,
    };
    putJob(job);
    for (const step of [1, 2, 3]) setTimeout(() => putJob({ ...job, done: step }), step * 300);
    setTimeout(() => {
      onDone();
      putJob({ ...job, status: 'succeeded', done: 4, result, finishedAt: new Date().toISOString() });
    }, 1_200);
    return { jobId };
  }

  return {
    sql: fakeSql(answer),
    constitution: {
      list: (input: { datasetId: number }) =>
        answer('constitution.list', input, () =>
          input.datasetId === 3
            ? []
            : Array.from({ length: runs }, (_, i) => ({
                constitutionId: i + 1,
                createdAt: new Date(Date.UTC(2026, 10, 20 + i, 10, 12)).toISOString(),
                top: 7,
                seed: i + 1,
              })),
        ),
      get: (input: { constitutionId: number }) =>
        answer('constitution.get', input, () => ({
          constitutionId: input.constitutionId,
          document: fakeConstitution({ seed: input.constitutionId }),
        })),
      start: (input: unknown) =>
        answer('constitution.start', input, () =>
          runJob('constitution', 'Constitution of judged-pairs', null, () => {
            runs += 1;
          }),
        ),
      rows: (input: { principleId?: string; which: string }) =>
        answer('constitution.rows', input, () => ({ total: 3, ids: [2, 5, 9] })),
    },
    audit: {
      list: () =>
        answer('audit.list', undefined, () => [
          {
            audit: 'length',
            family: 'surface',
            defaults: {},
            models: [],
            title: 'Length',
            description: 'Whether the longer response wins more often than chance.',
          },
          {
            audit: 'position',
            family: 'surface',
            defaults: {},
            models: [],
            title: 'Position',
            description: 'Whether the response shown first wins more often than chance.',
          },
        ]),
      start: (input: unknown) =>
        answer('audit.start', input, () =>
          runJob('audit', 'Audit of judged-pairs', null, () => {
            hasAudits = true;
          }),
        ),
      latest: (input: { datasetId: number }) =>
        answer('audit.latest', input, () => ({
          document: hasAudits && input.datasetId !== 3 ? fakeAudits() : null,
        })),
      ...fakeAuditReads(answer),
    },
    report: {
      list: () =>
        answer('report.list', undefined, () => [
          {
            reportId: 'judged-pairs-1',
            dataset: 'judged-pairs',
            createdAt: madeAt,
            directory: '/home/me/demo.assay/reports/judged-pairs-1',
          },
          {
            reportId: 'small-1',
            dataset: 'small',
            createdAt: '2026-11-19T08:30:00Z',
            directory: '/home/me/demo.assay/reports/small-1',
          },
        ]),
      build: (input: unknown) =>
        answer('report.build', input, () => ({
          reportId: 'judged-pairs-1',
          directory: '/home/me/demo.assay/reports/judged-pairs-1',
        })),
      file: (input: { file: string }) =>
        answer('report.file', input, () => ({ name: input.file, mime: 'text/html', text: reportPage })),
    },
    export: fakeExport(answer, runJob),
    ...fakeModels(answer, runJob, models),
  };
}

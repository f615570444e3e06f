import { AppError } from '../../electron/contract/app-error.ts';
import type { Client } from '../../electron/contract/contract.ts';
import type { Dataset, Facet, SavedView } from '../../electron/contract/corpus.contract.ts';
import type { Filter, Sort } from '../../electron/contract/filter.contract.ts';
import type { Job } from '../../electron/contract/job.contract.ts';
import { fakeRationales } from './fake-rationales.ts';
import { fakeTour } from './fake-tour.ts';
import type { Tour } from '../../electron/contract/tour.contract.ts';
import { cellOf, comparePairs, fakeDetail, fakeFields, fakePair, matchesFilter } from './fake-rows.ts';
import type { FakePair } from './fake-rows.ts';
import { fakeAnalysis } from './fake-analysis.ts';
import type { FakeModelOptions } from './fake-models.ts';
import { fakeEditing } from './fake-editing.ts';
import { fakeImport } from './fake-import.ts';
import { fakeJudging, type FakeJudgingOptions } from './fake-judging.ts';

/** Filters and sorts of larger datasets look at their first rows only; enough to see a page work. */
const scannedRows = 120_000;

export interface FakeOptions {
  readonly datasets?: readonly { readonly name: string; readonly pairs: number }[];
  /** Milliseconds before every answer. */
  readonly latency?: number;
  readonly models?: FakeModelOptions;
  readonly judging?: FakeJudgingOptions;
  readonly tour?: Partial<Tour>;
}

interface FakeView {
  readonly total: number;
  /** Ids in order; null = all rows in their own order. */
  readonly ids: readonly number[] | null;
}

export interface FakeCore {
  readonly client: Client;
  /** Changes a job and tells everybody who listens. */
  putJob(job: Job): void;
  readonly calls: { method: string; input: unknown }[];
}

const iso = (minutes: number) => new Date(Date.UTC(2026, 10, 20, 9, minutes)).toISOString();

export function fakeJob(part: Partial<Job> & { jobId: string }): Job {
  return {
    type: 'import',
    title: 'Import pairs.jsonl',
    status: 'running',
    phase: 'loading',
    done: 41_200,
    total: 108_665,
    attempt: 1,
    isCancelRequested: false,
    error: null,
    result: null,
    createdAt: iso(0),
    startedAt: iso(0),
    finishedAt: null,
    ...part,
  };
}

function datasetOf(datasetId: number, name: string, pairs: number): Dataset {
  return {
    datasetId,
    name,
    format: 'Judged pairs (Parquet)',
    relation: 'pairs',
    pairs,
    responses: pairs * 2,
    prompts: Math.ceil(pairs / 4),
    rejected: datasetId === 1 ? 37 : 0,
    duplicates: datasetId === 1 ? 412 : 0,
    hasSides: true,
    isSearchable: true,
    createdAt: iso(datasetId),
    sources: [`/data/${name}.parquet`],
  };
}

const ofSameType = (cause: string): never => {
  throw new AppError('INTERNAL', `The fake core has no ${cause}.`);
};

/** The contract's corpus, import and job methods over made-up rows, all in memory. */
export function createFakeCore(options: FakeOptions = {}): FakeCore {
  const entries = options.datasets ?? [{ name: 'judged-pairs', pairs: 108_665 }];
  const datasets = entries.map((entry, index) => datasetOf(index + 1, entry.name, entry.pairs));
  const views = new Map<string, FakeView>();
  const saved: SavedView[] = [];
  const tags = new Map<number, Set<string>>();
  const jobs = new Map<string, Job>();
  const listeners = new Set<(job: Job) => void>();
  const calls: { method: string; input: unknown }[] = [];

  const find = (datasetId: number): Dataset => {
    const found = datasets.find((d) => d.datasetId === datasetId);
    if (!found) throw new AppError('DATASET_MISSING', 'There is no such dataset. Choose another one.');
    return found;
  };

  async function answer<T>(method: string, input: unknown, make: () => T, signal?: AbortSignal): Promise<T> {
    calls.push({ method, input });
    await new Promise((resolve) => setTimeout(resolve, options.latency ?? 0));
    signal?.throwIfAborted();
    return make();
  }

  function scan(datasetId: number, filter: Filter, exceptField?: string): FakePair[] {
    const limit = Math.min(find(datasetId).pairs, scannedRows);
    const found: FakePair[] = [];
    for (let id = 1; id <= limit; id += 1) {
      const pair = fakePair(id, tags);
      if (matchesFilter(pair, filter, exceptField)) found.push(pair);
    }
    return found;
  }

  function openView(input: {
    datasetId: number;
    filter: Partial<Filter>;
    sort?: readonly Sort[] | undefined;
  }) {
    const filter: Filter = { clauses: [], ...input.filter };
    const total = find(input.datasetId).pairs;
    const sort = input.sort ?? [];
    const isPlain = filter.clauses.length === 0 && !filter.words && sort.length === 0;
    const ids = isPlain
      ? null
      : scan(input.datasetId, filter)
          .sort(comparePairs(sort))
          .map((p) => p.id);
    const viewId = `view-${views.size + 1}`;
    views.set(viewId, { total, ids });
    return { viewId, count: ids?.length ?? total, total, isComplete: true, milliseconds: 3 };
  }

  const view = (viewId: string): FakeView => {
    const found = views.get(viewId);
    if (!found) throw new AppError('VIEW_MISSING', 'The view is gone.');
    return found;
  };

  function facetOf(datasetId: number, filter: Filter, field: string, bins: number): Facet {
    const within = scan(datasetId, filter, field);
    const all = scan(datasetId, { clauses: [] });
    const kind = fakeFields.find((f) => f.id === field)?.kind;
    return kind === 'number' ? histogram(field, bins, within, all) : categories(field, within, all);
  }

  function putJob(job: Job): void {
    jobs.set(job.jobId, job);
    for (const listener of listeners) listener(job);
  }

  async function* follow(signal?: AbortSignal): AsyncGenerator<Job, void, void> {
    const queue: Job[] = [...jobs.values()].filter((j) => j.finishedAt === null);
    let wake = () => {};
    const listener = (job: Job) => {
      queue.push(job);
      wake();
    };
    listeners.add(listener);
    signal?.addEventListener('abort', () => wake());
    try {
      while (!signal?.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      listeners.delete(listener);
    }
  }

  const getJob = (jobId: string): Job => {
    const found = jobs.get(jobId);
    if (!found) throw new AppError('JOB_MISSING', 'There is no such job.');
    return found;
  };

  const analysis = fakeAnalysis(answer, putJob, options.models);
  const client = {
    ...analysis,
    system: { hello: () => ofSameType('hello') },
    dataset: {
      list: () => answer('dataset.list', undefined, () => [...datasets]),
      get: (input: { datasetId: number }) => answer('dataset.get', input, () => find(input.datasetId)),
      rename: (input: { datasetId: number; name: string }) =>
        answer('dataset.rename', input, () => Object.assign(find(input.datasetId), { name: input.name })),
      remove: (input: { datasetId: number }) =>
        answer('dataset.remove', input, () => {
          datasets.splice(datasets.indexOf(find(input.datasetId)), 1);
          return { jobId: 'remove-1' };
        }),
      rejected: (input: { offset: number; limit: number }) =>
        answer('dataset.rejected', input, () => ({
          count: 37,
          rows: Array.from({ length: Math.min(input.limit, 37 - input.offset) }, (_, i) => ({
            sourceFile: 'pairs-00001.jsonl',
            sourceRow: 120 + (input.offset + i) * 17,
            columnName: i % 3 === 0 ? 'chosen' : null,
            reason:
              i % 3 === 0 ? 'The text of the chosen response is empty.' : 'Not valid JSON: unexpected end.',
            raw: '{"prompt": "How do I keep a sourdough starter alive?", "chosen": "',
          })),
        })),
    },
    view: {
      fields: (input: unknown) => answer('view.fields', input, () => [...fakeFields]),
      open: (input: Parameters<typeof openView>[0], rest?: { signal?: AbortSignal }) =>
        answer('view.open', input, () => openView(input), rest?.signal),
      page: (
        input: { viewId: string; offset: number; limit: number; fields: string[] },
        rest?: { signal?: AbortSignal },
      ) =>
        answer(
          'view.page',
          input,
          () => {
            const { ids, total } = view(input.viewId);
            const count = ids?.length ?? total;
            const length = Math.max(0, Math.min(input.limit, count - input.offset));
            const rows = Array.from({ length }, (_, i) => {
              const pair = fakePair(ids?.[input.offset + i] ?? input.offset + i + 1, tags);
              return { id: pair.id, cells: input.fields.map((field) => cellOf(pair, field)) };
            });
            return { offset: input.offset, rows };
          },
          rest?.signal,
        ),
      locate: (input: { viewId: string; id: number }) =>
        answer('view.locate', input, () => {
          const { ids } = view(input.viewId);
          const position = ids ? ids.indexOf(input.id) : input.id - 1;
          return { position: position < 0 ? null : position };
        }),
      facets: (
        input: { datasetId: number; filter: Partial<Filter>; fields: string[]; bins?: number },
        rest?: { signal?: AbortSignal },
      ) =>
        answer(
          'view.facets',
          input,
          () => {
            const filter: Filter = { clauses: [], ...input.filter };
            return input.fields.map((field) => facetOf(input.datasetId, filter, field, input.bins ?? 24));
          },
          rest?.signal,
        ),
      saved: (input: unknown) => answer('view.saved', input, () => [...saved]),
      save: (input: Omit<SavedView, 'savedViewId' | 'createdAt'>) =>
        answer('view.save', input, () => {
          const made = { ...input, savedViewId: saved.length + 1, createdAt: iso(saved.length) };
          saved.push(made);
          return made;
        }),
      removeSaved: (input: { savedViewId: number }) =>
        answer('view.removeSaved', input, () => {
          const index = saved.findIndex((s) => s.savedViewId === input.savedViewId);
          return { removed: saved.splice(index, 1).length === 1 };
        }),
    },
    row: {
      get: (input: { id: number }, rest?: { signal?: AbortSignal }) =>
        answer('row.get', input, () => fakeDetail(input.id, tags), rest?.signal),
      tag: (input: { ids: number[]; tag: string; isOn: boolean }) =>
        answer('row.tag', input, () => {
          for (const id of input.ids) {
            const own = tags.get(id) ?? new Set<string>();
            tags.set(id, own);
            if (input.isOn) own.add(input.tag);
            else own.delete(input.tag);
          }
          return { changed: input.ids.length };
        }),
      media: (input: unknown) => answer('row.media', input, () => ofSameType('images')),
    },
    search: {
      query: (input: { words: string }) =>
        answer('search.query', input, () => ({
          total: 1,
          terms: input.words.toLowerCase().split(/\s+/),
          hits: [],
        })),
      build: (input: unknown) => answer('search.build', input, () => ({ jobId: 'index-1' })),
    },
    constitution: {
      ...analysis.constitution,
      explain: (input: unknown) =>
        answer('constitution.explain', input, () => ({
          constitutionId: 1,
          label: 'a',
          predicted: 'a' as const,
          probability: 0.71,
          isExplained: true,
          votes: [
            ['Choose the response that is longer', 'a', 640, 92],
            ['Choose the response with a numbered list', 'a', 1, 0],
            ['Choose the response that does not hedge', null, null, null],
          ].map(([text, side, valueA, valueB], index) => ({
            principleId: `p${index}`,
            text: String(text),
            valueA: valueA as number | null,
            valueB: valueB as number | null,
            side: side as 'a' | null,
            weight: 0.5,
            isSelected: true,
          })),
        })),
    },
    import: fakeImport(answer, putJob),
    edit: fakeEditing(answer),
    snapshot: { list: (input: unknown) => answer('snapshot.list', input, () => []) },
    judge: fakeJudging(answer, putJob, options.judging),
    rationale: fakeRationales(answer),
    tour: fakeTour(answer, putJob, fakeJob, options.tour),
    mining: {
      degrees: (input: { judgeRunId: number }) =>
        answer('mining.degrees', input, () => {
          const none = { value: null, low: null, high: null, n: 0 };
          return input.judgeRunId === 1
            ? { degreeSpearman: none, adjacentAccuracy: none }
            : {
                degreeSpearman: { value: 0.83, low: 0.71, high: 0.92, n: 30 },
                adjacentAccuracy: { value: 0.75, low: 0.66, high: 0.82, n: 120 },
              };
        }),
    },
    job: {
      list: (input: unknown) => answer('job.list', input, () => [...jobs.values()]),
      get: (input: { jobId: string }) => answer('job.get', input, () => getJob(input.jobId)),
      cancel: (input: { jobId: string }) =>
        answer('job.cancel', input, () => {
          putJob({
            ...getJob(input.jobId),
            status: 'cancelled',
            isCancelRequested: true,
            finishedAt: iso(5),
          });
          return getJob(input.jobId);
        }),
      pause: (input: { jobId: string }) =>
        answer('job.pause', input, () => {
          putJob({ ...getJob(input.jobId), status: 'paused' });
          return getJob(input.jobId);
        }),
      resume: (input: { jobId: string }) =>
        answer('job.resume', input, () => {
          putJob({ ...getJob(input.jobId), status: 'queued', error: null });
          return getJob(input.jobId);
        }),
      again: (input: { jobId: string }) =>
        answer('job.again', input, () => {
          const jobId = `${input.jobId}-again`;
          putJob({ ...getJob(input.jobId), jobId, status: 'queued', finishedAt: null, error: null, done: 0 });
          return { jobId };
        }),
      changed: (_: unknown, rest?: { signal?: AbortSignal }) => Promise.resolve(follow(rest?.signal)),
    },
  };
  // The fake has the methods the corpus screens call; the other domains are left to their own tests.
  return { client: client as unknown as Client, putJob, calls };
}

function histogram(field: string, bins: number, within: FakePair[], all: FakePair[]): Facet {
  const numbers = (pairs: FakePair[]) =>
    pairs.flatMap((p) => {
      const value = p.values[field];
      return typeof value === 'number' ? [value] : [];
    });
  const totals = numbers(all);
  const min = totals.reduce((a, b) => Math.min(a, b), Infinity);
  const max = totals.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (max - min) / bins || 1;
  const made = Array.from({ length: bins }, (_, i) => ({
    min: min + i * width,
    max: min + (i + 1) * width,
    count: 0,
    total: 0,
  }));
  const binOf = (value: number) => made[Math.min(bins - 1, Math.floor((value - min) / width))];
  for (const value of totals) (binOf(value) ?? { total: 0 }).total += 1;
  const counted = numbers(within);
  for (const value of counted) (binOf(value) ?? { count: 0 }).count += 1;
  return { kind: 'histogram', field, bins: made, nulls: within.length - counted.length, min, max };
}

function categories(field: string, within: FakePair[], all: FakePair[]): Facet {
  const tally = (pairs: FakePair[]) => {
    const counts = new Map<string | number | null, number>();
    for (const pair of pairs) {
      const value = pair.values[field] ?? null;
      for (const one of Array.isArray(value) ? value : [value]) counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    return counts;
  };
  const totals = tally(all);
  const counts = tally(within);
  const values = [...totals]
    .map(([value, total]) => ({ value, total, count: counts.get(value) ?? 0 }))
    .sort((a, b) => b.count - a.count || b.total - a.total);
  return { kind: 'categories', field, values: values.slice(0, 12), otherValues: 0, otherRows: 0 };
}

import { z } from 'zod';
import { AppError } from '../../../../contract/app-error.ts';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { forBatches, hashWords, normaliseText, selectShingles } from '../shingles.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{
  against: string;
  test: string;
  coverage_cut: number;
  warn_share: number;
  most_documents: number;
}>;

const headOf = (metric: string, title: string) => ({ audit: 'contamination', metric, title });

export const contaminationAudit = defineAudit({
  id: 'contamination',
  family: 'surface',
  title: 'Train and test contamination',
  description:
    'Test prompts that share any 13 words in a row with a training prompt, and how much of each is covered by 8-word runs of one training prompt.',
  inputs: ['text', 'subset'],
  parameters: {
    /** Name of another dataset to take as the training side; empty: the other rows of this one. */
    against: z.string().default(''),
    /** RE2 pattern of subsets or source files that are the test side of this dataset; unused with another dataset. */
    test: z.string().min(1).default('(^|[^a-z])(test|eval|valid|validation|dev|heldout|held_out)([^a-z]|$)'),
    coverage_cut: z.number().min(0).max(1).default(0.5),
    warn_share: z.number().min(0).max(1).default(0.02),
    /** Runs of words in more training prompts than this are boilerplate and left out. */
    most_documents: z.number().int().min(1).default(1000),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  run: async (context) => {
    const sides = await storeSides(context);
    const { tests, trains } = await context.session.one<{ tests: number; trains: number }>(
      `SELECT (SELECT count(*) FROM ${sides.test}) AS tests, (SELECT count(*) FROM ${sides.train}) AS trains`,
    );
    if (tests === 0 || trains === 0)
      return {
        obstacle:
          'There is nothing to compare: no subset or source file of this dataset is a test side beside others (parameter test), and no other dataset is named (parameter against).',
      };
    const shared = await findSharedRuns(context, sides);
    const covered = await measureCoverage(context, sides);
    return conclude(context, { sides, shared, covered, tests, trains });
  },
});

export interface Sides {
  /** Different normalised texts: id, norm, ids (prompt ids). */
  readonly test: string;
  readonly train: string;
}

async function storeSides(context: AuditContext): Promise<Sides> {
  const { session, dataset, pairs, params, signal } = context;
  const [test, train] = [context.scratch('test_texts'), context.scratch('train_texts')];
  const isTest = `regexp_matches(lower(coalesce(x.subset, '') || ' ' || parse_filename(x.source_file)), ?)`;
  const own = (condition: string) =>
    `SELECT DISTINCT p.prompt_id, p.text FROM prompt p JOIN ${pairs} x USING (prompt_id) WHERE ${condition}`;
  const store = (table: string, source: string, parameters: readonly (string | number)[]) =>
    session.run(
      `CREATE OR REPLACE TABLE ${table} AS SELECT row_number() OVER (ORDER BY first) AS id, norm, ids FROM (
         SELECT norm, min(prompt_id) AS first, list(prompt_id) AS ids FROM (SELECT prompt_id, ${normaliseText('text')} AS norm FROM (${source})) WHERE norm <> '' GROUP BY norm)`,
      parameters,
      { signal },
    );
  if (params.against !== '') {
    const other = await session.find<{ id: number }>(
      'SELECT dataset_id AS id FROM dataset WHERE name = ? AND is_ready',
      [params.against],
    );
    if (!other || other.id === dataset.datasetId)
      throw new AppError(
        'DATASET_MISSING',
        `There is no other dataset named ${params.against} in this workspace.`,
      );
    await store(test, own('true'), []);
    await store(train, 'SELECT prompt_id, text FROM prompt WHERE dataset_id = ?', [other.id]);
  } else {
    await store(test, own(isTest), [params.test]);
    await store(train, own(`NOT ${isTest}`), [params.test]);
  }
  return { test, train };
}

type RunContext = Pick<Context<{ most_documents: number }>, 'session' | 'signal' | 'params' | 'scratch'>;

/** Stores the runs of `size` words that both sides have: side test: id, place, h; side train: id, h. */
async function storeRuns(context: RunContext, { test, train }: Sides, size: number): Promise<Sides> {
  const { session, signal, params } = context;
  const [testRuns, trainRuns] = [context.scratch(`test_runs_${size}`), context.scratch(`train_runs_${size}`)];
  const runsOf = (table: string, first: number, last: number) =>
    selectShingles(
      `(SELECT id, ${hashWords('norm')} AS hashes FROM ${table} WHERE id BETWEEN ${first} AND ${last})`,
      size,
    );
  await session.run(`CREATE OR REPLACE TABLE ${testRuns} (id BIGINT, place BIGINT, h UINTEGER)`);
  await session.run(`CREATE OR REPLACE TABLE ${trainRuns} (id BIGINT, h UINTEGER)`);
  await forBatches(session, test, async (first, last) => {
    await session.run(`INSERT INTO ${testRuns} ${runsOf(test, first, last)}`, [], { signal });
  });
  await forBatches(session, train, async (first, last) => {
    await session.run(
      `INSERT INTO ${trainRuns} SELECT DISTINCT id, h FROM (${runsOf(train, first, last)}) WHERE h IN (SELECT h FROM ${testRuns})`,
      [],
      { signal },
    );
  });
  await session.run(
    `DELETE FROM ${trainRuns} WHERE h IN (SELECT h FROM ${trainRuns} GROUP BY h HAVING count(*) > ?)`,
    [params.most_documents],
    { signal },
  );
  return { test: testRuns, train: trainRuns };
}

/** Ids of test texts that share any run of 13 words (or, shorter, the whole text) with a training text, compared as text. */
export async function findSharedRuns(context: RunContext, sides: Sides): Promise<string> {
  const { session, signal } = context;
  const runs = await storeRuns(context, sides, 13);
  const table = context.scratch('shared');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH hit AS (SELECT t.id, any_value(r.id) AS train_id, min(t.place) AS place, t.h FROM ${runs.test} t JOIN ${runs.train} r USING (h) GROUP BY t.id, t.h),
       said AS (SELECT hit.id, hit.train_id, array_to_string(string_split(d.norm, ' ')[place : place + 12], ' ') AS words, len(string_split(d.norm, ' ')) AS n FROM hit JOIN ${sides.test} d ON d.id = hit.id)
     SELECT DISTINCT said.id FROM said JOIN ${sides.train} r ON r.id = said.train_id
     WHERE CASE WHEN n < 13 THEN r.norm = words ELSE contains(' ' || r.norm || ' ', ' ' || words || ' ') END`,
    [],
    { signal },
  );
  return table;
}

/** For each test text the largest share of its words that lie in 8-word runs of one training text: id, coverage. */
export async function measureCoverage(context: RunContext, sides: Sides): Promise<string> {
  const { session, signal } = context;
  const runs = await storeRuns(context, sides, 8);
  const table = context.scratch('coverage');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH word AS (SELECT DISTINCT t.id, r.id AS train_id, unnest(range(t.place, t.place + 8)) AS place FROM ${runs.test} t JOIN ${runs.train} r USING (h)),
       counted AS (SELECT w.id, w.train_id, count(*) FILTER (w.place <= n) / any_value(n) AS coverage
         FROM word w JOIN (SELECT id, len(string_split(norm, ' ')) AS n FROM ${sides.test}) d USING (id) GROUP BY w.id, w.train_id)
     SELECT id, max(coverage) AS coverage FROM counted GROUP BY id`,
    [],
    { signal },
  );
  return table;
}

async function conclude(
  context: AuditContext,
  step: { sides: Sides; shared: string; covered: string; tests: number; trains: number },
): Promise<{ findings: Finding[]; figures: AuditFigure[]; params: Record<string, number> }> {
  const { session, pairs, params } = context;
  const { sides, shared, covered, tests, trains } = step;
  const { n13, n8 } = await session.one<{ n13: number; n8: number }>(
    `SELECT (SELECT count(*) FROM ${shared}) AS n13, (SELECT count(*) FROM ${covered} WHERE coverage >= ?::DOUBLE) AS n8`,
    [params.coverage_cut],
  );
  const figures = [
    makeFigure(
      headOf('contam_13', 'Test prompts that share 13 words in a row with training'),
      describeShare(n13, tests),
    ),
    makeFigure(
      headOf(
        'contam_cov',
        `Test prompts covered at least ${params.coverage_cut * 100} % by 8-word runs of one training prompt`,
      ),
      describeShare(n8, tests),
    ),
  ];
  const texts = [
    {
      table: shared,
      where: 'true',
      words: 'A run of 13 words (or the whole prompt) also stands in training in',
    },
    {
      table: covered,
      where: `coverage >= ${Number(params.coverage_cut)}`,
      words: `At least ${params.coverage_cut * 100} % of the words lie in 8-word runs of one training prompt in`,
    },
  ];
  const findings: Finding[] = [];
  for (const [index, figure] of figures.entries()) {
    const text = texts[index];
    if (!text) continue;
    findings.push(
      makeFinding({
        id: figure.metric,
        sentence: `${text.words} ${sayShare(figure)} of ${sayMany(tests, 'test prompt')}.`,
        figure,
        scale: 'amount',
        isDescriptive: true,
        warnFrom: params.warn_share,
        noticeFrom: 1e-9,
        rows: await context.keepRows({
          set: figure.metric,
          relation: 'pairs',
          sql: `SELECT DISTINCT x.comparison_id AS row_id FROM ${pairs} x JOIN (SELECT unnest(ids) AS prompt_id FROM ${sides.test} WHERE id IN (SELECT id FROM ${text.table} WHERE ${text.where})) p USING (prompt_id) ORDER BY row_id`,
        }),
      }),
    );
  }
  return { findings, figures, params: { training_prompts: trains, test_prompts: tests } };
}

function describeShare(hits: number, n: number): Partial<AuditFigure> {
  const wilson = wilsonInterval(hits, n);
  if (wilson.status === 'undefined') return { n_items: n };
  return {
    value: wilson.estimate,
    ci_lo: wilson.lower,
    ci_hi: wilson.upper,
    n_items: n,
    n_clusters: n,
    status: statusOf(n),
    neutral: 0,
  };
}

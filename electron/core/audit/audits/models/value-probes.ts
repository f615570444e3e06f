import { z } from 'zod';
import stance from '../../../../../resources/prompts/audit/stance.md?raw';
import open from '../../../../../resources/prompts/audit/stance-open.md?raw';
import ofText from '../../../../../resources/prompts/audit/stance-of-text.md?raw';
import probes from '../../../../../resources/probes/value-statements.json' with { type: 'json' };
import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { parseTemplate, renderTemplate } from '../../../judging/template.ts';
import { kruskalWallis } from '../../../statistics/kruskal-wallis.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import type { ModelQuestion } from '../model-question.ts';
import { sayMany, sayValue } from '../wording.ts';
import { formsOf } from './choices.ts';
import { meanOfUnits, nameModel, testedShare } from './model-figures.ts';

type AuditContext = Context<{ languages: string; long_form: boolean; max_tokens: number }>;

const templates = { stance: parseTemplate(stance), open: parseTemplate(open), ofText: parseTemplate(ofText) };
const options = ['agree', 'neutral', 'disagree'] as const;
const forms = options.map(formsOf);
/** As in the refusal audit: English only. */
const refusal = `(?i)\\b(i('m| am) sorry|i (cannot|can't|won't)|unable to|as an ai\\b)`;
const statements = probes.statements.flatMap(({ topic, texts }, number) =>
  Object.entries(texts).map(([language, text]) => ({ item: number, topic, language, text })),
);

const headOf = (metric: string, title: string) => ({ audit: 'value_probes', metric, title });

export const valueProbesAudit = defineAudit({
  id: 'value_probes',
  family: 'fairness',
  title: 'Values of a model across languages (after CIVICS)',
  description:
    'Asks the model whether it agrees with statements on questions people differ about, in five languages: from the probability of the answers, and in its own words. Statements of our own wording.',
  inputs: [],
  models: ['judge'],
  parameters: {
    /** Languages asked, by code and separated by commas; empty = all. */
    languages: z.string().default(''),
    /** Whether it is also asked for its own words; takes a generation for each statement. */
    long_form: z.boolean().default(false),
    max_tokens: z.number().int().min(16).max(512).default(96),
  },
  findObstacle: () => null,
  passes: [
    {
      role: 'judge',
      columns: { form: 'VARCHAR', item: 'BIGINT', topic: 'VARCHAR', language: 'VARCHAR' },
      list: async (context) => listStances(context),
    },
    {
      role: 'judge',
      columns: { item: 'BIGINT', topic: 'VARCHAR', language: 'VARCHAR' },
      list: async (context) => listOpinions(context),
    },
  ],
  run: async (context: AuditContext) => {
    const table = await storeStances(context);
    const figures = [
      ...adjustFigures(await measureStances(context, table)),
      ...(await testDifferences(context, table)),
      ...(await compareModels(context)),
      ...(context.params.long_form ? await measureLongForm(context) : []),
    ];
    const strongest = figures
      .filter(({ metric, slice_dim: dim, value }) => metric === 'stance' && dim === 'topic' && value !== null)
      .sort((left, right) => Math.abs(right.value ?? 0) - Math.abs(left.value ?? 0))[0];
    return {
      figures,
      findings: strongest
        ? [
            makeFinding({
              id: 'strongest_stance',
              sentence: `${nameModel(context)} leans most on ${strongest.slice_value ?? ''}: stance ${sayValue(strongest)} over ${sayMany(strongest.n_items, 'statement')} (−1 disagrees, 1 agrees).`,
              figure: { ...strongest, p: null, p_adj: null },
              scale: 'difference',
              isDescriptive: true,
              noticeFrom: 0.5,
            }),
          ]
        : [],
      tables: [await tabulate(context, table)],
      params: { probes: `${probes.id} version ${probes.version} (own wording)` },
    };
  },
});

function chooseStatements({ params }: AuditContext) {
  const wanted = params.languages
    .split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '');
  return statements.filter(({ language }) => wanted.length === 0 || wanted.includes(language));
}

/** Three orders of the options, so that each stands at each place once; and the open question. */
function listStances(context: AuditContext): ModelQuestion[] {
  return chooseStatements(context).flatMap(({ item, topic, language, text }): ModelQuestion[] => {
    const row = { item, topic, language };
    const closed = options.map((_, shift): ModelQuestion => {
      const words = [...options.slice(shift), ...options.slice(0, shift)].join(', ');
      return {
        call: {
          operation: 'decide',
          input: renderTemplate(templates.stance, { statement: text, options: words }),
          candidates: forms,
        },
        row: { form: 'closed', ...row },
      };
    });
    if (!context.params.long_form) return closed;
    return [
      ...closed,
      {
        call: {
          operation: 'generate',
          input: renderTemplate(templates.open, { statement: text }),
          maxTokens: context.params.max_tokens,
          temperature: 0,
          seed: context.seed,
        },
        row: { form: 'open', ...row },
      },
    ];
  });
}

async function listOpinions(context: AuditContext): Promise<ModelQuestion[]> {
  const written = await context.session.all<{ item: number; topic: string; language: string; text: string }>(
    `SELECT item, topic, language, text FROM ${context.answers(0)} WHERE form = 'open' AND text IS NOT NULL AND trim(text) <> '' ORDER BY item, language`,
  );
  return written.map(({ item, topic, language, text }) => ({
    call: {
      operation: 'decide',
      input: renderTemplate(templates.ofText, {
        statement: statements.find((one) => one.item === item && one.language === language)?.text ?? '',
        response: text,
      }),
      candidates: forms,
    },
    row: { item, topic, language },
  }));
}

/** One row per statement: stance = mean over the orders of p(agree) − p(disagree), entropy in nats, mass. */
async function storeStances({ session, answers, scratch }: AuditContext): Promise<string> {
  const table = scratch('stances');
  const part = (index: number) => `avg(numbers[${index}])`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT item, topic, language, ${part(1)} - ${part(3)} AS stance, avg(coverage) AS mass, count(*) AS orders,
       -list_sum(list_transform([${part(1)}, ${part(2)}, ${part(3)}], lambda p: CASE WHEN p > 0 THEN p * ln(p) ELSE 0 END)) AS entropy
     FROM ${answers(0)} WHERE form = 'closed' AND is_answered GROUP BY item, topic, language ORDER BY item, language`,
  );
  return table;
}

async function listValues(context: AuditContext, table: string, dim: string): Promise<Map<string, number[]>> {
  const rows = await context.session.all<{ part: string; stance: number }>(
    `SELECT ${dim} AS part, stance FROM ${table} ORDER BY part, item, language`,
  );
  const parts = new Map<string, number[]>();
  for (const { part, stance } of rows) parts.set(part, [...(parts.get(part) ?? []), stance]);
  return parts;
}

async function measureStances(context: AuditContext, table: string): Promise<AuditFigure[]> {
  const head = headOf('stance', 'Stance, p(agree) − p(disagree); statements as units');
  const figures = [meanOfUnits(head, (await listValues(context, table, `'all'`)).get('all') ?? [], 5)];
  for (const dim of ['topic', 'language'] as const)
    for (const [part, values] of await listValues(context, table, dim))
      figures.push(meanOfUnits({ ...head, slice_dim: dim, slice_value: part }, values, 5));
  const { entropy, mass, n } = await context.session.one<{
    entropy: number | null;
    mass: number | null;
    n: number;
  }>(`SELECT avg(entropy) AS entropy, avg(mass) AS mass, count(*) AS n FROM ${table}`);
  const known = { n_items: n, status: n > 0 ? ('ok' as const) : ('undefined' as const) };
  return [
    ...figures,
    makeFigure(headOf('entropy', 'Mean entropy of the three answers, in nats'), { value: entropy, ...known }),
    makeFigure(headOf('mass', 'Mean probability of the three answers together'), { value: mass, ...known }),
  ];
}

async function testDifferences(context: AuditContext, table: string): Promise<AuditFigure[]> {
  const figures: AuditFigure[] = [];
  for (const dim of ['topic', 'language'] as const) {
    const parts = await listValues(context, table, dim);
    const test = kruskalWallis([...parts.values()]);
    if (test.status === 'undefined') continue;
    figures.push(
      makeFigure(headOf(`kruskal_wallis_${dim}`, `Kruskal-Wallis H of the stance across each ${dim}`), {
        value: test.statistic,
        p: test.p,
        p_adj: test.p,
        n_items: test.n,
        status: 'ok',
      }),
    );
  }
  return figures;
}

/** With the stored answers of other models to the same questions: H across models, and the mean SD of a statement's stance. */
async function compareModels(context: AuditContext): Promise<AuditFigure[]> {
  const rows = await context.session.all<{ model: string; item: string; stance: number }>(
    `SELECT m.model_hash AS model, q.item || q.language AS item, avg(m.numbers[1] - m.numbers[3]) AS stance FROM ${context.answers(0)} q
     JOIN model_answer m USING (question_hash) WHERE q.form = 'closed' AND m.fail_reason IS NULL AND m.coverage >= 0.5 GROUP BY ALL ORDER BY ALL`,
  );
  const models = [...new Set(rows.map(({ model }) => model))];
  if (models.length < 2) return [];
  const samples = models.map((model) => rows.filter((row) => row.model === model).map((row) => row.stance));
  const test = kruskalWallis(samples);
  const { spread, n } = await context.session.one<{ spread: number | null; n: number }>(
    `SELECT avg(sd) AS spread, count(sd) AS n FROM (SELECT stddev(stance) AS sd FROM (
       SELECT unnest(from_json(?::JSON, '[{"model":"VARCHAR","item":"VARCHAR","stance":"DOUBLE"}]'), recursive := true)) GROUP BY item)`,
    [JSON.stringify(rows)],
  );
  return [
    makeFigure(
      headOf('disagreement', `Mean SD of a statement’s stance across ${models.length} models asked`),
      {
        value: spread,
        n_items: n,
        status: spread === null ? 'undefined' : 'ok',
      },
    ),
    makeFigure(headOf('kruskal_wallis_model', 'Kruskal-Wallis H of the stance across models'), {
      value: test.status === 'undefined' ? null : test.statistic,
      p: test.status === 'undefined' ? null : test.p,
      p_adj: test.status === 'undefined' ? null : test.p,
      n_items: rows.length,
      status: test.status === 'undefined' ? 'undefined' : 'ok',
    }),
  ];
}

/** Classes of the written answers: refused and off-format stay classes of their own, nothing is dropped. */
async function measureLongForm(context: AuditContext): Promise<AuditFigure[]> {
  const rows = await context.session.all<{ class: string; count: number; total: number }>(
    `WITH c AS (SELECT CASE WHEN o.text IS NULL OR trim(o.text) = '' THEN 'no answer' WHEN regexp_matches(replace(left(o.text, 200), '’', ''''), ?) THEN 'refused'
         WHEN j.numbers IS NULL THEN 'off format' WHEN j.numbers[1] >= greatest(j.numbers[2], j.numbers[3]) THEN 'agrees'
         WHEN j.numbers[3] >= j.numbers[2] THEN 'disagrees' ELSE 'neutral' END AS class
       FROM ${context.answers(0)} o LEFT JOIN ${context.answers(1)} j USING (item, language) WHERE o.form = 'open')
     SELECT class, count(*) AS count, (SELECT count(*) FROM c) AS total FROM c GROUP BY class ORDER BY count DESC`,
    [refusal],
  );
  return rows.map(({ class: name, count, total }) =>
    testedShare(
      { ...headOf('long_form_share', 'Class of its own words'), slice_dim: 'class', slice_value: name },
      { count, n: total, neutral: null },
    ),
  );
}

async function tabulate(context: AuditContext, table: string): Promise<AuditTable> {
  const rows = await context.session.all<{ item: number; language: string; stance: number; mass: number }>(
    `SELECT item, language, stance, mass FROM ${table} ORDER BY item, language LIMIT 200`,
  );
  return {
    id: 'statements',
    title: 'Stance by statement (mass under .5 is no valid answer and left out)',
    columns: ['Statement', 'Language', 'Stance', 'Mass'],
    rows: rows.map(({ item, language, stance: value, mass }) => [
      statements.find((one) => one.item === item && one.language === language)?.text ?? '',
      language,
      value,
      mass,
    ]),
  };
}

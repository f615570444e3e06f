import { z } from 'zod';
import type { AuditFigure, FindingRows } from '../../../../contract/audit.contract.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import { type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { findClusters, findNearDuplicates } from '../near-duplicates.ts';
import { normaliseText } from '../shingles.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ threshold: number; near: boolean; propose: boolean; warn_share: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'duplicates', metric, title });

export const duplicatesAudit = defineAudit({
  id: 'duplicates',
  family: 'surface',
  title: 'Duplicates and conflicts',
  description:
    'Pairs that occur more than once, the same pair with opposite labels, pairs with equal sides, and prompts that nearly repeat one another.',
  inputs: ['text', 'label'],
  parameters: {
    /** Least Jaccard similarity of 5-word shingles for near-duplicate prompts. */
    threshold: z.number().min(0.5).max(1).default(0.8),
    near: z.boolean().default(true),
    /** Whether to propose leaving out repeated pairs and pairs with conflicting labels. */
    propose: z.boolean().default(true),
    warn_share: z.number().min(0).max(1).default(0.05),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  run: async (context) => {
    const norms = await storePromptNorms(context);
    const keyed = await storeKeys(context, norms);
    const near = context.params.near ? await storeNear(context, norms) : undefined;
    const measured = await measureDuplicates(context, keyed, near);
    if (context.params.propose) await proposeDrops(context, keyed);
    return {
      findings: measured.map(({ figure, rows, words, warnFrom }) =>
        makeFinding({
          id: figure.metric,
          sentence: `${words} ${sayShare(figure)} of ${sayMany(figure.n_items, figure.metric === 'near_prompts' ? 'prompt' : 'pair')}.`,
          figure,
          scale: 'amount',
          isDescriptive: true,
          warnFrom,
          noticeFrom: 1e-9,
          rows,
        }),
      ),
      figures: measured.map(({ figure }) => figure),
      params: { shingle: 5, hashes: 100, bands: 20 },
    };
  },
});

/**
 * One row per pair: comparison_id, label, prompt_key and the keys of both sides in a fixed order (key_low, key_high), all
 * md5 of normalised texts; winner = the key of the preferred side.
 */
async function storeKeys(context: AuditContext, norms: string): Promise<string> {
  const { session, pairs, signal } = context;
  const texts = await storeTextKeys(context);
  const keyed = context.scratch('keyed');
  await session.run(
    `CREATE OR REPLACE TABLE ${keyed} AS
     WITH prompts AS (SELECT prompt_id, md5_number(norm) AS key FROM ${norms}),
       x AS (SELECT DISTINCT ON (comparison_id) * FROM ${pairs} ORDER BY comparison_id, row_id)
     SELECT x.comparison_id, x.label, p.key AS prompt_key, least(a.key, b.key) AS key_low, greatest(a.key, b.key) AS key_high,
       CASE x.label WHEN 'a' THEN a.key WHEN 'b' THEN b.key END AS winner,
       count(*) OVER same AS copies, row_number() OVER (same ORDER BY x.comparison_id) AS copy
     FROM x JOIN prompts p USING (prompt_id) JOIN ${texts} a ON a.response_id = x.response_a_id JOIN ${texts} b ON b.response_id = x.response_b_id
     WINDOW same AS (PARTITION BY p.key, least(a.key, b.key), greatest(a.key, b.key))`,
    [],
    { signal },
  );
  const table = context.scratch('judged');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT *, copies > 1 AND winner IS NOT NULL AND key_low <> key_high
       AND bool_or(winner = key_low) OVER same AND bool_or(winner = key_high) OVER same AS is_conflict
     FROM ${keyed} WINDOW same AS (PARTITION BY prompt_key, key_low, key_high)`,
    [],
    { signal },
  );
  return table;
}

/** prompt_id and norm, the normalised text, of the prompts of the run. */
async function storePromptNorms({ session, pairs, signal, scratch }: AuditContext): Promise<string> {
  const norms = scratch('prompt_norms');
  await session.run(
    `CREATE OR REPLACE TABLE ${norms} AS SELECT prompt_id, ${normaliseText('text')} AS norm FROM prompt WHERE prompt_id IN (SELECT prompt_id FROM ${pairs})`,
    [],
    { signal },
  );
  return norms;
}

/** Characters of a text that tell most texts apart, and how many of its normalised ones are compared. */
const [opening, compared] = [400, 200];

/**
 * response_id and key of every response: equal keys for equal normalised texts. Texts that begin like no other are not
 * normalised any further; their key is that of the beginning.
 */
async function storeTextKeys({ session, pairs, signal, scratch }: AuditContext): Promise<string> {
  const [begun, keys] = [scratch('text_beginnings'), scratch('text_keys')];
  // Ten characters more than are compared: the last ones may change with what follows them.
  await session.run(
    `CREATE OR REPLACE TABLE ${begun} AS SELECT first, ids, left(CASE WHEN chars <= ${opening} OR length(norm) >= ${compared + 10} THEN norm ELSE ${normaliseText('text')} END, ${compared}) AS beginning
     FROM (SELECT min(response_id) AS first, list(response_id) AS ids, text, length(text) AS chars, ${normaliseText(`text[:${opening}]`)} AS norm FROM response
       WHERE response_id IN (SELECT response_a_id FROM ${pairs} UNION SELECT response_b_id FROM ${pairs}) GROUP BY text)`,
    [],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${keys} AS
     WITH shared AS (SELECT beginning FROM ${begun} GROUP BY beginning HAVING count(*) > 1)
     SELECT unnest(ids) AS response_id, md5_number(beginning) AS key FROM ${begun} ANTI JOIN shared USING (beginning)
     UNION ALL SELECT unnest(b.ids), md5_number(${normaliseText('r.text')}) FROM ${begun} b SEMI JOIN shared USING (beginning) JOIN response r ON r.response_id = b.first`,
    [],
    { signal },
  );
  return keys;
}

/** Prompts by normalised text, with the cluster of near-duplicates each lies in: norm_id, cluster_id. */
async function storeNear(
  context: AuditContext,
  norms: string,
): Promise<{ prompts: string; clustered: string }> {
  const { session, signal, params } = context;
  const prompts = context.scratch('prompt_texts');
  await session.run(
    `CREATE OR REPLACE TABLE ${prompts} AS SELECT row_number() OVER (ORDER BY first) AS id, norm, ids FROM (
       SELECT norm, min(prompt_id) AS first, list(prompt_id) AS ids FROM ${norms} WHERE norm <> '' GROUP BY norm)`,
    [],
    { signal },
  );
  const near = await findNearDuplicates(context, { documents: prompts, threshold: params.threshold });
  const edges = await session.columns(`SELECT id_a, id_b FROM ${near} ORDER BY ALL`, [], { signal });
  const clusters = findClusters(edges['id_a'] ?? [], edges['id_b'] ?? []);
  const clustered = context.scratch('near_clusters');
  await session.run(
    `CREATE OR REPLACE TABLE ${clustered} AS SELECT pair[1] AS id, pair[2] AS cluster_id FROM (SELECT unnest(from_json(?::JSON, '[["BIGINT"]]')) AS pair)`,
    [JSON.stringify([...clusters])],
  );
  return { prompts, clustered };
}

interface MeasuredShare {
  readonly figure: AuditFigure;
  readonly rows: FindingRows;
  readonly words: string;
  readonly warnFrom: number;
}

async function measureDuplicates(
  context: AuditContext,
  keyed: string,
  near: { prompts: string; clustered: string } | undefined,
): Promise<MeasuredShare[]> {
  const counts = await context.session.one<Record<'n' | 'repeated' | 'conflicts' | 'identical', number>>(
    `SELECT count(*) AS n, count(*) FILTER (copies > 1) AS repeated, count(*) FILTER (is_conflict) AS conflicts, count(*) FILTER (key_low = key_high) AS identical FROM ${keyed}`,
  );
  const { warn_share: warnFrom } = context.params;
  const measured: MeasuredShare[] = [];
  for (const [metric, title, words, condition, order, warn] of [
    [
      'repeated_pairs',
      'Pairs that occur more than once',
      'The same prompt and sides (case and punctuation aside) occur more than once in',
      'copies > 1',
      'prompt_key, key_low, key_high, comparison_id',
      warnFrom,
    ],
    [
      'conflicts',
      'Pairs whose copy has the opposite label',
      'The same pair has opposite labels in',
      'is_conflict',
      'prompt_key, key_low, key_high, comparison_id',
      0.01,
    ],
    [
      'identical_sides',
      'Pairs with equal sides',
      'Both sides say the same (case and punctuation aside) in',
      'key_low = key_high',
      'comparison_id',
      warnFrom,
    ],
  ] as const) {
    const hits = {
      repeated_pairs: counts.repeated,
      conflicts: counts.conflicts,
      identical_sides: counts.identical,
    }[metric];
    measured.push({
      figure: makeFigure(headOf(metric, title), describeShare(hits, counts.n)),
      rows: await context.keepRows({
        set: metric,
        relation: 'pairs',
        sql: `SELECT comparison_id AS row_id FROM ${keyed} WHERE ${condition} ORDER BY ${order}`,
      }),
      words,
      warnFrom: warn,
    });
  }
  if (near) measured.push(await measureNear(context, near));
  return measured;
}

async function measureNear(
  context: AuditContext,
  { prompts, clustered }: { prompts: string; clustered: string },
): Promise<MeasuredShare> {
  const { hits, n } = await context.session.one<{ hits: number; n: number }>(
    `SELECT (SELECT count(*) FROM ${clustered}) AS hits, (SELECT count(*) FROM ${prompts}) AS n`,
  );
  return {
    figure: makeFigure(
      headOf('near_prompts', 'Different prompts that nearly repeat another'),
      describeShare(hits, n),
    ),
    rows: await context.keepRows({
      set: 'near_prompts',
      relation: 'pairs',
      sql: `SELECT DISTINCT x.comparison_id AS row_id, c.cluster_id FROM ${context.pairs} x JOIN (SELECT id, unnest(ids) AS prompt_id FROM ${prompts}) p USING (prompt_id)
        JOIN ${clustered} c ON c.id = p.id ORDER BY c.cluster_id, row_id`,
    }),
    words: `A prompt nearly repeats another one (Jaccard of 5-word shingles at least ${context.params.threshold}) in`,
    warnFrom: 0.2,
  };
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

async function proposeDrops(context: AuditContext, keyed: string): Promise<void> {
  await context.propose({
    kind: 'drop',
    sql: `SELECT comparison_id, NULL AS before, NULL AS after, copies::DOUBLE AS score,
        CASE WHEN is_conflict THEN format('One of {} copies of the same pair with opposite labels', copies)
          ELSE format('Copy {} of {} of the same pair', copy, copies) END AS reason
      FROM ${keyed} WHERE copies > 1 AND (is_conflict OR copy > 1)`,
  });
}

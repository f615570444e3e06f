import { z } from 'zod';
import { type AuditContext as Context, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { nameModel, testedShare } from './model-figures.ts';
import { askBothOrders, storeVerdicts, verdictColumns } from './pair-verdicts.ts';
import { samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; repeat: number; tie_epsilon: number; warn_above: number }>;

/** Words that lead into the repetition. Ours: the paper's probe rephrases a list, we repeat sentences. */
const lead = 'To put it once more:';

/** A response followed by its own first sentences again, which adds length and nothing else. */
export function padResponse(text: string, repeat: number): string {
  const sentences = text.trim().split(/(?<=[.!?])\s+/);
  const kept = sentences.slice(0, Math.max(1, Math.ceil(sentences.length * repeat)));
  return `${text.trim()}\n\n${lead} ${kept.join(' ')}`;
}

export const judgeVerbosityAudit = defineAudit({
  id: 'judge_verbosity',
  family: 'surface',
  title: 'Verbosity probe of a judge model',
  description:
    'Shows a judge model a response beside the same response padded with its own sentences again (our own form of the probe): how often the padded one wins.',
  inputs: ['text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(100),
    /** Share of the sentences that is repeated. */
    repeat: z.number().min(0.1).max(1).default(1),
    tie_epsilon: z.number().min(0).max(0.4).default(0.02),
    warn_above: z.number().min(0).max(1).default(0.6),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    {
      role: 'judge',
      columns: verdictColumns,
      list: async (context) =>
        (await samplePairs(context, context.params.sample)).flatMap(
          ({ comparisonId, prompt, label, responseA, responseB }) => {
            const text = label === 'b' ? responseB : responseA;
            const padded = padResponse(text, context.params.repeat);
            return askBothOrders({ item: comparisonId, variant: 'padded', prompt, a: padded, b: text });
          },
        ),
    },
  ],
  run: async (context: AuditContext) => {
    const table = await storeVerdicts(context, 0, context.params.tie_epsilon);
    const counts = await context.session.one<Record<'n' | 'padded' | 'plain' | 'ties', number>>(
      `SELECT count(verdict) AS n, count(*) FILTER (verdict = 'a') AS padded, count(*) FILTER (verdict = 'b') AS plain, count(*) FILTER (verdict = 'tie') AS ties FROM ${table}`,
    );
    const head = (metric: string, title: string) => ({ audit: 'judge_verbosity', metric, title });
    const decided = testedShare(head('pad_win_rate', 'The padded copy wins, where one of the two does'), {
      count: counts.padded,
      n: counts.padded + counts.plain,
    });
    const failing = testedShare(head('pad_fail_rate', 'The padded copy is preferred'), {
      count: counts.padded,
      n: counts.n,
      neutral: null,
    });
    const ties = testedShare(head('tie_share', 'Neither copy is preferred'), {
      count: counts.ties,
      n: counts.n,
      neutral: null,
    });
    return {
      figures: [failing, { ...decided, p_adj: decided.p }, ties],
      findings: [
        makeFinding({
          id: 'padding_wins',
          sentence: `${nameModel(context)} prefers a padded copy that says nothing new on ${sayShare(failing)} of ${sayMany(failing.n_items, 'response')}, and the shorter one on ${counts.n === 0 ? 'none' : `${((100 * counts.plain) / counts.n).toFixed(1)} %`}.`,
          figure: decided.n_items > 0 ? decided : failing,
          scale: 'share',
          warnFrom: 2 * (context.params.warn_above - 0.5),
          rows: await context.keepRows({
            set: 'padding_wins',
            relation: 'pairs',
            sql: `SELECT item AS row_id FROM ${table} WHERE verdict = 'a' ORDER BY p_a DESC, item`,
          }),
        }),
      ],
      params: { padding: 'own sentences repeated (our operationalisation)' },
    };
  },
});

import { z } from 'zod';
import { type FilterNode, type PipelineReport, runFilterPipeline } from '../../selection/filter-pipeline.ts';
import { scoreForms } from '../../selection/selection-table.ts';
import { type AuditContext, type AuditDataset, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, shareFigure } from '../plain-figures.ts';
import { sayCount, sayMany, sayShare } from '../wording.ts';

interface Params {
  score: string;
  fraction: number;
  language: string;
  samples_seen: number;
  warn_repeats: number;
}

const headOf = (metric: string, title: string) => ({ audit: 'filter_pipeline', metric, title });

/** The score that orders pairs unless one is named: strength, else the gap of the first rated aspect. */
export function findScore(dataset: AuditDataset): string {
  if (dataset.withStrength > 0) return 'strength';
  const [aspect] = dataset.aspects;
  return dataset.ratings > 0 && aspect !== undefined ? `gap.${aspect}` : '';
}

export const filterPipelineAudit = defineAudit({
  id: 'filter_pipeline',
  family: 'selection',
  title: 'Filter pipeline',
  description:
    'What baseline filters would keep, what each removes alone, how often training would see each pair, and which slices suffer.',
  inputs: ['text', 'strength', 'ratings', 'language', 'topic', 'subset'],
  parameters: {
    /** A score of pairs; empty = strength, else the rating gap of the first aspect. */
    score: z.string().default(''),
    /** Share kept by the score. */
    fraction: z.number().gt(0).max(1).default(0.3),
    /** Keep this language only; empty = all. */
    language: z.string().default(''),
    /** Pairs that training sees whatever survives; 0 = as many as there are. */
    samples_seen: z.number().int().min(0).default(0),
    warn_repeats: z.number().min(1).default(4),
  },
  findObstacle: (dataset) => (dataset.pairs > 0 ? null : 'The dataset has no pairs.'),
  run: async (context) => {
    const { params, dataset } = context;
    const score = params.score || findScore(dataset);
    const report = await runFilterPipeline(
      {
        session: context.session,
        datasetId: dataset.datasetId,
        into: context.scratch('kept'),
        seed: context.seed,
        signal: context.signal,
      },
      {
        nodes: listNodes(params, score),
        ...(params.samples_seen > 0 ? { samplesSeen: params.samples_seen } : {}),
      },
    );
    return {
      findings: await describe(context, report),
      figures: listFigures(report),
      tables: [tabulateSteps(report), tabulateSurvival(report)],
      params: { score: score || `none (${scoreForms})`, manifest_md5: report.manifest },
    };
  },
});

function listNodes({ fraction, language }: Params, score: string): FilterNode[] {
  return [
    { node: 'text', moreWordsThan: 2, moreCharactersThan: 5 },
    ...(language === '' ? [] : [{ node: 'match' as const, column: 'language' as const, values: [language] }]),
    ...(score === '' ? [] : [{ node: 'top' as const, score, fraction, keepNull: false }]),
  ];
}

function listFigures(report: PipelineReport) {
  return [
    shareFigure(headOf('kept_share', 'Pairs that survive all nodes'), report.kept, report.rows),
    ...report.steps.map((step) =>
      shareFigure(
        { ...headOf('node_kept_share', 'Kept of what comes in'), slice_dim: 'node', slice_value: step.node },
        step.kept,
        step.in,
      ),
    ),
    countFigure(headOf('repeats', 'Times training sees each pair'), report.repeats, report.rows),
  ];
}

async function describe(context: AuditContext<Params>, report: PipelineReport) {
  const kept = shareFigure(headOf('kept_share', 'Pairs that survive all nodes'), report.kept, report.rows);
  const flagged = report.survival.filter((slice) => slice.is_flagged);
  const [worst] = flagged;
  const repeats = report.repeats ?? 0;
  return [
    makeFinding({
      id: 'kept',
      sentence: `The baseline pipeline keeps ${sayShare(kept)} of ${sayMany(report.rows, 'pair')}; with ${sayCount(context.params.samples_seen || report.rows)} samples seen each is repeated ${repeats.toFixed(2)} times${repeats > context.params.warn_repeats ? ', more than data repeated in training is known to bear' : ''}.`,
      figure: kept,
      scale: 'amount',
      isDescriptive: true,
      noticeFrom: repeats > context.params.warn_repeats ? 0 : 2,
      rows: await context.keepRows({
        set: 'removed',
        relation: 'pairs',
        sql: `SELECT comparison_id AS row_id FROM ${context.scratch('kept')} WHERE NOT keep ORDER BY row_id`,
      }),
    }),
    ...(worst
      ? [
          makeFinding({
            id: 'survival',
            sentence: `${sayMany(flagged.length, 'slice')} survive at less than 80 % of the best rate of their column; lowest ${worst.dimension} ${worst.slice}: ${sayCount(worst.kept)} of ${sayCount(worst.in)} kept, ${(100 * worst.ratio).toFixed(0)} % of the best rate.`,
            figure: {
              ...shareFigure(
                headOf('survival_loss', 'Survival lost against the best slice'),
                worst.in - worst.kept,
                worst.in,
              ),
              slice_dim: worst.dimension,
              slice_value: worst.slice,
            },
            scale: 'amount',
            isDescriptive: true,
            warnFrom: 0.5,
          }),
        ]
      : []),
  ];
}

const tabulateSteps = (report: PipelineReport) => ({
  id: 'nodes',
  title: 'Nodes in order',
  columns: ['Node', 'In', 'Kept', 'Kept if alone', 'Removed by it alone', 'Share of all', 'Ties at the cut'],
  rows: report.steps.map((step) => [
    step.node,
    step.in,
    step.kept,
    step.kept_if_alone,
    step.unique_removals,
    step.cumulative_share,
    step.ties_at_cut,
  ]),
});

const tabulateSurvival = (report: PipelineReport) => ({
  id: 'survival',
  title: 'Survival by slice',
  columns: ['Column', 'Slice', 'In', 'Kept', 'Rate', 'Ratio to the best', 'Below 0.8'],
  rows: report.survival
    .slice(0, 200)
    .map((one) => [
      one.dimension,
      one.slice,
      one.in,
      one.kept,
      one.rate,
      one.ratio,
      one.is_flagged ? 'yes' : 'no',
    ]),
});

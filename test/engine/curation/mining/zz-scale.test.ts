import path from 'node:path';
import { it } from 'vitest';
import { runSteps } from '../../../../electron/core/curation/run-steps.ts';
import { openImportBench } from '../../../support/import-corpus.ts';

it('real', async () => {
  const bench = await openImportBench();
  for (const [name, file] of [['p', 'resources/sample/pandalm/pandalm-testset.json'], ['hh', process.env['HH'] ?? '']]) {
    if (!file) continue;
    const summary = await bench.load({ files: [path.resolve(file)], dataset: String(name) });
    for (const [step, params] of [['degraded-pairs', {}], ['tool-call-pairs', {}], ['tree-step-pairs', {}], ['tree-success-pairs', {}], ['conversation-feedback', {}], ['feedback-loop', {}]] as const) {
      const at = performance.now();
      const out = await bench.workspace.database.withReader((session) => runSteps(session, { spec: { datasetId: summary.datasetId, seed: 1, steps: [{ step, enabled: true, params }] } }, async (w, outcome) => ({ outcome, rows: await session.all(`SELECT text FROM ${w.madeResponses} ORDER BY random() LIMIT 2`) })));
      console.log(name, step, out.outcome.source, out.outcome.pairs, Math.round(performance.now() - at), JSON.stringify(out.outcome.steps[0]?.figures), JSON.stringify(out.outcome.steps[0]?.notes), JSON.stringify(out.rows).slice(0, 500));
    }
  }
}, 300_000);

import { judgeRequestSchema } from '../contract/judging.contract.ts';
import { principleRequestSchema } from '../contract/constitution.contract.ts';
import type { ImportSummary } from '../contract/import.contract.ts';
import { rationaleRequestSchema } from '../contract/rationale.contract.ts';
import type { Core } from '../core/boot.ts';
import { tell } from './output.ts';
import { places } from './places.ts';
import { runJob } from './with-core.ts';

/** What the starter model made of a dataset. */
export interface StarterDemo {
  readonly dataset: string;
  readonly constitution: readonly string[];
  readonly judged: { readonly agreement: number | null; readonly n: number };
  readonly rationales: { readonly written: number; readonly asked: number; readonly example: string | null };
}

const model = 'starter';
const planted = 'planted';

/** Principles, verdicts and rationales of one dataset by the starter model. */
async function tryOn(core: Core, dataset: string): Promise<StarterDemo> {
  const { datasets, principles, constitutions, judging, rationales } = core.services;
  const { datasetId } = await datasets.getByName(dataset);
  const principleRunId = await principles.create(
    principleRequestSchema.parse({
      datasetId,
      modelId: model,
      propose: 'model',
      sample: 60,
      proposePairs: 8,
      perPair: 2,
      templates: ['neutral'],
      clusters: 8,
      top: 5,
    }),
  );
  const { constitutionId } = await runJob<{ constitutionId: number }>(core, 'principle-constitution', {
    principleRunId,
  });
  const { document } = await constitutions.get(constitutionId);
  const judgeRunId = await judging.create(
    judgeRequestSchema.parse({
      datasetId,
      protocol: 'pairwise-logits',
      models: { judge: [model] },
      params: document.constitution[0] === undefined ? {} : { criterion: document.constitution[0] },
      limit: 40,
    }),
  );
  await runJob(core, 'judge', { judgeRunId });
  const { accuracy } = await judging.get(judgeRunId);
  const rationaleRunId = await rationales.create(
    rationaleRequestSchema.parse({ datasetId, modelId: model, limit: 3 }),
  );
  await runJob(core, 'rationales', { rationaleRunId });
  const run = await rationales.get(rationaleRunId);
  const example = await core.database.find<{ text: string }>(
    'SELECT text FROM rationale WHERE annotator_id = ? ORDER BY comparison_id LIMIT 1',
    [run.annotatorId],
  );
  return {
    dataset,
    constitution: document.constitution,
    judged: { agreement: accuracy.value, n: accuracy.n },
    rationales: { written: run.done - run.invalid, asked: run.planned, example: example?.text ?? null },
  };
}

/** The starter model on a corpus with planted principles and on the sample; nothing where it is not installed. */
export async function showStarter(core: Core, sample: string): Promise<StarterDemo[]> {
  const models = await core.services.models.list();
  if (!models.some(({ name }) => name === model)) return [];
  const known = await core.services.datasets.list();
  if (!known.some(({ name }) => name === planted))
    await runJob<ImportSummary>(core, 'import', { files: [places.planted], dataset: planted });
  tell('Asking the starter model what a corpus with planted principles rewards, and what the sample does');
  return [await tryOn(core, planted), await tryOn(core, sample)];
}

/** What the starter model found, in lines for people. */
export function sayStarter(demos: readonly StarterDemo[]): string[] {
  if (demos.length === 0) return [];
  const lines = demos.flatMap(({ dataset, constitution, judged, rationales }) => [
    `The starter model on “${dataset}”:`,
    ...constitution.map((text, index) => `  ${index + 1}. ${text}`),
    ...(constitution.length === 0 ? ['  no principle of its own proposals holds on held-out pairs'] : []),
    ...(judged.agreement === null
      ? []
      : [
          `  judging by the first agrees with ${(judged.agreement * 100).toFixed(0)} % of ${judged.n} labels`,
        ]),
    ...(rationales.example === null ? [] : [`  a rationale: ${rationales.example}`]),
  ]);
  return [
    ...lines,
    'It knows surface and style only; add a real model (assay models add FILE.gguf) for what texts mean.',
  ];
}

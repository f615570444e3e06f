import { judgeRequestSchema } from '../contract/judging.contract.ts';
import { principleRequestSchema } from '../contract/constitution.contract.ts';
import type { ImportSummary } from '../contract/import.contract.ts';
import { rationaleRequestSchema } from '../contract/rationale.contract.ts';
import type { Core } from '../core/boot.ts';
import { statePrinciple } from '../core/constitution/traits/trait.ts';
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

/** What the planted corpus is asked about: the three principles its labels reward, among others. */
const candidates = [
  'is more polite',
  'uses more commas',
  'provides a numbered list format',
  'uses more exclamation marks',
  'ends with a follow-up question',
  'uses more brackets',
  'uses more emojis',
  'includes more links',
].map(statePrinciple);

/** Those of the candidates that the starter model’s votes select, in the order of their strength. */
async function findPrinciples(core: Core, datasetId: number): Promise<readonly string[]> {
  const { principles, constitutions } = core.services;
  const principleRunId = await principles.create(
    principleRequestSchema.parse({
      datasetId,
      modelId: model,
      propose: 'texts',
      texts: candidates,
      sample: 60,
      top: 3,
    }),
  );
  const { constitutionId } = await runJob<{ constitutionId: number }>(core, 'principle-constitution', {
    principleRunId,
  });
  return (await constitutions.get(constitutionId)).document.constitution;
}

/** Verdicts and a rationale of one dataset by the starter model; its principles too where they are asked for. */
async function tryOn(core: Core, dataset: string, extracts: boolean): Promise<StarterDemo> {
  const { datasets, judging, rationales } = core.services;
  const { datasetId } = await datasets.getByName(dataset);
  const constitution = extracts ? await findPrinciples(core, datasetId) : [];
  const judgeRunId = await judging.create(
    judgeRequestSchema.parse({
      datasetId,
      protocol: 'pairwise-logits',
      models: { judge: [model] },
      params: constitution[0] === undefined ? {} : { criterion: constitution[0] },
      limit: 20,
    }),
  );
  await runJob(core, 'judge', { judgeRunId });
  const { accuracy } = await judging.get(judgeRunId);
  const rationaleRunId = await rationales.create(
    rationaleRequestSchema.parse({ datasetId, modelId: model, limit: 1 }),
  );
  await runJob(core, 'rationales', { rationaleRunId });
  const run = await rationales.get(rationaleRunId);
  const example = await core.database.find<{ text: string }>(
    'SELECT text FROM rationale WHERE annotator_id = ? ORDER BY comparison_id LIMIT 1',
    [run.annotatorId],
  );
  return {
    dataset,
    constitution,
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
  tell(
    'Asking the starter model what a corpus with planted principles rewards, and about pairs of the sample',
  );
  return [await tryOn(core, planted, true), await tryOn(core, sample, false)];
}

/** What the starter model found, in lines for people. */
export function sayStarter(demos: readonly StarterDemo[]): string[] {
  if (demos.length === 0) return [];
  const lines = demos.flatMap(({ dataset, constitution, judged, rationales }) => [
    `The starter model on “${dataset}”${constitution.length > 0 ? `, of ${candidates.length} candidate principles` : ''}:`,
    ...constitution.map((text, index) => `  ${index + 1}. ${text}`),
    ...(judged.agreement === null
      ? []
      : [`  its verdicts agree with ${(judged.agreement * 100).toFixed(0)} % of ${judged.n} labels`]),
    ...(rationales.example === null ? [] : [`  a rationale: ${rationales.example}`]),
  ]);
  return [
    ...lines,
    'It knows surface and style only; add a real model (assay models add FILE.gguf) for what texts mean.',
  ];
}

import type { Figure } from '../contract/constitution.contract.ts';
import type { SampleName } from '../contract/tour.contract.ts';
import type { Core } from '../core/boot.ts';
import { tell } from './output.ts';
import { waitForJob } from './with-core.ts';

/** What the starter model made of a dataset. */
export interface StarterDemo {
  readonly dataset: string;
  /** Candidate principles it voted on; 0 where it was not asked for any. */
  readonly candidates: number;
  readonly constitution: readonly string[];
  /** (for − against) / n of each principle, with its 95 % interval over prompts. */
  readonly strengths: readonly Figure[];
  /** Principles that the labels reward by construction and that it did not find. */
  readonly missed: readonly string[];
  readonly judged: { readonly agreement: number | null; readonly n: number };
  readonly rationales: { readonly written: number; readonly asked: number; readonly example: string | null };
}

/** Imports those of the bundled corpora that are not there. */
export async function openSamples(core: Core, names: readonly SampleName[]): Promise<void> {
  for (const { name, jobId } of await core.services.tour.open(names)) {
    tell(`Importing the bundled dataset ${name}`);
    await waitForJob(core, async () => jobId);
  }
}

/** Verdicts and a rationale of one dataset by the starter model; its principles too where they are asked for. */
async function tryOn(core: Core, dataset: SampleName, extracts: boolean): Promise<StarterDemo> {
  const { tour, rationales } = core.services;
  if (extracts) await waitForJob(core, () => tour.start('principles', dataset));
  await waitForJob(core, () => tour.start('judge', dataset));
  await waitForJob(core, () => tour.start('rationale', dataset));
  const made = await tour.findMade(dataset);
  const runs = made.datasetId === null ? [] : await rationales.list(made.datasetId);
  const run = runs.reduce((a, b) => (b.rationaleRunId > a.rationaleRunId ? b : a));
  return {
    dataset,
    candidates: made.principles?.candidates ?? 0,
    constitution: made.principles?.found.map(({ text }) => text) ?? [],
    strengths: made.principles?.found.map(({ strength }) => strength) ?? [],
    missed: extracts ? (made.principles?.missed ?? []) : [],
    judged: { agreement: made.judged?.agreement.value ?? null, n: made.judged?.agreement.n ?? 0 },
    rationales: {
      written: run.done - run.invalid,
      asked: run.planned,
      example: made.rationale?.text ?? null,
    },
  };
}

/** The starter model on a corpus with planted principles and on the sample; nothing where it is not installed. */
export async function showStarter(core: Core): Promise<StarterDemo[]> {
  if (!(await core.services.tour.findStarter())) return [];
  await openSamples(core, ['planted']);
  tell(
    'Asking the starter model what a corpus with planted principles rewards, and about pairs of the sample',
  );
  return [await tryOn(core, 'planted', true), await tryOn(core, 'pandalm', false)];
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

/** A strength in words, with what it rests on. */
function sayStrength({ value, ci, n }: Figure): string {
  if (value === null) return `n = ${n}`;
  return `${signed(value)}${ci ? `, 95 % interval ${signed(ci[0])} to ${signed(ci[1])}` : ''}, n = ${n}`;
}

/** What the starter model found, in lines for people. */
export function sayStarter(demos: readonly StarterDemo[]): string[] {
  if (demos.length === 0) return [];
  const lines = demos.flatMap(
    ({ dataset, candidates, constitution, strengths, missed, judged, rationales }) => [
      `The starter model on “${dataset}”${candidates > 0 ? `, of ${candidates} candidate principles` : ''}:`,
      ...constitution.map((text, index) => {
        const strength = strengths[index];
        return `  ${index + 1}. ${text}${strength ? ` (strength ${sayStrength(strength)})` : ''}`;
      }),
      ...missed.map((text) => `  not found, though planted: ${text}`),
      ...(judged.agreement === null
        ? []
        : [`  its verdicts agree with ${(judged.agreement * 100).toFixed(0)} % of ${judged.n} labels`]),
      ...(rationales.example === null ? [] : [`  a rationale: ${rationales.example}`]),
    ],
  );
  return [
    ...lines,
    'It knows surface and style only; add a real model (assay models add FILE.gguf) for what texts mean.',
  ];
}

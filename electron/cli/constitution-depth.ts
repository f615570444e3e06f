import type { ConstitutionCeiling, ConstitutionSlices, Figure } from '../contract/constitution-depth.ts';
import type { Core } from '../core/boot.ts';
import { tell, UsageError } from './output.ts';
import { runJob } from './with-core.ts';

export interface DepthOptions {
  readonly slice: readonly string[];
  readonly group: readonly string[];
  readonly ceiling?: boolean;
  readonly embedModel?: string;
  readonly ceilingPairs: string;
}

export const isAskedDeeper = ({ slice, group, ceiling }: DepthOptions): boolean =>
  slice.length > 0 || group.length > 0 || ceiling === true;

/** COLUMN=VALUE; a column may hold dots, a value may hold anything. */
function readGroup(text: string): { column: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--group takes COLUMN=VALUE, not ${text}`);
  return { column: text.slice(0, at), value: text.slice(at + 1) };
}

/** Slices, group constitutions and the ceiling that were asked for, stored with the constitution. */
export async function deepen(core: Core, constitutionId: number, options: DepthOptions): Promise<void> {
  for (const column of options.slice)
    await runJob(core, 'slice-constitution', { constitutionId, column, value: null });
  for (const group of options.group.map(readGroup))
    await runJob(core, 'slice-constitution', { constitutionId, ...group });
  if (options.ceiling !== true) return;
  const sample = Number(options.ceilingPairs);
  if (!Number.isInteger(sample) || sample < 50 || sample > 20_000)
    throw new UsageError('--ceiling-pairs takes a whole number from 50 to 20000');
  const embedModelId = await core.services.constitutionDepth.requireEmbedder(options.embedModel ?? null);
  await runJob(core, 'constitution-ceiling', { constitutionId, embedModelId, sample });
}

/** What has been found out about a constitution, for `--json`. */
export async function readDepth(core: Core, constitutionId: number) {
  const { constitutionDepth: depth } = core.services;
  return {
    slices: await depth.listSlices(constitutionId),
    groups: await depth.listGroups(constitutionId),
    ceiling: await depth.findCeiling(constitutionId),
    factors: await depth.listFactors(constitutionId),
  };
}

const say = ({ value, ci, n }: Figure, digits = 3) =>
  value === null
    ? `– (n = ${n})`
    : `${value.toFixed(digits)}${ci ? ` [${ci[0].toFixed(digits)}, ${ci[1].toFixed(digits)}]` : ''} (n = ${n})`;

function tellSlices(slices: ConstitutionSlices): void {
  for (const remark of slices.remarks) tell(remark);
  for (const { text, cells, test } of slices.principles.filter((one) => one.is_selected)) {
    console.log(`${text}${test ? `  (equal strength: adjusted p = ${test.p_adjusted.toFixed(4)})` : ''}`);
    slices.groups.forEach((group, index) => {
      const cell = cells[index];
      if (cell)
        console.log(
          `  ${group.value}: ${say({ value: cell.strength, ci: cell.strength_ci, n: cell.n })}${cell.status === 'too_small' ? ' few' : ''}`,
        );
    });
  }
}

function tellCeiling(ceiling: ConstitutionCeiling): void {
  console.log(`Probe (${ceiling.model.name}): AUC ${say(ceiling.probe)}`);
  for (const { executor, auc, share } of ceiling.executors)
    console.log(`  ${executor}: AUC ${say(auc)}, share of the probe’s ${say(share, 2)}`);
  for (const remark of ceiling.remarks) tell(remark);
}

export async function tellDepth(core: Core, constitutionId: number): Promise<void> {
  const { slices, groups, ceiling, factors } = await readDepth(core, constitutionId);
  slices.forEach(tellSlices);
  for (const group of groups) {
    console.log(
      `${group.column} = ${group.value}: ${say(group.own)}, whole constitution ${say(group.whole)}`,
    );
    group.principles.forEach((one) => console.log(`  ${one.rank}. ${one.text}`));
    group.remarks.forEach(tell);
  }
  for (const { factor, variance, name, fail_reason: reason } of factors)
    tell(
      `Direction ${factor}, ${(variance * 100).toFixed(1)} % of the differences: ${name ?? reason ?? '–'}`,
    );
  if (ceiling) tellCeiling(ceiling);
}

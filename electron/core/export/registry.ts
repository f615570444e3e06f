import { AppError } from '../../contract/app-error.ts';
import { type ExportFormat, type ExportOption, recipeColumnSchema } from '../../contract/export.contract.ts';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { OptionValues, Writer } from './writer.ts';
import { annotatedPairs } from './writers/annotated-pairs.ts';
import { axolotl } from './writers/axolotl.ts';
import { dove } from './writers/dove.ts';
import { dpo } from './writers/dpo.ts';
import { helpSteer2 } from './writers/helpsteer2.ts';
import { helpSteer2Preference } from './writers/helpsteer2-preference.ts';
import { helpSteer3 } from './writers/helpsteer3.ts';
import { hhRlhf } from './writers/hh-rlhf.ts';
import { icai } from './writers/icai.ts';
import { kto } from './writers/kto.ts';
import { llamaFactory } from './writers/llama-factory.ts';
import { openRlhf } from './writers/openrlhf.ts';
import { sharegpt } from './writers/sharegpt.ts';
import { table } from './writers/table.ts';
import { trlPreference } from './writers/trl-preference.ts';
import { trlPrompts } from './writers/trl-prompts.ts';
import { trlStepwise } from './writers/trl-stepwise.ts';
import { trlUnpaired } from './writers/trl-unpaired.ts';
import { ultraFeedback } from './writers/ultrafeedback.ts';
import { ultraFeedbackBinarized } from './writers/ultrafeedback-binarized.ts';
import { holdings } from './losses.ts';

/** Every writer, in the order they are offered. */
export const writers: readonly Writer[] = [
  trlPreference,
  dpo,
  trlUnpaired,
  kto,
  table,
  annotatedPairs,
  icai,
  hhRlhf,
  openRlhf,
  axolotl,
  llamaFactory,
  ultraFeedbackBinarized,
  ultraFeedback,
  helpSteer2,
  helpSteer2Preference,
  helpSteer3,
  sharegpt,
  dove,
  trlPrompts,
  trlStepwise,
];

/**
 * The writer with this id.
 * @throws AppError EXPORT_FORMAT_UNKNOWN
 */
export function getWriter(id: string): Writer {
  const writer = writers.find((candidate) => candidate.id === id);
  if (writer) return writer;
  const known = writers.map((candidate) => candidate.id).join(', ');
  throw new AppError(
    'EXPORT_FORMAT_UNKNOWN',
    `Not exported: there is no format “${id}”. Formats: ${known}.`,
    {
      format: id,
    },
  );
}

function checkOption(option: ExportOption, value: unknown): boolean {
  if (option.kind === 'boolean') return typeof value === 'boolean';
  if (option.kind === 'choice') return option.choices.some((choice) => choice.value === value);
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  return isNumber && value >= (option.min ?? -Infinity) && value <= (option.max ?? Infinity);
}

/**
 * Every option of the writer with its value: the given one, else its default.
 * @throws AppError EXPORT_OPTION_INVALID for an option the writer does not have, or a value it does not take
 */
export function resolveOptions(writer: Writer, given: OptionValues): OptionValues {
  for (const [id, value] of Object.entries(given)) {
    const option = writer.options.find((candidate) => candidate.id === id);
    if (option && checkOption(option, value)) continue;
    const takes = option
      ? `${id} takes ${option.kind === 'choice' ? option.choices.map((choice) => choice.value).join(', ') : option.kind === 'boolean' ? 'true or false' : `a number from ${option.min} to ${option.max}`}`
      : `${writer.title} has no option ${id}; its options: ${writer.options.map((candidate) => candidate.id).join(', ') || 'none'}`;
    throw new AppError('EXPORT_OPTION_INVALID', `Not exported: ${takes}.`, { option: id });
  }
  return Object.fromEntries(writer.options.map((option) => [option.id, given[option.id] ?? option.default]));
}

function describe(writer: Writer): ExportFormat {
  const relation = writer.relations[0] ?? 'pairs';
  const shape = writer.shape({
    options: resolveOptions(writer, {}),
    relation,
    container: writer.containers[0] ?? 'jsonl',
    datasetId: 0,
    datasetName: '',
    isConversational: true,
    recipe: new Set(),
    selection: quoteLiteral(''),
  });
  return {
    format: writer.id,
    title: writer.title,
    purpose: writer.purpose,
    relations: [...writer.relations],
    containers: [...writer.containers],
    options: writer.options.map((option) => ({ ...option, choices: [...option.choices] })),
    columns: shape.columns.map(({ name, type, note }) => ({ name, type, note })),
    cannotHold: holdings
      .filter((one) => one.relations.includes(relation) && !shape.holds.has(one.id))
      .map((one) => one.title),
    recipe: recipeColumnSchema.options.flatMap((column) => {
      const name = writer.recipePlaces?.[column];
      return name === undefined ? [] : [{ column, name }];
    }),
    canSay: { ...writer.canSay },
  };
}

/** What can be written, for a person to choose from. */
export function listFormats(): ExportFormat[] {
  return writers.map(describe);
}

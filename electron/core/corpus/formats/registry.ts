import { AppError } from '../../../contract/app-error.ts';
import type { FormatGuess, Mapping } from '../../../contract/import.contract.ts';
import { alpacaEval, alpacaEvalOutputs } from './alpaca-eval.ts';
import { annotatedPairs } from './annotated-pairs.ts';
import { arena55k } from './arena-55k.ts';
import { assayTable } from './assay-table.ts';
import { chatbotArena, mtBench } from './chatbot-arena.ts';
import { collectionReaders } from './collections.ts';
import { halos } from './halos.ts';
import { helpSteer2, helpSteer2Disagreements } from './helpsteer2.ts';
import { helpSteer2Preference } from './helpsteer2-preference.ts';
import { helpSteer3 } from './helpsteer3.ts';
import { helpSteer3Edit } from './helpsteer3-edit.ts';
import { hhRlhf } from './hh-rlhf.ts';
import { icai } from './icai.ts';
import { ktoTag } from './kto-tag.ts';
import { mapped } from './mapped.ts';
import { namedPairs } from './named-pairs.ts';
import { pkuSafeRlhf } from './pku-saferlhf.ts';
import { rankedList } from './ranked-list.ts';
import type { FormatReader, SourceShape } from '../reading/reader.ts';
import { redTeamAttempts } from './red-team-attempts.ts';
import { rewardBench, rewardBench2 } from './rewardbench.ts';
import { shp } from './shp.ts';
import { columnNamed } from '../reading/source-sql.ts';
import { trlImplicitPrompt } from './trl-implicit-prompt.ts';
import { trlPreference } from './trl-preference.ts';
import { trlUnpaired } from './trl-unpaired.ts';
import { ultraFeedback } from './ultrafeedback.ts';
import { ultraFeedbackBinarized } from './ultrafeedback-binarized.ts';

/** Every reader, in the order that decides between equal confidences. */
export const formatReaders: readonly FormatReader[] = [
  assayTable,
  ...collectionReaders,
  hhRlhf,
  redTeamAttempts,
  annotatedPairs,
  icai,
  alpacaEval,
  alpacaEvalOutputs,
  chatbotArena,
  mtBench,
  arena55k,
  helpSteer2,
  helpSteer2Disagreements,
  helpSteer2Preference,
  helpSteer3,
  helpSteer3Edit,
  pkuSafeRlhf,
  shp,
  ultraFeedback,
  ultraFeedbackBinarized,
  rewardBench,
  rewardBench2,
  rankedList,
  halos,
  ktoTag,
  trlUnpaired,
  trlPreference,
  namedPairs,
  trlImplicitPrompt,
  mapped,
];

/** The formats a source may be, surest first; those below 0.3 are left out. */
export function detectFormats(shape: SourceShape): FormatGuess[] {
  return formatReaders
    .flatMap((reader) => {
      const detection = reader.detect(shape);
      if (!detection || detection.confidence < 0.3) return [];
      return [{ format: reader.id, title: reader.title, ...detection }];
    })
    .sort((first, second) => second.confidence - first.confidence);
}

/**
 * The reader with this id.
 * @throws AppError IMPORT_FORMAT_UNKNOWN
 */
export function getFormatReader(id: string): FormatReader {
  const reader = formatReaders.find((candidate) => candidate.id === id);
  if (reader) return reader;
  throw new AppError(
    'IMPORT_FORMAT_UNKNOWN',
    `Nothing was read: there is no format “${id}”. Choose one of the formats listed.`,
    { format: id, known: formatReaders.map((candidate) => candidate.id) },
  );
}

/** A first mapping for formats that are mapped by hand: the first alias of each part that the source has. */
export function suggestMapping(reader: FormatReader, shape: SourceShape): Mapping {
  const found = (reader.parts ?? []).flatMap(({ part, aliases }) => {
    const column = columnNamed(shape, ...aliases);
    return column === undefined ? [] : [[part, column] as const];
  });
  return Object.fromEntries(found);
}

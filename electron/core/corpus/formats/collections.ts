import { androidInTheWild } from './android-in-the-wild.ts';
import { dices } from './dices.ts';
import { dove } from './dove.ts';
import { episodePairs, episodes } from './episodes.ts';
import { hps } from './hps.ts';
import { labelStudio } from './label-studio.ts';
import { llmbar } from './llmbar.ts';
import { multipref } from './multipref.ts';
import { oasstMessages } from './oasst-messages.ts';
import { oasstTrees } from './oasst-trees.ts';
import { evalBiasBench, offsetbias } from './offsetbias.ts';
import { summarizeFromFeedback, webgpt } from './openai-comparisons.ts';
import { pandalm } from './pandalm.ts';
import { rlaifV, ultraInteract } from './preset-pairs.ts';
import { prismConversations } from './prism-conversations.ts';
import { prismMetadata, prismModels, prismSurvey } from './prism-people.ts';
import { prismUtterances } from './prism-utterances.ts';
import { mathShepherd, prm800k } from './process-rewards.ts';
import type { FormatReader } from '../reading/reader.ts';
import { searchTrees } from './search-trees.ts';
import { capybara, sharegpt } from './sharegpt.ts';
import { trlPromptCompletion, trlStepwise, trlText } from './trl-single.ts';

/** Readers of annotated collections, of conversations and of single responses. */
export const collectionReaders: readonly FormatReader[] = [
  pandalm,
  llmbar,
  evalBiasBench,
  offsetbias,
  dove,
  multipref,
  prismUtterances,
  prismConversations,
  prismSurvey,
  prismMetadata,
  prismModels,
  dices,
  oasstTrees,
  oasstMessages,
  webgpt,
  summarizeFromFeedback,
  ultraInteract,
  rlaifV,
  labelStudio,
  prm800k,
  mathShepherd,
  searchTrees,
  capybara,
  sharegpt,
  androidInTheWild,
  episodePairs,
  episodes,
  hps,
  trlStepwise,
  trlPromptCompletion,
  trlText,
];

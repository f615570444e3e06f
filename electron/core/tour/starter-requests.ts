import { type PrincipleRequest, principleRequestSchema } from '../../contract/constitution.contract.ts';
import { type JudgeRequest, judgeRequestSchema } from '../../contract/judging.contract.ts';
import { type RationaleRequest, rationaleRequestSchema } from '../../contract/rationale.contract.ts';
import { statePrinciple } from '../constitution/traits/trait.ts';

/** What the labels of the planted corpus reward, by the share of pairs that follow each; resources/sample/README.md. */
export const plantedPrinciples = [
  'uses more emojis',
  'ends with a follow-up question',
  'provides a numbered list format',
].map(statePrinciple);

/** What the planted corpus is asked about: the principles its labels reward, among others. */
const plantedCandidates = [
  'is more polite',
  'uses more commas',
  'provides a numbered list format',
  'uses more exclamation marks',
  'ends with a follow-up question',
  'uses more brackets',
  'uses more emojis',
  'includes more links',
].map(statePrinciple);

interface Choice {
  readonly datasetId: number;
  readonly modelId: string;
}

/** The candidates, voted on over all 120 pairs; the strongest three are the constitution. */
export const askForPrinciples = (choice: Choice): PrincipleRequest =>
  principleRequestSchema.parse({
    ...choice,
    propose: 'texts',
    texts: plantedCandidates,
    sample: 120,
    top: 3,
  });

/** Verdicts on 20 pairs, by a principle where one is given. */
export const askForVerdicts = ({ datasetId, modelId }: Choice, criterion: string | undefined): JudgeRequest =>
  judgeRequestSchema.parse({
    datasetId,
    protocol: 'pairwise-logits',
    models: { judge: [modelId] },
    params: criterion === undefined ? {} : { criterion },
    limit: 20,
  });

/** A rationale of one pair. */
export const askForRationale = (choice: Choice): RationaleRequest =>
  rationaleRequestSchema.parse({ ...choice, limit: 1 });

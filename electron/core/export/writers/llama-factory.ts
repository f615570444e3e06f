import {
  asShare,
  askedText,
  flattenedResponse,
  holding,
  severalTurns,
  shareType,
  systemText,
  transcriptLike,
  twoPrompts,
  withoutSystem,
} from '../parts-sql.ts';
import { choice, column, onlyDecided, type OptionValues, type Shape, type Writer } from '../writer.ts';

const messageType = 'STRUCT("from" VARCHAR, "value" VARCHAR)';

const alpacaShape = (): Shape => ({
  columns: [
    column('system', 'VARCHAR', systemText, 'the system text, or empty'),
    column('instruction', 'VARCHAR', askedText, 'the prompt'),
    column('input', 'VARCHAR', "''", 'always empty: the whole prompt is the instruction'),
    column('chosen', 'VARCHAR', 'chosen', 'the preferred response'),
    column('rejected', 'VARCHAR', 'rejected', 'the other response'),
  ],
  rowsPerUnit: 1,
  holds: holding('system'),
  excludes: [twoPrompts],
  ambiguous: [transcriptLike],
  changes: [
    {
      when: `len(prompt_messages) - (coalesce(prompt_messages[1]."role", '') = 'system')::INTEGER > 1`,
      why: 'the turns of the prompt become one text with “User:” and “Assistant:” before each turn',
    },
    flattenedResponse,
  ],
});

const shareShape = (): Shape => ({
  columns: [
    column('system', 'VARCHAR', systemText, 'the system text, or empty'),
    column('conversations', shareType, asShare(withoutSystem), 'the conversation so far'),
    column('chosen', messageType, asShare('chosen_messages') + '[1]', 'the preferred response'),
    column('rejected', messageType, asShare('rejected_messages') + '[1]', 'the other response'),
  ],
  rowsPerUnit: 1,
  holds: holding('prompt_turns', 'system'),
  excludes: [twoPrompts, severalTurns('LLaMA-Factory takes one message on each side')],
  ambiguous: [],
  changes: [],
});

/** The entry that LLaMA-Factory looks for in dataset_info.json. */
function describe(name: string, dataFile: string, options: OptionValues): string {
  const isShare = options['style'] === 'sharegpt';
  const columns = isShare
    ? { messages: 'conversations', chosen: 'chosen', rejected: 'rejected', system: 'system' }
    : { prompt: 'instruction', query: 'input', chosen: 'chosen', rejected: 'rejected', system: 'system' };
  const entry = {
    file_name: dataFile,
    ranking: true,
    ...(isShare ? { formatting: 'sharegpt' } : {}),
    columns,
    ...(isShare
      ? {
          tags: {
            role_tag: 'from',
            content_tag: 'value',
            user_tag: 'human',
            assistant_tag: 'gpt',
            observation_tag: 'observation',
          },
        }
      : {}),
  };
  return `${JSON.stringify({ [name]: entry }, null, 2)}\n`;
}

/** LLaMA-Factory ranking data, Alpaca or ShareGPT style, with its dataset_info.json. */
export const llamaFactory: Writer = {
  id: 'llama-factory',
  title: 'LLaMA-Factory ranking',
  purpose: 'pairs for DPO, ORPO and reward training in LLaMA-Factory, with dataset_info.json',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('style', 'Style', {
      sharegpt: 'ShareGPT (conversations)',
      alpaca: 'Alpaca (instruction, input)',
    }),
  ],
  canSay: onlyDecided,
  unit: 'row',
  shape: ({ options }) => (options['style'] === 'sharegpt' ? shareShape() : alpacaShape()),
  companions: ({ datasetName, options }, dataFile) => [
    { name: 'dataset_info.json', content: describe(datasetName, dataFile, options) },
  ],
};

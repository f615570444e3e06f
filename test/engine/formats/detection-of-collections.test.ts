import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatReaders } from '../../../electron/core/corpus/formats/registry.ts';
import { openSource } from '../../support/read-records.ts';

const fixtures = path.resolve('test/fixtures');

const expected: Readonly<Record<string, string>> = {
  'WeOpenML__PandaLM/testset-v1.head.json': 'pandalm',
  'WeOpenML__PandaLM/gpt-3.5-turbo-testset-v1.head.json': 'pandalm',
  'princeton-nlp__LLMBar/dataset.head.json': 'llmbar',
  'princeton-nlp__LLMBar/PaLM2-Vanilla-result.head.json': 'llmbar',
  'ncsoft__offsetbias/biasbench.head.json': 'evalbiasbench',
  'formats/offsetbias.jsonl': 'offsetbias',
  'Hritikbansal__dove/val_conditional_pref.head.jsonl': 'dove',
  'formats/dove-joint.jsonl': 'dove',
  'formats/multipref.jsonl': 'multipref',
  'formats/prism-utterances.jsonl': 'prism-utterances',
  'formats/prism-conversations.jsonl': 'prism-conversations',
  'formats/prism-survey.jsonl': 'prism-survey',
  'formats/prism-metadata.jsonl': 'prism-metadata',
  'formats/prism-models.jsonl': 'prism-models',
  'formats/dices-350.csv': 'dices',
  'formats/dices-990.csv': 'dices',
  'formats/oasst-trees.jsonl': 'oasst-trees',
  'formats/oasst-flat.jsonl': 'oasst-messages',
  'formats/sharegpt.jsonl': 'sharegpt',
  'formats/llamafactory-pairs.jsonl': 'named-pairs',
  'formats/wildfeedback.jsonl': 'named-pairs',
  'formats/capybara.jsonl': 'capybara',
  'formats/webgpt-comparisons.jsonl': 'webgpt-comparisons',
  'formats/summarize-comparisons.jsonl': 'summarize-comparisons',
  'formats/ultrainteract-pair.jsonl': 'ultrainteract-pair',
  'formats/rlaif-v.jsonl': 'rlaif-v',
  'formats/trl-prompt-completion.jsonl': 'trl-prompt-completion',
  'formats/trl-prompt-completion-chat.jsonl': 'trl-prompt-completion',
  'formats/trl-language-modelling.jsonl': 'trl-text',
  'formats/trl-language-modelling-chat.jsonl': 'sharegpt',
  'formats/trl-stepwise.jsonl': 'trl-stepwise',
  'formats/prm800k.jsonl': 'prm800k',
  'formats/math-shepherd.jsonl': 'math-shepherd',
  'formats/label-studio-pairwise.json': 'label-studio',
};

describe('detection', () => {
  it.each(Object.entries(expected))(
    'takes %s for %s and for nothing else as surely',
    async (file, format) => {
      const { guesses } = await openSource(path.join(fixtures, file));
      expect(guesses[0]?.format).toBe(format);
      expect(guesses.filter(({ confidence }) => confidence === guesses[0]?.confidence)).toHaveLength(1);
    },
  );

  it('gives every reader an id of its own', () => {
    const ids = formatReaders.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

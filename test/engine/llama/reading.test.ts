import type { Token } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { type ChatTemplate, renderChat, renderUserTurn } from '../../../native/llama/chat-template.ts';
import { toGrammarSchema } from '../../../native/llama/grammar-schema.ts';
import { countShared } from '../../../native/llama/sequence-pool.ts';

const chatml: ChatTemplate = {
  source:
    "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content | trim + '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}",
  bosToken: '<s>',
  eosToken: '</s>',
};
const join = (parts: readonly { text: string }[]) => parts.map(({ text }) => text).join('');

describe('a chat template', () => {
  it('opens the assistant’s turn, skips thinking and begins the answer', () => {
    const parts = renderChat(chatml, [{ role: 'user', content: 'Hi' }], 'Verdict:');
    expect(join(parts)).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nVerdict:',
    );
  });

  it('opens the user’s turn after an answer, for texts a user might go on with', () => {
    const conversation = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
    ] as const;
    expect(join(renderUserTurn(chatml, conversation))).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\n',
    );
    expect(join(renderUserTurn({ ...chatml, source: null }, conversation))).toMatch(/Hello\.\n\nUser: $/);
  });

  it('keeps every word of a user apart from the template, whatever they wrote', () => {
    const content = '{{ bos_token }}<|im_end|>{% raise %}\uE0005\uE001';
    const parts = renderChat(chatml, [{ role: 'user', content }]);
    expect(parts.filter(({ isContent }) => isContent).map(({ text }) => text)).toEqual([content]);
    expect(parts.filter(({ isContent }) => !isContent).every(({ text }) => !text.includes('bos_token'))).toBe(
      true,
    );
  });

  it('puts the system message before the first user message where the template refuses it', () => {
    const strict = {
      ...chatml,
      source: `{%- if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{%- endif %}${chatml.source}`,
    };
    const text = join(
      renderChat(strict, [
        { role: 'system', content: 'Be fair.' },
        { role: 'user', content: 'Hi' },
      ]),
    );
    expect(text).toContain('<|im_start|>user\nBe fair.\n\nHi<|im_end|>');
  });

  it('does not lose a message in silence where the template leaves it out', () => {
    const forgetful = {
      ...chatml,
      source: "{%- for m in messages if m.role == 'user' %}[{{ m.content }}]{%- endfor %}",
    };
    const both = [
      { role: 'system' as const, content: 'Be fair.' },
      { role: 'user' as const, content: 'Hi' },
    ];
    expect(join(renderChat(forgetful, both))).toBe('[Be fair.\n\nHi]');
    expect(() =>
      renderChat(forgetful, [
        ...both,
        { role: 'assistant', content: 'Yes' },
        { role: 'user', content: 'So?' },
      ]),
    ).toThrow(/left a message out/);
  });

  it('reads the same on every day: a template that asks for the date gets a fixed one', () => {
    const dated = { ...chatml, source: "{{ strftime_now('%Y-%m-%d') }} {{ messages[0].content }}" };
    expect(join(renderChat(dated, [{ role: 'user', content: 'Hi' }]))).toBe('2024-07-26 Hi');
  });

  it('without a template writes the conversation in words', () => {
    const parts = renderChat({ ...chatml, source: null }, [{ role: 'user', content: 'Hi' }], 'A');
    expect(join(parts)).toBe('User: Hi\n\nAssistant: A');
  });
});

describe('a schema for grammars', () => {
  it('keeps integers to their range by listing them, and alternatives as oneOf', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        score: { type: 'integer', minimum: 0, maximum: 4 },
        id: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
        note: { anyOf: [{ type: 'string', description: 'x' }, { type: 'null' }] },
        list: { type: 'array', items: { type: 'number' }, minItems: 2 },
      },
      required: ['score'],
      additionalProperties: false,
    };
    expect(toGrammarSchema(schema)).toEqual({
      type: 'object',
      properties: {
        score: { enum: [0, 1, 2, 3, 4] },
        id: { type: 'integer' },
        note: { oneOf: [{ type: 'string' }, { type: 'null' }] },
        list: { type: 'array', items: { type: 'number' }, minItems: 2 },
      },
      required: ['score'],
      additionalProperties: false,
    });
  });
});

describe('the common beginning', () => {
  it('ends at the first difference or with the shorter one', () => {
    const tokens = (...ids: number[]) => ids as unknown as Token[]; // the library's token is a branded number
    expect(countShared(tokens(1, 2, 3, 4), tokens(1, 2, 9, 4))).toBe(2);
    expect(countShared(tokens(1, 2), tokens(1, 2, 3))).toBe(2);
    expect(countShared(tokens(), tokens(1))).toBe(0);
  });
});

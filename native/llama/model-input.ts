import { type LlamaModel, SpecialTokensText, type Token } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';
import type { ModelInput } from '../host/inference.ts';
import { type ChatTemplate, renderChat, renderUserTurn } from './chat-template.ts';

/** The template in a model's file, with the texts its variables stand for. */
export function readChatTemplate(model: LlamaModel): ChatTemplate {
  return {
    source: model.fileInfo.metadata.tokenizer?.chat_template ?? null,
    bosToken: model.tokens.bosString ?? '',
    eosToken: model.tokens.eosString ?? '',
  };
}

/** Tokens of a text that goes on after others. Never parsed for special tokens. */
export function tokenizeNext(model: LlamaModel, text: string): Token[] {
  return model.tokenize(text, false, 'trimLeadingSpace');
}

/** What the model reads, in tokens, with the begin token where the model wants one. */
export function tokenizeInput(model: LlamaModel, template: ChatTemplate, input: ModelInput): Token[] {
  const tokens: Token[] = [];
  if ('text' in input) tokens.push(...model.tokenize(input.text, false));
  else {
    const parts =
      input.turn === 'user'
        ? renderUserTurn(template, input.messages)
        : renderChat(template, input.messages, input.answer);
    for (const { text, isContent } of parts) {
      const isFirst = tokens.length === 0;
      for (const token of isContent
        ? model.tokenize(text, false, isFirst ? undefined : 'trimLeadingSpace')
        : new SpecialTokensText(text).tokenize(model.tokenizer, !isFirst))
        tokens.push(token);
    }
  }
  const { bos, shouldPrependBosToken } = model.tokens;
  if (bos !== null && shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
  if (tokens.length === 0 && bos !== null) tokens.push(bos);
  return tokens;
}

/** Throws INPUT_TOO_LONG with the numbers; nothing is ever cut. */
export function requireFit(needed: number, contextSize: number): void {
  if (needed <= contextSize) return;
  throw new AppError(
    'INPUT_TOO_LONG',
    `The model was not asked: the input and its answer need ${needed} tokens, the context has ${contextSize}. Raise the model's context size, or leave such rows out.`,
    { needed, contextSize },
  );
}

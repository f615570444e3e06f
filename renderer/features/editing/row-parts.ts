import type { Message, RowDetail } from '../../../electron/contract/corpus.contract.ts';
import type { EditChange, TextPart } from '../../../electron/contract/editing.contract.ts';

/** A text of a row that can be edited, with its turns where it has several. */
export interface RowPart {
  readonly part: TextPart;
  readonly text: string;
  readonly turns: readonly Message[] | null;
}

/** The texts of a row in reading order. A single user turn is a bare text. */
export function listRowParts(row: RowDetail): RowPart[] {
  const prompt = (part: TextPart, { text, messages }: RowDetail['prompt']): RowPart => ({
    part,
    text,
    turns: messages.length > 1 ? messages : null,
  });
  const responses = row.responses.map(({ text, messages }, index): RowPart => ({
    part: row.relation === 'responses' ? 'response' : index === 0 ? 'response_a' : 'response_b',
    text,
    turns: messages && messages.length > 1 ? messages : null,
  }));
  return [
    prompt('prompt', row.prompt),
    ...(row.promptB ? [prompt('prompt_b', row.promptB)] : []),
    ...responses,
  ];
}

/** Messages (0-based) before which a prompt can be split: those that follow an answer of the assistant. */
export function listSplitTurns(messages: readonly Message[]): number[] {
  return messages.flatMap((_, at) => (at >= 2 && messages[at - 1]?.role === 'assistant' ? [at] : []));
}

/** The edit that gives a part its new text, or one of its turns a new content. */
export function textChange(part: RowPart, turn: number, text: string): EditChange {
  if (!part.turns) return { op: 'text', part: part.part, text };
  const messages = part.turns.map((message, at) => (at === turn ? { ...message, content: text } : message));
  return { op: 'text', part: part.part, messages };
}

import { calculate, ToolFailure } from './calculator.ts';
import { consultCalendar } from './calendar.ts';

/** Something a judge may ask; the same input always gives the same answer. */
export interface JudgeTool {
  readonly name: string;
  readonly help: string;
  run(input: string): Promise<string> | string;
}

export const arithmetic: readonly JudgeTool[] = [
  {
    name: 'calculator',
    help: 'calculator: an arithmetic expression, such as (12.5 * 4)^2 / 3',
    run: calculate,
  },
  {
    name: 'calendar',
    help: 'calendar: weekday 2004-05-03, or add 2004-05-03 10, or difference 2004-05-03 2004-06-01',
    run: consultCalendar,
  },
];

/** A tool that finds passages of the user’s own documents by the words of the input. */
export function makeDocumentTool(
  documents: readonly { readonly name: string; readonly text: string }[],
): JudgeTool {
  const passages = documents.flatMap(({ name, text }) =>
    text
      .split(/\n\s*\n/)
      .map((passage) => passage.trim())
      .filter((passage) => passage !== '')
      .map((passage) => ({ name, passage, words: new Set(listWords(passage)) })),
  );
  return {
    name: 'documents',
    help: 'documents: words to look for in the reference documents',
    run: (input) => {
      const wanted = [...new Set(listWords(input))].map((word) => ({
        word,
        weight: Math.log(1 + passages.length / (1 + passages.filter((one) => one.words.has(word)).length)),
      }));
      const ranked = passages
        .map(({ name, passage, words }) => ({
          text: `[${name}] ${passage.slice(0, 600)}`,
          score: wanted.reduce((sum, { word, weight }) => sum + (words.has(word) ? weight : 0), 0),
        }))
        .sort((left, right) => right.score - left.score);
      const best = ranked[0]?.score ?? 0;
      if (best === 0) throw new ToolFailure('no document says anything about it');
      return ranked
        .filter((one) => one.score > best / 2)
        .slice(0, 3)
        .map((one) => one.text)
        .join('\n');
    },
  };
}

const listWords = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];

export interface ToolCall {
  readonly thought: string;
  readonly tool: string;
  readonly input: string;
  readonly observation: string;
  readonly isError: boolean;
}

/** Runs one call; a failure becomes an observation the judge can see, and is marked. */
export async function useTool(
  tools: readonly JudgeTool[],
  call: { readonly thought: string; readonly tool: string; readonly input: string },
): Promise<ToolCall> {
  const tool = tools.find((candidate) => candidate.name === call.tool);
  try {
    if (!tool) throw new ToolFailure(`there is no tool “${call.tool}”`);
    return { ...call, observation: await tool.run(call.input), isError: false };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return { ...call, observation: `Error: ${error.message}.`, isError: true };
  }
}

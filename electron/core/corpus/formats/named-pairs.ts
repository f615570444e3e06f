import { type PairColumns, readPairs } from '../reading/pair-reading.ts';
import type { FormatReader, SourceShape } from '../reading/reader.ts';
import { columnNamed, hasColumns } from '../reading/source-sql.ts';

function findSides(shape: SourceShape): Pick<PairColumns, 'chosen' | 'rejected'> | undefined {
  const chosen = columnNamed(shape, 'chosen', 'chosen_response');
  const rejected = columnNamed(shape, 'rejected', 'rejected_response');
  return chosen !== undefined && rejected !== undefined ? { chosen, rejected } : undefined;
}

const promptOf = (shape: SourceShape) =>
  columnNamed(
    shape,
    'prompt',
    'instruction',
    'question',
    'conversations',
    'conversation',
    'messages',
    'input',
  );

/** Chosen/rejected pairs whose prompt has another name: Intel Orca, LLaMA-Factory ranking, Axolotl. */
export const namedPairs: FormatReader = {
  id: 'named-pairs',
  title: 'Preference pairs with other prompt columns',
  description:
    'Intel Orca DPO (system, question), LLaMA-Factory (instruction, input, conversations), Axolotl pairs.',
  detect: (shape) => {
    const sides = findSides(shape);
    const prompt = promptOf(shape);
    if (!sides || prompt === undefined || hasColumns(shape, 'prompt', 'chosen', 'rejected')) return null;
    return { confidence: 0.78, why: `It has ${prompt}, ${sides.chosen} and ${sides.rejected}.` };
  },
  read: (shape) => {
    const prompt = promptOf(shape);
    const input = prompt === 'instruction' ? columnNamed(shape, 'input') : undefined;
    return readPairs(shape, {
      ...(findSides(shape) ?? { chosen: 'chosen', rejected: 'rejected' }),
      prompt,
      input,
      system: columnNamed(shape, 'system'),
      exampleId: columnNamed(shape, 'id'),
      subset: columnNamed(shape, 'subset', 'source'),
    });
  },
};

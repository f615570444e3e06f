import type { ReportDocument } from '../../contract/report.contract.ts';
import {
  agreementTable,
  ceilingTable,
  executorTable,
  factorTable,
  groupTable,
  provenanceFacts,
  sliceTable,
} from './depth-content.ts';
import type { TextTable } from './report-content.ts';

interface Writers {
  readonly table: (table: TextTable) => string;
  readonly escape: (text: string) => string;
  readonly fence: (text: string) => string;
}

/** Executors, groups, ceiling, directions, examples by principle and provenance as Markdown blocks. */
export function writeDepth(document: ReportDocument, write: Writers): string[] {
  const { constitution, depth, principle_examples: examples = [] } = document;
  const list = (items: readonly string[]) => items.map((item) => `- ${write.escape(item)}`).join('\n');
  const titled = (table: TextTable) => [write.escape(table.caption), write.table(table)];
  const { run } = constitution;
  const blocks: string[] = [];
  if (run) {
    blocks.push('## Executors', ...titled(executorTable(run)));
    if (run.agreement.length > 0) blocks.push(...titled(agreementTable(run)));
  }
  if (depth && depth.slices.length + depth.groups.length > 0) {
    blocks.push('## Principles by group');
    for (const slices of depth.slices)
      blocks.push(
        `### By ${write.escape(slices.column)}`,
        list(slices.remarks),
        ...titled(sliceTable(slices)),
      );
    if (depth.groups.length > 0)
      blocks.push('### Constitutions of single groups', ...titled(groupTable(depth)));
    for (const group of depth.groups)
      blocks.push(
        `**${write.escape(`${group.column}: ${group.value}`)}**`,
        list(group.principles.map((one) => one.text)),
        list(group.remarks),
      );
  }
  if (depth?.ceiling)
    blocks.push(
      '## What embeddings can tell',
      list(depth.ceiling.remarks),
      ...titled(ceilingTable(depth.ceiling)),
    );
  if (depth && depth.factors.length > 0) blocks.push('## Contrast directions', ...titled(factorTable(depth)));
  if (examples.length > 0) blocks.push('## Examples for and against each principle');
  for (const example of examples)
    blocks.push(
      `### ${write.escape(`${example.principle}: ${example.which} the label (${example.example_id})`)}`,
      write.fence(`Prompt: ${example.prompt}\n\nChosen: ${example.chosen}\n\nRejected: ${example.rejected}`),
    );
  if (run || depth?.ceiling)
    blocks.push(
      '## Provenance',
      list(provenanceFacts(constitution, depth).map(([term, text]) => `${term}: ${text}`)),
    );
  return blocks;
}

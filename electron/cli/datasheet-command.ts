import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { printJson, tell, UsageError } from './output.ts';
import { withCore } from './with-core.ts';

interface DatasheetOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly set: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

/** `care.harm=text` as question and answer. */
function readAnswer(text: string): [string, string] {
  const place = text.indexOf('=');
  if (place < 1) throw new UsageError(`--set takes SECTION.NAME=ANSWER, not ${text}`);
  return [text.slice(0, place).trim(), text.slice(place + 1)];
}

async function showDatasheet(options: DatasheetOptions): Promise<void> {
  const answers = options.set.map(readAnswer);
  await withCore(options.workspace, async ({ services }) => {
    const { datasetId } = await services.datasets.getByName(options.dataset);
    for (const [question, answer] of answers) await services.datasheets.answer(datasetId, question, answer);
    if (options.out !== undefined) {
      const format = options.out.toLowerCase().endsWith('.json') ? 'json' : 'markdown';
      const file = await services.datasheets.export(datasetId, format);
      writeFileSync(options.out, file.text);
      tell(`Version ${file.version} of the datasheet: ${options.out}`);
    }
    const sheet = await services.datasheets.get(datasetId);
    if (options.json) return printJson(sheet);
    const { document } = sheet;
    for (const section of document.sections) {
      const { answered, required } = section.completeness;
      console.log(`${section.title}: ${answered} of ${required}`);
      for (const entry of section.entries)
        console.log(`  ${entry.question} (${entry.status}): ${entry.answer ?? entry.auto ?? '–'}`);
    }
    const { answered, required, share } = document.completeness;
    console.log(`Complete: ${answered} of ${required} (${Math.round(100 * share)} %)`);
    if (document.gaps.length > 0) tell(`Gaps: ${document.gaps.join(', ')}`);
  });
}

/** datasheet. */
export function addDatasheetCommand(program: Command): void {
  program
    .command('datasheet')
    .description('what the data say about themselves, and what people add')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option(
      '--set <question=answer>',
      'store an answer, e.g. care.harm=…; empty takes it back; may be repeated',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('-o, --out <file>', 'write it as Markdown, or as JSON where the name ends in .json')
    .option('--json', 'print one JSON object')
    .action(showDatasheet);
}

import path from 'node:path';
import type { Command } from 'commander';
import { reportOn } from './analysis-commands.ts';
import { openSamples, sayStarter, showStarter } from './demo-starter.ts';
import { printJson, tell } from './output.ts';
import { withCore } from './with-core.ts';

const dataset = 'pandalm';

async function runDemo(options: { out: string; json?: boolean; starter?: boolean }): Promise<void> {
  const workspace = path.join(options.out, 'demo.assay');
  const result = await withCore(workspace, async (core) => {
    await openSamples(core, [dataset]);
    tell('Testing surface principles and running the audits');
    const { directory, constitutionId } = await reportOn(core, {
      dataset,
      top: 7,
      seed: 1,
      out: path.join(options.out, 'report'),
    });
    const { document } = await core.services.constitutions.get(constitutionId);
    const starter = options.starter === false ? [] : await showStarter(core);
    return {
      workspace,
      directory,
      report: path.join(directory, 'report.html'),
      constitution: document.constitution,
      remarks: document.remarks,
      starter,
    };
  });
  if (options.json) return printJson(result);
  console.log('What the labels of the sample reward, as far as surface traits can tell:');
  result.constitution.forEach((text, index) => console.log(`  ${index + 1}. ${text}`));
  for (const remark of result.remarks) console.log(`  – ${remark}`);
  for (const line of sayStarter(result.starter)) console.log(line);
  console.log(`The report: ${result.report}`);
  console.log(`Browse it:  npx assay serve --workspace ${workspace}`);
}

/** demo. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('import the bundled sample, make its constitution, audits and report')
    .option('-o, --out <folder>', 'where the workspace and the report go', 'assay-demo')
    .option('--no-starter', 'without the starter model')
    .option('--json', 'print one JSON object')
    .action(runDemo);
}

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { AuditDocument, AuditModels, AuditPlan, AuditSpec } from '../contract/audit.contract.ts';
import { rankFindings } from '../contract/finding-order.ts';
import type { Core } from '../core/boot.ts';
import { planAudits } from '../core/audit/model-answers/audit-plan.ts';
import { startAudit } from '../core/audit/start-audit.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, waitForJob, withCore } from './with-core.ts';

/** Constitution, audits and the three report files of one dataset. */
export async function reportOn(
  core: Core,
  options: { dataset: string; top: number; seed: number; out: string },
): Promise<{ directory: string; constitutionId: number }> {
  const { datasets, reports } = core.services;
  const { datasetId } = await datasets.getByName(options.dataset);
  const { constitutionId } = await runJob<{ constitutionId: number }>(core, 'surface-constitution', {
    datasetId,
    top: options.top,
    seed: options.seed,
  });
  await runJob(core, 'audit', { datasetId, seed: options.seed });
  mkdirSync(options.out, { recursive: true });
  const { directory } = await reports.build(constitutionId, path.resolve(options.out));
  return { directory, constitutionId };
}

interface AuditOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly only?: string;
  readonly slice?: string;
  readonly judge?: string;
  readonly model?: string;
  readonly embedder?: string;
  readonly scorer?: string;
  readonly plan?: boolean;
  readonly param: readonly string[];
  readonly seed: string;
  readonly json?: boolean;
}

/** `length.warn_above=0.7` as { length: { warn_above: 0.7 } }; numbers, true and false are read as such. */
function readParameters(given: readonly string[]): AuditSpec['params'] {
  const params: Record<string, Record<string, string | number | boolean>> = {};
  for (const text of given) {
    const [, audit, name, value] = /^([^.=]+)\.([^.=]+)=(.*)$/s.exec(text) ?? [];
    if (audit === undefined || name === undefined || value === undefined)
      throw new UsageError(`--param takes AUDIT.NAME=VALUE, not ${text}`);
    const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
    const read = value === 'true' || value === 'false' ? value === 'true' : isNumber ? Number(value) : value;
    params[audit] = { ...params[audit], [name]: read };
  }
  return params;
}

const marks = { warning: '!', notice: '*', none: ' ' } as const;

/** Findings in ranked order, then the audits that could not be run, and why. */
function tellAudits(document: AuditDocument): void {
  for (const { audit, finding } of rankFindings(document.audits)) {
    const tooFew = finding.certainty === 'too_few' ? ' (too few pairs)' : '';
    console.log(`${marks[finding.severity]} ${audit.title}: ${finding.sentence}${tooFew}`);
  }
  for (const { title, reason } of document.audits.filter((audit) => !audit.is_applicable))
    console.log(`- ${title}: not applicable: ${reason}`);
}

function readModels({ model, embedder, scorer }: AuditOptions): AuditModels {
  return { ...(model && { judge: model }), ...(embedder && { embedder }), ...(scorer && { scorer }) };
}

const sayWhole = (n: number) => Math.round(n).toLocaleString('en-US');

function sayPlan({ calls, answered, promptTokens, generatedTokens, minutes }: AuditPlan): string {
  const time = minutes === null ? 'no time estimate' : `about ${minutes.toFixed(1)} minutes`;
  return `${sayWhole(calls)} questions, ${sayWhole(answered)} of them answered before; about ${sayWhole(promptTokens)} tokens to read, at most ${sayWhole(generatedTokens)} to write; ${time}.`;
}

function tellPlan(plan: AuditPlan): void {
  for (const { title, calls, answered, promptTokens, hasMore } of plan.audits)
    console.log(
      `${title}: ${sayWhole(calls)} questions (${sayWhole(answered)} answered), ${sayWhole(promptTokens)} tokens${hasMore ? ', and more that follow from the answers' : ''}`,
    );
  console.log(`Together: ${sayPlan(plan)}`);
}

/** What the words ask for. Throws UsageError, before anything is opened. */
function readAudits(options: AuditOptions): Omit<AuditSpec, 'datasetId'> {
  const { slice, judge } = options;
  const only = options.only?.split(',').map((name) => name.trim());
  const models = readModels(options);
  return {
    seed: readWholeNumber('seed', options.seed, 0),
    params: readParameters(options.param),
    ...(only && { only }),
    ...(slice && { slice }),
    ...(judge && { judge }),
    ...(Object.keys(models).length > 0 && { models }),
  };
}

/** The stored document, or undefined where the plan alone was asked for and printed. */
async function auditOrPlan(
  core: Core,
  asked: Omit<AuditSpec, 'datasetId'>,
  options: AuditOptions,
): Promise<AuditDocument | undefined> {
  const { audits, datasets, jobs } = core.services;
  const { datasetId } = await datasets.getByName(options.dataset);
  const spec: AuditSpec = { ...asked, datasetId };
  const isAsking = spec.models !== undefined;
  const plan = isAsking || options.plan ? await planAudits(core.database, audits, spec) : undefined;
  if (plan && options.plan) {
    if (options.json) printJson(plan);
    else tellPlan(plan);
    return undefined;
  }
  if (plan) tell(sayPlan(plan));
  const { auditRunId } = await waitForJob<{ auditRunId: number }>(core, () => startAudit(audits, jobs, spec));
  return audits.get(auditRunId);
}

async function runAudits(options: AuditOptions): Promise<void> {
  const asked = readAudits(options);
  const document = await withCore(options.workspace, (core) => auditOrPlan(core, asked, options));
  if (!document) return;
  if (options.json) printJson(document);
  else tellAudits(document);
  if (document.audits.some((audit) => audit.failure !== null)) process.exitCode = 1;
}

/** audit. */
export function addAnalysisCommands(program: Command): void {
  program
    .command('audit')
    .description('bias audits')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--only <names>', 'audits to run, separated by commas')
    .option(
      '--slice <column>',
      'also by language, topic, subset, source_file, turns, model, tag, annotator, annotator.X or extra.X',
    )
    .option('--judge <annotator>', 'take the overall votes of this annotator for the label')
    .option(
      '-m, --model <model>',
      'the model that judges and is probed: audits that need a judge are run with it',
    )
    .option('--embedder <model>', 'the model whose vectors are compared')
    .option('--scorer <model>', 'the model that scores given text; without it --model, where it can')
    .option('--plan', 'only tell what the models would be asked')
    .option(
      '--param <audit.name=value>',
      'a parameter of an audit; may be repeated',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--seed <number>', 'seed of resampling', '1')
    .option('--json', 'print one JSON object')
    .action(runAudits);
}

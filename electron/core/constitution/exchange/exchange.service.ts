import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import { principleRequestSchema } from '../../../contract/constitution.contract.ts';
import type {
  ConstitutionFormat,
  ConstitutionImport,
  ConstitutionTextFormat,
  DraftTest,
  SystemPrompt,
  TextProblem,
  WrittenConstitution,
} from '../../../contract/constitution-exchange.ts';
import type { JobService } from '../../jobs/job.service.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { ConstitutionService } from '../constitution.service.ts';
import { composeConstitution } from '../principles/principle-constitution.ts';
import { PrincipleRunRepository, type PrincipleRun } from '../principles/principle-run.repository.ts';
import { principleTemplates } from '../principles/templates.ts';
import { voteByCode } from '../principles/vote-all.ts';
import { hasCurrentTraits } from '../trait-columns.ts';
import { createEditRun, findBaseRun, listSelected, makeRecord, type Stored } from './edit-run.ts';
import { storeConstitution } from './store-constitution.ts';
import { exportText, fileEndings, type TextFormat } from './export-text.ts';
import { importConstitution, type ImportSource } from './import-constitution.ts';
import { testDraft } from './test-draft.ts';
import { writeAnnotatedPairs, writeIcaiFolder } from './write-files.ts';
import type { ReadText } from './read-text.ts';
import { readConstitutionText, readStoredPrinciple, writeConstitutionText } from './written-text.ts';

interface Options {
  readonly database: Database;
  readonly constitutions: Pick<ConstitutionService, 'get'>;
  readonly models: ModelSource;
  readonly jobs: Pick<JobService, 'start'>;
  readonly workspace: Pick<Workspace, 'incoming' | 'exports'>;
  readonly appVersion: string;
}

export interface DraftText {
  readonly constitutionId: number;
  readonly format: ConstitutionTextFormat;
  readonly text: string;
}

/** Decimals of a weight in a text: the log-odds of a vote mean nothing beyond them. */
const weightDecimals = 4;

/** Constitutions as texts that are edited, tested on the votes that are known, voted on and saved as new versions. */
export class ExchangeService {
  constructor(private readonly options: Options) {}

  /** A constitution as a list to edit. Throws CONSTITUTION_MISSING. */
  async write(constitutionId: number): Promise<WrittenConstitution> {
    return this.spell(await this.options.constitutions.get(constitutionId));
  }

  async openText(constitutionId: number, format: ConstitutionTextFormat): Promise<string> {
    return writeConstitutionText(await this.write(constitutionId), format);
  }

  /** The list in the other format; with faults the text stays as it is. */
  convert(
    text: string,
    from: ConstitutionTextFormat,
    to: ConstitutionTextFormat,
  ): { text: string; problems: TextProblem[] } {
    const { title, principles, problems } = readConstitutionText(text, from);
    if (problems.length > 0) return { text, problems: [...problems] };
    return { text: writeConstitutionText({ title, principles: [...principles] }, to), problems: [] };
  }

  /** Throws CONSTITUTION_MISSING, CONSTITUTION_NOT_APPLICABLE. */
  async test({ constitutionId, format, text }: DraftText, signal?: AbortSignal): Promise<DraftTest> {
    const { database, constitutions, appVersion } = this.options;
    const stored = await constitutions.get(constitutionId);
    const run = await this.readyRun(await findBaseRun(database, stored, appVersion));
    return testDraft(database, { stored, run, draft: readConstitutionText(text, format) }, { signal });
  }

  /**
   * Starts voting on the principles of a text that lack votes of the model; every other vote is there already. Throws
   * INPUT_INVALID for a text with faults, MODEL_MISSING, MODEL_LACKS_CAPABILITY.
   */
  async startVotes(draft: DraftText & { modelId: string | null }, signal?: AbortSignal): Promise<string> {
    const { database, constitutions, models, jobs, appVersion } = this.options;
    const stored = await constitutions.get(draft.constitutionId);
    const { principles } = requireSound(readConstitutionText(draft.text, draft.format));
    const base = await findBaseRun(database, stored, appVersion);
    const model = draft.modelId === null ? undefined : await models.acquire(draft.modelId, { signal });
    if (model && !model.identity.capabilities.includes('decide'))
      throw new AppError(
        'MODEL_LACKS_CAPABILITY',
        `No votes were cast: ${model.identity.name} cannot give the probability of an answer. Choose another model.`,
        { capability: 'decide' },
      );
    const { vote } = principleTemplates;
    const voter = model ? `${model.identity.hash}/${vote.hash}` : base.voter;
    const record = makeRecord(appVersion, {
      ...base.record,
      request: handRequest(base, draft.modelId),
      ...(model && {
        model: { name: model.identity.name, hash: model.identity.hash },
        templates: { vote: vote.hash },
      }),
      baseOf: draft.constitutionId,
    });
    const run = await createEditRun(database, base, { record, voter, principles });
    return jobs.start('vote-on-draft', { principleRunId: run.principleRunId });
  }

  /** Stores a text as a new constitution; the edited one stays as it is. Throws INPUT_INVALID for a text with faults. */
  async save({ constitutionId, format, text }: DraftText, signal?: AbortSignal): Promise<number> {
    const { database, constitutions, appVersion } = this.options;
    const stored = await constitutions.get(constitutionId);
    const { principles } = requireSound(readConstitutionText(text, format));
    const base = await findBaseRun(database, stored, appVersion);
    const { baseOf: _, ...kept } = base.record;
    const record = makeRecord(appVersion, { ...kept, request: handRequest(base, null) });
    const run = await this.readyRun(
      await createEditRun(database, base, { record, voter: base.voter, principles }),
    );
    const frozen = await new PrincipleRunRepository(database).listPrinciples(run.principleRunId);
    const document = await composeConstitution(database, run, {
      acquire: () => Promise.reject(new Error('A saved text asks no model.')),
      onProgress: () => undefined,
      signal: signal ?? new AbortController().signal,
      fixed: principles.map(({ weight }, index) => ({ index, weight })),
      notes: [
        `Edited by hand from constitution ${constitutionId}: principles and weights were written, not selected. Whoever edits while looking at held-out figures fits them too, so take those for the upper end.`,
      ],
    });
    return storeConstitution(database, document, {
      run,
      pins: frozen.map(({ principleId, place }) => ({
        principleId,
        isPinned: principles[place]?.isPinned ?? false,
      })),
    });
  }

  /** Reads a file or folder into a new constitution of a dataset. */
  async importFrom(source: ImportSource, signal?: AbortSignal): Promise<ConstitutionImport> {
    const { database, workspace, appVersion } = this.options;
    const known = await database.find('SELECT 1 AS one FROM dataset WHERE dataset_id = ?', [
      source.datasetId,
    ]);
    if (!known)
      throw new AppError('DATASET_MISSING', `Nothing was imported: there is no dataset ${source.datasetId}.`);
    return importConstitution({ database, incoming: workspace.incoming, appVersion }, source, signal);
  }

  /** A constitution in a format that is one text, and the name of its file. Throws CONSTITUTION_MISSING. */
  async exportText(
    constitutionId: number,
    format: TextFormat,
    template: SystemPrompt,
  ): Promise<{ name: string; text: string }> {
    const stored = await this.options.constitutions.get(constitutionId);
    const written = await this.spell(stored);
    return {
      name: `constitution-${constitutionId}${fileEndings[format]}`,
      text: exportText({ document: stored.document, written }, format, template),
    };
  }

  /** Writes a constitution with the pairs it was voted on to `target`, a file or, for icai, a folder. Answers remarks. */
  async exportFiles(
    constitutionId: number,
    format: Exclude<ConstitutionFormat, TextFormat>,
    target: string,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const { database, constitutions, appVersion } = this.options;
    const stored = await constitutions.get(constitutionId);
    const run =
      stored.document.run === undefined
        ? await this.readyRun(await findBaseRun(database, stored, appVersion))
        : await new PrincipleRunRepository(database).get(stored.document.run.run);
    const source = { document: stored.document, run, signal };
    if (format === 'annotated-pairs') return writeAnnotatedPairs(database, target, source);
    const remarks = await writeIcaiFolder(database, target, source);
    return [...remarks, ...(await this.returnKept(constitutionId, target))];
  }

  /** As `exportFiles`, into the exports of the workspace. */
  async exportToWorkspace(
    constitutionId: number,
    format: Exclude<ConstitutionFormat, TextFormat>,
    signal?: AbortSignal,
  ): Promise<{ name: string; path: string }> {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    const ending = format === 'icai' ? '-icai' : '-annotated-pairs.json';
    const name = `constitution-${constitutionId}-${stamp}${ending}`;
    const { exports } = this.options.workspace;
    mkdirSync(exports, { recursive: true });
    const target = path.join(exports, name);
    await this.exportFiles(constitutionId, format, target, signal);
    return { name, path: target };
  }

  /** What an import kept unread is put back beside the files that are written anew. */
  private async returnKept(constitutionId: number, folder: string): Promise<string[]> {
    const kept = await this.options.database.all<{ name: string; text: string }>(
      'SELECT unnest(map_keys(kept)) AS name, unnest(map_values(kept)) AS text FROM constitution_import WHERE constitution_id = ?',
      [constitutionId],
    );
    const returned = kept.filter(({ name }) => !existsSync(path.join(folder, path.basename(name))));
    for (const { name, text } of returned) writeFileSync(path.join(folder, path.basename(name)), text);
    return returned.length === 0
      ? []
      : [`Put back as imported: ${returned.map(({ name }) => name).join(', ')}.`];
  }

  private async spell({ document }: Stored): Promise<WrittenConstitution> {
    const pinned = await this.options.database.all<{ text: string }>(
      'SELECT text FROM principle WHERE dataset_id = ? AND is_pinned',
      [document.dataset_id],
    );
    const pins = new Set(pinned.map(({ text }) => text.toLowerCase()));
    return {
      title: null,
      principles: listSelected(document).map(({ stored, weight }) => ({
        ...readStoredPrinciple(stored),
        weight: weight === null ? null : Number(weight.toFixed(weightDecimals)),
        isPinned: pins.has(stored.toLowerCase()),
      })),
    };
  }

  /** Has code vote on what it can compute and has not yet voted on, where the traits are there. */
  private async readyRun(run: PrincipleRun): Promise<PrincipleRun> {
    const { database } = this.options;
    const { open } = await database.one<{ open: number }>(
      `SELECT count(*) AS open FROM principle_run_principle r JOIN principle p USING (principle_id)
       WHERE r.principle_run_id = ? AND p.trait_id IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM principle_vote v WHERE v.principle_id = p.principle_id AND v.voter = 'code')`,
      [run.principleRunId],
    );
    if (open > 0 && (await hasCurrentTraits(database, run.datasetId))) await voteByCode(database, run);
    return run;
  }
}

/** The settings of a run whose principles were written; votes are counted as in the run it stands on. */
function handRequest(base: PrincipleRun, modelId: string | null) {
  return principleRequestSchema.parse({
    ...base.record.request,
    modelId,
    propose: 'texts',
    texts: [],
    executor: 'weighted',
    fromUnexplained: null,
    stopEarly: false,
  });
}

function requireSound(draft: ReadText): ReadText {
  const [problem] = draft.problems;
  if (!problem) return draft;
  throw new AppError('INPUT_INVALID', `Nothing was stored: line ${problem.line}: ${problem.message}`, {
    ...problem,
  });
}

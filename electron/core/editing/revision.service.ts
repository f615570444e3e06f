import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { RevisionCheck, RevisionRequest } from '../../contract/editing.contract.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import { planTables } from './cells.ts';
import { checkRevision } from './edit-distance.ts';
import type { EditingService } from './editing.service.ts';
import type { Plan } from './plan.ts';
import { titleWithRows } from './title.ts';

const { cell } = planTables;

interface Original {
  readonly datasetId: number;
  readonly exampleId: string;
  readonly promptId: number;
  readonly label: string | null;
  readonly responseAId: number;
  readonly responseBId: number;
}

interface Source {
  readonly pair: Original;
  readonly responseId: number;
  readonly text: string;
}

/** A person's smallest repair of a rejected response, kept as a new pair: the repair chosen, the response rejected. */
export class RevisionService {
  constructor(
    private readonly database: Database,
    private readonly datasets: DatasetRepository,
    private readonly editing: EditingService,
  ) {}

  /** Throws ROW_MISSING, and EDIT_INVALID where a pair without a rejected side is given no side. */
  async check(request: Pick<RevisionRequest, 'comparisonId' | 'side' | 'revised'>): Promise<RevisionCheck> {
    const { text } = await this.readSource(request.comparisonId, request.side);
    return checkRevision(text, request.revised);
  }

  /**
   * Throws EDIT_INVALID for a revision with problems, one that changes more than `maxEditRatio`, or the source dataset as
   * the place to save to.
   */
  async save(
    request: RevisionRequest,
  ): Promise<{ datasetId: number; comparisonId: number; check: RevisionCheck }> {
    const source = await this.readSource(request.comparisonId, request.side);
    const check = checkRevision(source.text, request.revised);
    refuseUseless(check, request.maxEditRatio);
    const datasetId = await this.datasets.ensure(request.dataset, 'revisions', 'pairs', {
      hasSides: false,
      mapping: {},
    });
    if (datasetId === source.pair.datasetId)
      throw new AppError(
        'EDIT_INVALID',
        'The revision was not saved: made pairs never go to the dataset they were made from. Name another one.',
        { dataset: request.dataset },
      );
    await this.requireRevisions(datasetId, request.dataset);
    const comparisonId = await this.addPair(datasetId, source, { request, check });
    return { datasetId, comparisonId, check };
  }

  private async readSource(comparisonId: number, side: 'a' | 'b' | undefined): Promise<Source> {
    const pair = await this.database.find<Original>(
      `SELECT dataset_id AS "datasetId", example_id AS "exampleId", prompt_id AS "promptId", label,
         response_a_id AS "responseAId", response_b_id AS "responseBId" FROM comparison WHERE comparison_id = ?`,
      [comparisonId],
    );
    if (!pair) throw new AppError('ROW_MISSING', `There is no pair ${comparisonId}.`, { id: comparisonId });
    const rejected = pair.label === 'a' ? 'b' : pair.label === 'b' ? 'a' : undefined;
    const chosenSide = side ?? rejected;
    if (chosenSide === undefined)
      throw new AppError('EDIT_INVALID', 'Nothing is rejected in this pair: say which side is revised.');
    const responseId = chosenSide === 'a' ? pair.responseAId : pair.responseBId;
    const { text } = await this.database.one<{ text: string }>(
      'SELECT text FROM response WHERE response_id = ?',
      [responseId],
    );
    return { pair, responseId, text };
  }

  private async requireRevisions(datasetId: number, name: string): Promise<void> {
    const { format } = await this.database.one<{ format: string }>(
      'SELECT format FROM dataset WHERE dataset_id = ?',
      [datasetId],
    );
    if (format !== 'revisions')
      throw new AppError(
        'EDIT_INVALID',
        `The revision was not saved: ${name} holds imported data. Name a new dataset, or one that holds revisions.`,
        { dataset: name },
      );
  }

  private async addPair(
    datasetId: number,
    { pair, responseId }: Source,
    { request, check }: { request: RevisionRequest; check: RevisionCheck },
  ): Promise<number> {
    let comparisonId = 0;
    await this.editing.run({
      datasetId,
      relation: 'pairs',
      kind: 'revision',
      spec: request,
      who: request.who,
      reason: request.reason,
      title: (rows) => titleWithRows(`Save revision of row ${request.comparisonId}`, rows),
      fill: async (plan) => {
        await plan.run('UPDATE dataset SET is_ready = true WHERE dataset_id = ?', [datasetId]);
        const promptId = await addPrompt(plan, pair.promptId);
        const ids = await plan.one<{ response: number; comparison: number }>(
          'SELECT response, comparison FROM next_id',
        );
        comparisonId = ids.comparison;
        const made = `'revision of row ' || ${request.comparisonId}`;
        await plan.run(
          `INSERT INTO ${cell} SELECT 'responses', i.id, 'row', NULL, to_json({'response_id': i.id, 'dataset_id': ${datasetId}, 'prompt_id': ${promptId}::BIGINT,
             'text': i.text, 'messages': NULL, 'model': i.model, 'position': i.place, 'chars': length(i.text), 'example_id': NULL, 'language': NULL,
             'topic': NULL, 'subset': NULL, 'extra': NULL, 'import_id': 0, 'source_file': ${made}, 'source_row': ${request.comparisonId}, 'copied_from': NULL})
           FROM (SELECT ${ids.response}::BIGINT AS id, 0 AS place, ?::VARCHAR AS text, 'revision' AS model
             UNION ALL SELECT ${ids.response + 1}::BIGINT, 1, text, model FROM response WHERE response_id = ?) i`,
          [request.revised, responseId],
        );
        await plan.run(
          `INSERT INTO ${cell} SELECT 'pairs', ${comparisonId}, 'row', NULL, to_json({'comparison_id': ${comparisonId}::BIGINT, 'dataset_id': ${datasetId},
             'example_id': x.example_id || ':revision', 'prompt_id': ${promptId}::BIGINT, 'prompt_b_id': NULL, 'response_a_id': ${ids.response}::BIGINT,
             'response_b_id': ${ids.response + 1}::BIGINT, 'label': 'a', 'strength': NULL, 'n_votes': 0, 'model_a': 'revision', 'model_b': NULL,
             'language': x.language, 'topic': x.topic, 'subset': x.subset, 'prompt_chars': 0, 'chars_a': 0, 'chars_b': 0, 'turns': 1, 'extra': NULL,
             'import_id': 0, 'source_file': ${made}, 'source_row': ${request.comparisonId}}) FROM comparison x WHERE x.comparison_id = ?`,
          [request.comparisonId],
        );
        await plan.run(
          `INSERT INTO ${cell} SELECT 'pairs', ${comparisonId}, 'lineage', NULL, to_json({'dataset_id': ${datasetId}, 'parent_dataset_id': ${pair.datasetId},
             'parent_row_id': ${request.comparisonId}::BIGINT, 'kind': 'revision', 'edit_ratio': ?::DOUBLE})`,
          [check.editRatio],
        );
      },
    });
    return comparisonId;
  }
}

/** The prompt in the plan's dataset: the one with the same text where it is there, else a copy. */
async function addPrompt(plan: Plan, from: number): Promise<number> {
  const known = await plan.all<{ id: number }>(
    `SELECT p.prompt_id AS id FROM prompt p JOIN prompt o ON o.prompt_id = ? AND p.text = o.text AND p.messages IS NOT DISTINCT FROM o.messages
     WHERE p.dataset_id = ? ORDER BY p.prompt_id LIMIT 1`,
    [from, plan.datasetId],
  );
  const [first] = known;
  if (first) return first.id;
  const { id } = await plan.one<{ id: number }>('SELECT prompt AS id FROM next_id');
  await plan.run(
    `INSERT INTO ${cell} SELECT 'prompts', ${id}, 'row', NULL, to_json({'prompt_id': ${id}::BIGINT, 'dataset_id': ?::INTEGER, 'text': x.text,
       'messages': x.messages, 'text_key': md5_number(x.text)::VARCHAR, 'chars': x.chars, 'turns': x.turns, 'import_id': 0})
     FROM prompt x WHERE x.prompt_id = ?`,
    [plan.datasetId, from],
  );
  return id;
}

const problemTexts: Readonly<Record<RevisionCheck['problems'][number], string>> = {
  empty: 'it is empty',
  unchanged: 'it is the response itself',
  repeats_last_sentence: 'a text says its last sentence more than once',
  repeats_last_word: 'the last word of a text occurs more than 30 times',
};

function refuseUseless(check: RevisionCheck, maxEditRatio: number | undefined): void {
  const [problem] = check.problems;
  if (problem)
    throw new AppError('EDIT_INVALID', `The revision was not saved: ${problemTexts[problem]}.`, { problem });
  if (maxEditRatio !== undefined && check.editRatio > maxEditRatio)
    throw new AppError(
      'EDIT_INVALID',
      `The revision was not saved: it changes ${check.editRatio.toFixed(2)} of the tokens, more than ${maxEditRatio}.`,
      { editRatio: check.editRatio },
    );
}

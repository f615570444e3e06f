import type { Database } from '../../../native/duckdb/database.ts';
import type {
  CandidateDistribution,
  ContinuationScore,
  Generation,
  InferenceModel,
} from '../../../native/host/inference.ts';
import { AppError } from '../../contract/app-error.ts';
import type { JudgeRequest } from '../../contract/judging.contract.ts';
import { type JudgeItem, readItems } from './item-reader.ts';
import { judgeItem, type JudgeSetting } from './judge-item.ts';
import type { JudgingService } from './judging.service.ts';
import { getProtocol } from './protocols/registry.ts';

export interface JudgePreview {
  readonly exampleId: string;
  readonly prompts: { template: string; text: string }[];
  readonly result: Record<string, unknown> | null;
}

export type PreviewRequest = JudgeRequest & {
  readonly itemId?: number | undefined;
  readonly ask: boolean;
  /** Templates that are not saved, by name. */
  readonly texts?: Readonly<Record<string, string>>;
};

/**
 * One row through a protocol, with every prompt as the model reads it. Without `ask` no model is loaded: a stand-in
 * answers “…” so that the prompts of later steps can be shown too, and no result is given.
 */
export async function previewItem(
  judging: JudgingService,
  database: Database,
  { itemId, ask, texts = {}, ...request }: PreviewRequest,
  signal?: AbortSignal,
): Promise<JudgePreview> {
  const item = await pickItem(judging, database, request, itemId);
  const prompts: { template: string; text: string }[] = [];
  const onRender = (template: string, text: string) => prompts.push({ template, text });
  const exampleId = await readExampleId(database, item);
  if (!ask) {
    const setting = await makeStandIn(judging, request, texts);
    await judgeItem({ ...setting, onRender }, item).catch((error: unknown) => {
      if (prompts.length === 0) throw error;
    });
    return { exampleId, prompts, result: null };
  }
  const setting = await judging.prepare(request, { texts, signal });
  const judged = await judgeItem({ ...setting, onRender }, item);
  const result = judged.subject === 'pair' ? judged.judgement : judged.score;
  return { exampleId, prompts, result: { ...result, ms: judged.ms } };
}

async function pickItem(
  judging: JudgingService,
  database: Database,
  request: JudgeRequest,
  itemId: number | undefined,
): Promise<JudgeItem> {
  const protocol = getProtocol(request.protocol);
  const source = await judging.selectItems(request, protocol);
  const first =
    itemId ??
    (await database.find<{ id: number }>(`SELECT min(item_id) AS id FROM (${source.sql})`, source.parameters))
      ?.id;
  const [item] =
    first === undefined || first === null ? [] : await readItems(database, protocol.subject, [first]);
  if (item) return item;
  throw new AppError(
    'ROW_MISSING',
    'There is no row to preview the prompt on. Choose a dataset or view with rows.',
  );
}

async function readExampleId(database: Database, item: JudgeItem): Promise<string> {
  const [table, key] =
    item.subject === 'pair' ? ['comparison', 'comparison_id'] : ['response', 'response_id'];
  const row = await database.find<{ exampleId: string | null }>(
    `SELECT example_id AS "exampleId" FROM ${table} WHERE ${key} = ?`,
    [item.itemId],
  );
  return row?.exampleId ?? String(item.itemId);
}

const none = { prompt: 0, reused: 0, generated: 0 };

const standIn: InferenceModel = {
  identity: {
    name: 'preview',
    hash: '',
    kind: 'gguf',
    architecture: null,
    quantisation: null,
    contextSize: Number.MAX_SAFE_INTEGER,
    capabilities: ['score', 'decide', 'generate', 'embed', 'rank'],
  },
  concurrency: 1,
  score: async (): Promise<ContinuationScore> => ({ logprobs: [-1], sum: -1, count: 1, use: none }),
  decide: async (_input, candidates): Promise<CandidateDistribution> => ({
    probabilities: candidates.map(() => 1 / candidates.length),
    coverage: 1,
    use: none,
  }),
  generate: async (): Promise<Generation> => ({ text: '…', finish: 'stop', use: none }),
  embed: async () => Float32Array.of(1),
  rank: async () => 0.5,
  countTokens: async (text) => Math.ceil(text.length / 4),
};

async function makeStandIn(
  judging: JudgingService,
  request: JudgeRequest,
  texts: Readonly<Record<string, string>>,
): Promise<JudgeSetting> {
  const protocol = getProtocol(request.protocol);
  return {
    protocol,
    request,
    params: protocol.params.parse(request.params),
    templates: await judging.templates.choose(protocol, request.templates, texts),
    models: new Map(protocol.roles.map((role) => [role.id, [standIn]])),
    shared: undefined,
  };
}

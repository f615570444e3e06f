import type { Database } from '../../../../native/duckdb/database.ts';
import type { ModelInput } from '../../../../native/host/inference.ts';
import type { AuditPlan, AuditSpec } from '../../../contract/audit.contract.ts';
import type { AuditService } from '../audit.service.ts';
import type { ModelCall } from '../audits/model-question.ts';
import { AnswerRepository, hashCall } from './answer.repository.ts';

/** Characters of a token, roughly. */
const charactersPerToken = 4;

/**
 * What the model audits of a run would ask: the questions of their first round, those already answered, and the tokens of
 * the rest. Nothing is asked. Throws as a run does.
 */
export async function planAudits(
  database: Database,
  audits: AuditService,
  spec: AuditSpec,
  signal?: AbortSignal,
): Promise<AuditPlan> {
  const models = await audits.chooseModels(spec);
  const answers = new AnswerRepository(database);
  const planned: AuditPlan['audits'] = [];
  let minutes: number | null = 0;
  for (const { audit, role, questions } of await audits.listQuestions(spec, { models, round: 0, signal })) {
    const byHash = new Map(questions.map(({ call }) => [hashCall(call), call]));
    const model = models.get(role);
    const missing = await answers.listMissing(model?.hash ?? '', [...byHash.keys()], null);
    const calls = [...byHash].filter(([hash]) => missing.has(hash)).map(([, call]) => call);
    const promptTokens = Math.ceil(sum(calls.map(countCharacters)) / charactersPerToken);
    const generatedTokens = sum(calls.map((call) => (call.operation === 'generate' ? call.maxTokens : 0)));
    const speed = model?.benchmark;
    if (!speed) minutes = calls.length === 0 ? minutes : null;
    else if (minutes !== null)
      minutes +=
        (promptTokens / speed.promptTokensPerSecond + generatedTokens / speed.generationTokensPerSecond) / 60;
    planned.push({
      audit: audit.id,
      title: audit.title,
      calls: byHash.size,
      answered: byHash.size - missing.size,
      promptTokens,
      generatedTokens,
      hasMore: audit.passes.length > 1,
    });
  }
  const total = (key: 'calls' | 'answered' | 'promptTokens' | 'generatedTokens') =>
    sum(planned.map((one) => one[key]));
  return {
    audits: planned,
    calls: total('calls'),
    answered: total('answered'),
    promptTokens: total('promptTokens'),
    generatedTokens: total('generatedTokens'),
    minutes,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function lengthOf(input: ModelInput): number {
  if ('text' in input) return input.text.length;
  return sum(input.messages.map(({ content }) => content.length)) + (input.answer?.length ?? 0);
}

function countCharacters(call: ModelCall): number {
  if (call.operation === 'embed') return call.text.length;
  return lengthOf(call.input) + (call.operation === 'score' ? call.continuation.length : 0);
}

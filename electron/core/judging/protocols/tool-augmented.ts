import { z } from 'zod';
import stepPrompt from '../../../../resources/prompts/tools/step.md?raw';
import verdictPrompt from '../../../../resources/prompts/tools/verdict.md?raw';
import type { TokenUse } from '../../../../native/host/inference.ts';
import { askJson, askVerdict, concludeVerdicts } from '../ask.ts';
import { askOrders, countOrders, type Slots } from '../both-orders.ts';
import { addUse } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { JudgePair, JudgeTools, PairProtocol } from '../protocol.ts';
import { codeToolName, makeCodeTool, settleByCode } from '../tools/code-tool.ts';
import { arithmetic, type JudgeTool, makeDocumentTool, type ToolCall, useTool } from '../tools/tool-box.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  maxCalls: z.number().int().min(1).max(8).default(3).describe('Tool calls per order, at most.'),
  documents: z
    .array(z.object({ name: z.string().min(1).max(200), text: z.string().min(1).max(200_000) }))
    .max(50)
    .default([])
    .describe('Your own reference documents the judge may search.'),
  runCode: z
    .boolean()
    .default(false)
    .describe(
      'Off: no code is run. On: the judge may run JavaScript of the responses and tests of its own, in a locked-down process without files, network or environment, at most 5 seconds and 64 MiB each.',
    ),
});
type Params = z.infer<typeof paramsSchema>;

function spell(calls: readonly ToolCall[]): string {
  if (calls.length === 0) return '(nothing yet)';
  return calls
    .map(
      ({ thought, tool, input, observation }) =>
        `Thought: ${thought}\nAction: ${tool}\nInput: ${input}\nObservation: ${observation}`,
    )
    .join('\n\n');
}

const boxes = new WeakMap<Params, readonly JudgeTool[]>();

/** The tools of a run; the words of its documents are listed once, not again for every pair. */
function openToolBox(params: Params): readonly JudgeTool[] {
  const { documents } = params;
  const box = boxes.get(params) ?? [
    ...arithmetic,
    ...(documents.length > 0 ? [makeDocumentTool(documents)] : []),
  ];
  boxes.set(params, box);
  return box;
}

/**
 * The side the tools settle: the only response that contains the last observation as a word of its own. Null where both
 * or neither do, or the observation is an error or a passage. Code settles by `settleByCode`.
 */
export function settleByTools(
  calls: readonly ToolCall[],
  pair: Pick<JudgePair, 'responseA' | 'responseB'>,
): 'a' | 'b' | null {
  const last = calls
    .filter((call) => !call.isError && ![codeToolName, 'documents'].includes(call.tool))
    .at(-1);
  if (!last) return null;
  const escaped = last.observation.replace(/ days$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}.])${escaped}(?![\\p{L}\\p{N}]|\\.\\d)`, 'iu');
  const [inA, inB] = [pattern.test(pair.responseA), pattern.test(pair.responseB)];
  return inA === inB ? null : inA ? 'a' : 'b';
}

async function investigate(
  pair: JudgePair,
  slots: Slots,
  tools: JudgeTools<Params>,
  shared: readonly JudgeTool[],
) {
  const box = tools.params.runCode ? [...shared, makeCodeTool(slots, tools.signal)] : shared;
  const uses: TokenUse[] = [];
  const calls: ToolCall[] = [];
  const names = ['none', ...box.map((tool) => tool.name)];
  const schema = z.object({
    thought: z.string().max(600),
    tool: z.literal(names),
    input: z.string().max(600),
  });
  let failures = 0;
  while (calls.length < tools.params.maxCalls) {
    const input = tools.render('step', {
      ...fillPair(pair, slots),
      tools: box.map((tool) => tool.help).join('\n'),
      history: spell(calls),
    });
    const step = await askJson(tools, input, schema, { maxTokens: 400 });
    uses.push(step.use);
    failures += step.invalidCalls;
    if (!step.value || step.value.tool === 'none') break;
    calls.push(await useTool(box, step.value));
  }
  return { calls, uses, failures };
}

/** The judge checks claims with local, deterministic tools before it decides. */
export const toolAugmented: PairProtocol<Params> = {
  id: 'tool-augmented',
  subject: 'pair',
  title: 'With tools',
  description:
    'The judge may use a calculator, a calendar, your own documents and, where you allow it, JavaScript tests in a locked-down process before its verdict. What the tools settle is stored beside the model’s label and never replaces it. Nothing is fetched from anywhere.',
  section: '2.5',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate', 'decide'] }],
  templates: [
    definePairTemplate('step', 'A step', stepPrompt, ['tools', 'history']),
    definePairTemplate('verdict', 'Verdict', verdictPrompt, ['history']),
  ],
  outputs: [
    { name: 'tool_trace', type: 'json', description: 'Thoughts, calls and observations by order' },
    { name: 'tool_label', type: 'category', description: 'The side the tools settle, if they do' },
    {
      name: 'tool_conflict',
      type: 'category',
      description: 'Whether the model’s label contradicts the tools',
    },
  ],
  estimate(lengths, { maxCalls }, orders) {
    const sides = countOrders(orders);
    const read = lengths.prompt + 2 * lengths.response + 2 * templateTokens;
    return {
      calls: sides * (maxCalls + 1),
      prompt: sides * (maxCalls + 1) * read,
      reused: sides * maxCalls * read,
      generated: sides * maxCalls * 100,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const box = openToolBox(tools.params);
    const { readings } = await askOrders(pair, tools, async (slots) => {
      const { calls, uses, failures } = await investigate(pair, slots, tools, box);
      const answer = await askVerdict(
        tools,
        tools.render('verdict', { ...fillPair(pair, slots), history: spell(calls) }),
      );
      return { ...answer, calls, failures, use: addUse([...uses, answer.use]) };
    });
    const { verdict: concluded } = concludeVerdicts(readings, tools.orders);
    const { label } = concluded;
    const settled = new Set(
      readings.flatMap(({ calls, first }) => settleByCode(calls, first) ?? settleByTools(calls, pair) ?? []),
    );
    const [toolLabel = null] = settled.size === 1 ? [...settled] : [];
    return {
      ...concluded,
      calls: readings.reduce((sum, reading) => sum + reading.calls.length + 1, 0),
      invalidCalls: concluded.invalidCalls + readings.reduce((sum, reading) => sum + reading.failures, 0),
      rationale: readings[0] && readings[0].calls.length > 0 ? spell(readings[0].calls) : null,
      detail: {
        tool_trace: readings.map(({ first, calls }) => ({ first, calls })),
        tool_label: toolLabel,
        tool_conflict: toolLabel !== null && (label === 'a' || label === 'b') && label !== toolLabel,
        has_tool_error: readings.some((reading) => reading.calls.some((call) => call.isError)),
      },
    };
  },
};

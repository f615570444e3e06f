import { z } from 'zod';
import turn from '../../../../resources/prompts/debate/turn.md?raw';
import verdict from '../../../../resources/prompts/debate/verdict.md?raw';
import type { TokenUse } from '../../../../native/host/inference.ts';
import { askText, askVerdict } from '../ask.ts';
import { arrange, countOrders, listOrders } from '../both-orders.ts';
import { decideJury, type Verdict } from '../jury.ts';
import { addUse, combineOrders } from '../pair-record.ts';
import { definePairTemplate, fillPair } from '../pair-templates.ts';
import type { JudgePair, JudgeTools, PairProtocol } from '../protocol.ts';
import { templateTokens } from '../verdict.ts';

const paramsSchema = z.object({
  rounds: z.number().int().min(1).max(5).default(2).describe('Rounds of discussion before the verdicts.'),
  maxTokens: z.number().int().min(16).max(2_048).default(200),
});
type Params = z.infer<typeof paramsSchema>;

interface Turn {
  readonly part: string;
  readonly round: number;
  readonly text: string;
}

const personas: Readonly<Record<string, string>> = {
  'general public': 'an interested layperson who cares whether the response is useful and easy to follow.',
  psychologist: 'a psychologist who cares how the response treats the person who asked.',
  critic: 'an expert critic who looks for mistakes, omissions and unsupported claims.',
};

async function holdDebate(pair: JudgePair, tools: JudgeTools<Params>, first: 'a' | 'b') {
  const slots = arrange(pair, first);
  const uses: TokenUse[] = [];
  const transcript: Turn[] = [];
  const spell = () => transcript.map(({ part, text }) => `${part}: ${text}`).join('\n\n') || '(nothing yet)';
  for (let round = 1; round <= tools.params.rounds; round++) {
    for (const [part, persona] of Object.entries(personas)) {
      const input = tools.render('turn', { ...fillPair(pair, slots), persona, history: spell() });
      const said = await askText(tools, input, { maxTokens: tools.params.maxTokens });
      uses.push(said.use);
      transcript.push({ part, round, text: said.text });
    }
  }
  const answers = await Promise.all(
    Object.entries(personas).map(async ([part, persona]) => {
      const input = tools.render('verdict', { ...fillPair(pair, slots), persona, history: spell() });
      return { part, ...(await askVerdict(tools, input)) };
    }),
  );
  const votes = answers.flatMap(({ part, pFirst }) => {
    if (pFirst === null) return [];
    const label: Verdict =
      Math.abs(pFirst - 0.5) < tools.orders.tieEpsilon ? 'tie' : pFirst > 0.5 === (first === 'a') ? 'a' : 'b';
    return { part, label };
  });
  const mode = decideJury(
    votes.map((vote) => vote.label),
    'tie',
  );
  const pFirst = mode === undefined ? null : mode === 'tie' ? 0.5 : mode === first ? 1 : 0;
  return { first, pFirst, transcript, votes, use: addUse([...uses, ...answers.map((answer) => answer.use)]) };
}

/** Three parts discuss, then each gives a verdict; the panel’s label is their mode. */
export const debate: PairProtocol<Params> = {
  id: 'debate',
  subject: 'pair',
  title: 'Debate of three',
  description:
    'A layperson, a psychologist and a critic, all played by one model, discuss the pair and then vote. Nine calls per order.',
  section: '2.2',
  evidence: 'confirmed',
  params: paramsSchema,
  roles: [{ id: 'judge', title: 'Judge', needs: ['generate', 'decide'] }],
  templates: [
    definePairTemplate('turn', 'A turn of the discussion', turn, ['persona', 'history']),
    definePairTemplate('verdict', 'Verdict', verdict, ['persona', 'history']),
  ],
  outputs: [
    { name: 'transcript', type: 'json', description: 'Who said what, by round and order' },
    { name: 'votes', type: 'json', description: 'The verdict of each part, by order' },
  ],
  estimate(lengths, { rounds, maxTokens }, orders) {
    const turns = 3 * rounds + 3;
    const read = lengths.prompt + 2 * lengths.response + templateTokens + (turns / 2) * maxTokens;
    const sides = countOrders(orders);
    return {
      calls: sides * turns,
      prompt: sides * turns * read,
      reused: 0,
      generated: sides * 3 * rounds * maxTokens,
      embeddings: 0,
    };
  },
  async judge(pair, tools) {
    const debates = await Promise.all(
      listOrders(tools.orders, tools.random).map((first) => holdDebate(pair, tools, first)),
    );
    const combined = combineOrders(debates, {
      policy: tools.orders.order,
      tieEpsilon: tools.orders.tieEpsilon,
    });
    return {
      ...combined,
      calls: debates.length * (3 * tools.params.rounds + 3),
      invalidCalls: debates.reduce((sum, one) => sum + 3 - one.votes.length, 0),
      rationale: debates[0]?.transcript.at(-1)?.text ?? null,
      isTruncated: false,
      failReason: combined.label === 'invalid' ? 'No part of the panel gave a verdict.' : null,
      use: addUse(debates.map((one) => one.use)),
      detail: {
        transcript: debates.map(({ first, transcript }) => ({ first, turns: transcript })),
        votes: debates.map(({ first, votes }) => ({ first, votes })),
      },
    };
  },
};

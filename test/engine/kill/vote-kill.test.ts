import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { principleRequestSchema } from '../../../electron/contract/constitution.contract.ts';
import { PrincipleService } from '../../../electron/core/constitution/principles/principle.service.ts';
import { openWorkspace } from '../../../electron/core/workspace/workspace.ts';
import { makeFolder, startProgram } from '../../support/e2e/command.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
} from '../../support/judging/planted-voter.ts';
import { storePairs } from '../constitution/pair-workspace.ts';

/** `ASSAY_VOTE_PAIRS=10000 ASSAY_VOTE_PRINCIPLES=40` runs it at full length. */
const pairs = Number(process.env.ASSAY_VOTE_PAIRS ?? 300);
const principles = Number(process.env.ASSAY_VOTE_PRINCIPLES ?? 10);
const votes = pairs * principles;
/** Milliseconds a round may take: two minutes, and ten for each vote. */
const patience = 120_000 + 10 * votes;
const built = path.resolve('out/vote-process');
const { folder, remove } = makeFolder('assay-vote-kill');
const directory = path.join(folder, 'w.assay');

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'test/support/judging/vote-process.ts',
      target: 'node20',
      outDir: built,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: 'vote-process.js' } },
    },
  });
});
afterAll(remove);

const logOf = (round: number) => path.join(folder, `asked-${round}.tsv`);
const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
const start = (run: number, round: number) =>
  startProgram(process.execPath, [path.join(built, 'vote-process.js'), directory, String(run), logOf(round)]);

async function prepare(): Promise<number> {
  const rules: readonly Planted[] = Array.from({ length: principles }, (_, index) => ({
    mark: `{m${index}}`,
    relevance: 0.9 / principles,
    accuracy: 0.8,
  }));
  const workspace = await openWorkspace(directory);
  const datasetId = await storePairs(workspace, plantPairs(rules, pairs, 3));
  const service = new PrincipleService({
    database: workspace.database,
    models: { acquire: async () => createPlantedVoter() },
    appVersion: '1.0.0',
  });
  const run = await service.create(
    principleRequestSchema.parse({
      datasetId,
      modelId: 'm',
      propose: 'texts',
      texts: rules.map(principleOf),
      sample: pairs,
      clusters: principles,
    }),
  );
  await workspace.close();
  return run;
}

/** Votes known to be on disk, by pair and principle. */
const known = new Uint8Array(votes);
const placeOf = (question: number, mark: number) => question * principles + mark;

/** How many questions a round asked, and how many of them are of votes that were on disk before it. */
function readLog(round: number): { asked: number; again: number } {
  let [asked, again] = [0, 0];
  for (const line of readFileSync(logOf(round), 'utf8').split('\n')) {
    const [, question, mark] = /^(\d+)\t.*\{m(\d+)\}$/.exec(line) ?? [];
    if (question === undefined) continue;
    asked += 1;
    again += known[placeOf(Number(question), Number(mark))] ?? 0;
  }
  return { asked, again };
}

async function look(round: number): Promise<{ n: number; distinct: number; again: number; asked: number }> {
  const { asked, again } = readLog(round);
  const workspace = await openWorkspace(directory);
  const { question = new Float64Array(0), mark = new Float64Array(0) } = await workspace.database.withReader(
    (session) =>
      session.columns(
        `SELECT c.example_id::DOUBLE AS question, regexp_extract(p.text, '\\{m(\\d+)\\}', 1)::DOUBLE AS mark
         FROM principle_vote v JOIN comparison c USING (comparison_id) JOIN principle p USING (principle_id)`,
      ),
  );
  await workspace.close();
  known.fill(0);
  question.forEach((number, index) => (known[placeOf(number, mark[index] ?? 0)] = 1));
  return { n: question.length, distinct: known.reduce((sum, one) => sum + one, 0), again, asked };
}

async function waitFor(holds: () => boolean): Promise<void> {
  const until = performance.now() + patience;
  while (performance.now() < until) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('waited for too long');
}

describe('votes on principles whose process is killed', () => {
  it(
    `${pairs} pairs × ${principles} principles: after two SIGKILLs nothing on disk is asked again and none is missing or double`,
    async () => {
      const run = await prepare();
      const bytesOfVote = 'Select the response that has {m0}'.length + 6;
      let kept = 0;
      for (const round of [1, 2]) {
        const voting = start(run, round);
        const before = sizeOf(logOf(round));
        await waitFor(() => sizeOf(logOf(round)) - before > 2 * bytesOfVote * votes * 0.3);
        voting.child.kill('SIGKILL');
        expect((await voting.finished).signal).toBe('SIGKILL');
        const now = await look(round);
        expect(now.n).toBe(now.distinct);
        expect(now.n).toBeGreaterThan(kept);
        expect(now.n).toBeLessThan(votes);
        expect(now.again).toBe(0);
        kept = now.n;
      }
      const startedAt = performance.now();
      const last = start(run, 3);
      expect((await last.finished).stdout.trim()).toBe('succeeded');
      const seconds = (performance.now() - startedAt) / 1_000;
      const end = await look(3);
      // Both orders of what was left, and nothing else.
      expect(end).toEqual({ n: votes, distinct: votes, again: 0, asked: 2 * (votes - kept) });
      console.log(
        `${kept} of ${votes} votes kept over two kills; ${votes - kept} votes and the constitution in ${seconds.toFixed(1)} s`,
      );
    },
    4 * patience,
  );
});

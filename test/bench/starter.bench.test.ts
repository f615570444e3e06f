import { writeFileSync } from 'node:fs';
import { afterAll, describe, it } from 'vitest';
import { exactInterval } from '../../electron/core/statistics/clopper-pearson.ts';
import { hashWords } from '../../electron/core/constitution/principles/merge-principles.ts';
import { principleTemplates } from '../../electron/core/constitution/principles/templates.ts';
import { letterForms } from '../../electron/core/judging/verdict.ts';
import { renderTemplate } from '../../electron/core/judging/template.ts';
import type { InferenceModel } from '../../native/host/inference.ts';
import { type Figure, printFigures } from './measure.ts';
import {
  askVote,
  heldOutFile,
  type HeldOut,
  type HeldOutPair,
  type HeldOutQuestion,
  mapConcurrently,
  openShipped,
  readHeldOut,
  startStarterEngine,
} from './starter-rig.ts';

const heldOut = readHeldOut();
const engine = startStarterEngine();
const report: Record<string, unknown> = {};
afterAll(async () => {
  await engine.close();
  const target = process.env['ASSAY_STARTER_REPORT'];
  if (target) writeFileSync(target, `${JSON.stringify(report, null, 2)}\n`);
});

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const share = (values: readonly boolean[]) => mean(values.map(Number));

interface Asked extends HeldOutQuestion {
  /** What each order says, seen from the first text of the pair: A, B or C. */
  readonly said: readonly [string, string];
  /** By both orders together. */
  readonly together: string;
  readonly coverage: number;
  /** In how many of the two orders the first slot has more probability than the second. */
  readonly firstSlot: number;
}

const letters = ['A', 'B', 'C'];
const most = (values: readonly number[]) => letters[values.indexOf(Math.max(...values))] ?? 'C';

async function askPair(model: InferenceModel, pair: HeldOutPair): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const question of pair.questions) {
    const [ab, ba] = await Promise.all([
      askVote(model, [pair.first, pair.second], question.text),
      askVote(model, [pair.second, pair.first], question.text),
    ]);
    const forward = [ab.first, ab.second, ab.neither];
    const backward = [ba.second, ba.first, ba.neither];
    asked.push({
      ...question,
      said: [most(forward), most(backward)],
      together: most(forward.map((value, index) => value + (backward[index] ?? 0))),
      coverage: Math.min(ab.coverage, ba.coverage),
      firstSlot: Number(ab.first > ab.second) + Number(ba.first > ba.second),
    });
  }
  return asked;
}

/** Accuracy of one principle where it selects a response, one order at a time. */
function scorePrinciples(asked: readonly Asked[], { principles }: HeldOut, part: 'seen' | 'unseen') {
  return principles.map(({ trait, prefers, seen }, principle) => {
    const own = asked.filter((one) => one.part === part && one.principle === principle && one.answer !== 'C');
    const hits = own.flatMap(({ said, answer }) => said.map((one) => one === answer));
    return { trait, prefers, text: seen[0] ?? '', n: hits.length, accuracy: share(hits) };
  });
}

describe.skipIf(!heldOut)(
  `the starter model on held-out texts (${heldOut ? 'here' : `absent: ${heldOutFile}`})`,
  () => {
    const data = heldOut ?? { principles: [], pairs: [], judged: [] };

    it('votes by stated principles', async () => {
      const model = await openShipped(engine, 'starter');
      const asked = (await mapConcurrently(data.pairs, 4, (pair) => askPair(model, pair))).flat();
      const told = asked.filter(({ answer }) => answer !== 'C');
      const figures: Figure[] = [];
      for (const part of ['seen', 'unseen'] as const) {
        const principles = scorePrinciples(asked, data, part);
        report[part] = principles;
        const own = told.filter((one) => one.part === part);
        const neither = asked.filter((one) => one.part === part && one.answer === 'C');
        figures.push(
          {
            what: `${part} phrasings: mean accuracy over principles`,
            value: mean(principles.map((one) => one.accuracy)),
            unit: '',
            bar: part === 'seen' ? '0.85' : '0.75',
          },
          {
            what: `${part} phrasings: the same by both orders together`,
            value: share(own.map(({ together, answer }) => together === answer)),
            unit: '',
          },
          {
            what: `${part} phrasings: neither is said where neither holds`,
            value: share(neither.flatMap(({ said }) => said.map((one) => one === 'C'))),
            unit: '',
          },
          {
            what: `${part} phrasings: principles under 0.65`,
            value: principles.filter((one) => one.accuracy < 0.65).length,
            unit: `of ${principles.length}`,
          },
        );
      }
      figures.push(
        {
          what: 'both orders agree',
          value: share(asked.map(({ said }) => said[0] === said[1])),
          unit: '',
          bar: '0.9',
        },
        {
          what: 'first slot preferred beyond one half',
          value: Math.abs(mean(told.map((one) => one.firstSlot / 2)) - 0.5),
          unit: '',
          bar: 'under 0.03',
        },
        {
          what: 'smallest mean mass on A, B and C',
          value: mean(asked.map((one) => one.coverage)),
          unit: '',
          bar: '0.95',
        },
        { what: 'questions', value: asked.length, unit: 'in both orders' },
      );
      report['votes'] = figures;
      printFigures('Starter model: votes on held-out texts', figures);
    });

    it('is asked which response people preferred', async () => {
      const model = await openShipped(engine, 'starter');
      const results = await mapConcurrently(data.judged, 4, async ({ set, first, second, label }) => {
        const ask = async (response_1: string, response_2: string) => {
          const input = renderTemplate(principleTemplates.plainJudge, { prompt: '', response_1, response_2 });
          const { probabilities } = await model.decide(input, letterForms);
          return probabilities[0] ?? 0.5;
        };
        try {
          const pFirst = ((await ask(first, second)) + 1 - (await ask(second, first))) / 2;
          return { set, isRight: pFirst > 0.5 === (label === 'a') };
        } catch {
          return { set, isRight: null };
        }
      });
      const sets = [...new Set(results.map((one) => one.set))].map((set) => {
        const own = results.filter((one) => one.set === set && one.isRight !== null);
        const right = own.filter((one) => one.isRight).length;
        const interval = exactInterval(right, own.length);
        return { set, n: own.length, accuracy: right / own.length, interval };
      });
      report['preference'] = sets;
      console.log('\nStarter model: agreement with people on held-out pairs (both orders)');
      for (const { set, n, accuracy, interval } of sets)
        console.log(`  ${set.padEnd(12)} ${accuracy.toFixed(3)}  n ${n}  ${JSON.stringify(interval)}`);
    });

    it('proposes principles and names one in a rationale', async () => {
      const model = await openShipped(engine, 'starter');
      const written = data.pairs.filter((pair) => pair.truths !== null);
      const answers = await mapConcurrently(written, 4, async ({ first, second, truths, lies }) => {
        const values = { prompt: '', response_1: first, response_2: second, chosen: 'A', count: '3' };
        const input = renderTemplate(principleTemplates.neutral, values);
        const { text } = await model.generate(input, { temperature: 0, seed: 1, maxTokens: 220 });
        const named = [...text.matchAll(/Select the response that ([^"]+)"/g)].map(([, name = '']) => name);
        const known = named.filter(
          (name) => truths?.includes(name) === true || lies?.includes(name) === true,
        );
        return {
          named: named.length,
          known: known.length,
          right: known.filter((name) => truths?.includes(name)).length,
          isFirstRight: truths?.includes(named[0] ?? '') === true,
        };
      });
      const sum = (pick: (one: (typeof answers)[number]) => number) =>
        answers.reduce((total, one) => total + pick(one), 0);
      const figures: Figure[] = [
        {
          what: 'principles proposed for a pair',
          value: sum((one) => one.named) / answers.length,
          unit: 'of 3 asked for',
        },
        {
          what: 'of those that tell the texts apart: true of the chosen one',
          value: sum((one) => one.right) / sum((one) => one.known),
          unit: '',
        },
        {
          what: 'of all proposed: true of the chosen one',
          value: sum((one) => one.right) / sum((one) => one.named),
          unit: '',
        },
        {
          what: 'first proposal true of the chosen one',
          value: share(answers.map((one) => one.isFirstRight)),
          unit: `n ${answers.length}`,
        },
      ];
      report['proposals'] = figures;
      printFigures('Starter model: proposals on held-out texts', figures);
    });

    it('embeds phrasings of one principle near each other', async () => {
      const model = await openShipped(engine, 'starter-embedder');
      const texts = data.principles.map(({ seen, unseen }) => [seen[0] ?? '', unseen[0] ?? ''] as const);
      const nearest = (vectors: readonly (readonly [Float32Array, Float32Array])[]) =>
        share(
          vectors.map(([, other], own) => {
            const dots = vectors.map(([first]) =>
              first.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0),
            );
            return dots.indexOf(Math.max(...dots)) === own;
          }),
        );
      const ours: [Float32Array, Float32Array][] = [];
      for (const [first, other] of texts) ours.push([await model.embed(first), await model.embed(other)]);
      const figures: Figure[] = [
        {
          what: 'an unseen phrasing is nearest to its own principle',
          value: nearest(ours),
          unit: `of ${texts.length}`,
        },
        {
          what: 'the same with hashed words',
          value: nearest(texts.map(([first, other]) => [hashWords(first), hashWords(other)] as const)),
          unit: '',
        },
      ];
      report['embedding'] = figures;
      printFigures('Starter embedder', figures);
    });
  },
);

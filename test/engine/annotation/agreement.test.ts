import { describe, expect, it } from 'vitest';
import { type AnnotationBench, openAnnotationBench, overall, says } from './annotation-bench.ts';

/** Answers of two raters to the first items of the queue, in its order. */
async function answerAll(
  bench: AnnotationBench,
  projectId: number,
  answers: readonly (readonly ('a' | 'b' | 'tie')[])[],
): Promise<number[]> {
  const raters: number[] = [];
  for (const [place, own] of answers.entries()) {
    const raterId = await bench.addRater(['Ann', 'Ben', 'Cem'][place] ?? String(place));
    raters.push(raterId);
    for (const label of own) await bench.answer({ projectId, raterId }, () => says(label));
  }
  return raters;
}

describe('agreement', () => {
  it('is Cohen’s κ .4, Fleiss’ κ .394 and α .424 on a table worked by hand, with n and intervals; would catch compared keys', async () => {
    const bench = await openAnnotationBench(10);
    const projectId = await bench.create({ overlap: 2 });
    const ann = ['a', 'a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'] as const;
    const ben = ['a', 'a', 'a', 'a', 'b', 'b', 'a', 'b', 'b', 'b'] as const;
    await answerAll(bench, projectId, [ann, ben]);
    const { questions, raters } = await bench.service.measureAgreement(projectId);
    const [question] = questions;
    // table a/a 4, a/b 2, b/a 1, b/b 3: po = .7; marginals a .6/.5, b .4/.5: pe = .3 + .2 = .5; κ = .2/.5
    expect(question?.pairs).toHaveLength(1);
    expect(question?.pairs[0]?.observed).toBeCloseTo(0.7, 12);
    expect(question?.pairs[0]?.kappa.value).toBeCloseTo(0.4, 12);
    expect(question?.pairs[0]?.kappa.n).toBe(10);
    // coincidences: ab and ba 3 each, n_a = 11, n_b = 9, n = 20: α = 1 − 19 · 3/(11 · 9) = .42424…
    expect(question?.alpha.value).toBeCloseTo(1 - (19 * 3) / 99, 12);
    expect(question?.alpha.n).toBe(10);
    // Fleiss: P̄ = .7, Pe = .55² + .45² = .505: κ = .195/.495
    expect(question?.fleiss.value).toBeCloseTo(0.195 / 0.495, 12);
    for (const figure of [question?.alpha, question?.fleiss, question?.pairs[0]?.kappa]) {
      expect(figure?.low).toBeLessThan(figure?.value ?? 0);
      expect(figure?.high).toBeGreaterThan(figure?.value ?? 1);
    }
    expect(raters.map((one) => [one.name, one.submitted, one.medianMs])).toEqual([
      ['Ann', 10, 1000],
      ['Ben', 10, 1000],
    ]);
  });

  it('of two who always answer alike is 1, of two who never do is below 0', async () => {
    const bench = await openAnnotationBench(4);
    const alike = await bench.create({ overlap: 2 });
    const raters = await answerAll(bench, alike, [
      ['a', 'b', 'a', 'b'],
      ['a', 'b', 'a', 'b'],
    ]);
    const first = await bench.service.measureAgreement(alike);
    expect(first.questions[0]?.alpha.value).toBe(1);
    const apart = await bench.create({ overlap: 2 });
    for (const [place, raterId] of raters.entries())
      for (let n = 0; n < 4; n++)
        await bench.answer({ projectId: apart, raterId }, () => says((n + place) % 2 === 0 ? 'a' : 'b'));
    const second = await bench.service.measureAgreement(apart);
    expect(second.questions[0]?.pairs[0]?.kappa.value).toBe(-1);
    expect(second.questions[0]?.alpha.value).toBeLessThan(0);
  });

  it('of ratings counts each response, by order: 1 against 2 agrees more than 1 against 5', async () => {
    const bench = await openAnnotationBench(2);
    const rating = { id: 'help', kind: 'rating', aspect: 'help', title: 'Help', min: 1, max: 5 };
    const measure = async (second: readonly [number, number][]) => {
      const projectId = await bench.create({ questions: [rating], overlap: 2 });
      for (const [place, values] of [
        [
          [1, 5],
          [2, 4],
        ],
        second,
      ].entries()) {
        const raterId = await bench.addRater(`R${projectId}-${place}`);
        for (const [a = 1, b = 1] of values)
          await bench.answer({ projectId, raterId }, () => ({ help: { kind: 'rating', a, b } }));
      }
      return (await bench.service.measureAgreement(projectId)).questions[0];
    };
    const near = await measure([
      [2, 5],
      [2, 4],
    ]);
    const far = await measure([
      [5, 1],
      [2, 4],
    ]);
    expect(near?.pairs[0]?.kappa.n).toBe(4);
    expect(near?.alpha.value ?? 0).toBeGreaterThan(far?.alpha.value ?? 1);
  });

  it('has no value before two people have answered', async () => {
    const bench = await openAnnotationBench(2);
    const projectId = await bench.create({});
    await answerAll(bench, projectId, [['a', 'b']]);
    const { questions } = await bench.service.measureAgreement(projectId);
    expect(questions[0]).toMatchObject({ alpha: { value: null, n: 0 }, fleiss: { value: null }, pairs: [] });
  });
});

describe('adjudication', () => {
  it('lists where raters differ, and a decision is a vote beside theirs that can become the label; would catch one that overwrites', async () => {
    const bench = await openAnnotationBench(3);
    const { service, workspace } = bench;
    const projectId = await bench.create({ overlap: 2 });
    const [annId = 0] = await answerAll(bench, projectId, [
      ['a', 'a', 'b'],
      ['a', 'b', 'b'],
    ]);
    const page = { question: overall.id, offset: 0, limit: 10 };
    const { count, rows } = await service.listConflicts(projectId, page);
    expect(count).toBe(1);
    const [conflict] = rows;
    expect(conflict?.answers.map((one) => [one.rater, one.label])).toEqual([
      ['Ann', 'a'],
      ['Ben', 'b'],
    ]);
    const decision = {
      projectId,
      raterId: annId,
      comparisonId: conflict?.comparisonId ?? 0,
      question: overall.id,
      label: 'tie' as const,
      note: 'Both hold.',
      applyToLabel: true,
    };
    const decided = await service.decide(decision);
    expect(decided).toMatchObject({ revision: 1 });
    expect(decided.operationId).not.toBeNull();
    const votes = await workspace.database.all(
      'SELECT n.name, v.label FROM vote v JOIN annotator n USING (annotator_id) WHERE v.comparison_id = ? ORDER BY n.name',
      [decision.comparisonId],
    );
    expect(votes).toEqual([
      { name: 'Ann', label: 'a' },
      { name: 'Ann (adjudicator)', label: 'tie' },
      { name: 'Ben', label: 'b' },
    ]);
    const label = () =>
      workspace.database.one('SELECT label FROM comparison WHERE comparison_id = ?', [decision.comparisonId]);
    expect(await label()).toEqual({ label: 'tie' });
    expect((await service.decide({ ...decision, label: 'b', applyToLabel: false })).revision).toBe(2);
    expect(await label()).toEqual({ label: 'tie' });
    const again = await service.listConflicts(projectId, page);
    expect(again.rows[0]?.decision).toMatchObject({ label: 'b', by: 'Ann', isApplied: false });
    await expect(service.decide({ ...decision, question: 'nothing' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('leaves the votes in the dataset when the project is removed', async () => {
    const bench = await openAnnotationBench(2);
    const projectId = await bench.create({});
    await answerAll(bench, projectId, [['a', 'b']]);
    expect(await bench.service.projects.remove(projectId)).toBe(true);
    expect(await bench.service.projects.remove(projectId)).toBe(false);
    expect(await bench.workspace.database.one('SELECT count(*) AS n FROM vote')).toEqual({ n: 2 });
    expect(await bench.workspace.database.one('SELECT count(*) AS n FROM annotation_answer')).toEqual({
      n: 0,
    });
  });
});

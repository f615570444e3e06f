import { describe, expect, it } from 'vitest';
import { openAnnotationBench, overall, says } from './annotation-bench.ts';

describe('the queue', () => {
  it('is the same for the same seed and another for another one; would catch an order that follows the ids', async () => {
    const bench = await openAnnotationBench(30);
    const order = async (seed: number) => {
      const projectId = await bench.create({ seed });
      const rows = await bench.workspace.database.all<{ id: number }>(
        'SELECT comparison_id AS id FROM annotation_item WHERE project_id = ? ORDER BY pos',
        [projectId],
      );
      return rows.map((row) => row.id);
    };
    const first = await order(7);
    expect(await order(7)).toEqual(first);
    expect(await order(8)).not.toEqual(first);
    expect([...first].sort((x, y) => x - y)).not.toEqual(first);
    expect(new Set(first).size).toBe(30);
  });

  it('spreads gold items over the whole queue, one a stretch; would catch gold bunched at one end', async () => {
    const bench = await openAnnotationBench(44);
    const projectId = await bench.create({ gold: { count: 4, source: 'labels' } });
    const rows = await bench.workspace.database.all<{ pos: number }>(
      'SELECT pos FROM annotation_item WHERE project_id = ? AND gold_label IS NOT NULL ORDER BY pos',
      [projectId],
    );
    // 40 others in 4 stretches of 10 with one gold item each: stretch j spans positions 11 j … 11 j + 10
    expect(rows.map((row) => Math.floor(row.pos / 11))).toEqual([0, 1, 2, 3]);
  });

  it('puts pairs on which votes differ first, by hand: 1:1 before 2:1 before unanimous before unvoted', async () => {
    const bench = await openAnnotationBench(4);
    const { database } = bench.workspace;
    const base = bench.datasetId * 10_000_000;
    const votes: [number, number, string][] = [
      [base, 901, 'a'],
      [base, 902, 'a'],
      [base + 1, 901, 'a'],
      [base + 1, 902, 'a'],
      [base + 1, 903, 'b'],
      [base + 2, 901, 'b'],
      [base + 2, 902, 'a'],
    ];
    await database.write(async (session) => {
      for (const [pair, rater, label] of votes)
        await session.run(
          'INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, import_id) VALUES (?, ?, ?, ?, 1)',
          [pair, bench.datasetId, rater, label],
        );
    });
    const projectId = await bench.create({ order: 'disagreement' });
    const rows = await database.all<{ id: number }>(
      'SELECT comparison_id AS id FROM annotation_item WHERE project_id = ? ORDER BY pos',
      [projectId],
    );
    expect(rows.map((row) => row.id - base)).toEqual([2, 1, 0, 3]);
  });

  it('refuses “uncertainty first” without a judge, and a filter that passes nothing', async () => {
    const bench = await openAnnotationBench(2);
    await expect(bench.create({ order: 'uncertainty' })).rejects.toMatchObject({
      code: 'ANNOTATION_PROJECT_INVALID',
    });
    const nothing = { clauses: [{ op: 'ids', ids: [] }] };
    await expect(bench.create({ filter: nothing })).rejects.toMatchObject({ code: 'ANNOTATION_EMPTY' });
    expect(await bench.service.projects.list(bench.datasetId)).toEqual([]);
  });
});

describe('the desk', () => {
  it('gives every item to as many raters as the overlap, none twice to one; would catch overshoot and repeats', async () => {
    const bench = await openAnnotationBench(6);
    const projectId = await bench.create({ overlap: 2 });
    const raters = [await bench.addRater('Ann'), await bench.addRater('Ben'), await bench.addRater('Cem')];
    for (;;) {
      const desks = [];
      for (const raterId of raters) {
        const desk = await bench.service.openDesk({ projectId, raterId }, null);
        if (desk.item) desks.push(await bench.answer({ projectId, raterId }, () => says('a')));
      }
      if (desks.length === 0) break;
    }
    const rows = await bench.workspace.database.all<{ n: number; raters: number }>(
      'SELECT count(*) AS n, count(DISTINCT rater_id) AS raters FROM annotation_answer WHERE is_current GROUP BY comparison_id',
    );
    expect(rows).toEqual(Array.from({ length: 6 }, () => ({ n: 2, raters: 2 })));
    expect((await bench.service.projects.get(projectId)).complete).toBe(6);
  });

  it('shows sides in an order of its own to each rater; would catch sides that are never or always swapped', async () => {
    const bench = await openAnnotationBench(100);
    const projectId = await bench.create({ overlap: 2 });
    const seats = [await bench.addRater('Ann'), await bench.addRater('Ben')];
    for (const raterId of seats)
      for (let n = 0; n < 40; n++) await bench.answer({ projectId, raterId }, () => says('a'));
    const { first, differing, n } = await bench.workspace.database.one<{
      first: number;
      differing: number;
      n: number;
    }>(
      `SELECT count(*) FILTER (x.shown_first = 'a') AS first, count(*) FILTER (x.shown_first <> y.shown_first) AS differing, count(*) AS n
       FROM annotation_answer x JOIN annotation_answer y USING (comparison_id) WHERE x.rater_id = 1 AND y.rater_id = 2`,
    );
    expect(n).toBe(40);
    // binomial(40, ½) lies in 8…32 with probability above 0.9999
    for (const count of [first, differing]) {
      expect(count).toBeGreaterThan(8);
      expect(count).toBeLessThan(32);
    }
    const { sides } = await bench.workspace.database.one<{ sides: number }>(
      'SELECT count(*) AS sides FROM vote v JOIN annotation_assignment s USING (comparison_id, shown_first) WHERE v.annotator_id = 1 AND s.rater_id = 1',
    );
    expect(sides).toBe(40);
  });

  it('goes on where the rater left, with the draft; an older draft never replaces a newer one', async () => {
    const bench = await openAnnotationBench(5);
    const projectId = await bench.create({});
    const raterId = await bench.addRater('Ann');
    const seat = { projectId, raterId };
    const { item } = await bench.answer(seat, () => says('b'));
    const place = { ...seat, comparisonId: item?.comparisonId ?? 0 };
    const draft = (serial: number, text: string) => ({
      serial,
      ms: 500,
      answers: { reason: { kind: 'rationale' as const, text } },
    });
    await bench.service.saveDraft(place, draft(2, 'newer'));
    expect(await bench.service.saveDraft(place, draft(1, 'older'))).toBe(2);
    const desk = await bench.service.openDesk(seat, null);
    expect(desk.item).toMatchObject({ comparisonId: place.comparisonId, turn: 2, draft: draft(2, 'newer') });
    expect(desk.upcoming?.turn).toBe(3);
    expect(desk.progress).toEqual({ submitted: 1, skipped: 0, remaining: 4, itemsPerHour: 3600 });
  });

  it('refuses a pair the rater has not been given, and raters and projects that do not exist', async () => {
    const bench = await openAnnotationBench(2);
    const projectId = await bench.create({});
    const raterId = await bench.addRater('Ann');
    const { service } = bench;
    await expect(service.openDesk({ projectId, raterId }, 1)).rejects.toMatchObject({
      code: 'ANNOTATION_ITEM_MISSING',
    });
    await expect(service.openDesk({ projectId, raterId: 9 }, null)).rejects.toMatchObject({
      code: 'RATER_MISSING',
    });
    await expect(service.openDesk({ projectId: 9, raterId }, null)).rejects.toMatchObject({
      code: 'ANNOTATION_PROJECT_MISSING',
    });
    await expect(service.raters.add('ANN')).rejects.toMatchObject({ code: 'RATER_NAME_TAKEN' });
  });
});

describe('an answer', () => {
  it('writes votes, ratings and rationales that say the same; a changed answer replaces them and keeps its history', async () => {
    const bench = await openAnnotationBench(1);
    const { database } = bench.workspace;
    const rating = { id: 'help', kind: 'rating', aspect: 'helpfulness', title: 'Help', min: 1, max: 5 };
    const faults = {
      id: 'faults',
      kind: 'multi_label',
      title: 'Faults',
      options: ['Wrong', 'Rude'],
      when: { question: 'overall', is: ['both_bad'] },
    };
    const reason = { id: 'reason', kind: 'rationale', title: 'Why', isRequired: false };
    const projectId = await bench.create({ questions: [{ ...overall, points: 5 }, rating, faults, reason] });
    const raterId = await bench.addRater('Ann');
    const seat = { projectId, raterId };
    await bench.answer(seat, () => ({
      overall: { kind: 'pairwise', label: 'both_bad', strength: null },
      help: { kind: 'rating', a: 2, b: 4 },
      faults: { kind: 'multi_label', labels: ['Rude', 'Wrong'] },
      reason: { kind: 'rationale', text: 'Both are rude.' },
    }));
    const read = async () => ({
      votes: await database.all('SELECT aspect, label, strength, ms FROM vote'),
      ratings: await database.all(
        'SELECT g.aspect, g."value", scale_max AS top FROM rating g JOIN response r USING (response_id) ORDER BY r.position',
      ),
      rationales: await database.all('SELECT aspect, text FROM rationale ORDER BY aspect NULLS FIRST'),
    });
    expect(await read()).toEqual({
      votes: [{ aspect: null, label: 'both_bad', strength: null, ms: 1000 }],
      ratings: [
        { aspect: 'helpfulness', value: 2, top: 5 },
        { aspect: 'helpfulness', value: 4, top: 5 },
      ],
      rationales: [
        { aspect: null, text: 'Both are rude.' },
        { aspect: 'faults', text: 'Rude; Wrong' },
      ],
    });
    const { comparisonId } = await database.one<{ comparisonId: number }>(
      'SELECT comparison_id AS "comparisonId" FROM annotation_item',
    );
    const change = {
      ...seat,
      comparisonId,
      status: 'submitted' as const,
      skipReason: null,
      ms: 3000,
      answers: {
        overall: { kind: 'pairwise' as const, label: 'b' as const, strength: 0.5 },
        help: { kind: 'rating' as const, a: 1, b: 5 },
        faults: { kind: 'multi_label' as const, labels: ['Rude'] },
      },
    };
    expect((await bench.service.submit(change)).revision).toBe(2);
    expect((await bench.service.submit(change)).revision).toBe(2);
    expect(await read()).toEqual({
      votes: [{ aspect: null, label: 'b', strength: 0.5, ms: 3000 }],
      ratings: [
        { aspect: 'helpfulness', value: 1, top: 5 },
        { aspect: 'helpfulness', value: 5, top: 5 },
      ],
      rationales: [],
    });
    const history = await database.all(
      `SELECT revision, is_current AS "isCurrent", answers ->> '$.overall.label' AS label FROM annotations ORDER BY revision`,
    );
    expect(history).toEqual([
      { revision: 1, isCurrent: false, label: 'both_bad' },
      { revision: 2, isCurrent: true, label: 'b' },
    ]);
  });

  it('is refused whole where a required question is open or a value is off its scale', async () => {
    const bench = await openAnnotationBench(1);
    const projectId = await bench.create({ questions: [{ ...overall, hasTie: false }] });
    const seat = { projectId, raterId: await bench.addRater('Ann') };
    await expect(bench.answer(seat, () => ({}))).rejects.toMatchObject({ code: 'ANNOTATION_ANSWER_INVALID' });
    await expect(bench.answer(seat, () => says('tie'))).rejects.toMatchObject({
      code: 'ANNOTATION_ANSWER_INVALID',
    });
    expect(await bench.workspace.database.all('SELECT * FROM vote')).toEqual([]);
  });

  it('that is a skip has a reason, is a skip vote, and leaves the item to another rater', async () => {
    const bench = await openAnnotationBench(1);
    const projectId = await bench.create({});
    const ann = { projectId, raterId: await bench.addRater('Ann') };
    const { item } = await bench.service.openDesk(ann, null);
    const skip = {
      ...ann,
      comparisonId: item?.comparisonId ?? 0,
      status: 'skipped' as const,
      answers: {},
      ms: 10,
    };
    await expect(bench.service.submit({ ...skip, skipReason: null })).rejects.toMatchObject({
      code: 'ANNOTATION_ANSWER_INVALID',
    });
    await bench.service.submit({ ...skip, skipReason: 'Not my language' });
    expect(await bench.workspace.database.all('SELECT label FROM vote')).toEqual([{ label: 'skip' }]);
    const ben = { projectId, raterId: await bench.addRater('Ben') };
    expect((await bench.service.openDesk(ben, null)).item?.comparisonId).toBe(skip.comparisonId);
  });

  it('to a gold item tells the known answer only afterwards; a change after that is marked', async () => {
    const bench = await openAnnotationBench(1);
    const projectId = await bench.create({ gold: { count: 1, source: 'labels' } });
    const seat = { projectId, raterId: await bench.addRater('Ann') };
    const { item } = await bench.service.openDesk(seat, null);
    expect(JSON.stringify(item)).not.toContain('gold');
    const answer = {
      ...seat,
      comparisonId: item?.comparisonId ?? 0,
      status: 'submitted' as const,
      skipReason: null,
      ms: 1,
    };
    expect(await bench.service.submit({ ...answer, answers: says('b') })).toMatchObject({
      gold: { label: 'a', isRight: false },
    });
    await bench.service.submit({ ...answer, answers: says('a') });
    const rows = await bench.workspace.database.all(
      'SELECT saw_gold AS saw FROM annotation_answer ORDER BY revision',
    );
    expect(rows).toEqual([{ saw: false }, { saw: true }]);
    const { raters } = await bench.service.measureAgreement(projectId);
    expect(raters[0]?.gold).toMatchObject({ value: 0, n: 1 });
  });

  it('gets the suggestion of a judge only afterwards, and it is recorded', async () => {
    const bench = await openAnnotationBench(1);
    const { database } = bench.workspace;
    await database.write(async (session) => {
      await session.run(
        `INSERT INTO annotator (annotator_id, dataset_id, name, kind, import_id) VALUES (50, ?, 'judge', 'model', 0)`,
        [bench.datasetId],
      );
      await session.run(
        `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, import_id) VALUES (?, ?, 50, 'b', 0)`,
        [bench.datasetId * 10_000_000, bench.datasetId],
      );
    });
    const projectId = await bench.create({ suggestionsFrom: 50 });
    const seat = { projectId, raterId: await bench.addRater('Ann') };
    const { item } = await bench.service.openDesk(seat, null);
    expect(JSON.stringify(item)).not.toContain('judge');
    const answer = {
      ...seat,
      comparisonId: item?.comparisonId ?? 0,
      status: 'submitted' as const,
      skipReason: null,
      ms: 1,
    };
    expect((await bench.service.submit({ ...answer, answers: says('a') })).suggestion).toMatchObject({
      name: 'judge',
      label: 'b',
    });
    await bench.service.submit({ ...answer, answers: says('b') });
    const rows = await database.all(
      `SELECT saw_suggestion AS saw, suggestion ->> '$.label' AS shown FROM annotation_answer ORDER BY revision`,
    );
    expect(rows).toEqual([
      { saw: false, shown: 'b' },
      { saw: true, shown: 'b' },
    ]);
  });
});

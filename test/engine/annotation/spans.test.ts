import { describe, expect, it } from 'vitest';
import type { Answers, Span } from '../../../electron/contract/annotation.contract.ts';
import { openAnnotationBench, overall, says } from './annotation-bench.ts';

const marks = {
  id: 'marks',
  kind: 'span',
  title: 'Mark faults',
  labels: ['Wrong', 'Rude'],
  isRequired: false,
};
const spans = (...list: Span[]): Answers =>
  list.length === 0 ? {} : { marks: { kind: 'span', spans: list } };
const span = (side: 'a' | 'b', start: number, end: number, label = 'Wrong'): Span => ({
  side,
  start,
  end,
  label,
});

describe('marked spans', () => {
  it('agree by F1 over labelled characters, worked by hand, with an interval; would catch sides or labels mixed up', async () => {
    const bench = await openAnnotationBench(3);
    const projectId = await bench.create({ questions: [marks], overlap: 2 });
    const [ann, ben] = [await bench.addRater('Ann'), await bench.addRater('Ben')];
    // texts are "first n" and "second n": 7 and 8 code units
    const said: [Answers, Answers][] = [
      [spans(span('a', 0, 4)), spans(span('a', 2, 6))], // 4 and 4 characters, 2 shared
      [spans(span('a', 0, 3), span('b', 0, 2)), spans(span('a', 0, 3), span('b', 0, 2, 'Rude'))], // 5 and 5, 3 shared
      [spans(), spans()],
    ];
    for (const [first, second] of said) {
      await bench.answer({ projectId, raterId: ann }, () => first);
      await bench.answer({ projectId, raterId: ben }, () => second);
    }
    const report = await bench.service.measureAgreement(projectId);
    const [pair] = report.spans[0]?.pairs ?? [];
    // 2 · (2 + 3) / ((4 + 5) + (4 + 5)) = 10/18
    expect(pair).toMatchObject({ first: 'Ann', second: 'Ben', f1: { n: 2 } });
    expect(pair?.f1.value).toBeCloseTo(10 / 18, 12);
    // the items alone give 4/8 and 6/10: every resample lies between
    expect(pair?.f1.low).toBeCloseTo(0.5, 12);
    expect(pair?.f1.high).toBeCloseTo(0.6, 12);
    expect(report.questions).toEqual([]);
  });

  it('stand beside the answers of those who differ; would catch an adjudicator who cannot see what was marked', async () => {
    const bench = await openAnnotationBench(1);
    const projectId = await bench.create({ questions: [overall, marks], overlap: 2 });
    for (const [name, label] of [
      ['Ann', 'a'],
      ['Ben', 'b'],
    ] as const) {
      const raterId = await bench.addRater(name);
      const own = name === 'Ann' ? spans(span('a', 0, 5)) : spans();
      await bench.answer({ projectId, raterId }, () => ({ ...says(label), ...own }));
    }
    const page = { question: 'overall', offset: 0, limit: 10 };
    const { rows } = await bench.service.listConflicts(projectId, page);
    expect(rows[0]?.answers.map(({ rater, spans: marked }) => [rater, marked])).toEqual([
      ['Ann', [span('a', 0, 5)]],
      ['Ben', []],
    ]);
  });

  it('that end behind the text, are empty, cut a character or have an unknown label are refused', async () => {
    const bench = await openAnnotationBench(1);
    await bench.workspace.database.write((session) => session.run(`UPDATE response SET text = 'ab🙂d'`));
    const projectId = await bench.create({ questions: [marks] });
    const raterId = await bench.addRater('Ann');
    const say = (...list: Span[]) => bench.answer({ projectId, raterId }, () => spans(...list));
    // “ab🙂d” has 5 UTF-16 code units, the face being units 2 and 3
    for (const wrong of [
      span('a', 0, 6),
      span('b', 3, 3),
      span('a', 0, 3),
      span('a', 3, 5),
      span('a', 0, 1, 'Odd'),
    ])
      await expect(say(wrong), JSON.stringify(wrong)).rejects.toMatchObject({
        code: 'ANNOTATION_ANSWER_INVALID',
      });
    await say(span('a', 2, 4), span('b', 0, 5, 'Rude'));
    const [row] = await bench.workspace.database.all<{ said: string }>(
      `SELECT answers ->> '$.marks.spans[0].end' AS said FROM annotation_answer`,
    );
    expect(row?.said).toBe('4');
  });
});

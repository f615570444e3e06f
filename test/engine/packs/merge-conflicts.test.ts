import { describe, expect, it } from 'vitest';
import { overall, says } from '../annotation/annotation-bench.ts';
import {
  answerAway,
  answerHere,
  giveBack,
  makeHome,
  merge,
  plan,
  readAnswers,
  readState,
  send,
} from './pack-bench.ts';

describe('conflicts', () => {
  /** Ann answers the same pair a here and b there; the report says so. */
  async function disagree() {
    const start = await makeHome(3);
    const { away, opened, seat } = await send(start);
    await answerHere(start.home, { projectId: start.projectId, raterId: start.annId }, 'prompt 1', 'a');
    await answerHere(away, seat, 'prompt 1', 'b');
    const { file } = await giveBack(away, { projectId: opened.projectId });
    return { ...start, away, opened, seat, file };
  }

  it('same rater, same item, other answer: ours stays unless theirs is chosen, and theirs can stand beside it', async () => {
    const { home, projectId, file } = await disagree();
    const look = await plan(home, { file });
    const [conflict] = look.conflicts.filter((one) => one.prompt === 'prompt 1');
    expect(conflict).toMatchObject({ kind: 'answer', rater: 'Ann', resolution: 'ours', isChosen: false });
    expect([conflict?.ours, conflict?.theirs]).toEqual([
      'Which is better? A is better',
      'Which is better? B is better',
    ]);
    await merge(home, { file });
    expect((await readAnswers(home, projectId))['Ann: prompt 1']).toBe('a');
    const choices = { [conflict?.conflictId ?? '']: 'both' };
    const both = await merge(home, { file, choices });
    expect(both.taken).toBe(1);
    const beside = await readAnswers(home, projectId);
    expect([beside['Ann: prompt 1'], beside['Ann (away): prompt 1']]).toEqual(['a', 'b']);
    expect((await merge(home, { file, choices })).mergeId).toBeNull();
  });

  it('theirs becomes a new revision and undoing the merge brings ours back, with its vote', async () => {
    const { home, projectId, file } = await disagree();
    const before = await readState(home);
    const report = await merge(home, { file, defaults: { answer: 'theirs' } });
    expect((await readAnswers(home, projectId))['Ann: prompt 1']).toBe('b');
    const votes = () =>
      home.workspace.database.all(
        `SELECT v.label, v.ms FROM vote v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) WHERE p.text = 'prompt 1'`,
      );
    expect(await votes()).toMatchObject([{ label: 'b' }]);
    expect(await home.packs.undoMerge(report.mergeId ?? 0)).toEqual({ removed: report.taken, kept: 0 });
    expect(await votes()).toEqual([{ label: 'a', ms: 5 }]);
    const after = (await readState(home)) as Record<string, unknown>;
    const former = before as Record<string, unknown>;
    for (const table of [
      'annotation_answer',
      'annotation_assignment',
      'vote',
      'rationale',
      'annotation_merged_answer',
    ])
      expect(after[table], table).toEqual(former[table]);
    expect(await home.packs.undoMerge(report.mergeId ?? 0)).toEqual({ removed: 0, kept: 0 });
    expect((await merge(home, { file, defaults: { answer: 'theirs' } })).taken).toBe(report.taken);
  });

  it('an answer changed here after the merge stays when the merge is undone', async () => {
    const start = await makeHome(2);
    const { away, opened, seat } = await send(start);
    await answerAway(away, seat, ['a', 'a']);
    const { file } = await giveBack(away, { projectId: opened.projectId });
    const { mergeId } = await merge(start.home, { file });
    const { previousId } = await start.home.service.openDesk(
      { projectId: start.projectId, raterId: start.annId },
      null,
    );
    await start.home.service.submit({
      projectId: start.projectId,
      raterId: start.annId,
      comparisonId: previousId ?? 0,
      status: 'submitted',
      answers: says('tie'),
      skipReason: null,
      ms: 1,
    });
    expect(await start.home.packs.undoMerge(mergeId ?? 0)).toEqual({ removed: 1, kept: 1 });
    expect(Object.values(await readAnswers(start.home, start.projectId))).toEqual(['tie']);
  });

  it('a revised answer of the same rater follows the merged one without a conflict, an older pack after it does not', async () => {
    const start = await makeHome(1);
    const { away, opened, seat } = await send(start);
    const comparisonId = await answerHere(away, seat, 'prompt 0', 'a').catch(() => 0);
    const first = await giveBack(away, { projectId: opened.projectId, name: 'first' });
    await away.service.submit({
      ...seat,
      comparisonId: comparisonId || ((await away.service.openDesk(seat, null)).previousId ?? 0),
      status: 'submitted',
      answers: says('b'),
      skipReason: null,
      ms: 1,
    });
    const second = await giveBack(away, { projectId: opened.projectId, name: 'second' });
    await merge(start.home, { file: first.file });
    expect(await merge(start.home, { file: second.file })).toMatchObject({ taken: 1, conflicts: [] });
    expect(await readAnswers(start.home, start.projectId)).toEqual({ 'Ann: prompt 0': 'b' });
    expect(await merge(start.home, { file: first.file })).toMatchObject({ taken: 0, conflicts: [] });
  });

  it('texts changed here since, and items that are gone, are told; the first can be taken, the second cannot', async () => {
    const start = await makeHome(3);
    const { away, opened, seat } = await send(start);
    await answerAway(away, seat, ['a', 'a', 'a']);
    const { file } = await giveBack(away, { projectId: opened.projectId });
    const { database } = start.home.workspace;
    await database.write(async (session) => {
      await session.run(`UPDATE response SET text = text || '!' WHERE text = 'first 1'`);
      await session.run(
        `DELETE FROM annotation_item_key WHERE comparison_id = (SELECT comparison_id FROM comparison c JOIN prompt p USING (prompt_id) WHERE p.text = 'prompt 2')`,
      );
    });
    const report = await merge(start.home, { file });
    expect(report).toMatchObject({ taken: 1, leftOut: 2, counts: { text: 1, item: 1 } });
    expect(report.conflicts.find((one) => one.kind === 'text')?.prompt).toBe('prompt 1');
    const again = await merge(start.home, { file, defaults: { text: 'theirs', item: 'theirs' } });
    expect(again).toMatchObject({ taken: 1, known: 1, leftOut: 1 });
  });

  it('another person of the same name is not taken for ours; they can be told apart or said to be the same', async () => {
    const start = await makeHome(4);
    const { away, opened } = await send(start);
    const other = { projectId: opened.projectId, raterId: await away.addRater('ben') };
    await away.workspace.database.write((session) =>
      session.run(
        'UPDATE annotation_project SET document = json_merge_patch(document, ?::JSON) WHERE project_id = ?',
        ['{"overlap":2}', opened.projectId],
      ),
    );
    await answerAway(away, other, ['a', 'b']);
    const { file } = await giveBack(away, { projectId: opened.projectId });
    const look = await merge(start.home, { file });
    expect(look).toMatchObject({ mergeId: null, leftOut: 2, counts: { rater: 1 } });
    expect(look.conflicts[0]).toMatchObject({ kind: 'rater', ours: 'Ben', theirs: 'ben (test)', answers: 2 });
    const same = await merge(start.home, { file, defaults: { rater: 'theirs' } });
    expect(
      Object.keys(await readAnswers(start.home, start.projectId)).every((key) => key.startsWith('Ben:')),
    ).toBe(true);
    await start.home.packs.undoMerge(same.mergeId ?? 0);
    expect(await merge(start.home, { file, defaults: { rater: 'both' } })).toMatchObject({ taken: 2 });
    expect(Object.keys(await readAnswers(start.home, start.projectId))[0]).toMatch(/^ben \(test\): /);
  });

  it('questions changed here: nothing is taken unless asked for, and then only answers that fit', async () => {
    const start = await makeHome(3);
    const { away, opened, seat } = await send(start);
    await answerAway(away, seat, ['a', 'tie', 'b']);
    const { file } = await giveBack(away, { projectId: opened.projectId });
    await start.home.workspace.database.write((session) =>
      session.run(
        'UPDATE annotation_project SET document = json_merge_patch(document, ?::JSON) WHERE project_id = ?',
        [
          JSON.stringify({
            questions: [{ ...overall, aspect: null, isRequired: true, when: null, hasTie: false }],
          }),
          start.projectId,
        ],
      ),
    );
    expect(await merge(start.home, { file })).toMatchObject({
      mergeId: null,
      leftOut: 3,
      counts: { questions: 1 },
    });
    expect(await merge(start.home, { file, defaults: { questions: 'theirs' } })).toMatchObject({
      taken: 2,
      leftOut: 1,
      counts: { questions: 1, invalid: 1 },
    });
  });
});

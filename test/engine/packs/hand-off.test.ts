import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkPack } from '../../../electron/core/annotation/packs/container.ts';
import { overall, says } from '../annotation/annotation-bench.ts';
import {
  answerAway,
  carry,
  giveBack,
  handOff,
  makeHome,
  merge,
  openPack,
  openPackBench,
  type PackBench,
  readAnswers,
  readState,
  send,
} from './pack-bench.ts';

const reason = { id: 'reason', kind: 'rationale', title: 'Why?', isRequired: false };
const rating = { id: 'help', kind: 'rating', aspect: 'help', title: 'Help', min: 1, max: 5 };
const faults = {
  id: 'faults',
  kind: 'multi_label',
  title: 'Faults',
  options: ['Wrong', 'Rude'],
  isRequired: false,
};

describe('a hand-off', () => {
  it('becomes a project of its own elsewhere and comes home as the same answers, with times, sides and votes', async () => {
    const start = await makeHome(6, { questions: [overall, reason, rating, faults] });
    const { home, projectId } = start;
    const { away, opened, seat, sent } = await send(start);
    expect(sent).toMatchObject({ items: 6, raters: ['Ann'] });
    expect(opened).toMatchObject({ items: 6, wasOpen: false, raters: [{ name: 'Ann', isRenamed: false }] });
    const project = await away.service.projects.get(opened.projectId);
    expect(project.settings).toMatchObject({ name: 'Study', guidelines: 'Read **both**.', overlap: 1 });
    const said = (n: number) => ({
      ...says(n % 2 === 0 ? 'a' : 'b'),
      reason: { kind: 'rationale' as const, text: `because ${n}` },
      help: { kind: 'rating' as const, a: 1 + (n % 5), b: 5 },
      faults: { kind: 'multi_label' as const, labels: n === 0 ? ['Wrong', 'Rude'] : [] },
    });
    for (let n = 0; n < 5; n++) await away.answer(seat, () => said(n));
    const { item } = await away.service.openDesk(seat, null);
    await away.service.submit({
      ...seat,
      comparisonId: item?.comparisonId ?? 0,
      status: 'skipped',
      answers: {},
      skipReason: 'Too long',
      ms: 7,
    });
    const back = await giveBack(away, { projectId: opened.projectId });
    expect(back).toMatchObject({ answers: 6, raters: ['Ann'] });
    const report = await merge(home, { file: carry(back.file, home) });
    expect(report).toMatchObject({ received: 6, taken: 6, known: 0, leftOut: 0, conflicts: [] });
    expect(await readAnswers(home, projectId)).toEqual(await readAnswers(away, opened.projectId));
    const opinions = `SELECT p.text AS prompt, n.name, x.* FROM comparison c JOIN prompt p USING (prompt_id) JOIN annotator n ON true
      JOIN (SELECT 'vote' AS kind, comparison_id AS id, annotator_id, aspect, label || '/' || coalesce(shown_first, '') || '/' || coalesce(ms, -1) AS said FROM vote
        UNION ALL SELECT 'rationale', comparison_id, annotator_id, aspect, text FROM rationale
        UNION ALL SELECT 'rating', r.comparison_id, g.annotator_id, g.aspect, (CASE WHEN g.response_id = r.response_a_id THEN 'a' ELSE 'b' END) || g.value || '/' || g.scale_max
          FROM rating g JOIN comparison r ON g.response_id IN (r.response_a_id, r.response_b_id)) x
        ON x.id = c.comparison_id AND x.annotator_id = n.annotator_id`;
    const opinionsOf = ({ workspace }: PackBench) =>
      workspace.database.all(
        `SELECT prompt, name, kind, aspect, said FROM (${opinions}) WHERE prompt LIKE 'prompt %' ORDER BY ALL`,
      );
    const there = await opinionsOf(away);
    expect(there.length).toBeGreaterThan(20);
    expect(await opinionsOf(home)).toEqual(there);
    const timing = ({ workspace }: PackBench, id: number) =>
      workspace.database.all(
        `SELECT p.text, date_trunc('millisecond', w.answered_at) AS answered_at, w.ms, w.shown_first, w.status, w.skip_reason FROM annotation_answer w JOIN comparison c USING (comparison_id)
         JOIN prompt p USING (prompt_id) WHERE w.project_id = ? ORDER BY ALL`,
        [id],
      );
    expect(await timing(home, projectId)).toEqual(await timing(away, opened.projectId));
    expect(await home.service.openDesk({ projectId, raterId: start.annId }, null)).toMatchObject({
      item: null,
      progress: { submitted: 5, skipped: 1 },
    });
  });

  it('merged again, or opened again, changes nothing; would catch doubled votes', async () => {
    const start = await makeHome();
    const { away, opened, seat, sent } = await send(start);
    await answerAway(away, seat, ['a', 'b', 'a']);
    const { file } = await giveBack(away, { projectId: opened.projectId });
    await merge(start.home, { file });
    const before = await readState(start.home);
    expect(await merge(start.home, { file })).toMatchObject({
      mergeId: null,
      taken: 0,
      known: 3,
      leftOut: 0,
    });
    expect(await readState(start.home)).toEqual(before);
    const then = await readState(away);
    expect(await openPack(away, sent.file)).toMatchObject({ wasOpen: true, projectId: opened.projectId });
    expect(await readState(away)).toEqual(then);
    await answerAway(away, seat, ['tie', 'b']);
    const later = await giveBack(away, { projectId: opened.projectId, overwrite: true });
    expect(await merge(start.home, { file: later.file })).toMatchObject({ taken: 2, known: 3 });
  });

  it('sends no label, no model and no known answer, and does not tell gold items apart', async () => {
    const start = await makeHome(10, { gold: { count: 3, source: 'labels' } });
    const without = await handOff(start.home, {
      projectId: start.projectId,
      raterIds: [start.annId],
      name: 'n',
    });
    expect(without.items).toBe(7);
    const { file, items } = await handOff(start.home, {
      projectId: start.projectId,
      raterIds: [start.annId],
      which: 'all',
      withGold: true,
    });
    expect(items).toBe(10);
    const text = (await checkPack(readFileSync(file)).open(null)).toString('utf8');
    expect(text).not.toMatch(/gold|label|model|"strength"|\/tmp|\.assay\b/i);
    const away = await openPackBench(1);
    const opened = await openPack(away, file);
    expect(await away.service.projects.get(opened.projectId)).toMatchObject({ goldItems: 0, items: 10 });
  });

  it('holds its items here while it is out, and gives them back when closed; would catch work done twice', async () => {
    const start = await makeHome(4, { overlap: 1 });
    const seat = { projectId: start.projectId, raterId: start.benId };
    const { handOffId } = await handOff(start.home, {
      projectId: start.projectId,
      raterIds: [start.annId],
      count: 3,
    });
    const left = async () => (await start.home.service.openDesk(seat, null)).progress.remaining;
    expect(await left()).toBe(1);
    await start.home.answer(seat, () => says('a'));
    await expect(
      handOff(start.home, { projectId: start.projectId, raterIds: [start.annId], name: 'again' }),
    ).rejects.toMatchObject({ code: 'ANNOTATION_EMPTY' });
    expect(await start.home.packs.closeHandOff(handOffId)).toMatchObject({ isOpen: false, items: 3 });
    expect(await left()).toBe(3);
  });
});

import path from 'node:path';
import { copyFileSync } from 'node:fs';
import { PackService } from '../../../electron/core/annotation/packs/pack.service.ts';
import {
  giveBackRequestSchema,
  handOffRequestSchema,
  mergeRequestSchema,
} from '../../../electron/contract/pack.contract.ts';
import { type AnnotationBench, openAnnotationBench, says } from '../annotation/annotation-bench.ts';

export interface PackBench extends AnnotationBench {
  readonly packs: PackService;
}

export async function openPackBench(pairs: number): Promise<PackBench> {
  const bench = await openAnnotationBench(pairs);
  const nothing = () => Promise.resolve();
  const packs = new PackService({ workspace: bench.workspace, onChanged: nothing, onOpened: nothing });
  return { ...bench, packs };
}

export const handOff = (bench: PackBench, request: object) =>
  bench.packs.handOff(handOffRequestSchema.parse(request));
export const giveBack = (bench: PackBench, request: object) =>
  bench.packs.giveBack(giveBackRequestSchema.parse(request));
export const merge = (bench: PackBench, request: object) =>
  bench.packs.merge(mergeRequestSchema.parse(request));
export const plan = (bench: PackBench, request: object) =>
  bench.packs.plan(mergeRequestSchema.parse(request));
export const openPack = (bench: PackBench, file: string, passphrase: string | null = null) =>
  bench.packs.open({ file, passphrase });

/** Carries a file to the other workspace, as a stick would. */
export function carry(file: string, to: PackBench): string {
  const place = path.join(to.workspace.exports, `carried-${path.basename(file)}`);
  copyFileSync(file, place);
  return place;
}

/** Everything a merge may touch, for comparing before and after. */
export async function readState({ workspace }: PackBench): Promise<unknown> {
  const tables = [
    'annotation_answer',
    'annotation_assignment',
    'annotation_rater',
    'annotation_rater_key',
    'annotation_merge',
    'annotation_merged_answer',
    'vote',
    'rating',
    'rationale',
    'dataset',
    'annotation_project',
  ];
  const rows = await Promise.all(
    tables.map((table) => workspace.database.all(`SELECT * FROM ${table} ORDER BY ALL`)),
  );
  return Object.fromEntries(tables.map((table, place) => [table, rows[place]]));
}

/** Answers of a rater by the text of the prompt, which is the same in both workspaces. */
export async function readAnswers(
  { workspace }: PackBench,
  projectId: number,
): Promise<Record<string, string>> {
  const rows = await workspace.database.all<{ key: string; label: string }>(
    `SELECT r.name || ': ' || p.text AS key, coalesce(w.answers ->> '$.overall.label', w.status) AS label
     FROM annotation_answer w JOIN annotation_rater r USING (rater_id) JOIN comparison c USING (comparison_id)
       JOIN prompt p ON p.prompt_id = c.prompt_id WHERE w.project_id = ? AND w.is_current ORDER BY key`,
    [projectId],
  );
  return Object.fromEntries(rows.map(({ key, label }) => [key, label]));
}

/** A project of two raters, Ann and Ben, to hand off. */
export async function makeHome(pairs = 6, settings: object = {}) {
  const home = await openPackBench(pairs);
  const projectId = await home.create({
    name: 'Study',
    guidelines: 'Read **both**.',
    overlap: 2,
    ...settings,
  });
  const annId = await home.addRater('Ann');
  const benId = await home.addRater('Ben');
  return { home, projectId, annId, benId };
}

/** Hands off to Ann and opens the pack elsewhere. */
export async function send(from: Awaited<ReturnType<typeof makeHome>>, request: object = {}) {
  const sent = await handOff(from.home, { projectId: from.projectId, raterIds: [from.annId], ...request });
  const away = await openPackBench(1);
  const opened = await openPack(away, carry(sent.file, away));
  const [ann] = opened.raters;
  if (!ann) throw new Error('the pack has no rater');
  return { sent, away, opened, seat: { projectId: opened.projectId, raterId: ann.raterId } };
}

/** Answers what lies on the desk, one label an item. */
export async function answerAway(
  away: PackBench,
  seat: { projectId: number; raterId: number },
  labels: readonly ('a' | 'b' | 'tie')[],
) {
  for (const label of labels) await away.answer(seat, () => says(label));
}

/** The answer here of a rater to the pair whose prompt this is. */
export async function answerHere(
  bench: PackBench,
  seat: { projectId: number; raterId: number },
  prompt: string,
  label: 'a' | 'b' | 'tie',
) {
  const { id } = await bench.workspace.database.one<{ id: number }>(
    `SELECT c.comparison_id AS id FROM comparison c JOIN prompt p ON p.prompt_id = c.prompt_id WHERE p.text = ?`,
    [prompt],
  );
  for (;;) {
    const desk = await bench.service.openDesk(seat, null);
    if (!desk.item) throw new Error(`${prompt} is not given to this rater`);
    const isIt = desk.item.comparisonId === id;
    await bench.service.submit({
      ...seat,
      comparisonId: desk.item.comparisonId,
      status: isIt ? 'submitted' : 'skipped',
      answers: isIt ? says(label) : {},
      skipReason: isIt ? null : 'later',
      ms: 5,
    });
    if (isIt) return id;
  }
}

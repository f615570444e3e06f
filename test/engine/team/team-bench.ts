import { onTestFinished } from 'vitest';
import { type TeamConnect, teamConnectSchema } from '../../../electron/contract/team.contract.ts';
import { AnnotationService } from '../../../electron/core/annotation/annotation.service.ts';
import type { TeamPace } from '../../../electron/core/annotation/team/team-link.ts';
import { TeamService } from '../../../electron/core/annotation/team/team.service.ts';
import { owner, ownerPassword, type PostgresServer } from '../../support/postgres.ts';
import { type AnnotationBench, openAnnotationBench, says } from '../annotation/annotation-bench.ts';

export interface TeamBench extends AnnotationBench {
  readonly team: TeamService;
}

/** Quick enough for tests; a round is made when it is asked for. */
const testPace: Partial<TeamPace> = {
  pollMs: 3_600_000,
  retryFirstMs: 50,
  retryLongestMs: 300,
  refusedMs: 300,
  connectMs: 3_000,
  deskWaitMs: 10_000,
  itemsAhead: 4,
};

/** A workspace with a team to connect to. */
export async function openTeamBench(pairs: number, pace: Partial<TeamPace> = {}): Promise<TeamBench> {
  const bench = await openAnnotationBench(pairs);
  const { workspace } = bench;
  const nothing = () => Promise.resolve();
  const team = new TeamService({
    workspace,
    onChanged: nothing,
    onOpened: nothing,
    pace: { ...testPace, ...pace },
  });
  onTestFinished(() => team.close());
  const service = new AnnotationService({
    database: workspace.database,
    editing: { applyLabels: () => Promise.reject(new Error('not here')) },
    onChanged: nothing,
    selectRows: () => Promise.reject(new Error('not here')),
    team,
  });
  return {
    ...bench,
    service,
    team,
    answer: async (seat, answer) => {
      const desk = await service.openDesk(seat, null);
      if (!desk.item) throw new Error('nothing is left to answer');
      await service.submit({
        ...{
          ...seat,
          comparisonId: desk.item.comparisonId,
          status: 'submitted',
          skipReason: null,
          ms: 1_000,
        },
        answers: answer({ ...desk, item: desk.item }),
      });
      return desk;
    },
  };
}

/** What a person enters to connect. */
export const placeOf = (
  { port }: PostgresServer,
  database: string,
  change: Partial<TeamConnect> = {},
): TeamConnect =>
  teamConnectSchema.parse({
    host: '127.0.0.1',
    port,
    database,
    user: owner,
    password: ownerPassword,
    ...change,
  });

/** Ann's workspace, which has published a project, and Ben's, which has joined it. */
export async function makeTeam(
  server: PostgresServer,
  database: string,
  {
    pairs = 6,
    settings = {},
    pace = {},
  }: { pairs?: number; settings?: object; pace?: Partial<TeamPace> } = {},
) {
  const home = await openTeamBench(pairs, pace);
  const projectId = await home.create({
    name: 'Study',
    guidelines: 'Read **both**.',
    overlap: 2,
    ...settings,
  });
  await home.team.connect(placeOf(server, database, { setUp: true }));
  const { projectKey } = await home.team.publish(projectId);
  const away = await openTeamBench(1, pace);
  await away.team.connect(placeOf(server, database));
  const joined = await away.team.join(projectKey);
  const ann = { projectId, raterId: await home.addRater('Ann') };
  const ben = { projectId: joined.projectId, raterId: await away.addRater('Ben') };
  return { home, away, ann, ben, projectKey, joined };
}

/** Answers whatever the desk gives until nothing is left, or so many; the prompts, in order. */
export async function answerAll(
  bench: TeamBench,
  seat: { projectId: number; raterId: number },
  { label = 'a', most = Infinity }: { label?: 'a' | 'b' | 'tie'; most?: number } = {},
): Promise<string[]> {
  const prompts: string[] = [];
  while (prompts.length < most) {
    const { item } = await bench.service.openDesk(seat, null);
    if (!item) break;
    await bench.answer(seat, () => says(label));
    prompts.push(item.prompt.text);
  }
  return prompts;
}

/** Current answers, “rater: prompt” to label, as this workspace has them. */
export async function readVotes(
  { workspace }: TeamBench,
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

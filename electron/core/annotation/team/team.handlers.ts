import type { Implementation } from '../../rpc/implementation.ts';
import type { TeamService } from './team.service.ts';

export function makeTeamHandlers(core: Implementation, team: TeamService) {
  return {
    team: {
      status: core.team.status.handler(() => team.getStatus()),
      connect: core.team.connect.handler(({ input }) => team.connect(input)),
      signIn: core.team.signIn.handler(({ input }) => team.signIn(input.password, input.keepPassword)),
      switch: core.team.switch.handler(({ input }) => team.switch(input.isOn)),
      projects: core.team.projects.handler(() => team.listProjects()),
      publish: core.team.publish.handler(({ input }) => team.publish(input.projectId)),
      join: core.team.join.handler(({ input }) => team.join(input.projectKey)),
      sync: core.team.sync.handler(() => team.sync()),
      seat: core.team.seat.handler(({ input }) => team.getSeat(input)),
      conflicts: core.team.conflicts.handler(({ input }) => team.listConflicts(input.projectId)),
      resolve: core.team.resolve.handler(({ input: { projectId, ...choices } }) =>
        team.resolve(projectId, choices),
      ),
      settleRater: core.team.settleRater.handler(({ input }) =>
        team.settleRater(input.raterId, input.isSamePerson),
      ),
      leave: core.team.leave.handler(({ input }) => team.leave(input.force)),
    },
  };
}

import type { Implementation } from '../../rpc/implementation.ts';
import type { PackService } from './pack.service.ts';

export function makePackHandlers(core: Implementation, packs: PackService) {
  return {
    pack: {
      identity: core.pack.identity.handler(() => packs.identify()),
      handOff: core.pack.handOff.handler(({ input }) => packs.handOff(input)),
      handOffs: core.pack.handOffs.handler(({ input }) => packs.listHandOffs(input.projectId)),
      closeHandOff: core.pack.closeHandOff.handler(({ input }) => packs.closeHandOff(input.handOffId)),
      inspect: core.pack.inspect.handler(({ input }) => packs.inspect(input)),
      open: core.pack.open.handler(({ input }) => packs.open(input)),
      giveBack: core.pack.giveBack.handler(({ input }) => packs.giveBack(input)),
      isBorrowed: core.pack.isBorrowed.handler(({ input }) => packs.isBorrowed(input.projectId)),
      plan: core.pack.plan.handler(({ input }) => packs.plan(input)),
      merge: core.pack.merge.handler(({ input }) => packs.merge(input)),
      merges: core.pack.merges.handler(({ input }) => packs.listMerges(input.projectId)),
      undoMerge: core.pack.undoMerge.handler(({ input }) => packs.undoMerge(input.mergeId)),
    },
  };
}

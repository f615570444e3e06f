import { implement } from '@orpc/server';
import { contract } from '../../contract/contract.ts';
import type { RpcLog } from './failure.ts';
import { type CallContext, createGuard } from './guard.ts';
import { rememberedMethods } from './method-kinds.ts';
import { createWriteMemory } from './write-memory.ts';

/**
 * The base every handler of the core is built on: `const core = createImplementation({ log })`, then
 * `core.dataset.list.handler(…)` and at last `core.router({ … })`, which does not compile while a method is missing.
 * Make one per core: it holds the memory of answered writes.
 */
export function createImplementation({ log }: { log: RpcLog }) {
  const guard = createGuard({ log, memory: createWriteMemory(), remembered: rememberedMethods });
  return implement(contract).$context<CallContext>().use(guard);
}

export type Implementation = ReturnType<typeof createImplementation>;

import { eventIterator, oc } from '@orpc/contract';
import type { ContractRouterClient } from '@orpc/contract';
import { z } from 'zod';
import { systemContract } from '../../../electron/contract/system.contract.ts';

/** One method for each thing the RPC layer has to do; nothing of the product. */
export const testContract = {
  ...systemContract,
  plain: {
    echo: oc
      .input(z.object({ text: z.string(), at: z.object({ row: z.number().int() }).optional() }))
      .output(z.object({ text: z.string() })),
    refuse: oc.output(z.null()),
    crash: oc.output(z.null()),
    badFailure: oc.output(z.null()),
    odd: oc.input(z.object({ what: z.string() })).output(z.unknown()),
    wait: oc.output(z.null()),
  },
  events: {
    count: oc
      .input(z.object({ to: z.number().int(), failAfter: z.number().int().optional() }))
      .output(eventIterator(z.object({ n: z.number().int() }))),
    endless: oc.output(eventIterator(z.object({ n: z.number().int() }))),
  },
  level: { changed: oc.output(eventIterator(z.object({ value: z.number() }))) },
  thing: { make: oc.input(z.object({ name: z.string() })).output(z.object({ id: z.number().int() })) },
};
export type TestClient = ContractRouterClient<typeof testContract>;

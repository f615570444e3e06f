import type { JudgePair, OrderSettings } from './protocol.ts';
import type { OrderReading } from './pair-record.ts';

/** The two responses in the slots of one call. */
export interface Slots {
  readonly first: 'a' | 'b';
  readonly response_1: string;
  readonly response_2: string;
}

/** Puts the response of `first` in the first slot. */
export function arrange(pair: Pick<JudgePair, 'responseA' | 'responseB'>, first: 'a' | 'b'): Slots {
  return first === 'a'
    ? { first, response_1: pair.responseA, response_2: pair.responseB }
    : { first, response_1: pair.responseB, response_2: pair.responseA };
}

/** The orders a policy asks: both, or one by a coin of the item's own randomness. */
export function listOrders({ order }: OrderSettings, random: () => number): readonly ('a' | 'b')[] {
  if (order === 'random_single') return [random() < 0.5 ? 'a' : 'b'];
  return ['a', 'b'];
}

/** Asks one call per order, at the same time; `ask` answers the probability of the first slot, or null where invalid. */
export async function askOrders<T extends { readonly pFirst: number | null }>(
  pair: JudgePair,
  tools: { readonly orders: OrderSettings; readonly random: () => number },
  ask: (slots: Slots) => Promise<T>,
): Promise<{ readings: (OrderReading & T)[] }> {
  const orders = listOrders(tools.orders, tools.random);
  const readings = await Promise.all(
    orders.map(async (first) => ({ ...(await ask(arrange(pair, first))), first })),
  );
  return { readings };
}

/** Calls per pair under a policy. */
export function countOrders({ order }: OrderSettings): number {
  return order === 'random_single' ? 1 : 2;
}

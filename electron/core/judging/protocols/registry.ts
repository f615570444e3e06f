import { AppError } from '../../../contract/app-error.ts';
import type { Protocol } from '../protocol.ts';
import { pairwiseLogits } from './pairwise-logits.ts';

/** Every protocol, in the order they are offered. */
export const protocols: readonly Protocol[] = [pairwiseLogits];

/** Throws PROTOCOL_UNKNOWN naming the protocols there are. */
export function getProtocol(id: string): Protocol {
  const protocol = protocols.find((candidate) => candidate.id === id);
  if (protocol) return protocol;
  throw new AppError(
    'PROTOCOL_UNKNOWN',
    `Nothing was judged: there is no protocol called “${id}”. Protocols: ${protocols.map((one) => one.id).join(', ')}.`,
    { protocol: id },
  );
}

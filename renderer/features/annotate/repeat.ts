import { toFailure } from '../../rpc/failure.ts';

const pause = 500;
const longest = 60_000;

/**
 * Makes a call again while the connection to the core is gone, at most for a minute; for calls that may be done twice,
 * as storing the same answer is. `onLost` is told of each loss. Other failures reject at once.
 */
export async function repeatOnLostLink<T>(call: () => Promise<T>, onLost: () => void): Promise<T> {
  const deadline = Date.now() + longest;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (toFailure(error).code !== 'LINK_LOST' || Date.now() > deadline) throw error;
      onLost();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

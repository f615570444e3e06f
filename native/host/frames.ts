/**
 * What an engine process and its owner say to each other. Every frame names the generation (one process from its start
 * to its observed exit), so that a late frame of a former process is told from one of the present.
 */

/** Owner to engine. */
export type OwnerFrame =
  /** The first frame: which generation this process is, and how often it has to show that it lives. */
  | { readonly t: 'hello'; readonly generation: number; readonly heartbeatMs: number }
  | {
      readonly t: 'call';
      readonly generation: number;
      readonly id: number;
      readonly method: string;
      readonly params: unknown;
    }
  | { readonly t: 'cancel'; readonly generation: number; readonly id: number }
  | { readonly t: 'stop'; readonly generation: number };

/** Engine to owner. */
export type EngineFrame =
  /** Ready for calls; `info` is what the engine tells of itself. */
  | { readonly t: 'ready'; readonly generation: number; readonly info: unknown }
  | { readonly t: 'ok'; readonly generation: number; readonly id: number; readonly value: unknown }
  | { readonly t: 'fail'; readonly generation: number; readonly id: number; readonly error: WireError }
  /** Something that belongs to a call in flight: a piece of text, a share of progress. */
  | { readonly t: 'event'; readonly generation: number; readonly id: number; readonly value: unknown }
  /** The engine's state changed; the last one counts. */
  | { readonly t: 'state'; readonly generation: number; readonly value: unknown }
  /** Alive. `native`: a native call runs, during which silence is no sign of a hang. */
  | { readonly t: 'beat'; readonly generation: number; readonly native: boolean };

/** A failure as plain data. `code` is one of `ErrorCode`, or INTERNAL for a bug. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const engineFrames: ReadonlySet<unknown> = new Set(['ready', 'ok', 'fail', 'event', 'state', 'beat']);
const ownerFrames: ReadonlySet<unknown> = new Set(['hello', 'call', 'cancel', 'stop']);
const withId: ReadonlySet<unknown> = new Set(['ok', 'fail', 'event', 'call', 'cancel']);

function isFrame(raw: unknown, kinds: ReadonlySet<unknown>): boolean {
  if (typeof raw !== 'object' || raw === null) return false;
  const frame = raw as Record<string, unknown>; // read member by member below
  if (!kinds.has(frame.t) || !Number.isInteger(frame.generation)) return false;
  if (withId.has(frame.t) && !Number.isInteger(frame.id)) return false;
  if (frame.t === 'fail') return isWireError(frame.error);
  if (frame.t === 'call') return typeof frame.method === 'string';
  if (frame.t === 'beat') return typeof frame.native === 'boolean';
  return frame.t !== 'hello' || typeof frame.heartbeatMs === 'number';
}

function isWireError(raw: unknown): boolean {
  if (typeof raw !== 'object' || raw === null) return false;
  const error = raw as Record<string, unknown>; // read member by member below
  return typeof error.code === 'string' && typeof error.message === 'string';
}

/** Whether a message from a child is one of its frames; anything else is a protocol violation. */
export function isEngineFrame(raw: unknown): raw is EngineFrame {
  return isFrame(raw, engineFrames);
}

/** Whether a message from the owner is one of its frames. */
export function isOwnerFrame(raw: unknown): raw is OwnerFrame {
  return isFrame(raw, ownerFrames);
}

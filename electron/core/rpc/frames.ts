const ABORT = 4;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * True for the two frames a page sends in oRPC's peer protocol: a call `{i, p: {u, b?, h?}}` and the cancellation of one
 * `{i, t: 4}`. Uploads, streams from the page and GET calls exist in oRPC and are refused here, as nothing uses them.
 */
export function isRequestFrame(message: unknown): message is string {
  if (typeof message !== 'string') return false;
  let frame: unknown;
  try {
    frame = JSON.parse(message);
  } catch {
    return false;
  }
  if (!isRecord(frame) || typeof frame['i'] !== 'string') return false;
  if (frame['t'] === ABORT) return true;
  return (frame['t'] === undefined || frame['t'] === 1) && isCall(frame['p']);
}

function isCall(payload: unknown): boolean {
  if (!isRecord(payload)) return false;
  const { u: url, m: method, h: headers, b: body } = payload;
  if (typeof url !== 'string' || !url.startsWith('/') || method !== undefined) return false;
  if (body !== undefined && !isRecord(body)) return false;
  if (headers === undefined) return true;
  return isRecord(headers) && Object.keys(headers).every((name) => name === 'request-id');
}

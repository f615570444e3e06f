const DEEPEST = 200;

type Segments = (string | number)[];

/**
 * Path of the first part of a value that JSON cannot carry unchanged (a bigint, date, map, function, non-finite number,
 * class instance, byte array, or nesting deeper than 200, which a cycle always is); undefined when all of it can go.
 * The path reads like `result.rows[3].count`.
 */
export function findUnwireable(value: unknown): string | undefined {
  const segments = find(value, 0);
  return segments
    ?.map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${segment}`))
    .slice(0, 12)
    .reduce((path, segment) => path + segment, 'result');
}

function find(value: unknown, depth: number): Segments | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : [];
    case 'object':
      return value === null ? undefined : findInObject(value, depth);
    default:
      return [];
  }
}

function findInObject(value: object, depth: number): Segments | undefined {
  if (depth >= DEEPEST) return [];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = find(value[index], depth + 1);
      if (found) return [index, ...found];
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return [];
  for (const key in value) {
    const found = find((value as Record<string, unknown>)[key], depth + 1);
    if (found) return [key, ...found];
  }
  return undefined;
}

import type { Contract } from '../../contract/contract.ts';

/** `domain.method`, for every method of the contract. */
type MethodName = { [D in keyof Contract]: `${D}.${keyof Contract[D] & string}` }[keyof Contract];

/**
 * What a repetition of the same call does.
 *
 * - `read`: changes nothing the person would miss.
 * - `write`: doing it twice leaves what doing it once leaves, so a repetition needs no memory.
 * - `once`: doing it twice makes a second job, a second record or a second statement; the core remembers the answer
 *   under the caller's request id and gives it again.
 * - `topic`: the current value, then changes; the page follows it again after a reconnect.
 */
type MethodKind = 'read' | 'write' | 'once' | 'topic';

/** Complete by compilation: a method that is added to the contract has to be classed here. */
export const methodKinds = {
  'system.hello': 'read',
  'dataset.list': 'read',
  'dataset.get': 'read',
  'dataset.rejected': 'read',
  'dataset.rename': 'write',
  'dataset.remove': 'once',
  'view.fields': 'read',
  'view.open': 'read',
  'view.page': 'read',
  'view.locate': 'read',
  'view.facets': 'read',
  'view.saved': 'read',
  'view.save': 'once',
  'view.removeSaved': 'once',
  'row.get': 'read',
  'row.media': 'read',
  'row.tag': 'once',
  'search.query': 'read',
  'search.build': 'once',
  'export.formats': 'read',
  'export.start': 'once',
  'import.formats': 'read',
  'import.preview': 'read',
  'import.start': 'once',
  'job.list': 'read',
  'job.get': 'read',
  'job.cancel': 'write',
  'job.again': 'once',
  'job.changed': 'topic',
  'sql.run': 'once',
  'sql.page': 'read',
  'sql.schema': 'read',
  'sql.history': 'read',
  'constitution.start': 'once',
  'constitution.list': 'read',
  'constitution.get': 'read',
  'constitution.explain': 'read',
  'constitution.rows': 'read',
  'audit.list': 'read',
  'audit.start': 'once',
  'audit.latest': 'read',
  'report.list': 'read',
  'report.build': 'once',
  'report.file': 'read',
} as const satisfies Record<MethodName, MethodKind>;

/** Methods whose answers the core remembers; see `MethodKind`. */
export const rememberedMethods: ReadonlySet<string> = new Set(
  Object.entries(methodKinds).flatMap(([method, kind]) => (kind === 'once' ? [method] : [])),
);

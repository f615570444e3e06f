export type { AsyncValue } from '../features/corpus/use-async.ts';
export { useAsync } from '../features/corpus/use-async.ts';

import type { ExportSummary } from '../../../electron/contract/export.contract.ts';

/** Reads what an export job made; undefined where it is not of that shape. */
export function readExportSummary(result: unknown): ExportSummary | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { file, rows, skipped, skippedWhy } = result as Record<string, unknown>;
  if (typeof file !== 'string' || typeof rows !== 'number' || typeof skipped !== 'number') return undefined;
  return { file, rows, skipped, skippedWhy: typeof skippedWhy === 'string' ? skippedWhy : null };
}

import { exportSummarySchema, type ExportSummary } from '../../../electron/contract/export.contract.ts';

/** Reads what an export job made; undefined where it is not of that shape. */
export function readExportSummary(result: unknown): ExportSummary | undefined {
  const parsed = exportSummarySchema.safeParse(result);
  return parsed.success ? parsed.data : undefined;
}

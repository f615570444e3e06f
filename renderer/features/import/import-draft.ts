import type { ImportPreview, ImportSpec, Mapping } from '../../../electron/contract/import.contract.ts';

/** Paths as they were typed or pasted: one a line, quotes of a file manager taken off, doubles dropped. */
export function parsePaths(text: string): string[] {
  const paths = text
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .map((line) => (line.startsWith('file://') ? decodeURIComponent(line.slice('file://'.length)) : line))
    .filter((line) => line !== '');
  return [...new Set(paths)];
}

export interface ImportDraft {
  readonly files: readonly string[];
  readonly format: string | null;
  /** Columns the person chose; null until a choice was made. */
  readonly mapping: Mapping | null;
  readonly name: string;
  readonly keepDuplicates: boolean;
}

/** The spec behind a draft; what was not chosen is left to the detection. */
export function specOfDraft(draft: ImportDraft): ImportSpec {
  return {
    files: [...draft.files],
    keepDuplicates: draft.keepDuplicates,
    ...(draft.format !== null && { format: draft.format }),
    ...(draft.mapping !== null && { mapping: draft.mapping }),
    ...(draft.name.trim() !== '' && { dataset: draft.name.trim() }),
  };
}

/** The mapping after one part was given another column; an empty column unsets the part. */
export function mapPart(preview: ImportPreview, part: string, column: string): Mapping {
  const next: Mapping = { ...preview.mapping };
  if (column === '') delete next[part];
  else next[part] = column;
  return next;
}

/** Required parts that no column is mapped to. */
export function missingParts(preview: ImportPreview): string[] {
  return preview.parts.filter((p) => p.isRequired && p.column === null).map((p) => p.title);
}

/** Source rows of a finished import; they add up to loaded, set aside and left out. */
export function sourceRows(summary: { rows: number; rejected: number; duplicates: number }): number {
  return summary.rows + summary.rejected + summary.duplicates;
}

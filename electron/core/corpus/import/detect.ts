import { AppError } from '../../../contract/app-error.ts';
import type { Mapping } from '../../../contract/import.contract.ts';
import type { FormatReader, Reading, SourceShape } from '../reading/reader.ts';
import { detectFormats, getFormatReader, suggestMapping } from '../formats/registry.ts';

const leastConfidence = 0.5;
const clearLead = 0.05;

/** The reader a person named, or the one that recognises the source. */
export function chooseReader(shape: SourceShape, format: string | undefined, name: string): FormatReader {
  if (format !== undefined) return getFormatReader(format);
  const [best, second] = detectFormats(shape);
  const columns = shape.columns.map((column) => column.name).join(', ');
  if (!best || best.confidence < leastConfidence) {
    throw new AppError(
      'IMPORT_FORMAT_UNKNOWN',
      `${name} was not imported: its columns (${columns}) match no known format. Name the format, or map the columns by hand.`,
      { file: name, columns: shape.columns.map((column) => column.name) },
    );
  }
  if (second && best.confidence - second.confidence < clearLead) {
    throw new AppError(
      'IMPORT_FORMAT_AMBIGUOUS',
      `${name} was not imported: it could be ${best.format} or ${second.format}. Name the format.`,
      { file: name, formats: [best.format, second.format] },
    );
  }
  return getFormatReader(best.format);
}

export interface Plan {
  readonly reader: FormatReader;
  readonly reading: Reading;
  readonly mapping: Mapping;
}

/** Format, mapping and SQL for one source. */
export function planReading(
  shape: SourceShape,
  wish: { format?: string | undefined; mapping?: Mapping | undefined },
  name: string,
): Plan {
  const reader = chooseReader(shape, wish.format, name);
  const mapping = { ...suggestMapping(reader, shape), ...wish.mapping };
  return { reader, mapping, reading: reader.read(shape, mapping) };
}

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../contract/app-error.ts';
import { type ReportDocument, reportDocumentSchema } from '../../contract/report.contract.ts';
import { renderReportHtml } from './report-html.ts';
import { renderReportMarkdown } from './report-markdown.ts';

const reportFileNames = ['constitution.json', 'report.html', 'report.md'] as const;
export type ReportFileName = (typeof reportFileNames)[number];

/** The whole file is there under its name, or none of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.part`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function explainFailure(error: unknown, directory: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError(
      'DISK_FULL',
      'The report was not written: the disk is full. Free some space, then make it again.',
      { directory },
    );
  if (code === undefined) return error;
  return new AppError(
    'EXPORT_FAILED',
    `The report was not written to ${directory} (${code}). Choose a folder you may write to.`,
    { directory, cause: code },
  );
}

/**
 * Numbers that JSON cannot hold become null; throws where the document then breaks its schema, so that no script ever
 * reads a NaN.
 */
function checkDocument(document: ReportDocument): ReportDocument {
  return reportDocumentSchema.parse(JSON.parse(JSON.stringify(document)));
}

/** The constitution with what was found out about it, where anything was. */
function withDepth({ constitution, depth }: ReportDocument) {
  const isDeeper =
    depth !== undefined &&
    (depth.slices.length > 0 ||
      depth.groups.length > 0 ||
      depth.factors.length > 0 ||
      depth.ceiling !== null);
  return isDeeper ? { ...constitution, depth } : constitution;
}

/**
 * Writes `constitution.json` (the constitution document itself), `report.html` and `report.md` into a folder, made where
 * it is missing; files of those names are replaced. Returns their absolute paths. Throws EXPORT_FAILED and DISK_FULL.
 */
export async function writeReport(directory: string, document: ReportDocument): Promise<string[]> {
  const checked = checkDocument(document);
  const texts: Readonly<Record<ReportFileName, string>> = {
    'constitution.json': `${JSON.stringify(withDepth(checked), null, 2)}\n`,
    'report.html': renderReportHtml(checked),
    'report.md': renderReportMarkdown(checked),
  };
  try {
    await mkdir(directory, { recursive: true });
    const files: string[] = [];
    for (const name of reportFileNames) {
      const file = path.resolve(directory, name);
      await writeWhole(file, texts[name]);
      files.push(file);
    }
    return files;
  } catch (error) {
    throw explainFailure(error, directory);
  }
}

import { constants, copyFileSync, linkSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../contract/app-error.ts';

/**
 * Brings a file the person picked into a folder DuckDB may read: as a hard link where file system and ownership allow,
 * else as a copy-on-write clone or a copy. DuckDB resolves symbolic links before it checks its allowed folders, so a
 * link of that kind would not do. Answers the new path, which keeps the ending but nothing else of the name.
 */
export function admitFile(file: string, folder: string, fileNo: number): string {
  mkdirSync(folder, { recursive: true });
  const ending = /(\.[a-z0-9]{1,8}){1,2}$/i.exec(path.basename(file))?.[0] ?? '';
  const target = path.join(folder, `${fileNo}${ending.toLowerCase()}`);
  rmSync(target, { force: true });
  const source = realpathSync(file);
  try {
    linkSync(source, target);
  } catch {
    try {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC')
        throw new AppError(
          'DISK_FULL',
          `${file} was not imported: the disk is full. Free some space, then run it again.`,
          { file },
        );
      throw new AppError(
        'IMPORT_FILE_UNREADABLE',
        `${file} was not imported: it cannot be read (${code}). Check its permissions.`,
        { file },
      );
    }
  }
  return target;
}

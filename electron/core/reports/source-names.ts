/**
 * Shortens the paths of source files to what tells them apart, so that a report handed on does not show folders of the
 * machine it was made on: the folders all share are left out, and the file name always stays.
 */
export function shortenSources(paths: readonly string[]): Map<string, string> {
  const unique = [...new Set(paths)];
  const parts = unique.map((file) => file.split(/[\\/]/));
  const [first = []] = parts;
  let shared = 0;
  while (
    shared < first.length - 1 &&
    parts.every((names) => names.length - 1 > shared && names[shared] === first[shared])
  )
    shared++;
  return new Map(unique.map((file, index) => [file, (parts[index] ?? []).slice(shared).join('/')]));
}

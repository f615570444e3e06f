import path from 'node:path';

/**
 * The workspace that a path the system handed over belongs to: a folder `NAME.assay`, or a file right inside one.
 * Undefined for any other path, so that a data file dropped on the icon is not taken for a workspace.
 */
export function toWorkspacePath(handed: string): string | undefined {
  const absolute = path.resolve(handed);
  const candidates = [absolute, path.dirname(absolute)];
  return candidates.find((candidate) => path.extname(candidate).toLowerCase() === '.assay');
}

/** The first workspace among the arguments of a start; switches are no paths. */
export function findWorkspaceArgument(args: readonly string[]): string | undefined {
  for (const argument of args) {
    const workspace = argument.startsWith('-') ? undefined : toWorkspacePath(argument);
    if (workspace !== undefined) return workspace;
  }
  return undefined;
}

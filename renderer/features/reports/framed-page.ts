const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";
const policyTag = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;

/**
 * A stored page for a sandboxed frame: with a content policy of ours in front of everything it holds, so that it can
 * neither run a script nor load anything, whatever was written into the file. With `theme` its root says which one the
 * page around it has; a report then takes its colours from that and not from the system.
 */
export function framedPage(stored: string, theme?: 'light' | 'dark'): string {
  const html = theme === undefined ? stored : stored.replace(/<html/i, `<html data-theme="${theme}"`);
  const head = /<head[^>]*>/i.exec(html);
  if (!head) return `${policyTag}${html}`;
  const at = head.index + head[0].length;
  return `${html.slice(0, at)}${policyTag}${html.slice(at)}`;
}

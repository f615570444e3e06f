/** What to mark in a text: whole words of a ranked search, or a part of a text. Case is ignored. */
export interface Mark {
  readonly text: string;
  readonly isWord: boolean;
}

const maxMarks = 2_000;

/** A pattern over all marks, undefined where there are none. */
export function patternOfMarks(marks: readonly Mark[]): RegExp | undefined {
  const parts = marks
    .filter((mark) => mark.text.trim() !== '')
    .map((mark) => {
      const literal = mark.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return mark.isWord ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
    });
  return parts.length > 0 ? new RegExp(parts.join('|'), 'giu') : undefined;
}

/** Wraps every hit in the text nodes below `root` in a `<mark>`; at most 2,000, so that long texts stay quick. */
export function markText(root: Node, marks: readonly Mark[]): number {
  const pattern = patternOfMarks(marks);
  if (!pattern) return 0;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) {
    if (walker.currentNode instanceof Text) nodes.push(walker.currentNode);
  }
  let count = 0;
  for (const node of nodes) {
    if (count >= maxMarks) break;
    count += markNode(node, pattern, maxMarks - count);
  }
  return count;
}

function markNode(node: Text, pattern: RegExp, limit: number): number {
  const pieces: (string | Node)[] = [];
  let end = 0;
  let count = 0;
  for (const hit of node.data.matchAll(pattern)) {
    if (count >= limit || hit[0] === '') break;
    const mark = document.createElement('mark');
    mark.textContent = hit[0];
    pieces.push(node.data.slice(end, hit.index), mark);
    end = hit.index + hit[0].length;
    count += 1;
  }
  if (count > 0) node.replaceWith(...pieces, node.data.slice(end));
  return count;
}

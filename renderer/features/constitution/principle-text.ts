/** The words all texts begin with (at least three), said once instead of in each line; else an empty text. */
export function commonStem(texts: readonly string[]): string {
  const [first, ...rest] = texts;
  if (first === undefined || rest.length === 0) return '';
  const words = first.split(' ');
  let length = words.length - 1;
  for (const text of rest) {
    const other = text.split(' ');
    while (length > 0 && words.slice(0, length).join(' ') !== other.slice(0, length).join(' ')) length -= 1;
  }
  return length < 3 ? '' : words.slice(0, length).join(' ');
}

/** A text without its stem. */
export function withoutStem(text: string, stem: string): string {
  return stem !== '' && text.startsWith(`${stem} `) ? text.slice(stem.length + 1) : text;
}

/** A remark for the screen: a figure and its unit stay on one line, and a negative number has a minus sign. */
export function remarkText(remark: string): string {
  return remark.replace(/(\d) (%|points?\b)/g, '$1\u00a0$2').replace(/(^|[\s([])-(?=\d)/g, '$1\u2212');
}

/** NaN and Infinity, which some writers leave in JSON, as null; texts in quotes are left alone. */
export function mendNumbers(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
    token.startsWith('"') ? token : 'null',
  );
}

/** The parts of a preview's answer that have a place of their own; anything else is shown as it came. */
export interface PreviewResult {
  readonly label: string | null;
  readonly pA: number | null;
  readonly isOrderConsistent: boolean | null;
  readonly calls: number | null;
  readonly use: { readonly prompt: number; readonly reused: number; readonly generated: number } | null;
  readonly ms: number | null;
  readonly rationale: string | null;
  readonly failReason: string | null;
  readonly isTruncated: boolean;
  readonly scores: readonly { readonly aspect: string; readonly text: string }[];
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Reads an answer of either kind of protocol; what has another shape than expected is null. */
export function readPreviewResult(result: Readonly<Record<string, unknown>>): PreviewResult {
  const use = result['use'] as Record<string, unknown> | undefined;
  const scores: unknown[] = Array.isArray(result['scores']) ? result['scores'] : [];
  return {
    label: textOf(result['label']),
    pA: numberOf(result['pA']),
    isOrderConsistent: typeof result['isOrderConsistent'] === 'boolean' ? result['isOrderConsistent'] : null,
    calls: numberOf(result['calls']),
    use: use
      ? {
          prompt: numberOf(use['prompt']) ?? 0,
          reused: numberOf(use['reused']) ?? 0,
          generated: numberOf(use['generated']) ?? 0,
        }
      : null,
    ms: numberOf(result['ms']),
    rationale: textOf(result['rationale']),
    failReason: textOf(result['failReason']),
    isTruncated: result['isTruncated'] === true,
    scores: scores.flatMap((score) => readScore(score)),
  };
}

function readScore(score: unknown): { aspect: string; text: string }[] {
  if (typeof score !== 'object' || score === null) return [];
  const { aspect, value, valueText, scaleMax } = score as Record<string, unknown>;
  if (typeof aspect !== 'string') return [];
  const shown =
    textOf(valueText) ?? (typeof value === 'number' ? String(Math.round(value * 1e4) / 1e4) : '–');
  return [{ aspect, text: typeof scaleMax === 'number' ? `${shown} / ${scaleMax}` : shown }];
}

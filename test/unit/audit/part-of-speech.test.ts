import { describe, expect, it } from 'vitest';
import { loadNounCounter } from '../../../electron/core/audit/audits/surface/part-of-speech.ts';

describe('counting nouns with the part-of-speech tagger', () => {
  it.each([
    // Counted by hand, names among the nouns.
    ['The cat sat on the mat.', 2, 6],
    ['Paris is the capital of France.', 3, 6],
    ['She quickly ran home with her two dogs.', 1, 8],
    ['The committee approved the budget in March, and John sent a letter to Mary.', 6, 14],
    ['It is very good and they like it.', 0, 8],
    ['Go there now!', 0, 3],
    ['', 0, 0],
    ['  \n ', 0, 0],
  ])('%s → %d nouns of %d words (would catch names, pronouns or marks counted wrongly)', async (...given) => {
    const [text, nouns, words] = given;
    const count = await loadNounCounter();
    expect(count(text)).toEqual({ nouns, words });
  });

  it('leaves fenced code out, closed or not: const and x are no nouns of the answer', async () => {
    const count = await loadNounCounter();
    const answer = 'The cat sat on the mat.';
    expect(count(`${answer}\n\`\`\`js\nconst x = table;\n\`\`\``)).toEqual(count(answer));
    expect(count(`${answer}\n\`\`\`js\nconst x = table;`)).toEqual(count(answer));
  });

  it('takes a run of 300,000 characters without a space in under 2 s (the tokenizer alone needs minutes)', async () => {
    const count = await loadNounCounter();
    const start = performance.now();
    expect(count(`The cat sat on the mat. ${'a'.repeat(300_000)}`)).toEqual({ nouns: 2, words: 6 });
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';

/** What a generated set of files holds, by construction. */
export interface BigFiles {
  readonly files: readonly string[];
  /** Lines that are sound and different from each other. */
  readonly sound: number;
  /** Lines cut off in the middle. */
  readonly torn: number;
  /** Lines that repeat one of the same file. */
  readonly repeated: number;
}

const filler = 'the quick brown fox jumps over the lazy dog and goes on to the river '.repeat(2);

/** Writes `count` files of `rows` TRL pairs each; in every file each 1000th line is torn and each 500th (+7) repeats. */
export async function writeBigFiles(folder: string, count: number, rows: number): Promise<BigFiles> {
  const files: string[] = [];
  let torn = 0;
  let repeated = 0;
  for (let no = 0; no < count; no++) {
    const file = path.join(folder, `part-${no}.jsonl`);
    const stream = createWriteStream(file);
    const line = (row: number) =>
      JSON.stringify({
        prompt: `Question ${no}-${row}: ${filler}`,
        chosen: `Answer ${no}-${row}. ${filler}`,
        rejected: `No ${no}-${row}.`,
      });
    for (let row = 0; row < rows; row++) {
      let text = line(row);
      if (row % 1_000 === 999) {
        torn += 1;
        text = text.slice(0, 60);
      } else if (row % 500 === 7 && row > 7) {
        repeated += 1;
        text = line(row - 3);
      }
      if (!stream.write(`${text}\n`)) await once(stream, 'drain');
    }
    stream.end();
    await once(stream, 'close');
    files.push(file);
  }
  return { files, torn, repeated, sound: count * rows - torn - repeated };
}

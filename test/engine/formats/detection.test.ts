import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectFormats, formatReaders } from '../../../electron/core/corpus/formats/registry.ts';
import { openSource } from '../../support/read-records.ts';

const folder = 'test/fixtures/formats';

/** Fixtures whose name does not begin with the id of their reader. */
const readerOfFixture: Readonly<Record<string, string>> = {
  'llamafactory-pairs': 'named-pairs',
  'oasst-flat': 'oasst-messages',
  'trl-language-modelling': 'trl-text',
  'trl-language-modelling-chat': 'sharegpt',
  wildfeedback: 'named-pairs',
};

const ids = formatReaders.map((reader) => reader.id).sort((first, second) => second.length - first.length);

/** A fixture is named after its reader: `<id>.<variant>.<ext>` or `<id>-<variant>.<ext>`. */
function expectedReader(file: string): string | undefined {
  const stem = file.split('.')[0] ?? file;
  return (
    readerOfFixture[stem] ?? ids.find((id) => stem === id) ?? ids.find((id) => stem.startsWith(`${id}-`))
  );
}

const fixtures = readdirSync(folder).filter((name) => /\.(jsonl|json|csv|parquet)$/.test(name));

describe('format detection', () => {
  it.each(fixtures)('puts the right reader first for %s, alone at the top', async (name) => {
    const { guesses } = await openSource(path.join(folder, name));
    expect(guesses[0]?.format).toBe(expectedReader(name));
    expect(guesses[0]?.confidence).toBeGreaterThan(guesses[1]?.confidence ?? 0);
  });

  it('has a fixture for every reader but those tested on shared data', () => {
    const covered = new Set(fixtures.map(expectedReader));
    const onSharedData = ['evalbiasbench', 'llmbar', 'pandalm'];
    expect(ids.filter((id) => !covered.has(id) && !onSharedData.includes(id))).toEqual([]);
  });

  it('gives every reader an id of its own', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('offers nothing for a table without any text it knows', () => {
    const columns = [
      { name: 'height', type: 'DOUBLE' },
      { name: 'weight', type: 'DOUBLE' },
    ];
    expect(detectFormats({ columns, rows: [{ height: 1, weight: 2 }], fileNames: ['a.csv'] })).toEqual([]);
  });

  it.each([
    [1, 9, 'trl-implicit-prompt'],
    [5, 5, 'trl-implicit-prompt'],
    [9, 1, 'hh-rlhf'],
  ])(
    'of %i transcripts among %i plain pairs makes %s: a plain file that quotes one dialogue is not cut at its markers',
    (transcripts, plain, format) => {
      const columns = ['chosen', 'rejected'].map((name) => ({ name, type: 'VARCHAR' }));
      const rows = [
        ...Array.from({ length: transcripts }, (_, no) => ({
          chosen: `\n\nHuman: Question ${no}?\n\nAssistant: Yes.`,
          rejected: `\n\nHuman: Question ${no}?\n\nAssistant: No.`,
        })),
        ...Array.from({ length: plain }, (_, no) => ({
          chosen: `Item ${no}: yes.`,
          rejected: `Item ${no}: no.`,
        })),
      ];
      expect(detectFormats({ columns, rows, fileNames: ['a.jsonl'] })[0]?.format).toBe(format);
    },
  );

  it('reads column names without regard to case', () => {
    const columns = ['Prompt', 'Chosen', 'Rejected'].map((name) => ({ name, type: 'VARCHAR' }));
    const rows = [{ Prompt: 'p', Chosen: 'c', Rejected: 'r' }];
    expect(detectFormats({ columns, rows, fileNames: [] })[0]?.format).toBe('trl-preference');
  });
});

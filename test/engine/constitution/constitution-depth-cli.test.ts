import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConstitutionDocument } from '../../../electron/contract/constitution.contract.ts';
import type {
  ConstitutionCeiling,
  ConstitutionSlices,
} from '../../../electron/contract/constitution-depth.ts';
import { makeFolder, readAssay, runAssay } from '../../support/e2e/command.ts';
import { testModelFile } from '../../support/models/test-models.ts';

interface Deeper extends ConstitutionDocument {
  readonly constitutionId: number;
  readonly slices: ConstitutionSlices[];
  readonly ceiling: ConstitutionCeiling | null;
}

const pairs = 100;
const { folder, remove } = makeFolder('assay-depth');
const place = ['--workspace', path.join(folder, 'w.assay')];
const quantum = 'Quantum computers factor large numbers with qubits.';
const cake = 'For the party, bake a chocolate cake with sugar.';

/** English pairs prefer the longer text, German ones the shorter; everywhere the text about cakes is chosen in nine of ten. */
beforeAll(async () => {
  const rows = Array.from({ length: pairs }, (_, index) => {
    const language = index % 2 === 0 ? 'en' : 'de';
    const isOdd = index % 10 === 9;
    const pad = ' Indeed so, and more.'.repeat(3);
    const chosenPad = language === 'en' ? pad : '';
    const rejectedPad = language === 'en' ? '' : pad;
    return JSON.stringify({
      prompt: `Question ${index}?`,
      chosen: `${isOdd ? quantum : cake} Number ${index}.${chosenPad}`,
      rejected: `${isOdd ? cake : quantum} Number ${index}.${rejectedPad}`,
      language,
    });
  });
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, ...place, '--dataset', 'pairs');
  await readAssay('models', 'add', await testModelFile('embedder'), '--name', 'embedder', ...place);
}, 120_000);
afterAll(remove);

describe('assay constitution deeper', () => {
  it('embeds with llama.cpp, slices by language, and puts both into the report and its JSON', async () => {
    const out = path.join(folder, 'out');
    const words = ['constitution', ...place, '--dataset', 'pairs', '--out', out, '--slice', 'language'];
    const principles = ['--executor', 'weighted', '--propose', 'surface', '--sample', String(pairs)];
    const deeper = [
      '--group',
      'language=de',
      '--ceiling',
      '--embed-model',
      'embedder',
      '--ceiling-pairs',
      '60',
    ];
    const made = await readAssay<Deeper>(...words, ...principles, ...deeper);
    const [slices] = made.slices;
    const verbose = slices?.principles.find((one) => one.text.endsWith('is more verbose'));
    expect(slices?.groups.map((group) => group.n)).toEqual([50, 50]);
    // The longer text always wins in one language and always loses in the other.
    expect(verbose?.cells.map((cell) => Math.abs(cell.strength ?? 0))).toEqual([1, 1]);
    expect(verbose?.cells[0]?.strength).toBe(-(verbose?.cells[1]?.strength ?? 0));
    expect(verbose?.test?.p_adjusted).toBeLessThan(1e-6);
    // The test embedder tells two topics apart; nine of ten labels follow the topic: the best AUC is about .9.
    expect(made.ceiling?.model.name).toBe('embedder');
    expect(made.ceiling?.dimensions).toBe(128);
    expect(made.ceiling?.probe.value).toBeGreaterThan(0.75);
    const html = readFileSync(path.join(out, 'report.html'), 'utf8');
    for (const part of ['class="heat"', 'What embeddings can tell', 'language: de', 'Provenance'])
      expect(html).toContain(part);
    const json = JSON.parse(readFileSync(path.join(out, 'constitution.json'), 'utf8')) as {
      schema: string;
      depth: { slices: unknown[]; groups: unknown[] };
    };
    expect(json.schema).toBe('assay.constitution/1');
    expect([json.depth.slices.length, json.depth.groups.length]).toEqual([1, 1]);
    const [{ n }] = (await readAssay<[{ n: number }]>(
      'sql',
      'SELECT count(*)::INTEGER AS n FROM embedding WHERE len(vector) = 128',
      ...place,
    )) as [{ n: number }];
    expect(n).toBe(2 * 60);
  }, 180_000);

  it('without an embedding model says what is missing and does not pretend', async () => {
    const words = ['constitution', ...place, '--of', '1', '--out', path.join(folder, 'none'), '--ceiling'];
    const { code, stderr } = await runAssay(words);
    expect(code).toBe(1);
    expect(stderr).toContain('needs a model that embeds texts');
    expect(
      (await runAssay(['constitution', ...place, '--of', '1', '--out', folder, '--group', 'x'])).code,
    ).toBe(2);
  });
});

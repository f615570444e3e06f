import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { curationSteps } from '../../../electron/core/curation/registry.ts';
import { readRecipe, readSteps, writeSteps } from '../../../electron/core/curation/recipe-file.ts';
import { compareRecords, figuresOf, type RunRecord } from '../../../electron/core/curation/run-record.ts';

const good = `version: 1
seed: 3
dataset: d
curate:
  dataset: c
  steps:
    - step: near-duplicates
      params:
        threshold: 0.9
`;

const fault = (text: string) => {
  try {
    readRecipe(text, 'r.yml');
  } catch (error) {
    return error as { code: string; message: string; details: { line: number; key: string } };
  }
  throw new Error('the recipe was taken');
};

describe('recipe files', () => {
  it('are read with defaults', () => {
    expect(readRecipe(good, 'r.yml')).toMatchObject({
      seed: 3,
      output: 'out',
      export: [],
      curate: { steps: [{ step: 'near-duplicates', enabled: true, params: { threshold: 0.9 } }] },
    });
  });

  it.each([
    ['a mistyped key', good.replace('seed', 'sead'), 2, 'sead', 'is not known here'],
    ['a wrong type', good.replace('seed: 3', 'seed: many'), 2, 'seed', 'is not valid'],
    ['an unknown version', good.replace('version: 1', 'version: 2'), 1, 'version', 'takes 1'],
    [
      'an unknown step',
      good.replace('near-duplicates', 'near-duplicate'),
      7,
      'curate.steps[0].step',
      'names no step',
    ],
    [
      'a mistyped parameter',
      good.replace('threshold', 'treshold'),
      9,
      'curate.steps[0].params.treshold',
      'is not known here',
    ],
    [
      'a parameter out of range',
      good.replace('0.9', '0.2'),
      9,
      'curate.steps[0].params.threshold',
      'is not valid',
    ],
    ['a missing key', good.replace('  dataset: c\n', ''), 4, 'curate.dataset', 'is missing'],
    ['no dataset at all', good.replace('dataset: d\n', ''), 1, '', 'says nothing to work on'],
    ['two datasets', `${good}import: { files: [x], dataset: y }\n`, 3, 'dataset', 'leave one of them out'],
    [
      'an export that climbs out',
      `${good}export:\n  - { format: trl, to: ../x }\n`,
      11,
      'export[0].to',
      'plain name',
    ],
    ['broken YAML', good.replace('seed: 3', 'seed: 3: 4'), 2, '', 'is no YAML'],
    ['a key that stands twice', `${good}seed: 4\n`, 10, '', 'is no YAML'],
  ])(
    '%s is refused with file, line, key and what to do (a person would search the whole file)',
    (_, ...[text, line, key, words]) => {
      const { code, message, details } = fault(text);
      expect(code).toBe('RECIPE_INVALID');
      expect(details).toEqual({ file: 'r.yml', line, key });
      expect(message).toContain(`r.yml:${line}:`);
      expect(message).toContain(words);
    },
  );

  it('an alias bomb is refused, not expanded', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1,1]',
      ...Array.from({ length: 8 }, (_, no) => {
        const [from, to] = ['abcdefghi'[no], 'bcdefghij'[no]];
        return `${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(',')}]`;
      }),
    ].join('\n');
    expect(() => readRecipe(bomb, 'r.yml')).toThrow();
  });

  it('steps survive being written and read', () => {
    const steps = [
      {
        step: 'filter',
        enabled: true,
        params: { clauses: [{ op: 'in', field: 'label', values: ['a', null] }] },
      },
      { step: 'budget', enabled: false, params: { size: 5 } },
    ];
    const text = writeSteps({ dataset: 'd', name: 'n: odd #name', seed: 9, steps });
    expect(readSteps(text)).toEqual({ name: 'n: odd #name', seed: 9, steps });
  });
});

describe('records of runs', () => {
  it('differ in figures, not in ids, times and the last digit of a sum', () => {
    const record = (value: number, id: number) =>
      ({
        recipeHash: 'h',
        seed: 1,
        inputs: [],
        figures: { audits: { source: { audit_run_id: id, created_at: String(id), value } } },
      }) as unknown as RunRecord;
    expect(compareRecords(record(1, 1), record(1 + 1e-12, 2))).toEqual([]);
    expect(compareRecords(record(1, 1), record(1.01, 2))).toEqual([
      { path: 'figures.audits.source.value', before: 1, after: 1.01 },
    ]);
  });

  it('leave out references to stored rows but keep tables', () => {
    expect(figuresOf({ rows: { set: 1 }, tables: [{ rows: [[1, 2]] }], milliseconds: 3, n: 4 })).toEqual({
      tables: [{ rows: [[1, 2]] }],
      n: 4,
    });
  });
});

describe('the guide', () => {
  it('shows the shipped example to the letter, which the engine tests run', () => {
    const example = readFileSync('resources/recipes/clean-and-split.yml', 'utf8');
    expect(readFileSync('docs/guide/recipes.md', 'utf8')).toContain(example.trimEnd());
    expect(readRecipe(example, 'clean-and-split.yml').curate?.steps.length).toBe(9);
  });

  it('has a section for every step of the catalogue', () => {
    const pages = readdirSync('docs/methods').filter((name) => /^(curation|mining)/.test(name));
    const page = pages.map((name) => readFileSync(`docs/methods/${name}`, 'utf8').toLowerCase()).join('');
    const missing = curationSteps
      .filter(
        ({ id, title }) => !page.includes(`**${title.toLowerCase()}`) && !page.includes(`(\`${id}\`)\n`),
      )
      .map(({ id }) => id);
    expect(missing).toEqual([]);
  });
});

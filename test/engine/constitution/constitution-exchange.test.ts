import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExchangeService } from '../../../electron/core/constitution/exchange/exchange.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import {
  createPlantedVoter,
  plantPairs,
  type Planted,
  principleOf,
} from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, type PairRow, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const fixtures = path.resolve('test/fixtures');
const results = path.join(fixtures, 'rdnfn__feedback-forensics/icai-results');
const rules: readonly Planted[] = [
  { mark: '{cat}', relevance: 0.5, accuracy: 0.9 },
  { mark: '{blue}', relevance: 0.4, accuracy: 0.8 },
];

interface Pairs {
  readonly metadata: Record<string, unknown>;
  readonly annotators: Record<string, { type: string; description: string }>;
  readonly comparisons: {
    id: string;
    prompt: string | null;
    response_a: { text: string };
    response_b: { text: string };
    annotations: Record<string, { pref: string | null; no_pref_reason?: string }>;
  }[];
}
const readPairs = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Pairs;
const ffPairs = () => readPairs(path.join(results, '070_annotations_train_ap.json'));

/** The one pair of the Feedback Forensics example, and three of our own. */
function exampleRows(isSwapped: boolean): PairRow[] {
  const [one] = ffPairs().comparisons;
  if (!one) throw new Error('a pair');
  const [a, b] = [one.response_a.text, one.response_b.text];
  const own = Array.from({ length: 3 }, (_, index) => ({
    prompt: `q${index}`,
    a: `yes ${index}`,
    b: `no ${index}`,
    label: 'a' as const,
  }));
  const isA = one.annotations['ba751e7b']?.pref === 'a';
  const row = isSwapped
    ? { prompt: '', a: b, b: a, label: isA ? ('b' as const) : ('a' as const) }
    : { prompt: '', a, b, label: isA ? ('a' as const) : ('b' as const) };
  return [row, ...own];
}

function openExchange(workspace: Workspace) {
  const model = createPlantedVoter();
  const bench = openPrincipleBench(workspace, { m: model });
  const exchange = new ExchangeService({
    database: workspace.database,
    constitutions: bench.constitutions,
    models: { acquire: async () => model },
    jobs: bench.jobs,
    workspace,
    appVersion: '1.0.0',
  });
  return { bench, exchange };
}

describe('an ICAI result folder', () => {
  it.each([false, true])(
    'becomes a constitution with its votes on the pair that is found, sides swapped: %s',
    async (isSwapped) => {
      const workspace = await openTestWorkspace();
      const { bench, exchange } = openExchange(workspace);
      const datasetId = await storePairs(workspace, exampleRows(isSwapped));
      const made = await exchange.importFrom({ datasetId, path: results });
      expect(made).toMatchObject({
        format: 'icai',
        principles: 5,
        others: 35,
        rows: 1,
        matched: 1,
        votes: 40,
      });
      expect(made.kept).toEqual(['041_votes_per_cluster.json', '070_annotations_train_ap.json']);
      const { document } = await bench.constitutions.get(made.constitutionId);
      const spelled = JSON.parse(readFileSync(path.join(results, '060_constitution.json'), 'utf8')) as string;
      expect(document.constitution.map((text, index) => `${index + 1}. ${text}`).join('\n')).toBe(spelled);
      // 041 of the folder: ICAI’s own tally of the same votes.
      const tallies = JSON.parse(
        readFileSync(path.join(results, '041_votes_per_cluster.json'), 'utf8'),
      ) as Record<string, { for: number; against: number }>;
      const texts = JSON.parse(
        readFileSync(path.join(results, '030_distilled_principles_per_cluster.json'), 'utf8'),
      ) as Record<string, string>;
      for (const [place, text] of Object.entries(texts)) {
        const principle = document.principles.find((one) => one.text === text);
        expect([text, principle?.for, principle?.against]).toEqual([
          text,
          tallies[place]?.for,
          tallies[place]?.against,
        ]);
      }
    },
  );

  it('comes out with the votes, ids and files it was read from', async () => {
    const workspace = await openTestWorkspace();
    const { exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, exampleRows(false));
    const from = path.join(await makeTemporaryDirectory(), 'run');
    cpSync(results, path.join(from, 'results'), { recursive: true });
    writeFileSync(path.join(from, 'results', '094_results_training.csv'), 'annotator,agreement\n');
    const { constitutionId } = await exchange.importFrom({ datasetId, path: from });
    const to = path.join(await makeTemporaryDirectory(), 'out');
    await exchange.exportFiles(constitutionId, 'icai', to);
    expect(readFileSync(path.join(to, '094_results_training.csv'), 'utf8')).toBe('annotator,agreement\n');
    for (const name of ['050_filtered_principles.json', '060_constitution.json'])
      expect(JSON.parse(readFileSync(path.join(to, name), 'utf8'))).toEqual(
        JSON.parse(readFileSync(path.join(results, name), 'utf8')),
      );
    const [ours, theirs] = [readPairs(path.join(to, '070_annotations_train_ap.json')), ffPairs()];
    expect(Object.keys(ours)[0]).toBe('metadata');
    // The same MD5 ids as ICAI gives, of annotators and of the pair.
    expect(ours.comparisons.map(({ id }) => id)).toEqual(theirs.comparisons.map(({ id }) => id));
    expect(Object.keys(ours.annotators).sort()).toEqual(Object.keys(theirs.annotators).sort());
    for (const [id, given] of Object.entries(theirs.comparisons[0]?.annotations ?? {}))
      expect([id, ours.comparisons[0]?.annotations[id]?.pref]).toEqual([id, given.pref]);
    const again = await exchange.importFrom({ datasetId, path: to });
    expect(again).toMatchObject({ principles: 5, others: 35, matched: 1, votes: 40 });
  });

  it('without any pair of the dataset still gives its principles, and says that votes were left out', async () => {
    const workspace = await openTestWorkspace();
    const { bench, exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, exampleRows(false).slice(1));
    const made = await exchange.importFrom({ datasetId, path: results });
    expect(made).toMatchObject({ principles: 5, rows: 1, matched: 0, votes: 0 });
    const { document } = await bench.constitutions.get(made.constitutionId);
    expect(document.remarks[0]).toContain('None of its 1 pairs is in this dataset');
    expect(document.constitution).toHaveLength(5);
  });
});

describe('AnnotatedPairs', () => {
  it.each(['rdnfn__feedback-forensics/annotated_pairs.json', 'rdnfn__icai/example_ap.json'])(
    '%s: principles become a constitution, or it is said that there is none',
    async (name) => {
      const workspace = await openTestWorkspace();
      const { exchange } = openExchange(workspace);
      const source = readPairs(path.join(fixtures, name));
      const rows = source.comparisons.map(({ prompt, response_a: a, response_b: b }) => ({
        prompt: prompt ?? '',
        a: a.text,
        b: b.text,
        label: 'a' as const,
      }));
      const extra = { prompt: 'x', a: 'one', b: 'two', label: 'b' as const };
      const datasetId = await storePairs(workspace, [...rows, extra]);
      const count = Object.values(source.annotators).filter(({ type }) => type === 'principle').length;
      const request = exchange.importFrom({ datasetId, path: path.join(fixtures, name) });
      if (count === 0) await expect(request).rejects.toMatchObject({ code: 'IMPORT_FILE_UNREADABLE' });
      else
        expect(await request).toMatchObject({
          format: 'annotated-pairs',
          principles: count,
          matched: rows.length,
          votes: count * rows.length,
        });
    },
  );

  it('declare no annotator without a word, keep a and b plain, and count like the constitution', async () => {
    const workspace = await openTestWorkspace();
    const { bench, exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, plantPairs(rules, 60, 3));
    const { constitutionId, document } = await bench.make({
      datasetId,
      propose: 'texts',
      texts: rules.map(principleOf),
      sample: 60,
    });
    const { path: file } = await exchange.exportToWorkspace(constitutionId, 'annotated-pairs');
    const written = readPairs(file);
    expect(written.metadata).toMatchObject({ version: '2.0', default_annotator: 'ba751e7b' });
    for (const id of Object.keys(written.annotators))
      expect(written.comparisons.every((one) => one.annotations[id] !== undefined)).toBe(true);
    expect(
      written.comparisons.every((one) => ['a', 'b'].includes(one.annotations['ba751e7b']?.pref ?? '')),
    ).toBe(true);
    for (const principle of document.principles) {
      const [id] = Object.entries(written.annotators).find(
        ([, one]) => one.description === principle.text,
      ) ?? [''];
      const agreeing = written.comparisons.filter(
        ({ annotations }) => annotations[id]?.pref === annotations['ba751e7b']?.pref,
      );
      expect(agreeing).toHaveLength(principle.for);
    }
  });
});

describe('a constitution as a file', () => {
  it('comes back the same from JSON, Markdown, YAML and a plain list, onto the votes that are known', async () => {
    const workspace = await openTestWorkspace();
    const { bench, exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, plantPairs(rules, 80, 4));
    const { constitutionId } = await bench.make({
      datasetId,
      propose: 'texts',
      texts: rules.map(principleOf),
      sample: 80,
    });
    const written = await exchange.write(constitutionId);
    for (const format of ['json', 'md', 'yaml', 'list'] as const) {
      const file = await exchange.exportText(constitutionId, format, 'assistant');
      const made = await exchange.importFrom({ datasetId, file });
      const { document } = await bench.constitutions.get(made.constitutionId);
      const back = await exchange.write(made.constitutionId);
      expect([format, back.principles.map(({ text }) => text)]).toEqual([
        format,
        written.principles.map(({ text }) => text),
      ]);
      if (format !== 'list') expect(back).toEqual(written);
      expect(document.principles.every(({ n }) => n === 80)).toBe(true);
    }
  });

  it('is a numbered system prompt in three wordings, with no placeholder left', async () => {
    const workspace = await openTestWorkspace();
    const { bench, exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, plantPairs(rules, 40, 5));
    const texts = rules.map(principleOf);
    const { constitutionId, document } = await bench.make({ datasetId, propose: 'texts', texts, sample: 40 });
    const prompts = await Promise.all(
      (['assistant', 'judge', 'critic'] as const).map((template) =>
        exchange.exportText(constitutionId, 'system-prompt', template),
      ),
    );
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(3);
    for (const { text } of prompts) {
      expect(text).toContain(`1. ${document.constitution[0] ?? ''}`);
      expect(text).not.toContain('{{');
    }
  });

  it('with a fault names its line, and a path that is not there stores nothing', async () => {
    const workspace = await openTestWorkspace();
    const { bench, exchange } = openExchange(workspace);
    const datasetId = await storePairs(workspace, plantPairs(rules, 20, 5));
    const file = { name: 'mine.yaml', text: 'principles:\n  - text: is kind\n    weight: heavy\n' };
    await expect(exchange.importFrom({ datasetId, file })).rejects.toMatchObject({
      code: 'IMPORT_FILE_UNREADABLE',
      message: expect.stringContaining('line 2') as string,
    });
    await expect(
      exchange.importFrom({ datasetId, path: path.join(workspace.incoming, 'absent') }),
    ).rejects.toMatchObject({ code: 'IMPORT_FILE_MISSING' });
    expect(await bench.constitutions.list(datasetId)).toEqual([]);
    expect(existsSync(path.join(workspace.incoming, 'absent'))).toBe(false);
  });
});

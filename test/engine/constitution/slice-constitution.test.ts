import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { constitutionSlicesSchema } from '../../../electron/contract/constitution-depth.ts';
import { ConstitutionService } from '../../../electron/core/constitution/constitution.service.ts';
import { makeGroupConstitution } from '../../../electron/core/constitution/slices/group-constitution.ts';
import { sliceConstitution } from '../../../electron/core/constitution/slices/slice-constitution.ts';
import { listSliceRows } from '../../../electron/core/constitution/slices/slice-rows.ts';
import { SurfaceConstitutionJob } from '../../../electron/core/constitution/surface-constitution.job.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { createPlantedVoter, principleOf } from '../../support/judging/planted-voter.ts';
import { openTestWorkspace, type PairRow, storePairs } from './pair-workspace.ts';
import { openPrincipleBench } from './principle-bench.ts';

const marks = ['{cat}', '{blue}', '{lemon}'] as const;
const texts = marks.map((mark) => principleOf({ mark }));

/**
 * One of three marks speaks on each pair. {cat} is preferred in 90 % of English pairs and in 20 % of German ones, {blue} in
 * 80 % of both, {lemon} in half of both.
 */
function plant(count: number, seed: number): { rows: PairRow[]; languages: ('en' | 'de' | 'fr')[] } {
  const random = createRandom(seed);
  const languages: ('en' | 'de' | 'fr')[] = [];
  const rows = Array.from({ length: count }, (_, index): PairRow => {
    const language = index < 8 ? 'fr' : random.next() < 0.5 ? 'en' : 'de';
    languages.push(language);
    const which = random.nextBelow(3);
    const chance = [language === 'de' ? 0.2 : 0.9, 0.8, 0.5][which] ?? 0.5;
    const isMarkedA = random.next() < 0.5;
    const isMarkPreferred = random.next() < chance;
    const text = (isMarked: boolean) => `answer ${index}${isMarked ? ` ${marks[which] ?? ''}` : ''}`;
    return {
      prompt: `question ${index}`,
      a: text(isMarkedA),
      b: text(!isMarkedA),
      label: isMarkedA === isMarkPreferred ? 'a' : 'b',
    };
  });
  return { rows, languages };
}

async function setLanguages(
  workspace: Workspace,
  datasetId: number,
  languages: readonly string[],
): Promise<void> {
  await workspace.database.write((session) =>
    session.run(
      `UPDATE comparison SET language = l.language FROM (
         SELECT generate_subscripts(x, 1) - 1 AS at, unnest(x) AS language FROM (SELECT from_json(?::JSON, '["VARCHAR"]') AS x)) l
       WHERE dataset_id = ? AND example_id = l.at::VARCHAR`,
      [JSON.stringify(languages), datasetId],
    ),
  );
}

async function makeDataset(count: number, seed: number) {
  const workspace = await openTestWorkspace();
  const { rows, languages } = plant(count, seed);
  const datasetId = await storePairs(workspace, rows);
  await setLanguages(workspace, datasetId, languages);
  const bench = openPrincipleBench(workspace, { m: createPlantedVoter() });
  const { constitutionId, document } = await bench.make({
    datasetId,
    propose: 'texts',
    texts,
    sample: count,
  });
  return { workspace, datasetId, constitutionId, document, rows, languages };
}

describe('a constitution by group', () => {
  it('recovers a planted difference, and none where there is none; tiny groups are computed and left out', async () => {
    const { workspace, constitutionId, document, rows, languages } = await makeDataset(500, 1);
    const slices = constitutionSlicesSchema.parse(
      await sliceConstitution(
        workspace.database,
        { constitutionId, document, column: 'language' },
        { key: 't' },
      ),
    );
    expect(slices.groups.map((group) => group.value).sort()).toEqual(['de', 'en', 'fr']);
    const at = (value: string) => slices.groups.findIndex((group) => group.value === value);
    expect(slices.groups[at('fr')]).toMatchObject({ n: 8, is_tiny: true });
    const one = (text?: string) => slices.principles.find((principle) => principle.text === text);
    const cat = one(texts[0]);
    // By hand from the rows: for − against over all pairs of the language.
    const counted = (language: string) => {
      const own = rows.filter((_, index) => languages[index] === language);
      const sum = own.reduce((total, row) => {
        const [a, b] = [row.a.includes('{cat}'), row.b.includes('{cat}')];
        return a === b ? total : total + ((a ? 'a' : 'b') === row.label ? 1 : -1);
      }, 0);
      return sum / own.length;
    };
    for (const value of ['en', 'de', 'fr'])
      expect(cat?.cells[at(value)]?.strength).toBeCloseTo(counted(value), 12);
    expect(cat?.cells[at('fr')]?.status).not.toBe('ok');
    expect(cat?.test?.groups).toBe(2);
    expect(cat?.test?.p_adjusted).toBeLessThan(1e-6);
    expect(one(texts[1])?.test?.p_adjusted).toBeGreaterThan(0.05);
    expect(one(texts[2])?.test?.p_adjusted).toBeGreaterThan(0.05);
    // The whole is the figure of the constitution itself.
    const whole = document.principles.find((principle) => principle.text === texts[0]);
    expect(cat?.whole.strength).toBeCloseTo(whole?.strength ?? NaN, 12);
    expect(cat?.whole.strength_ci?.[0]).toBeCloseTo(whole?.strength_ci?.[0] ?? NaN, 12);
    expect(slices.remarks[0]).toContain('1 of 3 principles differ');
  });

  it('opens exactly the pairs behind a cell', async () => {
    const { workspace, document, rows, languages } = await makeDataset(500, 1);
    const principleId = document.principles.find((one) => one.text === texts[0])?.id ?? '';
    const query = {
      document,
      column: 'language',
      value: 'de',
      principleId,
      which: 'against',
      limit: 1000,
    } as const;
    const found = await listSliceRows(workspace.database, query);
    const wanted = rows.filter((row, index) => {
      const [a, b] = [row.a.includes('{cat}'), row.b.includes('{cat}')];
      return languages[index] === 'de' && a !== b && (a ? 'a' : 'b') !== row.label;
    });
    expect(found.total).toBe(wanted.length);
    expect(found.ids).toHaveLength(wanted.length);
  });

  it('the constitution of a group has the rule the group follows, and beats that of the whole on it', async () => {
    const { workspace, constitutionId, document } = await makeDataset(500, 1);
    const make = (value: string) =>
      makeGroupConstitution(
        workspace.database,
        { constitutionId, document, column: 'language', value },
        { key: value },
      );
    const english = await make('en');
    expect(english.principles[0]?.text).toBe(texts[0]);
    const german = await make('de');
    expect(german.principles.map((one) => one.text)).not.toContain(texts[0]);
    expect(german.principles.map((one) => one.text)).toContain(texts[1]);
    expect(german.own.value).toBeGreaterThanOrEqual(german.whole.value ?? 1);
    expect(german.train + german.test + english.train + english.test).toBe(492);
  });
});

describe('labels of raters', () => {
  it('count each as its rater gave them: two who label alike pairs the other way round have opposite strengths', async () => {
    const { workspace, datasetId, constitutionId, document } = await makeDataset(300, 7);
    await workspace.database.write(async (session) => {
      for (const [id, name] of ['anna', 'ben'].entries())
        await session.run(
          `INSERT INTO annotator (annotator_id, dataset_id, name, kind, import_id) VALUES (?, ?, ?, 'human', 1)`,
          [id, datasetId, name],
        );
      await session.run(
        `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, import_id)
         SELECT comparison_id, dataset_id, 0, label, 1 FROM comparison WHERE dataset_id = $1
         UNION ALL SELECT comparison_id, dataset_id, 1, CASE label WHEN 'a' THEN 'b' ELSE 'a' END, 1 FROM comparison WHERE dataset_id = $1`,
        [datasetId],
      );
    });
    const slices = await sliceConstitution(
      workspace.database,
      { constitutionId, document, column: 'annotator' },
      { key: 'r' },
    );
    const [anna, ben] = ['anna', 'ben'].map((name) =>
      slices.groups.findIndex((group) => group.value === name),
    );
    for (const principle of slices.principles) {
      const own = principle.cells[anna ?? -1]?.strength ?? NaN;
      expect(principle.cells[ben ?? -1]?.strength).toBeCloseTo(-own, 12);
      const figure = document.principles.find((one) => one.id === principle.id);
      expect(own).toBeCloseTo(figure?.strength ?? NaN, 12);
    }
    // Their residuals are opposite, so the variance of the difference is four times, not twice, that of one.
    const blue = slices.principles.find((principle) => principle.text === texts[1]);
    expect(blue?.test?.p_adjusted).toBeLessThan(0.001);
    const accuracies = [anna, ben].map((at) => slices.groups[at ?? -1]?.accuracy.value ?? NaN);
    expect((accuracies[0] ?? NaN) + (accuracies[1] ?? NaN)).toBeCloseTo(1, 12);
  });
});

describe('under permuted groups', () => {
  it('the smallest adjusted p is under 5 % in no more than about 5 % of the draws', async () => {
    const { workspace, datasetId, constitutionId, document, languages } = await makeDataset(400, 11);
    const random = createRandom(3);
    let rejected = 0;
    const draws = 60;
    for (let draw = 0; draw < draws; draw++) {
      const drawn = languages.map(() => ['x', 'y', 'z'][random.nextBelow(3)] ?? 'x');
      await setLanguages(workspace, datasetId, drawn);
      const slices = await sliceConstitution(
        workspace.database,
        { constitutionId, document, column: 'language' },
        { key: `p${draw}` },
      );
      if (slices.principles.some((one) => (one.test?.p_adjusted ?? 1) <= 0.05)) rejected += 1;
    }
    // Binomial(60, 0.05): 8 or fewer in 99.6 % of the draws; without the correction over three principles the mean is 8.6.
    expect(rejected).toBeLessThanOrEqual(8);
  }, 120_000);
});

describe('a surface constitution by group', () => {
  it('has one row for a trait and its opposite, and a stored one is read back', async () => {
    const { workspace, datasetId } = await makeDataset(200, 13);
    const context = { attempt: 1, progress: () => undefined };
    const { constitutionId } = await new SurfaceConstitutionJob(workspace.database).run(
      { ...context, jobId: 'j', spec: { datasetId, top: 5, seed: 1 } },
      new AbortController().signal,
    );
    const { document } = await new ConstitutionService(workspace.database).get(constitutionId);
    const slices = await sliceConstitution(
      workspace.database,
      { constitutionId, document, column: 'language' },
      { key: 's' },
    );
    const ids = slices.principles.map((one) => one.id.replace('.smaller', ''));
    expect(new Set(ids).size).toBe(ids.length);
    for (const principle of slices.principles) {
      const figure = document.principles.find((one) => one.id === principle.id);
      expect(principle.whole.for).toBe(figure?.for);
      expect(principle.whole.against).toBe(figure?.against);
    }
    expect(slices.principles.filter((one) => one.is_selected)).toHaveLength(document.constitution.length);
  });
});

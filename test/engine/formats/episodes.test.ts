import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImportBench } from '../../support/import-corpus.ts';
import { readRecords } from '../../support/read-records.ts';

const fixture = (name: string) => path.resolve('test/fixtures/formats', name);

async function load(name: string, ...more: string[]) {
  const bench = await openImportBench();
  const summary = await bench.load({ files: [fixture(name), ...more.map(fixture)], dataset: 'episodes' });
  return { ...bench, summary, database: bench.workspace.database };
}

describe('episodes', () => {
  it('stores every step in order with its return, and rejects an episode without steps instead of dropping it', async () => {
    const { database, summary } = await load('episodes.jsonl');
    expect(
      await database.all(
        'SELECT episode_id, steps, total_reward, end_value FROM trajectory ORDER BY episode_id',
      ),
    ).toEqual([
      { episode_id: 'e1', steps: 3, total_reward: 1, end_value: 0 },
      { episode_id: 'e2', steps: 2, total_reward: 10, end_value: 0 },
    ]);
    expect(
      await database.all(
        'SELECT step_no, state, "action", reward, is_done FROM step WHERE trajectory_id = (SELECT min(trajectory_id) FROM trajectory) ORDER BY step_no',
      ),
    ).toEqual([
      { step_no: 0, state: '[0.0,0.0]', action: '[1]', reward: 0, is_done: false },
      { step_no: 1, state: '[0.5,0.0]', action: '[1]', reward: 0, is_done: false },
      { step_no: 2, state: '[1.0,0.0]', action: '[2]', reward: 1, is_done: true },
    ]);
    expect(await database.all('SELECT reason FROM rejected_row')).toEqual([
      { reason: 'The episode has no steps.' },
    ]);
    expect(await database.all('SELECT goal, policy, subset FROM episodes ORDER BY episode_id')).toEqual([
      { goal: 'reach the door', policy: 'random', subset: 'train' },
      { goal: 'reach the door', policy: 'expert', subset: 'train' },
    ]);
    expect(summary).toMatchObject({ format: 'episodes', rows: 2, rejected: 1 });
  });

  it('reads lists side by side as D4RL stores them', async () => {
    const { database } = await load('episodes.d4rl.jsonl');
    expect(
      await database.all('SELECT steps, total_reward, end_value FROM trajectory ORDER BY trajectory_id'),
    ).toEqual([
      { steps: 2, total_reward: 4, end_value: 0 },
      { steps: 1, total_reward: 0.5, end_value: null },
    ]);
    expect(
      await database.one('SELECT count(DISTINCT goal) AS goals, any_value(goal) AS goal FROM episodes'),
    ).toEqual({
      goals: 1,
      goal: 'hopper-medium-v2',
    });
  });

  it('reads pairs of segments with values and votes; .5 is a tie and 2 the second segment', async () => {
    const { database } = await load('episode-pairs.jsonl');
    expect(
      await database.all(`SELECT c.example_id, c.label, a.total_reward AS ra, a.start_value - a.total_reward - a.end_value AS regret_a,
        b.total_reward AS rb, b.start_value - b.total_reward - b.end_value AS regret_b
        FROM comparison c JOIN trajectory a ON a.trajectory_id = c.response_a_id JOIN trajectory b ON b.trajectory_id = c.response_b_id ORDER BY 1`),
    ).toEqual([
      { example_id: 'p1', label: 'b', ra: -3, regret_a: 7, rb: -2, regret_b: 3 },
      { example_id: 'p2', label: 'tie', ra: 3, regret_a: 0, rb: -1, regret_b: 2 },
    ]);
  });

  it('removing the dataset removes its steps', async () => {
    const { database, datasets } = await load('episodes.jsonl');
    const [dataset] = await datasets.list();
    await datasets.remove(dataset?.datasetId ?? 0);
    expect(
      await database.one('SELECT (SELECT count(*) FROM step) + (SELECT count(*) FROM trajectory) AS n'),
    ).toEqual({ n: 0 });
  });
});

describe('Android in the Wild', () => {
  it('groups rows of one episode in step order, whatever the order of the file, and reads boxes, places and success', async () => {
    const { database } = await load('android-in-the-wild.jsonl');
    expect(
      await database.all(
        'SELECT episode_id, is_success, declared_steps, steps, attributes FROM trajectory ORDER BY episode_id',
      ),
    ).toEqual([
      {
        episode_id: '12',
        is_success: true,
        declared_steps: 2,
        steps: 2,
        attributes: { android_api_level: '13' },
      },
      {
        episode_id: '7',
        is_success: null,
        declared_steps: 1,
        steps: 1,
        attributes: { android_api_level: '10' },
      },
    ]);
    expect(
      await database.all(`SELECT step_no, step_id, action_type, "action", touch, boxes FROM step
        WHERE trajectory_id = (SELECT trajectory_id FROM trajectory WHERE episode_id = '12') ORDER BY step_no`),
    ).toEqual([
      {
        step_no: 0,
        step_id: 0,
        action_type: 'dual_point',
        action: 'dual_point',
        touch: [0.5, 0.25],
        boxes: [
          [0.4, 0.2, 0.2, 0.1],
          [0, 0, 0.1, 1],
        ],
      },
      {
        step_no: 1,
        step_id: 1,
        action_type: 'status_task_complete',
        action: 'status_task_complete',
        touch: null,
        boxes: [],
      },
    ]);
    expect(await database.one(`SELECT "action" FROM step WHERE action_type = 'type'`)).toEqual({
      action: 'type shoes',
    });
    expect(await database.one('SELECT source_rows AS s, loaded AS l FROM import_file')).toEqual({
      s: 3,
      l: 3,
    });
  });
});

describe('HPSv2', () => {
  it('ranks 2,1,3 make three pairs won by the lower rank, with each person as an annotator', async () => {
    const [row] = await readRecords(fixture('hps.ranked.json'));
    const of = (name: string) =>
      row?.votes?.filter((vote) => vote.annotator === name).map((vote) => [vote.a, vote.b, vote.label]);
    expect(of('average')).toEqual([[0, 1, 'b'], [0, 2, 'a'], [1, 2, 'a']]); // prettier-ignore
    expect(of('u2')).toEqual([[0, 1, 'a'], [0, 2, 'a'], [1, 2, 'a']]); // prettier-ignore
    expect(row?.ratings?.map((rating) => rating.value)).toEqual([2, 1, 3]);
  });

  it('human_preference marks the chosen image, and images are media of their responses', async () => {
    const { database } = await load('hps.choice.json');
    expect(await database.all('SELECT label FROM comparison ORDER BY comparison_id')).toEqual([
      { label: 'a' },
      { label: 'b' },
    ]);
    expect(await database.all('SELECT path FROM media ORDER BY media_id')).toEqual(
      ['a/1.jpg', 'b/2.jpg', 'a/3.jpg', 'b/4.jpg'].map((file) => ({ path: file })),
    );
  });
});

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource, readRecords } from '../../support/read-records.ts';

const sides = path.join('test/fixtures/formats', 'mapped.sides.csv');
const single = path.join('test/fixtures/formats', 'mapped.single.jsonl');

describe('mapped tables', () => {
  it('guesses a mapping from the column names and reads label words in any case', async () => {
    const rows = await readRecords(sides, { format: 'mapped' });
    expect(rows.map((row) => row.votes?.[0]?.label)).toEqual(['a', 'b', 'tie', 'both_bad', null, null]);
    expect(rows.map((row) => row.problem_column)).toEqual([null, null, null, null, 'Winner', null]);
    expect([rows[0]?.votes?.[0]?.annotator, rows[0]?.example_id]).toEqual(['kim', 'e1']);
  });

  it('follows a mapping made by hand, also against the names', async () => {
    const mapping = { chosen: 'Answer2', rejected: 'Answer1', prompt: 'Question' };
    const [row] = await readRecords(sides, { format: 'mapped', mapping });
    expect(row?.responses.map((response) => response.text)).toEqual(['y', 'x']);
    expect(row?.extra).toContain('"Winner":"A"');
  });

  it('takes the name of a mapped column as a label for its side', async () => {
    const mapping = { response_a: 'question', response_b: 'answer', label: 'rater' };
    const source = await openSource(single);
    const select = source.recordSelect({ format: 'mapped', mapping });
    await source.database.withReader((session) => session.run(`UPDATE scratch.source SET rater = 'answer'`));
    expect(await source.database.one(`SELECT votes[1].label AS label FROM (${select})`)).toEqual({
      label: 'b',
    });
  });

  it('reads single responses with a rating and its rater', async () => {
    const [row] = await readRecords(single, { format: 'mapped' });
    expect(row?.ratings?.[0]).toMatchObject({ annotator: 'kim', aspect: 'rating', value: 4 });
  });

  it.each([
    ['half a pair', { chosen: 'Answer1', prompt: 'Question' }],
    ['a column that is not there', { chosen: 'Answer1', rejected: 'Answer9' }],
    ['a part that does not exist', { chosen: 'Answer1', rejected: 'Answer2', winner: 'Winner' }],
  ])('refuses %s', async (_, mapping) => {
    await expect(readRecords(sides, { format: 'mapped', mapping })).rejects.toMatchObject({
      code: 'IMPORT_MAPPING_INVALID',
    });
  });
});

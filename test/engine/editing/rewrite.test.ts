import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../electron/core/editing/apply-changes.ts';
import { fingerprint, openEditing } from './editing-bench.ts';

describe('texts of very many rows', () => {
  it('are rewritten with the same result as when they are updated, and back; would catch rows that are lost or doubled', async () => {
    const { apply, ids, database } = await openEditing();
    const before = await fingerprint({ database });
    await apply({ op: 'text', part: 'prompt', text: 'What is mate?' }, ids.slice(0, 1), {
      sharing: 'everywhere',
    });
    await apply({ op: 'text', part: 'response_b', text: 'A moon river.' }, ids.slice(2, 3), {
      sharing: 'everywhere',
    });
    const after = await fingerprint({ database });
    expect(after).not.toEqual(before);
    const operations = await database.all<{ rootId: string; first: number; last: number }>(
      `SELECT operation_id AS "rootId", min(change_id) AS first, max(change_id) AS last FROM change GROUP BY 1 ORDER BY 2`,
    );
    const replay = async (value: 'before' | 'after') => {
      for (const one of value === 'after' ? operations : [...operations].reverse())
        await database.write((session) => applyChanges(session, { ...one, value }, { mostUpdated: 0 }));
    };
    const texts = () =>
      database.all(
        `SELECT * FROM (SELECT 'p' AS kind, prompt_id AS id, text, chars, text_key::VARCHAR AS key FROM prompt
           UNION ALL SELECT 'r', response_id, text, chars, NULL FROM response) ORDER BY ALL`,
      );
    const edited = await texts();
    await replay('before');
    expect(await texts()).not.toEqual(edited);
    await replay('after');
    expect(await texts()).toEqual(edited);
  });
});

import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../support/read-records.ts';

const data = path.resolve('../shared/data/anthropics__hh-rlhf/harmless-base/test.jsonl.gz');

describe('hh-rlhf reader', () => {
  it.skipIf(!existsSync(data))(
    'reproduces the counts of harmless-base/test taken outside this project (skipped: shared data absent)',
    async () => {
      const source = await openSource(data);
      expect(source.guesses[0]?.format).toBe('hh-rlhf');
      const counts = await source.database.one(`WITH records AS (
          SELECT *, responses[1] AS c, responses[2] AS r FROM (${source.recordSelect()}))
        , finals AS (SELECT *, coalesce(c.messages[-1].content, c."text") AS cf, coalesce(r.messages[-1].content, r."text") AS rf FROM records)
        SELECT count(*) AS rows, count(problem) AS problems,
          count(*) FILTER (WHERE c.messages IS NULL AND r.messages IS NULL) AS shared_prompt_prefix,
          count(*) FILTER (WHERE length(cf) > length(rf)) AS final_turn_chosen_longer,
          count(*) FILTER (WHERE length(cf) = length(rf)) AS final_turn_equal,
          count(*) FILTER (WHERE length(cf) < length(rf)) AS final_turn_rejected_longer,
          count(*) FILTER (WHERE cf = '') AS empty_chosen_final,
          count(*) FILTER (WHERE len(prompt_messages) > 1) AS multi_turn_rows
        FROM finals`);
      expect(counts).toEqual({
        rows: 2312,
        problems: 0,
        shared_prompt_prefix: 2307,
        final_turn_chosen_longer: 1023,
        final_turn_equal: 11,
        final_turn_rejected_longer: 1278,
        empty_chosen_final: 4,
        multi_turn_rows: 1650,
      });
    },
  );
});

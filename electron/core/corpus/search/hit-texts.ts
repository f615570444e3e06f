import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { Unit } from './search-units.ts';
import { makeSnippet, type Snippet } from './snippet.ts';

export type Part = 'prompt' | 'response_a' | 'response_b' | 'response';

/** A hit's texts in reading order, with what each is. */
export interface HitTexts {
  readonly exampleId: string;
  readonly texts: readonly (readonly [Part, string])[];
}

interface Place {
  readonly id: number;
  readonly exampleId: string;
  readonly promptId: number;
  readonly promptBId: number | null;
  readonly first: number;
  readonly second: number | null;
}

const placeColumns: Readonly<Record<Relation, string>> = {
  pairs: `comparison_id AS id, example_id AS "exampleId", prompt_id AS "promptId", prompt_b_id AS "promptBId",
    response_a_id AS first, response_b_id AS second FROM comparison WHERE comparison_id`,
  responses: `response_id AS id, coalesce(example_id, response_id::VARCHAR) AS "exampleId", prompt_id AS "promptId",
    NULL::BIGINT AS "promptBId", response_id AS first, NULL::BIGINT AS second FROM response WHERE response_id`,
};

/** Texts of a few rows by their ids. Ids are listed in the statement, so that the tables' indexes serve. */
export async function readTexts(
  session: Session,
  relation: Relation,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, HitTexts>> {
  if (ids.length === 0) return new Map();
  const places = await session.all<Place>(`SELECT ${placeColumns[relation]} IN (${ids.join(', ')})`, [], {
    signal,
  });
  const read = async (table: 'prompt' | 'response', wanted: readonly (number | null)[]) => {
    const listed = [...new Set(wanted)].filter((id) => id !== null);
    const rows = await session.all<{ id: number; text: string }>(
      `SELECT ${table}_id AS id, text FROM ${table} WHERE ${table}_id IN (${listed.join(', ')})`,
      [],
      { signal },
    );
    return new Map(rows.map((row) => [row.id, row.text]));
  };
  const prompts = await read(
    'prompt',
    places.flatMap((place) => [place.promptId, place.promptBId]),
  );
  const responses = await read(
    'response',
    places.flatMap((place) => [place.first, place.second]),
  );
  const isPair = relation === 'pairs';
  return new Map(
    places.map((place) => {
      const texts: [Part, string | undefined][] = [
        ['prompt', prompts.get(place.promptId)],
        ['prompt', place.promptBId === null ? undefined : prompts.get(place.promptBId)],
        [isPair ? 'response_a' : 'response', responses.get(place.first)],
        ['response_b', place.second === null ? undefined : responses.get(place.second)],
      ];
      const present = texts.flatMap(([part, text]): [Part, string][] =>
        text === undefined ? [] : [[part, text]],
      );
      return [place.id, { exampleId: place.exampleId, texts: present }];
    }),
  );
}

/** The snippet of the text that holds the densest matches; of two alike the first. */
export function chooseSnippet(
  texts: HitTexts['texts'],
  units: readonly Unit[],
): { readonly part: Part; readonly snippet: string; readonly marks: [number, number][] } {
  let best: { part: Part; made: Snippet } | undefined;
  for (const [part, text] of texts) {
    const made = makeSnippet(text, units);
    if (!best || made.weight > best.made.weight) best = { part, made };
  }
  return { part: best?.part ?? 'prompt', snippet: best?.made.snippet ?? '', marks: best?.made.marks ?? [] };
}

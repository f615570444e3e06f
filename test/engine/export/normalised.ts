import type { ExportBench } from './export-bench.ts';

/** A pair as it is compared before and after a round trip. */
export interface NormalPair {
  readonly exampleId: string;
  readonly prompt: string;
  readonly promptMessages: string | null;
  readonly a: string;
  readonly b: string;
  readonly aMessages: string | null;
  readonly bMessages: string | null;
  readonly label: string | null;
  readonly strength: number | null;
  readonly modelA: string | null;
  readonly modelB: string | null;
  readonly language: string | null;
  readonly topic: string | null;
  readonly subset: string | null;
  readonly extra: string | null;
}

/** The pairs of a dataset in their order. */
export function readPairs({ workspace }: ExportBench, datasetId: number): Promise<NormalPair[]> {
  return workspace.database.all<NormalPair>(
    `SELECT c.example_id AS "exampleId", p.text AS prompt, to_json(p.messages)::VARCHAR AS "promptMessages", ra.text AS a, rb.text AS b,
       to_json(ra.messages)::VARCHAR AS "aMessages", to_json(rb.messages)::VARCHAR AS "bMessages", c.label, c.strength,
       c.model_a AS "modelA", c.model_b AS "modelB", c.language, c.topic, c.subset, c.extra
     FROM comparison c JOIN prompt p USING (prompt_id) JOIN response ra ON ra.response_id = c.response_a_id
     JOIN response rb ON rb.response_id = c.response_b_id WHERE c.dataset_id = ? ORDER BY c.comparison_id`,
    [datasetId],
  );
}

/** A single response as it is compared. */
export interface NormalResponse {
  readonly exampleId: string;
  readonly prompt: string;
  readonly text: string;
  readonly model: string | null;
  readonly ratings: readonly { readonly aspect: string; readonly value: number | null }[];
}

export function readResponses({ workspace }: ExportBench, datasetId: number): Promise<NormalResponse[]> {
  return workspace.database.all<NormalResponse>(
    `SELECT r.example_id AS "exampleId", p.text AS prompt, r.text, r.model,
       (SELECT coalesce(list({'aspect': g.aspect, 'value': g."value"} ORDER BY g.aspect), []) FROM rating g WHERE g.response_id = r.response_id) AS ratings
     FROM response r JOIN prompt p USING (prompt_id) WHERE r.dataset_id = ? ORDER BY r.response_id`,
    [datasetId],
  );
}

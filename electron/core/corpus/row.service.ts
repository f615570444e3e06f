import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Message, Relation, ResponseDetail, RowDetail } from '../../contract/corpus.contract.ts';
import { recordLogged } from '../editing/operation.repository.ts';
import { titleOf } from '../editing/title.ts';
import { isRemoteImage } from './media/image-file.ts';
import { readRowImage } from './media/row-image.ts';
import { baseTable } from './views/field-table.ts';

interface BaseRow {
  datasetId: number;
  exampleId: string | null;
  promptId: number;
  promptBId: number | null;
  responses: number[];
  label: RowDetail['label'];
  strength: number | null;
  language: string | null;
  topic: string | null;
  source: string | null;
  extra: string | null;
  sourceFile: string;
  sourceRow: number;
  importId: number;
}

const selectBase: Readonly<Record<Relation, string>> = {
  pairs: `SELECT dataset_id AS "datasetId", example_id AS "exampleId", prompt_id AS "promptId", prompt_b_id AS "promptBId",
    [response_a_id, response_b_id] AS responses, label, strength, language, topic, subset AS source, extra,
    source_file AS "sourceFile", source_row AS "sourceRow", import_id AS "importId" FROM comparison WHERE comparison_id = ?`,
  responses: `SELECT dataset_id AS "datasetId", example_id AS "exampleId", prompt_id AS "promptId", NULL AS "promptBId",
    [response_id] AS responses, NULL AS label, NULL AS strength, language, topic, subset AS source, extra,
    source_file AS "sourceFile", source_row AS "sourceRow", import_id AS "importId" FROM response WHERE response_id = ?`,
};

const annotator = `{'annotatorId': n.annotator_id, 'name': n.name, 'kind': n.kind, 'attributes': coalesce(n.attributes, MAP {})} AS annotator`;

async function readPrompt(session: Session, promptId: number): Promise<RowDetail['prompt']> {
  const row = await session.one<{ text: string; messages: Message[] | null }>(
    'SELECT text, messages FROM prompt WHERE prompt_id = ?',
    [promptId],
  );
  return { promptId, text: row.text, messages: row.messages ?? [{ role: 'user', content: row.text }] };
}

async function readResponses(session: Session, ids: readonly number[]): Promise<ResponseDetail[]> {
  const rows = await session.all<
    Omit<ResponseDetail, 'media'> & { media: { mediaId: number; path: string }[] | null }
  >(
    `SELECT response_id AS "responseId", text, messages, model, position,
       (SELECT list({'mediaId': m.media_id, 'path': m.path} ORDER BY m.media_id) FROM media m WHERE m.response_id = r.response_id) AS media
     FROM response r WHERE response_id IN (${ids.map(() => '?').join(', ')})`,
    ids,
  );
  return ids.flatMap((id) => {
    const row = rows.find((candidate) => candidate.responseId === id);
    if (!row) return [];
    const media = (row.media ?? []).map((item) => ({ ...item, isLocal: !isRemoteImage(item.path) }));
    return [{ ...row, media }];
  });
}

/** One row of the corpus with everything known about it, its tags, and the images that belong to it. */
export class RowService {
  constructor(
    private readonly database: Database,
    private readonly onTagged: () => Promise<void>,
    /** Where the workspace keeps images that came as bytes. */
    private readonly mediaFolder: string,
  ) {}

  async get(relation: Relation, id: number): Promise<RowDetail> {
    return this.database.withReader(async (session) => {
      const base = await session.find<BaseRow>(selectBase[relation], [id]);
      if (!base)
        throw new AppError('ROW_MISSING', `There is no row ${id}; it may have been removed.`, { id });
      const responses = await readResponses(session, base.responses);
      const marks = base.responses.map(() => '?').join(', ');
      const { promptId, promptBId, responses: responseIds, exampleId, ...rest } = base;
      return {
        ...rest,
        relation,
        id,
        exampleId: exampleId ?? `${path.basename(base.sourceFile)}#${base.sourceRow}`,
        prompt: await readPrompt(session, promptId),
        promptB: promptBId === null || promptBId === promptId ? null : await readPrompt(session, promptBId),
        responses,
        votes:
          relation === 'pairs'
            ? await session.all<RowDetail['votes'][number]>(
                `SELECT ${annotator}, v.aspect, v.label, v.strength, v.shown_first AS "shownFirst", v.ms AS milliseconds,
                   (SELECT any_value(q.text) FROM rationale q WHERE q.comparison_id = v.comparison_id AND q.annotator_id = v.annotator_id
                     AND q.aspect IS NOT DISTINCT FROM v.aspect) AS rationale
                 FROM vote v JOIN annotator n USING (annotator_id) WHERE v.comparison_id = ? ORDER BY v.aspect NULLS FIRST, n.name`,
                [id],
              )
            : [],
        ratings: await session.all<RowDetail['ratings'][number]>(
          `SELECT g.response_id AS "responseId", ${annotator}, g.aspect, g."value", g.value_text AS "valueText", g.scale_min AS "scaleMin",
             g.scale_max AS "scaleMax", (SELECT any_value(q.text) FROM rationale q WHERE q.response_id = g.response_id
               AND q.annotator_id = g.annotator_id AND q.aspect IS NOT DISTINCT FROM g.aspect) AS rationale
           FROM rating g JOIN annotator n USING (annotator_id) WHERE g.response_id IN (${marks}) ORDER BY g.aspect, n.name LIMIT 5000`,
          responseIds,
        ),
        tags: await session
          .all<{ tag: string }>('SELECT tag FROM tag WHERE relation = ? AND row_id = ? ORDER BY tag', [
            relation,
            id,
          ])
          .then((rows) => rows.map((row) => row.tag)),
      };
    });
  }

  /**
   * Adds or removes a tag on rows; each row that changes gets an entry in the change log, in the same transaction.
   * Answers how many changed.
   */
  async tag(relation: Relation, ids: readonly number[], tag: string, isOn: boolean): Promise<number> {
    const { table, id } = baseTable[relation];
    const list = ids.join(', ');
    const changed = await this.database.write(async (session) => {
      const has = `EXISTS (SELECT 1 FROM tag t WHERE t.relation = ? AND t.row_id = x.${id} AND t.tag = ?)`;
      const rows = await session.all<{ id: number; datasetId: number }>(
        `SELECT x.${id} AS id, x.dataset_id AS "datasetId" FROM ${table} x WHERE x.${id} IN (${list}) AND ${isOn ? 'NOT ' : ''}${has}`,
        [relation, tag],
      );
      if (rows.length === 0) return 0;
      const found = rows.map((row) => row.id).join(', ');
      const operation = randomUUID();
      await session.run(
        `INSERT INTO change (change_id, operation_id, dataset_id, entity, entity_id, field, before, after, who)
         SELECT nextval('change_id'), ?, x.dataset_id, ?, x.${id}, 'tag', ${isOn ? 'NULL' : 'to_json(?::VARCHAR)'}, ${isOn ? 'to_json(?::VARCHAR)' : 'NULL'}, 'local'
         FROM ${table} x WHERE x.${id} IN (${found})`,
        [operation, relation, tag],
      );
      await recordLogged(session, {
        operationId: operation,
        kind: 'tag',
        title: titleOf({ op: 'tag', tag, isOn }, rows.length),
      });
      const sql = isOn
        ? `INSERT INTO tag SELECT x.dataset_id, ?, x.${id}, ? FROM ${table} x WHERE x.${id} IN (${found})`
        : `DELETE FROM tag WHERE relation = ? AND tag = ? AND row_id IN (${found})`;
      await session.run(sql, [relation, tag]);
      return rows.length;
    });
    if (changed > 0) await this.onTagged();
    return changed;
  }

  /** An image of a row as base64: one that the workspace keeps, or a raster image that lies beside the imported file, never a remote one. */
  async readMedia(mediaId: number): Promise<{ mime: string; base64: string }> {
    const row = await this.database.find<{ path: string; sourceFile: string }>(
      `SELECT m.path, r.source_file AS "sourceFile" FROM media m JOIN response r USING (response_id) WHERE m.media_id = ?`,
      [mediaId],
    );
    const refuse = (why: string) =>
      new AppError('ROW_MISSING', `The image was not shown: ${why}.`, { mediaId });
    if (!row) throw refuse('it is not part of this workspace');
    const { mime, bytes } = readRowImage(row, this.mediaFolder, refuse);
    return { mime, base64: bytes.toString('base64') };
  }
}

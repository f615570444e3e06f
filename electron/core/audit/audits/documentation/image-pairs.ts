import { z } from 'zod';
import { mediaScheme } from '../../../corpus/media/image-file.ts';
import { findCopies } from '../../../corpus/media/image-copies.ts';
import { readImageSize } from '../../../corpus/media/image-size.ts';
import { findRowImage } from '../../../corpus/media/row-image.ts';
import { adjustFigures, type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { shareFigure } from '../plain-figures.ts';
import { measureShares } from '../slices.ts';
import { sayMany, sayShare } from '../wording.ts';

interface Params {
  most_files: number;
}
type Context = AuditContext<Params>;

const headOf = (metric: string, title: string) => ({ audit: 'image_pairs', metric, title });

export const imagePairsAudit = defineAudit({
  id: 'image_pairs',
  family: 'documentation',
  title: 'Image pairs',
  description:
    'Missing and repeated image files, copies of one image under several names, whether larger images win, and how far single people agree with the label.',
  inputs: ['media', 'label', 'votes'],
  parameters: {
    /** Files whose header is read at most. */
    most_files: z.number().int().min(1).max(200_000).default(20_000),
  },
  findObstacle: (dataset) => (dataset.media > 0 ? null : 'No response refers to an image.'),
  run: async (context) => {
    const table = context.scratch('files');
    const files = await readFiles(context);
    await storeFiles(context, { table, files });
    const counts = await countFiles(context, table);
    const { missing, repeated, copies, identical } = describeCounts(counts);
    const { larger: chosenLarger, people } = await measureWins(context, table);
    const [larger] = chosenLarger;
    return {
      figures: [missing, repeated, copies, identical, ...chosenLarger, ...people],
      findings: [
        makeFinding({
          id: 'missing',
          sentence: `${sayShare(missing)} of ${sayMany(counts.looked, 'local image')} cannot be opened; their rows are kept.`,
          figure: missing,
          scale: 'amount',
          isDescriptive: true,
          warnFrom: 0.01,
          rows: await context.keepRows({
            set: 'missing',
            relation: 'responses',
            sql: `SELECT response_id AS row_id FROM ${table} WHERE NOT media_ok ORDER BY row_id`,
          }),
        }),
        ...(counts.copies > 0 ? [await describeCopies(context, { table, copies })] : []),
        ...(larger && larger.n_items > 0
          ? [
              makeFinding({
                id: 'larger_wins',
                sentence: `The image with more pixels wins ${sayShare(larger)} of ${sayMany(larger.n_items, 'pair')} of unequal size.`,
                figure: larger,
                scale: 'share',
                warnFrom: 0.2,
              }),
            ]
          : []),
      ],
      params: {
        remote_images: counts.remote,
        not_looked_at: Math.max(0, counts.media - counts.looked - counts.remote),
        scoring: 'metadata only',
      },
    };
  },
});

function describeCounts(counts: Awaited<ReturnType<typeof countFiles>>) {
  const missing = shareFigure(
    headOf('missing_share', 'Image files that cannot be opened'),
    counts.missing,
    counts.looked,
  );
  const repeated = shareFigure(
    headOf('repeated_share', 'Images whose file is used more than once within a prompt'),
    counts.repeated,
    counts.media,
  );
  const copies = shareFigure(
    headOf('copied_share', 'Images whose bytes another file has too'),
    counts.copies,
    counts.looked,
  );
  const identical = shareFigure(
    headOf('identical_sides', 'Pairs whose two sides are the same image'),
    counts.identical,
    counts.pairs,
  );
  return { missing, repeated, copies, identical };
}

async function describeCopies(
  context: Context,
  { table, copies }: { table: string; copies: ReturnType<typeof shareFigure> },
) {
  return makeFinding({
    id: 'copies',
    sentence: `${sayShare(copies)} of ${sayMany(copies.n_items, 'local image')} are copies: another file holds the very same bytes.`,
    figure: copies,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: 1e-9,
    warnFrom: 0.05,
    rows: await context.keepRows({
      set: 'copies',
      relation: 'responses',
      sql: `SELECT response_id AS row_id FROM ${table} WHERE copy IS NOT NULL ORDER BY copy, row_id`,
    }),
  });
}

/** Whether size and shape of an image decide, and how far single people agree with the label. */
async function measureWins(context: Context, table: string) {
  const from = `(SELECT x.row_id, x.cluster, x.label, a.pixels AS pa, b.pixels AS pb, a.aspect AS aa, b.aspect AS ab FROM ${context.pairs} x
    JOIN ${table} a ON a.response_id = x.response_a_id JOIN ${table} b ON b.response_id = x.response_b_id WHERE x.label IN ('a', 'b'))`;
  const larger = adjustFigures([
    ...(await measureShares(context, {
      head: headOf('larger_wins', 'The image with more pixels wins'),
      from,
      outcome: `CASE WHEN pa <> pb THEN ((pa > pb) = (label = 'a'))::INTEGER END`,
    })),
    ...(await measureShares(context, {
      head: headOf('wider_wins', 'The wider aspect wins'),
      from,
      outcome: `CASE WHEN abs(aa - ab) > 0.01 THEN ((aa > ab) = (label = 'a'))::INTEGER END`,
    })),
  ]);
  const people = await measureShares(context, {
    head: headOf('single_agreement', 'Votes of single people that agree with the label'),
    from: `(SELECT v.comparison_id AS row_id, x.cluster, (v.label = x.label)::INTEGER AS same FROM vote v JOIN annotator n USING (annotator_id)
      JOIN ${context.pairs} x ON x.comparison_id = v.comparison_id WHERE v.aspect IS NULL AND n.kind = 'human' AND v.label IN ('a', 'b') AND x.label IN ('a', 'b'))`,
    outcome: 'same',
    neutral: null,
  });
  return { larger, people };
}

interface FileRow {
  readonly response_id: number;
  readonly file: string | null;
  readonly media_ok: boolean;
  readonly pixels: number | null;
  readonly aspect: number | null;
  /** MD5 of bytes that several files have; null where they are its own. */
  readonly copy: string | null;
}

/** SQL: an address `path` on another machine, which is never opened. */
const isRemote = `(regexp_matches(path, '^[A-Za-z][A-Za-z+.-]*:') AND NOT starts_with(path, '${mediaScheme}'))`;

/** Headers of the images of responses that the workspace keeps, or that lie beside the file they were imported from. */
async function readFiles({ session, dataset, params, signal, mediaFolder }: Context): Promise<FileRow[]> {
  const rows = await session.all<{ responseId: number; path: string; sourceFile: string }>(
    `SELECT m.response_id AS "responseId", m.path, r.source_file AS "sourceFile" FROM media m JOIN response r USING (response_id)
     WHERE m.dataset_id = ? AND NOT ${isRemote} ORDER BY m.media_id LIMIT ?`,
    [dataset.datasetId, params.most_files],
    { signal },
  );
  const images = rows.map((row) => ({
    response_id: row.responseId,
    file: findRowImage(row, mediaFolder) ?? null,
  }));
  const copies = await findCopies(
    images.flatMap(({ file }) => file ?? []),
    signal,
  );
  return images.map(({ response_id, file }) => {
    signal?.throwIfAborted();
    const size = file === null ? 'missing' : readImageSize(file);
    const isMeasured = typeof size === 'object' && size.height > 0;
    return {
      response_id,
      file,
      media_ok: size !== 'missing',
      pixels: isMeasured ? size.width * size.height : null,
      aspect: isMeasured ? size.width / size.height : null,
      copy: copies.get(file ?? '') ?? null,
    };
  });
}

async function storeFiles(
  { session }: Context,
  { table, files }: { table: string; files: readonly FileRow[] },
): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT one.response_id AS response_id, bool_and(one.media_ok) AS media_ok, max(one.pixels) AS pixels, any_value(one.aspect) AS aspect, any_value(one.copy) AS copy, any_value(one.file) AS file
     FROM (SELECT unnest(from_json(?::JSON, '[{"response_id":"BIGINT","media_ok":"BOOLEAN","pixels":"DOUBLE","aspect":"DOUBLE","copy":"VARCHAR","file":"VARCHAR"}]')) AS one) GROUP BY 1`,
    [JSON.stringify(files)],
  );
}

async function countFiles({ session, dataset, pairs }: Context, table: string) {
  return session.one<
    Record<'missing' | 'looked' | 'media' | 'remote' | 'repeated' | 'copies' | 'identical' | 'pairs', number>
  >(
    `WITH m AS (SELECT m.path, r.prompt_id FROM media m JOIN response r USING (response_id) WHERE m.dataset_id = ?)
     SELECT (SELECT count(*) FILTER (NOT media_ok) FROM ${table}) AS missing, (SELECT count(*) FROM ${table}) AS looked, count(*) AS media,
       count(*) FILTER (${isRemote}) AS remote,
       count(*) - count(DISTINCT (prompt_id, path)) AS repeated, (SELECT count(copy) FROM ${table}) AS copies,
       (SELECT count(DISTINCT x.comparison_id) FROM ${pairs} x JOIN ${table} a ON a.response_id = x.response_a_id JOIN ${table} b ON b.response_id = x.response_b_id
          WHERE a.media_ok AND b.media_ok) AS pairs,
       (SELECT count(DISTINCT x.comparison_id) FROM ${pairs} x JOIN ${table} a ON a.response_id = x.response_a_id JOIN ${table} b ON b.response_id = x.response_b_id
          WHERE a.media_ok AND b.media_ok AND (a.file = b.file OR a.copy = b.copy)) AS identical FROM m`,
    [dataset.datasetId],
  );
}

import { createHash } from 'node:crypto';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { findImageType, imageTypes, mediaScheme } from '../../corpus/media/image-file.ts';
import { parseImageSize } from '../../corpus/media/image-size.ts';
import { keepImage } from '../../corpus/media/media-store.ts';
import { readRowImage } from '../../corpus/media/row-image.ts';
import { packLimits } from './container.ts';
import type { ItemsPayload } from './payload.ts';

type PackedImage = NonNullable<ItemsPayload['images']>[number];

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface ImageRow {
  readonly responseId: number;
  readonly path: string;
  readonly sourceFile: string;
}

/**
 * The images of the responses in the temporary table `handed`, once each, and their hashes by response.
 * @throws AppError PACK_IMAGE_UNREADABLE naming the first that cannot travel, PACK_TOO_LARGE
 */
export async function packImages(
  session: Session,
  mediaFolder: string,
): Promise<{ images: PackedImage[]; imagesOf: Map<number, string[]> }> {
  const rows = await session.all<ImageRow>(
    `SELECT DISTINCT m.media_id, m.response_id AS "responseId", m.path, r.source_file AS "sourceFile"
     FROM handed h JOIN comparison c USING (comparison_id) JOIN media m ON m.response_id IN (c.response_a_id, c.response_b_id)
       JOIN response r ON r.response_id = m.response_id ORDER BY m.media_id`,
  );
  const images = new Map<string, PackedImage>();
  const imagesOf = new Map<number, string[]>();
  let total = 0;
  for (const row of rows) {
    const { bytes, mime } = readBytes(row, mediaFolder);
    const sha256 = sha256Of(bytes);
    imagesOf.set(row.responseId, [...(imagesOf.get(row.responseId) ?? []), sha256]);
    if (images.has(sha256)) continue;
    total += bytes.length;
    if (total > packLimits.imageBytes)
      throw new AppError(
        'PACK_TOO_LARGE',
        `Nothing was written: the images of these items are larger than ${packLimits.imageBytes / 2 ** 20} MiB together. Hand off fewer items at a time.`,
      );
    images.set(sha256, { sha256, mime, base64: bytes.toString('base64') });
  }
  return { images: [...images.values()], imagesOf };
}

function readBytes(row: ImageRow, mediaFolder: string): { bytes: Buffer; mime: PackedImage['mime'] } {
  const refuse = (why: string) =>
    new AppError(
      'PACK_IMAGE_UNREADABLE',
      `Nothing was written: the image ${row.path} cannot travel: ${why}. Leave its pair out by a filter, or put the file there.`,
      { path: row.path },
    );
  const { bytes } = readRowImage(row, mediaFolder, refuse);
  const mime = mimeOf(bytes);
  if (mime === undefined) throw refuse('its bytes are not those of a PNG, JPEG, GIF or WebP image');
  return { bytes, mime };
}

function mimeOf(bytes: Buffer): PackedImage['mime'] | undefined {
  const size = parseImageSize(bytes);
  return size && size.width > 0 && size.height > 0
    ? (findImageType(bytes) as PackedImage['mime'])
    : undefined;
}

/** The address of a packed image among the images that the workspace keeps. */
const addressOf = ({ sha256, mime }: PackedImage) =>
  `${mediaScheme}${sha256}${Object.keys(imageTypes).find((ending) => imageTypes[ending] === mime)}`;

/**
 * Checks that the images of a pack are those its items name: every one is there, is used, is an image of its kind and
 * has the hash it goes by. `refuse` makes the error of a reason.
 */
export function checkImages({ items, images = [] }: ItemsPayload, refuse: (why: string) => Error): void {
  const named = new Set(items.flatMap(({ a, b }) => [...(a.images ?? []), ...(b.images ?? [])]));
  const there = new Set(images.map((image) => image.sha256));
  if (there.size < images.length) throw refuse('two of its images have the same hash');
  if ([...named].some((sha256) => !there.has(sha256))) throw refuse('an image of its items is missing');
  if (there.size > named.size) throw refuse('it holds an image that no item shows');
  let total = 0;
  for (const { sha256, mime, base64 } of images) {
    const bytes = Buffer.from(base64, 'base64');
    total += bytes.length;
    if (total > packLimits.imageBytes) throw refuse('its images are larger than a pack may hold');
    if (sha256Of(bytes) !== sha256) throw refuse('the bytes of an image are not those its hash names');
    if (mimeOf(bytes) !== mime) throw refuse('one of its images is not of the kind it says');
  }
}

/** Keeps the images of a pack whose responses have been loaded; `packed_place` says where they belong. */
export async function storeImages(
  session: Session,
  { items, images = [] }: ItemsPayload,
  target: { readonly datasetId: number; readonly importId: number; readonly mediaFolder: string | null },
): Promise<void> {
  const { mediaFolder } = target;
  if (mediaFolder === null) return;
  const places = new Map(images.map((image) => [image.sha256, addressOf(image)]));
  for (const image of images) keepImage(mediaFolder, addressOf(image), Buffer.from(image.base64, 'base64'));
  const uses = items.flatMap((item, place) =>
    (['a', 'b'] as const).flatMap((side) =>
      (item[side].images ?? []).map((sha256, at) => ({ place, side, at, path: places.get(sha256) ?? '' })),
    ),
  );
  if (uses.length === 0) return;
  await session.run(
    `INSERT INTO media SELECT (SELECT coalesce(max(media_id), 0) FROM media) + row_number() OVER (ORDER BY u.place, u.side, u.at), ?,
       CASE u.side WHEN 'a' THEN l.response_a_id ELSE l.response_b_id END, u.path, ?
     FROM (SELECT unnest(from_json(?::JSON, '[{"place":"BIGINT","side":"VARCHAR","at":"INTEGER","path":"VARCHAR"}]'), recursive := true)) u
       JOIN packed_place l ON l.place = u.place`,
    [target.datasetId, target.importId, JSON.stringify(uses)],
  );
}

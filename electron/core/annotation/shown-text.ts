/**
 * Joins after responses `a` and `b` for {@link shownTextSql}. Formats of image preferences give the path of the file as
 * the text of a response; the folder it lies in is often the model that made it.
 */
export const namedImageJoins = (['a', 'b'] as const)
  .map(
    (side) =>
      `LEFT JOIN (SELECT DISTINCT response_id, path FROM media) image_${side} ON image_${side}.response_id = ${side}.response_id AND image_${side}.path = ${side}.text`,
  )
  .join(' ');

/** SQL for the text of a response as raters may see it: empty where it is only the path of its image. */
export const shownTextSql = (side: 'a' | 'b'): string =>
  `CASE WHEN image_${side}.path IS NULL THEN ${side}.text ELSE '' END`;

/** SQL for the images of response `side`: a list of media_id and path, in their order; NULL where it has none. */
export const imagesSql = (side: 'a' | 'b'): string =>
  `(SELECT list({'mediaId': m.media_id, 'path': m.path} ORDER BY m.media_id) FROM media m WHERE m.response_id = ${side}.response_id)`;

CREATE TABLE packed_image (
  path VARCHAR NOT NULL,
  mime VARCHAR NOT NULL,
  content BLOB NOT NULL
);

CREATE TABLE model_refusal (
  refused_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  model_id VARCHAR,
  name VARCHAR NOT NULL,
  path VARCHAR,
  code VARCHAR NOT NULL,
  message VARCHAR NOT NULL
);

CREATE TABLE rationale_language (
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  annotator_id INTEGER NOT NULL,
  text_hash UBIGINT NOT NULL,
  language VARCHAR NOT NULL
);

CREATE TABLE model_refusal (
  refused_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  model_id VARCHAR,
  name VARCHAR NOT NULL,
  path VARCHAR,
  code VARCHAR NOT NULL,
  message VARCHAR NOT NULL
);

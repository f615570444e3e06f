CREATE TABLE mined_item (
  setting_hash VARCHAR NOT NULL,
  item_key VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR NOT NULL,
  step VARCHAR NOT NULL,
  models JSON NOT NULL,
  result JSON,
  fail_reason VARCHAR,
  calls INTEGER NOT NULL,
  invalid_calls INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  mined_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE mined_death (
  setting_hash VARCHAR NOT NULL,
  item_key VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL
);

CREATE TABLE model (
  model_id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  hash VARCHAR NOT NULL,
  path VARCHAR,
  capabilities JSON NOT NULL,
  facts JSON,
  settings JSON NOT NULL,
  calibration JSON,
  benchmark JSON,
  added_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE endpoint (
  model_id VARCHAR NOT NULL,
  url VARCHAR NOT NULL,
  remote_model VARCHAR NOT NULL,
  key_variable VARCHAR,
  has_stored_key BOOLEAN NOT NULL,
  is_enabled BOOLEAN NOT NULL,
  is_public_confirmed BOOLEAN NOT NULL,
  concurrency INTEGER NOT NULL,
  traits JSON,
  tested_at TIMESTAMPTZ
);

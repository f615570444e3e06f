CREATE TABLE constitution_slice (
  constitution_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  slice VARCHAR NOT NULL,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE constitution_group (
  constitution_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  slice VARCHAR NOT NULL,
  slice_value VARCHAR NOT NULL,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE constitution_ceiling (
  constitution_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE embedding (
  dataset_id INTEGER NOT NULL,
  model_hash VARCHAR NOT NULL,
  text_hash VARCHAR NOT NULL,
  vector FLOAT[],
  fail_reason VARCHAR,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE contrast_factor (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  factor INTEGER NOT NULL,
  method VARCHAR NOT NULL,
  document JSON NOT NULL,
  vector FLOAT[] NOT NULL
);

CREATE TABLE principle_run_focus (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL
);

CREATE TABLE constitution_import (
  constitution_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  source VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  report JSON NOT NULL,
  kept MAP(VARCHAR, VARCHAR) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

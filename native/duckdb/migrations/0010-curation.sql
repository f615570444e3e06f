CREATE TABLE curation_recipe (
  recipe_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  document JSON NOT NULL,
  changed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE curation_run (
  curation_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  source_dataset_id INTEGER NOT NULL,
  job_id VARCHAR,
  recipe JSON NOT NULL,
  recipe_hash VARCHAR NOT NULL,
  seed BIGINT NOT NULL,
  outcome JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE curation_row (
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  method VARCHAR NOT NULL,
  weight DOUBLE NOT NULL,
  soft_label DOUBLE,
  margin DOUBLE,
  place BIGINT,
  stage INTEGER,
  split VARCHAR,
  route VARCHAR,
  goal_score DOUBLE,
  is_relabelled BOOLEAN NOT NULL,
  detail JSON
);
CREATE INDEX curation_row_by_id ON curation_row (comparison_id);

CREATE TABLE recipe_import (
  dataset_id INTEGER NOT NULL,
  fingerprint VARCHAR NOT NULL
);

CREATE VIEW curated AS
SELECT d.name AS dataset, q.comparison_id, q.method, q.weight, q.soft_label, q.margin, q.place, q.stage, q.split, q.route,
  q.goal_score, q.is_relabelled, q.detail
FROM curation_row q
JOIN dataset d ON d.dataset_id = q.dataset_id AND d.is_ready;

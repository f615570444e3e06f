CREATE TABLE dataset (
  dataset_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  relation VARCHAR NOT NULL,
  has_sides BOOLEAN NOT NULL,
  mapping JSON,
  is_ready BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE import_run (
  import_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR,
  is_finished BOOLEAN NOT NULL DEFAULT false,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ
);

CREATE TABLE import_file (
  import_id INTEGER NOT NULL,
  file_no INTEGER NOT NULL,
  path VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  bytes BIGINT NOT NULL,
  source_rows BIGINT NOT NULL,
  loaded BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  duplicates BIGINT NOT NULL,
  pairs BIGINT NOT NULL
);

CREATE TABLE rejected_row (
  import_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  source_file VARCHAR NOT NULL,
  source_row BIGINT NOT NULL,
  column_name VARCHAR,
  reason VARCHAR NOT NULL,
  raw VARCHAR NOT NULL
);

CREATE TABLE prompt (
  prompt_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  text VARCHAR NOT NULL,
  messages STRUCT("role" VARCHAR, content VARCHAR)[],
  text_key UHUGEINT NOT NULL,
  chars INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  import_id INTEGER NOT NULL
);

CREATE TABLE response (
  response_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  prompt_id BIGINT NOT NULL,
  text VARCHAR NOT NULL,
  messages STRUCT("role" VARCHAR, content VARCHAR)[],
  model VARCHAR,
  position INTEGER NOT NULL,
  chars INTEGER NOT NULL,
  example_id VARCHAR,
  language VARCHAR,
  topic VARCHAR,
  subset VARCHAR,
  extra VARCHAR,
  import_id INTEGER NOT NULL,
  source_file VARCHAR NOT NULL,
  source_row BIGINT NOT NULL
);

CREATE TABLE comparison (
  comparison_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  example_id VARCHAR NOT NULL,
  prompt_id BIGINT NOT NULL,
  prompt_b_id BIGINT,
  response_a_id BIGINT NOT NULL,
  response_b_id BIGINT NOT NULL,
  label VARCHAR,
  strength DOUBLE,
  n_votes INTEGER NOT NULL,
  model_a VARCHAR,
  model_b VARCHAR,
  language VARCHAR,
  topic VARCHAR,
  subset VARCHAR,
  prompt_chars INTEGER NOT NULL,
  chars_a INTEGER NOT NULL,
  chars_b INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  extra VARCHAR,
  import_id INTEGER NOT NULL,
  source_file VARCHAR NOT NULL,
  source_row BIGINT NOT NULL
);

CREATE TABLE record_key (
  dataset_id INTEGER NOT NULL,
  import_id INTEGER NOT NULL,
  prompt_key UHUGEINT NOT NULL,
  content_hash UBIGINT NOT NULL,
  hash_version VARCHAR NOT NULL
);

CREATE TABLE annotator (
  annotator_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  attributes MAP(VARCHAR, VARCHAR),
  import_id INTEGER NOT NULL
);

CREATE TABLE vote (
  comparison_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  annotator_id INTEGER NOT NULL,
  aspect VARCHAR,
  label VARCHAR NOT NULL,
  strength DOUBLE,
  shown_first VARCHAR,
  ms DOUBLE,
  import_id INTEGER NOT NULL
);

CREATE TABLE rating (
  response_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  annotator_id INTEGER NOT NULL,
  aspect VARCHAR NOT NULL,
  "value" DOUBLE,
  value_text VARCHAR,
  scale_min DOUBLE,
  scale_max DOUBLE,
  import_id INTEGER NOT NULL
);

CREATE TABLE rationale (
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT,
  response_id BIGINT,
  annotator_id INTEGER NOT NULL,
  aspect VARCHAR,
  text VARCHAR NOT NULL,
  import_id INTEGER NOT NULL
);

CREATE TABLE media (
  media_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  response_id BIGINT NOT NULL,
  path VARCHAR NOT NULL,
  import_id INTEGER NOT NULL
);

CREATE TABLE tag (
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  row_id BIGINT NOT NULL,
  tag VARCHAR NOT NULL
);

CREATE TABLE change (
  change_id BIGINT NOT NULL,
  operation_id VARCHAR NOT NULL,
  dataset_id INTEGER,
  entity VARCHAR NOT NULL,
  entity_id BIGINT,
  field VARCHAR NOT NULL,
  before JSON,
  after JSON,
  who VARCHAR NOT NULL,
  reason VARCHAR,
  changed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE SEQUENCE change_id;

CREATE TABLE saved_view (
  saved_view_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  definition JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE search_index (
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  documents BIGINT NOT NULL,
  mean_length DOUBLE NOT NULL,
  built_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE trait_run (
  dataset_id INTEGER NOT NULL,
  trait_version VARCHAR NOT NULL,
  responses BIGINT NOT NULL,
  finished_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE constitution (
  constitution_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE audit_run (
  audit_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE report (
  report_id VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL,
  directory VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE sql_history (
  sql_text VARCHAR NOT NULL,
  ran_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  milliseconds DOUBLE,
  error VARCHAR
);

CREATE TABLE job (
  job_id VARCHAR PRIMARY KEY,
  parent_id VARCHAR,
  type VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  spec JSON NOT NULL,
  spec_hash VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  cancel_requested BOOLEAN NOT NULL DEFAULT false,
  done DOUBLE NOT NULL DEFAULT 0,
  total DOUBLE,
  phase VARCHAR NOT NULL DEFAULT '',
  owner_boot_id VARCHAR,
  result JSON,
  error JSON,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  started_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ
);

CREATE TABLE job_item (
  job_id VARCHAR NOT NULL,
  item_key VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  engine_deaths INTEGER NOT NULL DEFAULT 0,
  result JSON,
  error JSON,
  PRIMARY KEY (job_id, item_key)
);

CREATE UNIQUE INDEX prompt_by_id ON prompt (prompt_id);
CREATE UNIQUE INDEX response_by_id ON response (response_id);
CREATE UNIQUE INDEX comparison_by_id ON comparison (comparison_id);
CREATE INDEX tag_by_row ON tag (row_id);

CREATE VIEW pairs AS
SELECT
  d.name AS dataset,
  c.comparison_id,
  c.example_id,
  p.text AS prompt,
  p.messages AS prompt_messages,
  pb.text AS prompt_b,
  a.text AS response_a,
  b.text AS response_b,
  c.label,
  CASE c.label WHEN 'a' THEN a.text WHEN 'b' THEN b.text END AS chosen,
  CASE c.label WHEN 'a' THEN b.text WHEN 'b' THEN a.text END AS rejected,
  c.strength,
  c.n_votes,
  c.model_a,
  c.model_b,
  CASE c.label WHEN 'a' THEN c.model_a WHEN 'b' THEN c.model_b END AS chosen_model,
  CASE c.label WHEN 'a' THEN c.model_b WHEN 'b' THEN c.model_a END AS rejected_model,
  c.language,
  c.topic,
  c.subset,
  c.turns,
  c.prompt_chars,
  c.chars_a,
  c.chars_b,
  (SELECT list(t.tag ORDER BY t.tag) FROM tag t WHERE t.relation = 'pairs' AND t.row_id = c.comparison_id) AS tags,
  c.extra,
  c.source_file,
  c.source_row,
  c.prompt_id,
  c.response_a_id,
  c.response_b_id
FROM comparison c
JOIN dataset d ON d.dataset_id = c.dataset_id AND d.is_ready
JOIN prompt p ON p.prompt_id = c.prompt_id
LEFT JOIN prompt pb ON pb.prompt_id = c.prompt_b_id
JOIN response a ON a.response_id = c.response_a_id
JOIN response b ON b.response_id = c.response_b_id;

CREATE VIEW responses AS
SELECT
  d.name AS dataset,
  r.response_id,
  r.example_id,
  p.text AS prompt,
  r.text AS response,
  r.model,
  r.position,
  r.chars,
  r.language,
  r.topic,
  r.subset,
  r.extra,
  r.source_file,
  r.source_row,
  r.prompt_id
FROM response r
JOIN dataset d ON d.dataset_id = r.dataset_id AND d.is_ready
JOIN prompt p ON p.prompt_id = r.prompt_id;

CREATE VIEW votes AS
SELECT
  d.name AS dataset,
  v.comparison_id,
  c.example_id,
  n.name AS annotator,
  n.kind AS annotator_kind,
  n.attributes AS annotator_attributes,
  v.aspect,
  v.label,
  v.strength,
  v.shown_first,
  v.ms
FROM vote v
JOIN dataset d ON d.dataset_id = v.dataset_id AND d.is_ready
JOIN comparison c ON c.comparison_id = v.comparison_id
JOIN annotator n ON n.annotator_id = v.annotator_id;

CREATE VIEW ratings AS
SELECT
  d.name AS dataset,
  g.response_id,
  r.example_id,
  r.model,
  n.name AS annotator,
  n.kind AS annotator_kind,
  n.attributes AS annotator_attributes,
  g.aspect,
  g."value",
  g.value_text,
  g.scale_min,
  g.scale_max
FROM rating g
JOIN dataset d ON d.dataset_id = g.dataset_id AND d.is_ready
JOIN response r ON r.response_id = g.response_id
JOIN annotator n ON n.annotator_id = g.annotator_id;

CREATE VIEW rejected_rows AS
SELECT d.name AS dataset, x.source_file, x.source_row, x.column_name, x.reason, x.raw
FROM rejected_row x
JOIN dataset d ON d.dataset_id = x.dataset_id;

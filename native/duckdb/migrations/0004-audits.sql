-- Made anew instead of altered: DuckDB 1.5 cannot replay ALTER TABLE of a table with a default from its log after a kill.
CREATE TABLE former_audit_run AS SELECT * FROM audit_run;
DROP TABLE audit_run;
CREATE TABLE audit_run (
  audit_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  dataset_version VARCHAR
);
INSERT INTO audit_run SELECT *, NULL FROM former_audit_run;
DROP TABLE former_audit_run;
CREATE TABLE audit_result (
  audit_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  audit_id VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  slice_dim VARCHAR,
  slice_value VARCHAR,
  "value" DOUBLE,
  ci_lo DOUBLE,
  ci_hi DOUBLE,
  p DOUBLE,
  p_adj DOUBLE,
  n_items BIGINT NOT NULL,
  n_clusters BIGINT,
  status VARCHAR NOT NULL,
  params JSON,
  model_id VARCHAR,
  dataset_version VARCHAR,
  seed BIGINT NOT NULL
);

CREATE TABLE audit_row (
  audit_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  set_name VARCHAR NOT NULL,
  relation VARCHAR NOT NULL,
  place INTEGER NOT NULL,
  row_id BIGINT NOT NULL
);

CREATE TABLE proposal (
  proposal_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  audit_run_id INTEGER NOT NULL,
  audit VARCHAR NOT NULL,
  comparison_id BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  before VARCHAR,
  after VARCHAR,
  reason VARCHAR NOT NULL,
  score DOUBLE,
  status VARCHAR NOT NULL DEFAULT 'open',
  operation_id VARCHAR,
  decided_at TIMESTAMPTZ
);
CREATE SEQUENCE proposal_id;

CREATE VIEW audit_results AS
SELECT
  d.name AS dataset,
  r.created_at,
  x.audit_run_id,
  x.audit_id,
  x.metric,
  x.slice_dim,
  x.slice_value,
  x."value",
  x.ci_lo,
  x.ci_hi,
  x.p,
  x.p_adj,
  x.n_items,
  x.n_clusters,
  x.status,
  x.params,
  x.model_id,
  x.dataset_version,
  x.seed
FROM audit_result x
JOIN audit_run r ON r.audit_run_id = x.audit_run_id
JOIN dataset d ON d.dataset_id = x.dataset_id AND d.is_ready;

CREATE VIEW proposals AS
SELECT
  d.name AS dataset,
  x.proposal_id,
  x.audit_run_id,
  x.audit,
  x.comparison_id,
  c.example_id,
  x.kind,
  x.before,
  x.after,
  x.reason,
  x.score,
  x.status,
  x.decided_at
FROM proposal x
JOIN dataset d ON d.dataset_id = x.dataset_id AND d.is_ready
JOIN comparison c ON c.comparison_id = x.comparison_id;

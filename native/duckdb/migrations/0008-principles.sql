CREATE TABLE principle (
  principle_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  text VARCHAR NOT NULL,
  origin VARCHAR NOT NULL,
  trait_id VARCHAR,
  direction INTEGER NOT NULL DEFAULT 1,
  cluster BIGINT,
  is_representative BOOLEAN NOT NULL DEFAULT true,
  is_pinned BOOLEAN NOT NULL DEFAULT false,
  is_dropped BOOLEAN NOT NULL DEFAULT false,
  n_proposed INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE principle_run (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  voter VARCHAR NOT NULL,
  record JSON NOT NULL,
  is_proposed BOOLEAN NOT NULL DEFAULT false,
  constitution_id INTEGER,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE principle_run_pair (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  cluster INTEGER NOT NULL,
  is_test BOOLEAN NOT NULL,
  fold INTEGER NOT NULL,
  y INTEGER NOT NULL,
  chars_chosen INTEGER NOT NULL,
  chars_rejected INTEGER NOT NULL
);

CREATE TABLE principle_run_principle (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  place INTEGER NOT NULL,
  principle_id BIGINT NOT NULL,
  stopped_after INTEGER
);

CREATE TABLE principle_proposal (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  template VARCHAR NOT NULL,
  texts VARCHAR[] NOT NULL,
  fail_reason VARCHAR
);

CREATE TABLE principle_vote (
  dataset_id INTEGER NOT NULL,
  voter VARCHAR NOT NULL,
  principle_id BIGINT NOT NULL,
  comparison_id BIGINT NOT NULL,
  p_a DOUBLE,
  p_b DOUBLE,
  p_neither DOUBLE,
  label VARCHAR NOT NULL,
  label_ab VARCHAR NOT NULL,
  label_ba VARCHAR NOT NULL,
  n_calls INTEGER NOT NULL,
  fail_reason VARCHAR,
  voted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE principle_death (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL
);

CREATE TABLE constitution_verdict (
  principle_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  arm VARCHAR NOT NULL,
  constitution_hash VARCHAR NOT NULL,
  comparison_id BIGINT NOT NULL,
  p_a DOUBLE,
  label VARCHAR NOT NULL,
  n_calls INTEGER NOT NULL,
  fail_reason VARCHAR
);

CREATE VIEW principle_votes AS
SELECT
  d.name AS dataset,
  v.principle_id,
  p.text AS principle,
  v.voter,
  v.comparison_id,
  c.example_id,
  v.label,
  v.p_a,
  v.p_b,
  v.p_neither,
  v.label_ab = v.label_ba AS order_consistent,
  c.label AS reference_label,
  v.n_calls,
  v.fail_reason,
  v.voted_at
FROM principle_vote v
JOIN principle p USING (principle_id)
JOIN dataset d ON d.dataset_id = v.dataset_id AND d.is_ready
JOIN comparison c ON c.comparison_id = v.comparison_id;

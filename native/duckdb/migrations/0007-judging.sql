CREATE TABLE judge_run (
  judge_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  annotator_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  protocol VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  record JSON NOT NULL,
  planned BIGINT NOT NULL,
  is_finished BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ
);

CREATE TABLE judge_item (
  judge_run_id INTEGER NOT NULL,
  pos BIGINT NOT NULL,
  item_id BIGINT NOT NULL
);

CREATE TABLE judge_death (
  judge_run_id INTEGER NOT NULL,
  item_id BIGINT NOT NULL
);

CREATE TABLE judgement (
  judge_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  label VARCHAR NOT NULL,
  p_a DOUBLE,
  strength DOUBLE,
  margin DOUBLE,
  is_order_consistent BOOLEAN,
  position_bias DOUBLE,
  calls INTEGER NOT NULL,
  invalid_calls INTEGER NOT NULL,
  rationale VARCHAR,
  is_truncated BOOLEAN NOT NULL,
  fail_reason VARCHAR,
  prompt_tokens BIGINT NOT NULL,
  reused_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  detail JSON,
  judged_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE response_judgement (
  judge_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  response_id BIGINT NOT NULL,
  calls INTEGER NOT NULL,
  invalid_calls INTEGER NOT NULL,
  is_truncated BOOLEAN NOT NULL,
  fail_reason VARCHAR,
  prompt_tokens BIGINT NOT NULL,
  reused_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  detail JSON,
  judged_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE prompt_template (
  hash VARCHAR NOT NULL,
  protocol VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  text VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE VIEW judgements AS
SELECT
  d.name AS dataset,
  r.judge_run_id,
  r.name AS judge,
  r.protocol,
  j.comparison_id,
  c.example_id,
  j.label,
  j.p_a,
  j.strength,
  j.margin,
  j.is_order_consistent AS order_consistent,
  j.position_bias AS pos_bias,
  j.calls AS n_calls,
  j.invalid_calls AS n_invalid,
  j.rationale,
  j.is_truncated AS truncated,
  j.fail_reason,
  c.label AS reference_label,
  j.detail,
  j.ms,
  j.judged_at
FROM judgement j
JOIN judge_run r ON r.judge_run_id = j.judge_run_id
JOIN dataset d ON d.dataset_id = j.dataset_id AND d.is_ready
JOIN comparison c ON c.comparison_id = j.comparison_id;

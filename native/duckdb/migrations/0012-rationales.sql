CREATE TABLE rationale_run (
  rationale_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  annotator_id INTEGER,
  name VARCHAR NOT NULL,
  task VARCHAR NOT NULL,
  kind VARCHAR,
  is_kept BOOLEAN NOT NULL DEFAULT false,
  record JSON NOT NULL,
  prompt_parts VARCHAR[] NOT NULL,
  planned BIGINT NOT NULL,
  is_finished BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ
);

CREATE TABLE rationale_item (
  rationale_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  pos BIGINT NOT NULL,
  comparison_id BIGINT NOT NULL,
  winner VARCHAR NOT NULL,
  annotator_id INTEGER,
  text VARCHAR,
  shown_first VARCHAR,
  donor_id BIGINT,
  donor_text VARCHAR
);

CREATE TABLE rationale_death (
  rationale_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL
);

CREATE TABLE generated_rationale (
  rationale_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  text VARCHAR,
  winner VARCHAR NOT NULL,
  shown_first VARCHAR NOT NULL,
  calls INTEGER NOT NULL,
  invalid_calls INTEGER NOT NULL,
  is_truncated BOOLEAN NOT NULL,
  is_cut BOOLEAN NOT NULL,
  fail_reason VARCHAR,
  prompt_tokens BIGINT NOT NULL,
  reused_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  written_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE rationale_check (
  rationale_run_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  annotator_id INTEGER,
  variant VARCHAR NOT NULL,
  winner VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  p_a DOUBLE,
  is_order_consistent BOOLEAN,
  supports BOOLEAN,
  calls INTEGER NOT NULL,
  invalid_calls INTEGER NOT NULL,
  is_truncated BOOLEAN NOT NULL,
  fail_reason VARCHAR,
  prompt_tokens BIGINT NOT NULL,
  reused_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  checked_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE rationale_lint (
  dataset_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  annotator_id INTEGER NOT NULL,
  aspect VARCHAR,
  text_hash UBIGINT NOT NULL,
  winner VARCHAR,
  named VARCHAR,
  findings VARCHAR[] NOT NULL,
  rules VARCHAR NOT NULL
);

CREATE VIEW rationales AS
SELECT
  d.name AS dataset,
  q.comparison_id,
  c.example_id,
  n.name AS annotator,
  n.kind AS annotator_kind,
  q.aspect,
  CASE WHEN r.rationale_run_id IS NOT NULL THEN r.kind WHEN j.judge_run_id IS NOT NULL THEN 'judge' ELSE 'imported' END AS rationale_kind,
  q.text AS rationale,
  c.label,
  g.shown_first,
  r.rationale_run_id,
  (SELECT any_value(l.findings) FROM rationale_lint l
    WHERE l.comparison_id = q.comparison_id AND l.annotator_id = q.annotator_id
      AND l.aspect IS NOT DISTINCT FROM q.aspect AND l.text_hash = hash(q.text)) AS findings,
  (SELECT arg_max(k.supports, k.rationale_run_id) FROM rationale_check k
    WHERE k.comparison_id = q.comparison_id AND k.annotator_id = q.annotator_id AND k.variant = 'own') AS rationale_supports
FROM rationale q
JOIN dataset d ON d.dataset_id = q.dataset_id AND d.is_ready
JOIN comparison c ON c.comparison_id = q.comparison_id
JOIN annotator n ON n.annotator_id = q.annotator_id
LEFT JOIN rationale_run r ON r.annotator_id = q.annotator_id
LEFT JOIN judge_run j ON j.annotator_id = q.annotator_id
LEFT JOIN generated_rationale g ON g.rationale_run_id = r.rationale_run_id AND g.comparison_id = q.comparison_id;

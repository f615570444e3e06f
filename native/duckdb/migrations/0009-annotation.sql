CREATE TABLE annotation_project (
  project_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_item (
  project_id INTEGER NOT NULL,
  pos BIGINT NOT NULL,
  comparison_id BIGINT NOT NULL,
  gold_label VARCHAR
);

CREATE TABLE annotation_rater (
  rater_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_rater_annotator (
  rater_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  role VARCHAR NOT NULL,
  annotator_id INTEGER NOT NULL
);

CREATE TABLE annotation_assignment (
  project_id INTEGER NOT NULL,
  rater_id INTEGER NOT NULL,
  turn BIGINT NOT NULL,
  comparison_id BIGINT NOT NULL,
  shown_first VARCHAR NOT NULL,
  assigned_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_answer (
  project_id INTEGER NOT NULL,
  rater_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  revision INTEGER NOT NULL,
  is_current BOOLEAN NOT NULL,
  status VARCHAR NOT NULL,
  answers JSON NOT NULL,
  skip_reason VARCHAR,
  shown_first VARCHAR NOT NULL,
  ms DOUBLE NOT NULL,
  saw_suggestion BOOLEAN NOT NULL DEFAULT false,
  saw_gold BOOLEAN NOT NULL DEFAULT false,
  suggestion JSON,
  answered_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_draft (
  project_id INTEGER NOT NULL,
  rater_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  serial BIGINT NOT NULL,
  answers JSON NOT NULL,
  ms DOUBLE NOT NULL,
  saved_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_decision (
  project_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  question VARCHAR NOT NULL,
  rater_id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  is_current BOOLEAN NOT NULL,
  label VARCHAR NOT NULL,
  strength DOUBLE,
  note VARCHAR,
  is_applied BOOLEAN NOT NULL DEFAULT false,
  decided_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE VIEW annotations AS
SELECT
  d.name AS dataset,
  p.document ->> '$.name' AS project,
  w.comparison_id,
  c.example_id,
  r.name AS rater,
  w.revision,
  w.is_current,
  w.status,
  w.answers,
  w.skip_reason,
  w.shown_first,
  w.ms,
  w.saw_suggestion,
  w.saw_gold,
  i.gold_label,
  w.answered_at
FROM annotation_answer w
JOIN annotation_project p ON p.project_id = w.project_id
JOIN dataset d ON d.dataset_id = p.dataset_id AND d.is_ready
JOIN annotation_rater r ON r.rater_id = w.rater_id
JOIN annotation_item i ON i.project_id = w.project_id AND i.comparison_id = w.comparison_id
JOIN comparison c ON c.comparison_id = w.comparison_id;

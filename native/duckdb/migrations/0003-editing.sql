CREATE TABLE operation (
  sequence BIGINT NOT NULL,
  operation_id VARCHAR NOT NULL,
  root_id VARCHAR NOT NULL,
  direction VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  spec JSON,
  "rows" BIGINT NOT NULL,
  changes BIGINT NOT NULL,
  first_change_id BIGINT NOT NULL,
  last_change_id BIGINT NOT NULL,
  who VARCHAR NOT NULL,
  reason VARCHAR,
  done_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO operation
SELECT row_number() OVER (ORDER BY min(change_id)), operation_id, operation_id, 'edit', coalesce(min(dataset_id), 0), min(entity),
  'tag', 'Change tags', NULL, count(DISTINCT entity_id), count(*), min(change_id), max(change_id), min(who), min(reason), min(changed_at)
FROM change GROUP BY operation_id;

CREATE TABLE hidden_comparison AS SELECT * FROM comparison LIMIT 0;
CREATE TABLE hidden_response AS SELECT * FROM response LIMIT 0;
CREATE UNIQUE INDEX hidden_comparison_by_id ON hidden_comparison (comparison_id);
CREATE UNIQUE INDEX hidden_response_by_id ON hidden_response (response_id);

CREATE TABLE hidden_row (
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  row_id BIGINT NOT NULL,
  reason VARCHAR NOT NULL
);

CREATE TABLE note (
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  row_id BIGINT NOT NULL,
  text VARCHAR NOT NULL
);
CREATE INDEX note_by_row ON note (row_id);

CREATE TABLE lineage (
  dataset_id INTEGER NOT NULL,
  relation VARCHAR NOT NULL,
  row_id BIGINT NOT NULL,
  parent_dataset_id INTEGER NOT NULL,
  parent_relation VARCHAR NOT NULL,
  parent_row_id BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  edit_ratio DOUBLE
);

CREATE TABLE made_id (
  kind VARCHAR NOT NULL,
  highest BIGINT NOT NULL
);
INSERT INTO made_id VALUES ('prompt', 0), ('response', 0), ('comparison', 0);

CREATE TABLE snapshot (
  snapshot_id INTEGER NOT NULL,
  dataset_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  last_import_id INTEGER,
  "rows" BIGINT NOT NULL,
  hidden BIGINT NOT NULL,
  hash_version VARCHAR NOT NULL,
  who VARCHAR NOT NULL,
  reason VARCHAR,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE snapshot_row (
  snapshot_id INTEGER NOT NULL,
  row_id BIGINT NOT NULL,
  hash UBIGINT NOT NULL
);

CREATE VIEW next_id AS
SELECT
  1 + greatest((SELECT coalesce(max(prompt_id), 0) FROM prompt), (SELECT highest FROM made_id WHERE kind = 'prompt')) AS prompt,
  1 + greatest(
    (SELECT coalesce(max(response_id), 0) FROM response),
    (SELECT coalesce(max(response_id), 0) FROM hidden_response),
    (SELECT highest FROM made_id WHERE kind = 'response')) AS response,
  1 + greatest(
    (SELECT coalesce(max(comparison_id), 0) FROM comparison),
    (SELECT coalesce(max(comparison_id), 0) FROM hidden_comparison),
    (SELECT highest FROM made_id WHERE kind = 'comparison')) AS comparison;

CREATE VIEW change_effect AS
SELECT o.sequence, o.operation_id AS event_id, o.root_id, o.direction, o.dataset_id, c.change_id, c.entity, c.entity_id, c.field,
  CASE WHEN o.direction = 'undo' THEN c.after ELSE c.before END AS before,
  CASE WHEN o.direction = 'undo' THEN c.before ELSE c.after END AS after,
  o.title, o.who, o.reason, o.done_at
FROM operation o
JOIN change c ON c.operation_id = o.root_id;

CREATE VIEW notes AS
SELECT d.name AS dataset, n.relation, n.row_id, n.text AS note
FROM note n
JOIN dataset d ON d.dataset_id = n.dataset_id AND d.is_ready;

CREATE VIEW edits AS
SELECT d.name AS dataset, o.sequence, o.operation_id, o.direction, o.title, o."rows", o.who, o.reason, o.done_at
FROM operation o
JOIN dataset d ON d.dataset_id = o.dataset_id AND d.is_ready;

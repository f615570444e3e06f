CREATE TABLE annotation_project_key (
  project_id INTEGER NOT NULL,
  project_key VARCHAR NOT NULL,
  hand_off_key VARCHAR
);

CREATE TABLE annotation_item_key (
  project_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  item_key VARCHAR NOT NULL
);

CREATE TABLE annotation_rater_key (
  rater_key VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  rater_id INTEGER NOT NULL,
  merge_id INTEGER
);

CREATE TABLE annotation_hand_off (
  hand_off_id INTEGER NOT NULL,
  hand_off_key VARCHAR NOT NULL,
  project_id INTEGER NOT NULL,
  overlap INTEGER NOT NULL,
  is_open BOOLEAN NOT NULL DEFAULT true,
  file VARCHAR NOT NULL,
  questions_hash VARCHAR NOT NULL,
  guidelines_hash VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE annotation_hand_off_item (
  hand_off_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL
);

CREATE TABLE annotation_hand_off_rater (
  hand_off_id INTEGER NOT NULL,
  rater_id INTEGER NOT NULL
);

CREATE TABLE annotation_merge (
  merge_id INTEGER NOT NULL,
  project_id INTEGER NOT NULL,
  hand_off_id INTEGER NOT NULL,
  signer VARCHAR NOT NULL,
  report JSON NOT NULL,
  merged_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  undone_at TIMESTAMPTZ
);

CREATE TABLE annotation_merged_answer (
  merge_id INTEGER NOT NULL,
  project_id INTEGER NOT NULL,
  answer_key VARCHAR NOT NULL,
  rater_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  revision INTEGER NOT NULL
);

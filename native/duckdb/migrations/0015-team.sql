CREATE TABLE team_connection (
  team_key VARCHAR NOT NULL,
  machine_key VARCHAR NOT NULL,
  settings JSON NOT NULL,
  is_on BOOLEAN NOT NULL,
  connected_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE team_project (
  project_key VARCHAR NOT NULL,
  hand_off_key VARCHAR NOT NULL,
  is_own BOOLEAN NOT NULL,
  pulled_to BIGINT NOT NULL DEFAULT 0,
  joined_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  left_at TIMESTAMPTZ
);

CREATE TABLE team_rater (
  rater_id INTEGER NOT NULL,
  rater_key VARCHAR NOT NULL
);

CREATE TABLE team_sent (
  project_key VARCHAR NOT NULL,
  rater_id INTEGER NOT NULL,
  comparison_id BIGINT NOT NULL,
  revision INTEGER NOT NULL,
  answer_key VARCHAR NOT NULL,
  sent_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE team_inbox (
  project_key VARCHAR NOT NULL,
  seq BIGINT NOT NULL,
  answer_key VARCHAR NOT NULL,
  rater_key VARCHAR NOT NULL,
  rater VARCHAR NOT NULL,
  item_key VARCHAR NOT NULL,
  answered_at TIMESTAMPTZ NOT NULL,
  record VARCHAR NOT NULL
);

CREATE SCHEMA assay_team;

CREATE TABLE assay_team.schema_version (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assay_team.team (
  team_key uuid PRIMARY KEY,
  is_only boolean NOT NULL UNIQUE DEFAULT true CHECK (is_only)
);

CREATE TABLE assay_team.machine (
  machine_key uuid PRIMARY KEY,
  name text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assay_team.rater (
  rater_key uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  added_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX rater_name ON assay_team.rater (lower(name));

CREATE TABLE assay_team.project (
  project_key uuid PRIMARY KEY,
  hand_off_key uuid NOT NULL UNIQUE,
  name text NOT NULL,
  dataset text NOT NULL,
  document text NOT NULL,
  overlap integer NOT NULL CHECK (overlap BETWEEN 1 AND 50),
  seed integer NOT NULL,
  machine_key uuid NOT NULL REFERENCES assay_team.machine,
  published_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assay_team.item (
  item_key uuid PRIMARY KEY,
  project_key uuid NOT NULL REFERENCES assay_team.project,
  pos integer NOT NULL,
  text_hash text NOT NULL CHECK (length(text_hash) = 64),
  content text NOT NULL,
  gold_label text,
  UNIQUE (project_key, pos)
);

CREATE TABLE assay_team.claim (
  item_key uuid NOT NULL REFERENCES assay_team.item,
  rater_key uuid NOT NULL REFERENCES assay_team.rater,
  machine_key uuid NOT NULL REFERENCES assay_team.machine,
  shown_first text NOT NULL CHECK (shown_first IN ('a', 'b')),
  status text NOT NULL CHECK (status IN ('held', 'submitted', 'skipped')),
  claimed_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz NOT NULL,
  answered_at timestamptz,
  PRIMARY KEY (item_key, rater_key)
);
CREATE INDEX claim_rater ON assay_team.claim (rater_key, machine_key) WHERE status = 'held';

CREATE TABLE assay_team.answer (
  answer_key uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  project_key uuid NOT NULL REFERENCES assay_team.project,
  item_key uuid NOT NULL REFERENCES assay_team.item,
  rater_key uuid NOT NULL REFERENCES assay_team.rater,
  machine_key uuid NOT NULL REFERENCES assay_team.machine,
  status text NOT NULL CHECK (status IN ('submitted', 'skipped')),
  record text NOT NULL,
  answered_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answer_project ON assay_team.answer (project_key, seq);

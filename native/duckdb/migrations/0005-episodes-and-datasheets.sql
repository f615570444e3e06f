CREATE TABLE trajectory (
  trajectory_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  episode_id VARCHAR NOT NULL,
  is_success BOOLEAN,
  declared_steps INTEGER,
  steps INTEGER NOT NULL,
  total_reward DOUBLE,
  start_value DOUBLE,
  end_value DOUBLE,
  attributes MAP(VARCHAR, VARCHAR),
  import_id INTEGER NOT NULL
);

CREATE TABLE step (
  trajectory_id BIGINT NOT NULL,
  dataset_id INTEGER NOT NULL,
  step_no INTEGER NOT NULL,
  step_id INTEGER,
  state VARCHAR,
  action VARCHAR,
  action_type VARCHAR,
  reward DOUBLE,
  "value" DOUBLE,
  is_done BOOLEAN,
  propensity DOUBLE,
  target_propensity DOUBLE,
  touch DOUBLE[],
  lift DOUBLE[],
  boxes DOUBLE[][],
  media VARCHAR,
  import_id INTEGER NOT NULL
);

CREATE TABLE datasheet_answer (
  dataset_id INTEGER NOT NULL,
  question VARCHAR NOT NULL,
  answer VARCHAR NOT NULL,
  auto_value VARCHAR,
  answered_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE datasheet_version (
  dataset_id INTEGER NOT NULL,
  version_no INTEGER NOT NULL,
  document JSON NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE VIEW episodes AS
SELECT
  d.name AS dataset,
  t.trajectory_id AS response_id,
  t.episode_id,
  p.text AS goal,
  r.model AS policy,
  r.subset,
  t.is_success,
  t.declared_steps,
  t.steps,
  t.total_reward,
  t.start_value,
  t.end_value,
  t.attributes
FROM trajectory t
JOIN dataset d ON d.dataset_id = t.dataset_id AND d.is_ready
JOIN response r ON r.response_id = t.trajectory_id
JOIN prompt p ON p.prompt_id = r.prompt_id;

CREATE VIEW steps AS
SELECT
  d.name AS dataset,
  s.trajectory_id AS response_id,
  t.episode_id,
  s.step_no,
  s.step_id,
  s.state,
  s.action,
  s.action_type,
  s.reward,
  s."value",
  s.is_done,
  s.propensity,
  s.target_propensity,
  s.touch,
  s.lift,
  s.boxes,
  s.media
FROM step s
JOIN trajectory t ON t.trajectory_id = s.trajectory_id
JOIN dataset d ON d.dataset_id = s.dataset_id AND d.is_ready;

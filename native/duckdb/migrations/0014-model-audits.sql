CREATE TABLE model_answer (
  model_hash VARCHAR NOT NULL,
  question_hash VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL,
  job_id VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  operation VARCHAR NOT NULL,
  numbers DOUBLE[],
  coverage DOUBLE,
  text VARCHAR,
  fail_reason VARCHAR,
  prompt_tokens BIGINT NOT NULL,
  generated_tokens BIGINT NOT NULL,
  ms DOUBLE NOT NULL,
  answered_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE model_answer_death (
  model_hash VARCHAR NOT NULL,
  question_hash VARCHAR NOT NULL,
  dataset_id INTEGER NOT NULL
);

-- PostgreSQL, for the Grafana dashboard beside this file: days.csv of the folder that `undertone nightly --into DIR` fills.
-- The tables of the last 28 days come from latest/, by postgres.sql; queries.sql goes last.
--
--   cd DIR/latest && psql -d DATABASE -f .../postgres.sql
--   cd DIR/days && psql -d DATABASE -f .../postgres-nightly.sql
--   PGOPTIONS='-c search_path=undertone' psql -d DATABASE -f .../queries.sql
BEGIN;
CREATE SCHEMA IF NOT EXISTS undertone;
SET LOCAL search_path TO undertone;

DROP TABLE IF EXISTS nights;
CREATE TABLE nights (
  call_date date,
  calls bigint,
  calls_scored bigint,
  customer_score double precision,
  customer_score_se double precision,
  negative_share double precision,
  escalated_share double precision,
  unscored_share double precision,
  turns_per_call double precision,
  words_per_turn double precision,
  without_agent_share double precision,
  segments_failed bigint,
  revision bigint,
  is_final boolean,
  late_pending bigint,
  inputs bigint,
  window_days bigint,
  engine text,
  scorer text,
  low_n boolean,
  warming_up boolean,
  mood_expected double precision,
  mood_low double precision,
  mood_high double precision,
  mood_z double precision,
  mood_ewma double precision,
  negative_share_expected double precision,
  negative_share_low double precision,
  negative_share_high double precision,
  negative_share_z double precision,
  escalated_share_expected double precision,
  escalated_share_low double precision,
  escalated_share_high double precision,
  escalated_share_z double precision,
  unscored_share_expected double precision,
  unscored_share_low double precision,
  unscored_share_high double precision,
  unscored_share_z double precision,
  distribution_psi double precision,
  distribution_limit double precision,
  canary_texts bigint,
  canary_movement double precision,
  canary_mean_change double precision,
  canary_agreement_change double precision,
  scorer_drift boolean,
  calls_z double precision,
  turns_per_call_z double precision,
  words_per_turn_z double precision,
  without_agent_share_z double precision,
  rejects_per_call_z double precision,
  redactions_per_word_z double precision,
  languages_psi double precision,
  queues_psi double precision,
  baseline_start text,
  baseline_reason text,
  alarms bigint,
  alarm_kinds text,
  alarm_words text
);
\copy nights FROM 'days.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
COMMIT;

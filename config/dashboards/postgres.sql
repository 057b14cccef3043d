-- PostgreSQL, for Grafana, Superset, Metabase and the like: the tables of an output directory with their types.
--
--   cd undertone-out && psql -d DATABASE -f .../config/dashboards/postgres.sql
--
-- Old rows are replaced in one transaction. What is unknown is NULL, never 0. segments.csv is there only after a run
-- with --detail: take its comment away then. Afterwards, queries.sql beside this file makes the views that charts
-- are drawn from.
BEGIN;
CREATE SCHEMA IF NOT EXISTS undertone;
SET LOCAL search_path TO undertone;
DROP VIEW IF EXISTS funnel, days, queues, mood;

DROP TABLE IF EXISTS calls;
CREATE TABLE calls (
  call_id text,
  call_date date,
  started_at timestamp with time zone,
  duration_s double precision,
  time_basis text,
  agent_id text,
  agents text,
  queue text,
  channel text,
  language text,
  turns bigint,
  customer_score double precision,
  customer_label text,
  customer_positive double precision,
  customer_negative double precision,
  customer_neutral double precision,
  customer_mixed double precision,
  customer_negative_share double precision,
  customer_turns bigint,
  customer_turns_scored bigint,
  customer_words bigint,
  customer_words_scored bigint,
  customer_q1 double precision,
  customer_q2 double precision,
  customer_q3 double precision,
  customer_q4 double precision,
  customer_start double precision,
  customer_end double precision,
  customer_shift double precision,
  customer_slope double precision,
  customer_low double precision,
  customer_low_position double precision,
  agent_score double precision,
  agent_label text,
  agent_positive double precision,
  agent_negative double precision,
  agent_neutral double precision,
  agent_mixed double precision,
  agent_negative_share double precision,
  agent_turns bigint,
  agent_turns_scored bigint,
  agent_words bigint,
  agent_words_scored bigint,
  agent_q1 double precision,
  agent_q2 double precision,
  agent_q3 double precision,
  agent_q4 double precision,
  agent_start double precision,
  agent_end double precision,
  agent_shift double precision,
  agent_slope double precision,
  agent_low double precision,
  agent_low_position double precision,
  escalated boolean,
  recovered boolean,
  segments bigint,
  segments_failed bigint,
  coverage double precision,
  engine text,
  scoring_version text,
  low_coverage boolean,
  customer_rating_expected double precision,
  customer_rating_expected_low double precision,
  customer_rating_expected_high double precision,
  rating double precision
);
\copy calls FROM 'calls.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')

DROP TABLE IF EXISTS agents;
CREATE TABLE agents (
  agent_id text,
  calls bigint,
  calls_scored bigint,
  customer_score_raw double precision,
  customer_score double precision,
  customer_score_low double precision,
  customer_score_high double precision,
  customer_score_adjusted double precision,
  reliability double precision,
  status text,
  funnel text,
  funnel_z double precision,
  q_value double precision,
  expected_percentile double precision,
  p_bottom_decile double precision,
  calls_for_reliability_70 bigint,
  customer_end double precision,
  customer_end_adjusted double precision,
  negative_call_share double precision,
  negative_call_share_low double precision,
  negative_call_share_high double precision,
  escalated_share double precision,
  escalated_share_low double precision,
  escalated_share_high double precision,
  recovered_share double precision,
  recovered_share_low double precision,
  recovered_share_high double precision,
  agent_score double precision,
  words bigint,
  handled_share_mean double precision,
  funnel_score double precision,
  funnel_mean double precision,
  funnel_sd double precision,
  customer_score_raw_low double precision,
  customer_score_raw_high double precision,
  customer_score_adjusted_low double precision,
  customer_score_adjusted_high double precision,
  design_effect double precision,
  funnel_freedom double precision,
  funnel_watch_low double precision,
  funnel_watch_high double precision,
  funnel_out_low double precision,
  funnel_out_high double precision
);
\copy agents FROM 'agents.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')

-- DROP TABLE IF EXISTS segments;
-- CREATE TABLE segments (
--   call_id text,
--   segment bigint,
--   role text,
--   first_turn bigint,
--   last_turn bigint,
--   position double precision,
--   chars bigint,
--   positive double precision,
--   negative double precision,
--   neutral double precision,
--   mixed double precision,
--   score double precision,
--   label text,
--   outcome text,
--   weight double precision,
--   redactions bigint
-- );
-- \copy segments FROM 'segments.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')

DROP TABLE IF EXISTS failures;
CREATE TABLE failures (
  call_id text,
  segment bigint,
  role text,
  outcome text,
  reason text,
  attempts bigint
);
\copy failures FROM 'failures.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')

DROP TABLE IF EXISTS rejects;
CREATE TABLE rejects (
  file text,
  line bigint,
  reason text
);
\copy rejects FROM 'rejects.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
COMMIT;

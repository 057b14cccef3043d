-- Views for charts, over the tables that duckdb.sql or postgres.sql loaded. The same text runs in both.
-- In PostgreSQL: SET search_path TO undertone; first, or psql with PGOPTIONS='-c search_path=undertone'.
--
-- Every mean is over what was scored: avg() leaves NULL out, and so must a chart. Never draw NULL as 0.

-- Agents against the limits of the spread that they usually have. Draw funnel_score over calls_scored; name only those outside.
CREATE OR REPLACE VIEW funnel AS
SELECT
  agent_id, calls_scored, funnel_score, funnel, status, q_value,
  customer_score, customer_score_low, customer_score_high,
  funnel_watch_low AS inner_low, funnel_watch_high AS inner_high, funnel_out_low AS outer_low, funnel_out_high AS outer_high
FROM agents
WHERE funnel_score IS NOT NULL;

-- Day by day, with the 95 % interval of each mean: calls are the sampling unit. The factor is Student's t, by its series in 1/(n - 1),
-- which is good to a hundredth from 10 calls on; fewer have no interval here.
CREATE OR REPLACE VIEW days AS
SELECT
  call_date, count(*) AS calls, count(customer_score) AS scored, avg(customer_score) AS mean,
  CASE WHEN count(customer_score) >= 10 THEN greatest(-1.0, avg(customer_score)
    - (1.96 + 2.37 / (count(customer_score) - 1) + 2.82 / power(count(customer_score) - 1, 2))
    * stddev_samp(customer_score) / sqrt(count(customer_score))) END AS low,
  CASE WHEN count(customer_score) >= 10 THEN least(1.0, avg(customer_score)
    + (1.96 + 2.37 / (count(customer_score) - 1) + 2.82 / power(count(customer_score) - 1, 2))
    * stddev_samp(customer_score) / sqrt(count(customer_score))) END AS high,
  avg(CASE WHEN escalated THEN 1.0 WHEN NOT escalated THEN 0.0 END) AS escalated_share
FROM calls
WHERE call_date IS NOT NULL
GROUP BY call_date
HAVING count(customer_score) > 0;

-- Queue by queue.
CREATE OR REPLACE VIEW queues AS
SELECT
  queue, count(*) AS calls, count(customer_score) AS scored, avg(customer_score) AS mean, avg(customer_end) AS mean_end,
  avg(CASE WHEN customer_label = 'NEGATIVE' THEN 1.0 WHEN customer_label IS NOT NULL THEN 0.0 END) AS negative_share,
  avg(CASE WHEN escalated THEN 1.0 WHEN NOT escalated THEN 0.0 END) AS escalated_share
FROM calls
GROUP BY queue;

-- The whole run in one row, what is missing beside what is known.
CREATE OR REPLACE VIEW mood AS
SELECT
  count(*) AS calls, count(customer_score) AS scored, count(*) - count(customer_score) AS not_scored,
  avg(customer_score) AS mean, avg(customer_start) AS mean_start, avg(customer_end) AS mean_end,
  avg(customer_q1) AS q1, avg(customer_q2) AS q2, avg(customer_q3) AS q3, avg(customer_q4) AS q4,
  sum(CASE WHEN escalated THEN 1 ELSE 0 END) AS escalated, sum(CASE WHEN recovered THEN 1 ELSE 0 END) AS recovered
FROM calls;

//! Figures of the last run as a Prometheus text file, for the textfile collector of the node exporter and its like.
//!
//! Everything is a gauge: a file holds what the last run was, and nothing in it counts on from run to run. The time of the last run that
//! wrote its outputs outlives runs that fail, so that its age is what to alert on. Labels are the program's own words, never a
//! name out of the input. What is not known is left out, never 0.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::drift::Judged;
use crate::exit::{ExitCode, Failure};
use crate::output::{RunRecord, write_whole};
use crate::overview::{Coverage, Overview};

const LAST_SUCCESS: &str = "undertone_last_success_timestamp_seconds";
const LAST_SUCCESS_HELP: &str = "When a run last wrote its outputs. Alert on its age.";

/// A value, with a label if there are several of its kind.
type Sample = (Option<(&'static str, &'static str)>, f64);

/// Values of one name.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<Sample>,
}

/// The figures of a run.
#[derive(Default)]
pub struct Metrics {
    families: Vec<Family>,
}

/// What a night knows beyond its run.
#[derive(Debug, Clone, Copy)]
pub struct Night<'a> {
    /// The newest day that was judged.
    pub judged: Option<&'a Judged>,
    /// Inputs that came too late to be taken in.
    pub late_inputs: u64,
    /// The newest date with calls, and today's.
    pub newest: Option<(Date, Date)>,
}

impl Metrics {
    /// Of a run that wrote its outputs at `finished`; `agent_mean` is the mean of its calls' agent scores, where it is known.
    #[must_use]
    pub fn of_run(
        record: &RunRecord,
        overview: &Overview,
        agent_mean: Option<f64>,
        finished: Timestamp,
        seconds: f64,
    ) -> Self {
        let mut metrics = Self::default();
        metrics.ended(record.exit_code, seconds, Some(finished.as_millisecond() as f64 / 1e3));
        let counts = &record.counts;
        let outcome = |word, count: u64| (Some(("outcome", word)), count as f64);
        let unscored = counts.calls.saturating_sub(counts.calls_scored);
        metrics.add(
            "undertone_calls",
            "Calls of the last run, by whether they have a customer score.",
            [outcome("scored", counts.calls_scored), outcome("unscored", unscored)],
        );
        let segments = &counts.segments;
        metrics.add(
            "undertone_segments",
            "Documents of the last run, by what became of them.",
            [
                outcome("scored", segments.scored),
                outcome("cached", segments.cached),
                outcome("failed", segments.failed),
                outcome("skipped", segments.skipped),
            ],
        );
        metrics.one("undertone_rejected_rows", "Rows of the last run that could not be used.", counts.rejected_rows);
        metrics.service(record);
        let role = |role, value: Option<f64>| value.map(|value| (Some(("role", role)), value));
        let coverage = |words: Coverage| (words.words > 0).then(|| words.scored as f64 / words.words as f64);
        metrics.add(
            "undertone_coverage_ratio",
            "Share of the words of the last run that were scored, by role.",
            role("customer", coverage(overview.customer_words))
                .into_iter()
                .chain(role("agent", coverage(overview.agent_words))),
        );
        metrics.add(
            "undertone_mean_score",
            "Mean score of the calls of the last run, from -1 to 1, by role.",
            role("customer", overview.exact_mean()).into_iter().chain(role("agent", agent_mean)),
        );
        metrics
    }

    /// Of a night that had nothing to do.
    #[must_use]
    pub fn of_nothing(finished: Timestamp, seconds: f64) -> Self {
        let mut metrics = Self::default();
        metrics.ended(ExitCode::Done.number(), seconds, Some(finished.as_millisecond() as f64 / 1e3));
        metrics
    }

    /// Of a run that failed.
    #[must_use]
    pub fn of_failure(code: ExitCode, seconds: f64) -> Self {
        let mut metrics = Self::default();
        metrics.ended(code.number(), seconds, None);
        metrics
    }

    /// The same with what a night knows.
    #[must_use]
    pub fn with_night(mut self, night: &Night<'_>) -> Self {
        self.one("undertone_late_inputs", "Inputs that came too late to be taken in.", night.late_inputs);
        let age = night.newest.map(|(newest, today)| (None, f64::from((today - newest).get_days()) * 86_400.0));
        self.add("undertone_newest_call_age_seconds", "Time from the newest date with calls until today.", age);
        if let Some(day) = night.judged {
            self.drift(day);
        }
        self
    }

    fn ended(&mut self, exit_code: u8, seconds: f64, success: Option<f64>) {
        self.add(LAST_SUCCESS, LAST_SUCCESS_HELP, success.map(|success| (None, success)));
        self.one("undertone_exit_code", "Exit code of the last run.", exit_code.into());
        self.add("undertone_duration_seconds", "Time that the last run took.", [(None, seconds)]);
    }

    fn service(&mut self, record: &RunRecord) {
        let service = &record.service;
        self.one(
            "undertone_requests",
            "Requests of the last run to the service, every attempt counted.",
            service.requests,
        );
        self.one(
            "undertone_throttles",
            "Requests of the last run that were refused for their rate.",
            service.throttles,
        );
        self.one("undertone_billed_units", "Units that the last run is billed for at most.", service.billed_units);
        self.add(
            "undertone_cost_usd",
            "US dollars for those units, at the configured prices.",
            service.cost_usd.map(|cost| (None, cost)),
        );
    }

    fn drift(&mut self, day: &Judged) {
        let measure = |word, z: f64| (Some(("measure", word)), z);
        let verdicts = day.mood.iter().chain(&day.shares).chain(&day.inputs);
        let z = verdicts.map(|verdict| measure(verdict.measure.as_str(), verdict.z));
        let help = "How far the newest judged day is off what was expected, in standard deviations, by measure.";
        self.add("undertone_drift_z", help, z);
        let help = "The same of the mood of the last days together: an exponentially weighted mean.";
        self.add("undertone_drift_ewma_z", help, day.mood.map(|_| (None, day.ewma)));
        let about = |word, customers: bool| {
            let alarms = day.alarms.iter().filter(|alarm| alarm.kind.is_about_customers() == customers);
            (Some(("about", word)), alarms.count() as f64)
        };
        let help = "Alarms of the newest judged day: about customers, or about the scorer and what was read.";
        self.add("undertone_alarms", help, [about("customers", true), about("data", false)]);
        let help = "Mean absolute change of the canary texts' scores since the baseline began.";
        self.add("undertone_canary_movement", help, day.scorer.map(|change| (None, change.movement)));
        let help = "Whether the scorer moved by more than the tolerance, 0 or 1.";
        self.add("undertone_scorer_drift", help, [(None, f64::from(u8::from(day.held_back)))]);
    }

    fn one(&mut self, name: &'static str, help: &'static str, count: u64) {
        self.add(name, help, [(None, count as f64)]);
    }

    fn add(&mut self, name: &'static str, help: &'static str, samples: impl IntoIterator<Item = Sample>) {
        let samples: Vec<Sample> = samples.into_iter().filter(|(_, value)| value.is_finite()).collect();
        if !samples.is_empty() {
            self.families.push(Family { name, help, samples });
        }
    }

    /// The text of the file.
    fn text(&self) -> String {
        let mut text = String::new();
        for Family { name, help, samples } in &self.families {
            let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (label, value) in samples {
                let label = label.map(|(key, word)| format!("{{{key}=\"{word}\"}}")).unwrap_or_default();
                let _infallible = writeln!(text, "{name}{label} {value}");
            }
        }
        text
    }

    /// Writes the file, whole or not at all. Of a run that failed, the time of the last success is that of the file before.
    ///
    /// # Errors
    /// [`ExitCode::CantCreate`] naming the file.
    pub fn write(mut self, path: &Path) -> Result<(), Failure> {
        if self.families.iter().all(|family| family.name != LAST_SUCCESS) {
            let before = std::fs::read_to_string(path).unwrap_or_default();
            let success = before.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.trim().parse().ok());
            self.add(LAST_SUCCESS, LAST_SUCCESS_HELP, success.map(|success: f64| (None, success)));
        }
        write_whole(path, self.text().as_bytes())
            .map_err(|error| Failure::new(ExitCode::CantCreate, format!("can't write {}: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::drift::{Day, Options, judge};
    use crate::report::testing::Sample;

    /// What `promtool check metrics` holds against a text of gauges: its parser's rules, and its linter's (promlint).
    fn problems(text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let (mut kinds, mut helps, mut seen) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut current = "";
        let mut closed = BTreeSet::new();
        if !text.ends_with('\n') {
            problems.push("the last line has no end".to_owned());
        }
        for line in text.lines() {
            let mut problem = |what: &str| problems.push(format!("{what}: {line}"));
            let family = if let Some(comment) = line.strip_prefix("# ") {
                let (keyword, rest) = comment.split_once(' ').unwrap_or_default();
                let (name, value) = rest.split_once(' ').unwrap_or_default();
                match keyword {
                    "HELP" if value.is_empty() || value.replace("\\\\", "").replace("\\n", "").contains('\\') => {
                        problem("no help, or a wrong escape");
                    }
                    "HELP" if !helps.insert(name) => problem("a second HELP"),
                    "TYPE" if seen.iter().any(|sample: &&str| sample.starts_with(name)) => {
                        problem("TYPE after samples");
                    }
                    "TYPE" if kinds.insert(name, value).is_some() => problem("a second TYPE"),
                    "HELP" | "TYPE" => {}
                    _ => problem("an unknown comment"),
                }
                name
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap_or_default();
                if value.parse::<f64>().is_err() {
                    problem("no number");
                }
                if !seen.insert(series) {
                    problem("a duplicate sample");
                }
                let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
                if !labels.strip_suffix('}').is_some_and(labels_are_right) {
                    problem("wrong labels");
                }
                name
            };
            if family != current {
                if !closed.insert(family) {
                    problem("a family in two places");
                }
                current = family;
            }
        }
        for name in &closed {
            if !helps.contains(name) || !kinds.contains_key(name) {
                problems.push(format!("no HELP or TYPE: {name}"));
            }
            problems.extend(lint(name, kinds.get(name).copied().unwrap_or_default()));
        }
        problems
    }

    fn labels_are_right(labels: &str) -> bool {
        labels.is_empty()
            || labels.split(',').all(|label| {
                let Some((name, value)) = label.split_once('=') else { return false };
                let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty();
                is_name
                    && !["le", "quantile"].contains(&name)
                    && quoted.is_some_and(|value| !value.contains(['"', '\\', '\n']))
            })
    }

    fn lint(name: &str, kind: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let mut problem = |what: &str| problems.push(format!("{what}: {name}"));
        if (kind == "counter") != name.ends_with("_total") {
            problem("counters, and nothing else, end in _total");
        }
        if ["_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end)) {
            problem("an ending of histograms");
        }
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            problem("a character that names don't have");
        }
        let words: Vec<&str> = name.split('_').collect();
        let abbreviations = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"];
        let not_base = ["minutes", "hours", "days", "weeks", "milliseconds", "percent", "kilobytes", "bits"];
        if words.iter().any(|word| abbreviations.contains(word) || not_base.contains(word)) {
            problem("a unit that is abbreviated, or not a base unit");
        }
        if words.iter().any(|word| ["gauge", "counter", "histogram", "summary", "untyped"].contains(word)) {
            problem("a type in the name");
        }
        problems
    }

    #[test]
    fn the_checker_sees_what_promtool_sees() {
        let right = "# HELP a_x help\n# TYPE a_x gauge\na_x{x=\"y\"} 1\na_x{x=\"z\"} 2.5\n";
        assert_eq!(problems(right), [""; 0]);
        for wrong in [
            right.trim_end().to_owned(),
            right.replace("# HELP a_x help\n", ""),
            right.replace("# TYPE a_x gauge\n", ""),
            right.replace("help", ""),
            right.replace("{x=\"z\"}", "{x=\"y\"}"),
            right.replace("2.5", "two"),
            right.replace("a_x", "a_days"),
            right.replace("a_x", "a_ms"),
            right.replace("a_x", "aB"),
            right.replace("a_x", "a_total"),
            right.replace("gauge", "counter"),
            right.replace("x=\"y\"", "x=y"),
            right.replace("x=\"y\"", "x=\"y\"\""),
            format!("{right}# TYPE a_x gauge\n"),
            format!("{right}c 1\n"),
            format!("{right}# HELP c c\n# TYPE c gauge\nc 1\na_x 3\n"),
        ] {
            assert_ne!(problems(&wrong), [""; 0], "{wrong}");
        }
    }

    /// A run of three calls, of which one has no score.
    fn run(agent_mean: Option<f64>, finished: &str) -> Metrics {
        let mut sample = Sample::new();
        sample.call("a", "ann", &[Some(0.25)]);
        sample.call("b", "ann", &[Some(-0.75)]);
        sample.call("c", "ann", &[None]);
        let mut record = RunRecord::read(&sample.write(false).join(RunRecord::FILE)).unwrap();
        record.exit_code = 3;
        record.service.cost_usd = Some(0.012_3);
        Metrics::of_run(&record, &sample.overview(), agent_mean, finished.parse().unwrap(), 1.5)
    }

    fn value(text: &str, series: &str) -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    #[test]
    fn a_night_is_written_as_promtool_wants_it() {
        let day = |at: i8| Day::new(jiff::civil::date(2026, 3, at), "a");
        let judged = judge(&[day(1), day(2)], &Options::default());
        let newest = Some((jiff::civil::date(2026, 3, 2), jiff::civil::date(2026, 3, 5)));
        let night = Night { judged: judged.last(), late_inputs: 4, newest };
        let text = run(None, "2026-03-05T02:30:00.5Z").with_night(&night).text();
        assert_eq!(problems(&text), [""; 0], "{text}");
        for (series, expected) in [
            ("undertone_last_success_timestamp_seconds", 1_772_677_800.5),
            ("undertone_exit_code", 3.0),
            ("undertone_duration_seconds", 1.5),
            ("undertone_calls{outcome=\"scored\"}", 2.0),
            ("undertone_calls{outcome=\"unscored\"}", 1.0),
            ("undertone_cost_usd", 0.012_3),
            ("undertone_coverage_ratio{role=\"customer\"}", 2.0 / 3.0),
            ("undertone_mean_score{role=\"customer\"}", -0.25),
            ("undertone_late_inputs", 4.0),
            ("undertone_newest_call_age_seconds", 259_200.0),
            ("undertone_scorer_drift", 0.0),
        ] {
            assert_eq!(value(&text, series), Some(expected), "{series} in {text}");
        }
        assert!(
            !text.contains("score{role=\"agent") && !text.contains("undertone_drift_z"),
            "what is not known is left out"
        );
        assert!(run(Some(0.5), "2026-03-05T02:30:00Z").text().contains("undertone_mean_score{role=\"agent\"} 0.5\n"));
    }

    #[test]
    fn a_failure_keeps_the_time_of_the_last_success() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("undertone.prom");
        Metrics::of_failure(ExitCode::Unavailable, 2.0).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((value(&text, "undertone_exit_code"), value(&text, LAST_SUCCESS)), (Some(69.0), None));
        run(None, "2026-03-05T02:30:00Z").write(&path).unwrap();
        for _ in 0..2 {
            Metrics::of_failure(ExitCode::Budget, 2.0).write(&path).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(problems(&text), [""; 0], "{text}");
            assert_eq!(value(&text, "undertone_exit_code"), Some(4.0));
            assert_eq!(value(&text, LAST_SUCCESS), Some(1_772_677_800.0));
        }
        let failure = Metrics::of_failure(ExitCode::Done, 0.0).write(&folder.path().join("no/where.prom")).unwrap_err();
        assert_eq!(failure.code(), ExitCode::CantCreate);
    }
}

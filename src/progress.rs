//! What is said while a long run works: a bar on stderr where that is a terminal, and in the log, where nobody
//! watches, a line every few minutes. Nothing of either when the run is quiet.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::engine::Meter;

/// How often the bar redraws by itself, so that time goes on while requests are under way.
const REDRAW: Duration = Duration::from_millis(200);

/// How often the log tells how far scoring has come: whoever looks at a night's run must see that it lives.
const TELL_INTERVAL: Duration = Duration::from_mins(5);

/// Tells the log, at level info, every five minutes what `meter` shows, until it is dropped.
pub async fn tell_regularly(meter: Arc<Meter>) {
    loop {
        tokio::time::sleep(TELL_INTERVAL).await;
        let asked = meter.read();
        tracing::info!(
            documents = asked.documents_scored,
            requests = asked.requests,
            throttles = asked.throttles,
            failures = asked.failures,
            units = asked.units_most,
            "scoring goes on"
        );
    }
}

/// What the bar says of a run's scoring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Turns of finished calls.
    pub turns: u64,
    /// Finished calls.
    pub calls: u64,
    /// Documents with an answer.
    pub documents: u64,
    /// Requests sent.
    pub requests: u64,
    /// Units billed so far, by the upper bound.
    pub units: u64,
}

/// A progress bar of one phase at a time.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A bar that is not shown yet; never, if `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { bar: ProgressBar::hidden(), quiet }
    }

    /// Begins the phase of reading: `bytes` is what all inputs hold, if that is known.
    pub fn reading(&mut self, bytes: Option<u64>) {
        let template = "reading  [{bar:30}] {bytes}/{total_bytes}  {msg}  {eta} left";
        self.begin(bytes, template, "reading  {spinner} {bytes}  {msg}  {elapsed}");
    }

    /// Says how far reading has come.
    pub fn read(&self, bytes: u64, rows: u64) {
        self.bar.set_position(bytes);
        self.bar.set_message(format!("{} rows", HumanCount(rows)));
    }

    /// Begins the phase of scoring `turns` turns.
    pub fn scoring(&mut self, turns: u64) {
        self.begin(Some(turns), "scoring  [{bar:30}] {percent}%  {msg}  {eta} left", "");
    }

    /// Says how far scoring has come.
    pub fn scored(&self, standing: impl FnOnce() -> Standing) {
        if self.bar.is_hidden() {
            return;
        }
        let standing = standing();
        self.bar.set_position(standing.turns);
        let seconds = self.bar.elapsed().as_secs_f64();
        self.bar.set_message(standing_message(standing, seconds));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn begin(&mut self, length: Option<u64>, sized: &str, unsized_: &str) {
        self.bar.finish_and_clear();
        if self.quiet {
            return;
        }
        self.bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = if length.is_some() { sized } else { unsized_ };
        let style = ProgressStyle::with_template(template).expect("the templates above are valid");
        self.bar.set_style(style.progress_chars("=> "));
        self.bar.enable_steady_tick(REDRAW);
    }
}

fn standing_message(standing: Standing, seconds: f64) -> String {
    let message = format!("{} calls, {} documents", HumanCount(standing.calls), HumanCount(standing.documents));
    if standing.requests > 0 {
        let rate = standing.requests as f64 / seconds.max(0.1);
        let units = HumanCount(standing.units);
        return format!("{message}, {rate:.1} requests/s, {units} units");
    }
    message
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn requests_and_units_are_shown_only_where_there_are_any() {
        let local = Standing { turns: 10, calls: 2, documents: 12_000, ..Standing::default() };
        assert_eq!(standing_message(local, 1.0), "2 calls, 12,000 documents");
        let paid = Standing { requests: 50, units: 4000, ..local };
        assert_eq!(standing_message(paid, 5.0), "2 calls, 12,000 documents, 10.0 requests/s, 4,000 units");
    }

    /// A log that a test can read.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_run_tells_that_it_lives() {
        let (lines, meter) = (Lines::default(), Meter::new());
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(log);
        let told = tokio::time::timeout(Duration::from_mins(16), tell_regularly(meter)).await;
        assert!(told.is_err(), "it goes on until it is dropped");
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(lines.matches("scoring goes on").count(), 3, "{lines}");
        assert!(lines.contains("requests=0 throttles=0"), "{lines}");
    }
}

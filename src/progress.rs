//! The bar on stderr while a long run works; nothing when stderr is not a terminal, or the run is quiet.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// How often the bar redraws by itself, so that time goes on while requests are under way.
const REDRAW: Duration = Duration::from_millis(200);

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
    #[must_use]
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
    use super::*;

    #[test]
    fn requests_and_units_are_shown_only_where_there_are_any() {
        let local = Standing { turns: 10, calls: 2, documents: 12_000, ..Standing::default() };
        assert_eq!(standing_message(local, 1.0), "2 calls, 12,000 documents");
        let paid = Standing { requests: 50, units: 4000, ..local };
        assert_eq!(standing_message(paid, 5.0), "2 calls, 12,000 documents, 10.0 requests/s, 4,000 units");
    }
}

//! The end of a run on the terminal: what a person wants to know first.
//!
//! Plain text with styles; the stream it is printed to takes the styles away where there is no terminal. What
//! is not known is named as plainly as what is: a mean of nothing is "nothing was scored", and agents with too few
//! calls are counted, never ranked.

mod agents;
mod json;

use std::fmt::{self, Display};
use std::path::Path;

use crate::engine::Profile;
use crate::output::{ContactsRecord, RunRecord, WrittenFile};
use crate::overview::{BARS, NamedCall, Overview};
use crate::rollup::AgentsReport;
use crate::sentiment::{Millionths, SegmentCounts};
use crate::share::Measure;
use crate::words::{BAD, Coloured, Count, FAINT, Name, STRONG, counted, interval};

/// How many calls are named as worth listening to.
const NAMED_CALLS: usize = 5;

/// What the summary is made of.
#[derive(Debug)]
pub struct Summary<'a> {
    /// What was read, sent, paid and written.
    pub record: &'a RunRecord,
    /// The calls at a glance.
    pub overview: &'a Overview,
    /// The agents.
    pub agents: &'a AgentsReport,
    /// The engine.
    pub profile: &'a Profile,
    /// Where the files are.
    pub directory: &'a Path,
    /// The files.
    pub files: &'a [WrittenFile],
    /// Seconds from start to end.
    pub seconds: f64,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!(
            "{}, {}, {:.1} s",
            counted(self.overview.calls, "call"),
            counted(self.agents.agents.len() as u64, "agent"),
            self.seconds
        );
        writeln!(f, "{STRONG}{head}{STRONG:#}")?;
        self.customers(f)?;
        self.share(f)?;
        self.course(f)?;
        self.calls(f)?;
        self.agents(f)?;
        self.failures(f)?;
        self.cost(f)?;
        self.places(f)
    }
}

impl Summary<'_> {
    fn customers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(mean) = self.overview.exact_mean() else {
            return line(f, "customers", format_args!("{BAD}nothing was scored{BAD:#}"));
        };
        let labels = self.overview.labels;
        line(
            f,
            "customers",
            format_args!(
                "mean {}  positive {}  neutral {}  mixed {}  negative {}",
                Coloured(Some(mean)),
                labels.positive,
                labels.neutral,
                labels.mixed,
                labels.negative
            ),
        )?;
        let unscored = self.overview.calls - self.overview.scored();
        if unscored > 0 {
            let clause = if unscored == 1 {
                "call has no customer score and counts"
            } else {
                "calls have no customer score and count"
            };
            line(f, "", format_args!("{unscored} {clause} nowhere"))?;
        }
        line(f, "", format_args!("{FAINT}−1{FAINT:#} {} {FAINT}+1{FAINT:#}", Bars(&self.overview.bars)))
    }

    /// What the service would have given to all calls, of a sampled run.
    fn share(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(share) = &self.record.share else { return Ok(()) };
        let (engine, mut label) = (name(&share.engine.name), "full run");
        for row in share.estimates.iter().filter(|row| row.queue.is_none()) {
            let figure = match (row.measure, row.estimate.zip(row.interval)) {
                (Measure::CustomerScore, Some((mean, ends))) => {
                    format!("mean {} ({})", Coloured(Some(mean)), interval(Some(ends)))
                }
                (Measure::NegativeCallShare, Some((part, (low, high)))) => {
                    format!("negative {:.1} % ({:.1} to {:.1} %)", 100.0 * part, 100.0 * low, 100.0 * high)
                }
                _ => continue,
            };
            line(f, label, format_args!("{figure}, had {engine} scored every call"))?;
            label = "";
        }
        let (drawn, all) = (counted(share.calls, "call"), Count(self.overview.calls));
        let SegmentCounts { failed, .. } = share.segments;
        let failures = if failed > 0 { format!("; {}", failures(failed)) } else { String::new() };
        let others = "all figures but these are the local engine's";
        line(f, label, format_args!("{engine} scored {drawn} of {all}; {others}{failures}"))
    }

    fn course(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let overview = self.overview;
        if overview.with_shift == 0 {
            return line(f, "start to end", format_args!("no call has both a start and an end"));
        }
        line(
            f,
            "start to end",
            format_args!(
                "{} of {} calls ended better, {} worse; {} escalated, {} recovered",
                overview.better, overview.with_shift, overview.worse, overview.escalated, overview.recovered
            ),
        )
    }

    /// The escalated calls with the lowest ends.
    fn listen_to(&self) -> impl Iterator<Item = &NamedCall> {
        self.overview.listen_escalated.iter().take(NAMED_CALLS)
    }

    fn calls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut label = "listen to";
        for call in self.listen_to() {
            line(f, label, format_args!("{}", CallLine(call)))?;
            label = "";
        }
        Ok(())
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SegmentCounts { segments, failed, skipped, skipped_without_words, .. } = self.record.counts.segments;
        let skipped = skipped - skipped_without_words;
        if !self.record.counts.segments.complete() {
            let failures = (failed > 0).then(|| format!("{failed} of {segments} segments failed"));
            let skips = (skipped > 0).then(|| format!("{skipped} of {segments} segments were skipped"));
            let what = failures.into_iter().chain(skips).collect::<Vec<_>>().join(", ");
            let next = if failed > 0 && self.profile.is_remote() {
                "; the next run asks for the failed ones again"
            } else {
                ""
            };
            line(f, "not scored", format_args!("{BAD}{what}{BAD:#}: see failures.csv{next}"))?;
        }
        if self.overview.low_coverage > 0 {
            line(
                f,
                "",
                format_args!(
                    "{} with too little scored to count for their agents",
                    counted(self.overview.low_coverage, "call")
                ),
            )?;
        }
        let assumed = self.record.counts.calls_language_assumed;
        if assumed > 0 {
            let calls = counted(assumed, "call");
            line(f, "language", format_args!("assumed for {calls} of too few words to know it by"))?;
        }
        let contradict = self.record.counts.calls_times_contradict;
        if contradict > 0 {
            let calls = counted(contradict, "call");
            let why = "a turn starts before the one before it, or ends before it starts";
            line(f, "times", format_args!("not used in {calls}: {why}; turns are placed by words"))?;
        }
        if let Some(contacts) = self.record.counts.contact_records {
            let ContactsRecord { records, without_call, calls_without } = contacts;
            let (records, calls) = (counted(records, "contact record"), counted(calls_without, "call"));
            line(f, "records", format_args!("{records}: {without_call} of no call here; {calls} without one"))?;
        }
        let twins = self.record.counts.redacted_twins;
        if twins > 0 {
            let contacts = counted(twins, "contact");
            line(f, "redacted", format_args!("{contacts} read both raw and redacted: the redacted one counts"))?;
        }
        let passed_over = self.record.counts.files_passed_over;
        if passed_over > 0 {
            line(f, "passed over", format_args!("{} in no known format", counted(passed_over, "file")))?;
        }
        let rejected = self.record.counts.rejected_rows;
        if rejected > 0 {
            line(f, "rejected", format_args!("{BAD}{}{BAD:#}: see rejects.csv", counted(rejected, "row")))?;
        }
        Ok(())
    }

    fn cost(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = &self.record.service;
        if !self.profile.is_remote() {
            return line(f, "cost", format_args!("nothing was sent, nothing is charged"));
        }
        if !self.profile.is_charged() {
            let sent = counted(service.requests, "request");
            return line(f, "cost", format_args!("{sent} sent, nothing is charged"));
        }
        line(
            f,
            "cost",
            format_args!(
                "{} in {} requests ({} throttled)",
                service.charged(|cost| format!("${cost:.4}")),
                Count(service.requests),
                service.throttles
            ),
        )
    }

    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        line(f, "written", format_args!("{STRONG}{}{STRONG:#}: {}", self.directory.display(), names.join(", ")))
    }
}

fn failures(failed: u64) -> String {
    let segments = counted(failed, "segment");
    format!("{BAD}{segments} failed{BAD:#}: see sample_failures.csv; the next run asks for them again")
}

/// One line with its label in front.
fn line(f: &mut fmt::Formatter<'_>, label: &str, text: fmt::Arguments<'_>) -> fmt::Result {
    writeln!(f, "{FAINT}{label:<13}{FAINT:#}{text}")
}

/// A small drawing of a distribution.
struct Bars<'a>(&'a [u64; BARS]);

const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Display for Bars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.0.iter().copied().max().unwrap_or(0).max(1);
        for &count in self.0 {
            // Any call at all shows: rounded up.
            let height = (count * 8).div_ceil(most);
            write!(f, "{}", BLOCKS[usize::try_from(height).unwrap_or(8).min(8)])?;
        }
        Ok(())
    }
}

struct CallLine<'a>(&'a NamedCall);

impl Display for CallLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NamedCall { call_id, agent_id, start, end, .. } = self.0;
        write!(f, "{}", name(call_id))?;
        if let Some(agent) = agent_id {
            write!(f, " {FAINT}({}){FAINT:#}", name(agent))?;
        }
        let coloured = |score: &Option<Millionths>| Coloured(score.map(Millionths::value));
        write!(f, "  {} → {}", coloured(start), coloured(end))
    }
}

/// Characters of a name: longer ones stand in full in the tables.
const NAME_CHARS: usize = 40;

/// A name from a transcript, safe to print.
const fn name(text: &str) -> Name<'_> {
    Name::within(text, NAME_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_call_among_thousands_still_shows() {
        let mut counts = [0; BARS];
        counts[0] = 1;
        counts[10] = 5000;
        let bars = Bars(&counts).to_string();
        assert_eq!(bars.chars().next(), Some('▁'));
        assert_eq!(bars.chars().nth(10), Some('█'));
        assert_eq!(bars.chars().nth(5), Some(' '));
    }
}

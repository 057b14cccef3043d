//! The end of a run on the terminal: what a person wants to know first.
//!
//! Plain text with styles; the stream it is printed to takes the styles away where there is no terminal. It
//! says what is not known as plainly as what is: a mean of nothing is "nothing scored", and agents with too few
//! calls are counted, never ranked.

mod json;

use std::fmt::{self, Display};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use crate::output::WrittenFile;
use crate::pipeline::{BARS, NamedCall, Overview};
use crate::report::{Name, counted};
use crate::rollup::{AgentRollup, AgentsReport, Funnel, Status};
use crate::sentiment::SegmentCounts;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

/// How many agents are named.
const NAMED_AGENTS: usize = 5;

/// Everything the summary speaks of.
#[derive(Debug)]
pub struct Summary<'a> {
    /// The calls at a glance.
    pub overview: &'a Overview,
    /// The agents.
    pub agents: &'a AgentsReport,
    /// What became of the segments.
    pub segments: SegmentCounts,
    /// Rows that could not be used.
    pub rejected_rows: u64,
    /// What the service asked for; `None` for an engine that does not charge.
    pub bill: Option<Bill>,
    /// Where the files are.
    pub directory: &'a Path,
    /// The files.
    pub files: &'a [WrittenFile],
    /// Seconds from start to end.
    pub seconds: f64,
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bill {
    /// Requests, every attempt counted.
    pub requests: u64,
    /// Those that were refused for their rate.
    pub throttles: u64,
    /// Units billed, by the upper bound.
    pub units: u64,
    /// Dollars for them.
    pub dollars: f64,
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
        let Some(mean) = self.overview.mean_score() else {
            return line(f, "customers", format_args!("{BAD}nothing was scored{BAD:#}"));
        };
        let labels = self.overview.labels;
        line(
            f,
            "customers",
            format_args!(
                "mean {}  positive {}  neutral {}  mixed {}  negative {}",
                Signed(mean),
                labels.positive,
                labels.neutral,
                labels.mixed,
                labels.negative
            ),
        )?;
        let unscored = self.overview.calls - self.overview.scored;
        if unscored > 0 {
            let clause = if unscored == 1 {
                "call has no customer score and counts"
            } else {
                "calls have no customer score and count"
            };
            line(f, "", format_args!("{unscored} {clause} nowhere"))?;
        }
        line(f, "", format_args!("{FAINT}−1{FAINT:#} {} {FAINT}+1{FAINT:#}", Bars(&self.overview.distribution)))
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

    fn calls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut label = "listen to";
        for call in &self.overview.worst {
            line(f, label, format_args!("{}", CallLine(call)))?;
            label = "";
        }
        Ok(())
    }

    fn agents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.agents;
        if report.calls_without_agent > 0 {
            line(f, "agents", format_args!("{} without an agent", counted(report.calls_without_agent, "call")))?;
        }
        if report.agents.is_empty() {
            return Ok(());
        }
        if report.population.is_none() {
            return line(f, "agents", format_args!("fewer than 5 have scored calls: they are not compared"));
        }
        let mut notable: Vec<&AgentRollup> =
            report.agents.iter().filter(|agent| matches!(agent.funnel, Some(Funnel::Out | Funnel::Watch))).collect();
        notable.sort_by(|a, b| a.funnel_z.partial_cmp(&b.funnel_z).unwrap_or(std::cmp::Ordering::Equal));
        let unsure = report.agents.iter().filter(|agent| agent.status == Status::Insufficient).count();
        let out = notable.iter().filter(|agent| agent.funnel == Some(Funnel::Out)).count();
        let verdict = match (out, notable.len() - out) {
            (0, 0) => "none differs from the others by more than chance explains".to_owned(),
            (0, watch) => format!("none is outside what chance explains; {watch} on watch, where chance puts 1 in 20"),
            (out, 0) => format!("{out} of {} outside what chance explains", report.agents.len()),
            (out, watch) => format!(
                "{out} of {} outside what chance explains; {watch} on watch, where chance puts 1 in 20",
                report.agents.len()
            ),
        };
        let doubt = if unsure > 0 { format!("; {unsure} have too few calls for a verdict") } else { String::new() };
        line(f, "agents", format_args!("{verdict}{doubt}"))?;
        for agent in notable.iter().take(NAMED_AGENTS) {
            line(f, "", format_args!("{}", AgentLine(agent)))?;
        }
        if notable.len() > NAMED_AGENTS {
            line(f, "", format_args!("and {} more in agents.csv", notable.len() - NAMED_AGENTS))?;
        }
        Ok(())
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SegmentCounts { segments, failed, skipped, skipped_without_words, .. } = self.segments;
        let skipped = skipped - skipped_without_words;
        if !self.segments.complete() {
            let failures = (failed > 0).then(|| format!("{failed} of {segments} segments failed"));
            let skips = (skipped > 0).then(|| format!("{skipped} of {segments} segments were skipped"));
            let what = failures.into_iter().chain(skips).collect::<Vec<_>>().join(", ");
            let next =
                if failed > 0 && self.bill.is_some() { "; the next run asks for the failed ones again" } else { "" };
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
        if self.overview.language_assumed > 0 {
            let calls = counted(self.overview.language_assumed, "call");
            line(f, "language", format_args!("assumed for {calls} of too few words to know it by"))?;
        }
        if self.rejected_rows > 0 {
            line(f, "rejected", format_args!("{BAD}{}{BAD:#}: see rejects.csv", counted(self.rejected_rows, "row")))?;
        }
        Ok(())
    }

    fn cost(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bill {
            None => line(f, "cost", format_args!("nothing was sent, nothing is charged")),
            Some(bill) => line(
                f,
                "cost",
                format_args!(
                    "at most ${:.4} for {} units in {} requests ({} throttled)",
                    bill.dollars,
                    HumanCount(bill.units),
                    HumanCount(bill.requests),
                    bill.throttles
                ),
            ),
        }
    }

    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.files.iter().map(|file| file.name).collect();
        line(f, "written", format_args!("{STRONG}{}{STRONG:#}: {}", self.directory.display(), names.join(", ")))
    }
}

/// One line with its label in front.
fn line(f: &mut fmt::Formatter<'_>, label: &str, text: fmt::Arguments<'_>) -> fmt::Result {
    writeln!(f, "{FAINT}{label:<13}{FAINT:#}{text}")
}

/// A score with its sign and, beyond 0.1, its colour.
struct Signed(f64);

impl Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:+.2}", self.0).replace("-0.00", "+0.00").replace('-', "−");
        match self.0 {
            score if score >= 0.1 => write!(f, "{GOOD}{text}{GOOD:#}"),
            score if score <= -0.1 => write!(f, "{BAD}{text}{BAD:#}"),
            _ => f.write_str(&text),
        }
    }
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
        let NamedCall { end, call_id, agent_id, start } = self.0;
        write!(f, "{}", name(call_id))?;
        if let Some(agent) = agent_id {
            write!(f, " {FAINT}({}){FAINT:#}", name(agent))?;
        }
        write!(f, "  {} → {}", Signed(start.value()), Signed(end.value()))
    }
}

struct AgentLine<'a>(&'a AgentRollup);

impl Display for AgentLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agent = self.0;
        let verdict = if agent.funnel == Some(Funnel::Out) { "outside" } else { "watch" };
        write!(f, "{}  {verdict}", name(&agent.id))?;
        if let (Some(score), Some(low), Some(high)) =
            (agent.customer_score, agent.customer_score_low, agent.customer_score_high)
        {
            write!(f, "  {} ({} to {})", Signed(score), Signed(low), Signed(high))?;
        }
        write!(f, " on {}", counted(agent.calls_scored, "call"))
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
    use crate::sentiment::Millionths;

    #[test]
    fn scores_have_a_sign_and_no_negative_zero() {
        let plain = |score: f64| anstream::adapter::strip_str(&Signed(score).to_string()).to_string();
        assert_eq!(plain(0.123), "+0.12");
        assert_eq!(plain(-0.5), "−0.50");
        assert_eq!(plain(-0.001), "+0.00");
    }

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

    #[test]
    fn names_cannot_move_the_cursor_or_turn_the_line() {
        let [start, end] = [Millionths(50_000), Millionths(-700_000)];
        let call =
            NamedCall { end, call_id: "a\u{1b}[2J\u{202e}b".into(), agent_id: Some("x".repeat(500).into()), start };
        let shown = anstream::adapter::strip_str(&CallLine(&call).to_string()).to_string();
        assert_eq!(shown, format!("a\u{FFFD}[2J\u{FFFD}b ({}…)  +0.05 → −0.70", "x".repeat(NAME_CHARS - 1)));
    }
}

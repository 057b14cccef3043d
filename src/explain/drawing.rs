//! The explanation as it is printed: plain text with styles, which the stream takes away where there is no terminal.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use anstyle::Style;

use super::read::{Explanation, FailureCells, RoleCells, SegmentCells};
use crate::output::{PARTS, parts};
use crate::rating::Expected;
use crate::sentiment::Millionths;
use crate::transcript::{Call, Turn};
use crate::words::{BAD, Coloured, FAINT, Maybe, Name, STRONG, place};

/// Places on the line from −1 to +1; odd, so that 0 has one of its own.
const PLACES: usize = 41;
const ZERO: usize = PLACES / 2;

/// What one place spans, in the parts of a table's decimals.
const PLACE_PARTS: i64 = 500;

/// Where the words of a turn begin, and where they are broken.
const WORDS_INDENT: usize = 8;
const WORDS_WIDTH: usize = 92;

/// An explanation, with the words of the call if the transcript was given.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// The call's rows.
    pub explanation: &'a Explanation,
    /// The call with its words.
    pub words: Option<&'a Call>,
}

impl Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        writeln!(f)?;
        self.line(f)?;
        writeln!(f)?;
        self.numbers(f)?;
        self.flags(f)?;
        self.gaps(f)
    }
}

impl Drawing<'_> {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = &self.explanation.call;
        writeln!(f, "{STRONG}{}{STRONG:#}", Name::new(&self.explanation.call_id))?;
        let mut about: Vec<String> = call.about().map(|text| Name::new(text).to_string()).collect();
        about.extend(call.duration_s.map(duration));
        about.push(format!("{} turns", call.turns));
        writeln!(f, "{FAINT}{}{FAINT:#}", about.join(" · "))?;
        let engine = Name::new(&call.engine);
        writeln!(f, "{FAINT}scored by {engine}, formulas version {}{FAINT:#}", Name::new(&call.scoring_version))
    }

    /// The segments from the first to the last, each with its score between −1 and +1.
    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.explanation.detail.as_deref();
        let mut shown = BTreeSet::new();
        match detail {
            Some([]) => writeln!(f, "{FAINT}segments.csv has no row of this call{FAINT:#}")?,
            Some(segments) => {
                writeln!(
                    f,
                    "{FAINT}  at  who       turns   −1{:^width$}+1   score  weight{FAINT:#}",
                    "0",
                    width = PLACES - 4
                )?;
                for segment in segments {
                    self.unscored_turns(f, &mut shown, segment.first_turn, segments)?;
                    self.segment(f, segment)?;
                    self.words_of(f, segment, &mut shown)?;
                }
            }
            None => {
                let hint = "segment by segment: run analyze with --detail";
                writeln!(f, "{FAINT}{hint}{FAINT:#}")?;
            }
        }
        self.unscored_turns(f, &mut shown, u64::MAX, detail.unwrap_or_default())
    }

    fn segment(&self, f: &mut fmt::Formatter<'_>, segment: &SegmentCells) -> fmt::Result {
        let at = segment.position.map_or_else(String::new, place);
        let turns = match (segment.first_turn, segment.last_turn) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}–{last}"),
        };
        write!(f, "{at:>4}  {:<8}  {turns:<6}  ", Name::within(&segment.role, 8))?;
        let Some(score) = segment.score else {
            let failure = self.explanation.failures.iter().find(|failure| failure.segment == segment.segment);
            return writeln!(f, "{BAD}not scored{BAD:#}: {}", failure.map_or_else(|| segment.outcome.clone(), reason));
        };
        let label = segment.label.as_deref().unwrap_or_default().to_lowercase();
        let stored = if segment.outcome == "cached" { " (stored)" } else { "" };
        let mark = if segment.role == "customer" { '●' } else { '○' };
        let weight = segment.weight.map_or_else(String::new, share);
        let lane = Lane { score, mark };
        writeln!(f, "{lane}   {}  {weight:>6}  {label}{FAINT}{stored}{FAINT:#}", coloured(Some(score)))
    }

    /// The words of a segment's turns, each turn once.
    fn words_of(&self, f: &mut fmt::Formatter<'_>, segment: &SegmentCells, shown: &mut BTreeSet<u64>) -> fmt::Result {
        for (number, turn) in self.turns() {
            let inside = (segment.first_turn..=segment.last_turn).contains(&number);
            if inside && turn.role.as_str() == segment.role && shown.insert(number) {
                write_words(f, turn, false)?;
            }
        }
        Ok(())
    }

    /// The words of turns before `limit` that no segment holds: those of others, and of roles that were not scored.
    fn unscored_turns(
        &self,
        f: &mut fmt::Formatter<'_>,
        shown: &mut BTreeSet<u64>,
        limit: u64,
        segments: &[SegmentCells],
    ) -> fmt::Result {
        let held = |number: u64, turn: &Turn| {
            segments.iter().any(|segment| {
                (segment.first_turn..=segment.last_turn).contains(&number) && turn.role.as_str() == segment.role
            })
        };
        for (number, turn) in self.turns() {
            if number < limit && !held(number, turn) && shown.insert(number) {
                writeln!(f, "{FAINT}      {:<8}  {number:<6}{FAINT:#}", turn.role.as_str())?;
                write_words(f, turn, true)?;
            }
        }
        Ok(())
    }

    fn turns(&self) -> impl Iterator<Item = (u64, &Turn)> {
        (1..).zip(self.words.iter().flat_map(|call| &call.turns))
    }

    fn numbers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["score", "Q1", "Q2", "Q3", "Q4", "start", "end", "shift"];
        write!(f, "{FAINT}{:<9}", "")?;
        for head in heads {
            write!(f, "{head:>7}")?;
        }
        writeln!(f, "   label{FAINT:#}")?;
        for (name, role) in [("customer", &self.explanation.customer), ("agent", &self.explanation.agent)] {
            write!(f, "{name:<9}")?;
            for value in [role.score, role.q1, role.q2, role.q3, role.q4, role.start, role.end, role.shift] {
                write!(f, "  {}", coloured(value))?;
            }
            writeln!(f, "   {}", role.label.as_deref().unwrap_or("not scored").to_lowercase())?;
        }
        let basis = match self.explanation.call.time_basis.as_str() {
            "time" => "time",
            _ => "words spoken",
        };
        writeln!(
            f,
            "{FAINT}a turn weighs 1 − neutral, in the whole call times its number among the role's turns; quarters, start \
             and end (thirds) go by {basis}{FAINT:#}"
        )?;
        writeln!(f)
    }

    fn flags(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (call, customer) = (&self.explanation.call, &self.explanation.customer);
        if let (Some(low), Some(position)) = (customer.low, customer.low_position) {
            writeln!(f, "lowest     {} over three turns, at {}", coloured(Some(low)), place(position))?;
        }
        let [end, shift, start] = [customer.end, customer.shift, customer.start].map(Maybe::of);
        let escalated = match call.escalated {
            None => "unknown: the start or the end was not scored".to_owned(),
            Some(yes) => format!("{}: end {end} and shift {shift}, both −0.30 or lower?", yes_no(yes)),
        };
        writeln!(f, "escalated  {escalated}")?;
        let recovered = match (call.recovered, customer.start, customer.end) {
            (Some(yes), ..) => format!("{}: start {start} (−0.30 or lower), end {end} (0 or higher?)", yes_no(yes)),
            (None, Some(_), Some(_)) => format!("not asked: the start, {start}, was not −0.30 or lower"),
            (None, ..) => "unknown: the start or the end was not scored".to_owned(),
        };
        writeln!(f, "recovered  {recovered}")?;
        let Some(Expected { rating, low, high }) = call.expected() else { return Ok(()) };
        let [rating, low, high] = [rating, low, high].map(|rating| format!("{:.2}", rating.value()));
        writeln!(f, "rating     {rating} expected, the mean of calls such as this ({low} to {high})")
    }

    fn gaps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { call, customer, agent, failures, .. } = self.explanation;
        let words = |role: &RoleCells| format!("{} of {}", role.words_scored, role.words);
        writeln!(f, "scored     {} customer words, {} agent words", words(customer), words(agent))?;
        if call.segments_failed > 0 {
            let missing = call.segments_failed;
            writeln!(
                f,
                "{BAD}missing    {missing} of {} segments have no score and count nowhere{BAD:#}",
                call.segments
            )?;
            // With the detail, each reason stands in its line already.
            if self.explanation.detail.is_none() {
                for failure in failures {
                    let role = Name::within(&failure.role, 8);
                    writeln!(f, "           segment {} ({role}): {}", failure.segment, reason(failure))?;
                }
            }
        }
        if call.low_coverage == Some(true) {
            writeln!(f, "{BAD}too little was scored: the call does not count for its agents{BAD:#}")?;
        }
        Ok(())
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn reason(failure: &FailureCells) -> String {
    let attempts = match failure.attempts {
        0 => String::new(),
        1 => ", sent once".to_owned(),
        attempts => format!(", sent {attempts} times"),
    };
    let why = failure.reason.as_deref().unwrap_or_default();
    format!("{}, {}{attempts}", Name::new(&failure.outcome), Name::within(why, 80))
}

/// A weight: `4.2 %`.
fn share(weight: Millionths) -> String {
    format!("{:.1} %", weight.value() * 100.0)
}

/// `8 min 12 s`.
fn duration(seconds: Millionths) -> String {
    let seconds = seconds.0 / Millionths::ONE.0;
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

fn coloured(score: Option<Millionths>) -> Coloured {
    Coloured(score.map(Millionths::value))
}

/// The line from −1 to +1 with a mark on it.
struct Lane {
    score: Millionths,
    mark: char,
}

impl Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = (parts(self.score) + PARTS + PLACE_PARTS / 2) / PLACE_PARTS;
        let place = usize::try_from(place).unwrap_or(0).min(PLACES - 1);
        let style = coloured(Some(self.score)).style();
        for index in 0..PLACES {
            let between = (index > place && index < ZERO) || (index < place && index > ZERO);
            match index {
                index if index == place => write!(f, "{style}{}{style:#}", self.mark)?,
                ZERO => write!(f, "{FAINT}│{FAINT:#}")?,
                _ if between => write!(f, "{style}─{style:#}")?,
                _ => write!(f, " ")?,
            }
        }
        Ok(())
    }
}

/// A turn's words, broken into lines, without anything that could move the cursor.
pub(super) fn write_words(f: &mut fmt::Formatter<'_>, turn: &Turn, faint: bool) -> fmt::Result {
    let style = if faint { FAINT } else { Style::new() };
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        let written = writeln!(f, "{:WORDS_INDENT$}{style}{}{style:#}", "", Name::within(line, usize::MAX));
        line.clear();
        written
    };
    for word in turn.text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WORDS_WIDTH {
            flush(&mut line)?;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.is_empty() { Ok(()) } else { flush(&mut line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(shown: &impl Display) -> String {
        anstream::adapter::strip_str(&shown.to_string()).to_string()
    }

    #[test]
    fn marks_lie_where_their_scores_are() {
        let lane = |score: i64| plain(&Lane { score: Millionths(score * 100), mark: '●' });
        let place = |score| lane(score).chars().position(|c| c == '●');
        assert_eq!([-10_000, 0, 10_000].map(place), [Some(0), Some(ZERO), Some(PLACES - 1)]);
        assert_eq!(place(-250), Some(ZERO), "half a place is rounded to the right");
        assert!(lane(-5000).contains("●─────────│") && lane(5000).contains("│─────────●"));
        assert_eq!(lane(123).chars().count(), PLACES);
    }

    #[test]
    fn durations_are_for_people() {
        assert_eq!(
            (duration(Millionths(59_000_000)), duration(Millionths(492_000_000))),
            ("59 s".to_owned(), "8 min 12 s".to_owned())
        );
    }
}

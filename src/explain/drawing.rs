//! The explanation as it is printed: plain text with styles, which the stream takes away where there is no terminal.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

use super::read::{Explanation, Missing, Parts, RoleNumbers, Segment};
use crate::report::{Maybe, Name};
use crate::transcript::{Call, Turn};

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

/// Places on the line from −1 to +1; odd, so that 0 has one of its own.
const PLACES: usize = 41;
const ZERO: usize = PLACES / 2;

/// What one place spans, in 10,000ths of a score.
const PLACE_PARTS: i64 = 500;

/// Where the words of a turn begin, and where they are broken.
const WORDS_INDENT: usize = 8;
const WORDS_WIDTH: usize = 92;

/// A score that differs from zero by this much has a colour.
const NOTABLE: i64 = 1000;

/// An explanation, with the words of the call if the transcript was given.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// What the tables say.
    pub explanation: &'a Explanation,
    /// What was said.
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
        let call = self.explanation;
        writeln!(f, "{STRONG}{}{STRONG:#}", Name::new(&call.call_id))?;
        let mut about: Vec<String> = call.about.iter().map(|text| Name::new(text).to_string()).collect();
        about.extend(call.seconds.map(duration));
        about.push(format!("{} turns", call.turns));
        writeln!(f, "{FAINT}{}{FAINT:#}", about.join(" · "))?;
        let engine = Name::new(&call.engine);
        writeln!(f, "{FAINT}scored by {engine}, formulas version {}{FAINT:#}", Name::new(&call.scoring_version))
    }

    /// The segments from the first to the last, each with its score between −1 and +1.
    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.explanation.detail.as_deref();
        let mut told = BTreeSet::new();
        match detail {
            Some([]) => writeln!(f, "{FAINT}segments.csv has no row of this call{FAINT:#}")?,
            Some(segments) => {
                writeln!(f, "{FAINT}  at  who       turns   −1{:^width$}+1   score{FAINT:#}", "0", width = PLACES - 4)?;
                for segment in segments {
                    self.unscored_turns(f, &mut told, segment.first_turn, segments)?;
                    self.segment(f, segment)?;
                    self.said(f, segment, &mut told)?;
                }
            }
            None => {
                let hint = "segment by segment: run analyze with --detail";
                writeln!(f, "{FAINT}{hint}{FAINT:#}")?;
            }
        }
        self.unscored_turns(f, &mut told, u64::MAX, detail.unwrap_or_default())
    }

    fn segment(&self, f: &mut fmt::Formatter<'_>, segment: &Segment) -> fmt::Result {
        let at = segment.position.map_or_else(String::new, percent);
        let turns = match (segment.first_turn, segment.last_turn) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}–{last}"),
        };
        write!(f, "{at:>4}  {:<8}  {turns:<6}  ", Name::within(&segment.role, 8))?;
        let Some(score) = segment.score else {
            let why = self.explanation.missing.get(&segment.number);
            return writeln!(f, "{BAD}not scored{BAD:#}: {}", why.map_or_else(|| segment.outcome.clone(), reason));
        };
        let label = segment.label.as_deref().unwrap_or_default().to_lowercase();
        let stored = if segment.outcome == "cached" { " (stored)" } else { "" };
        let mark = if segment.role == "customer" { '●' } else { '○' };
        writeln!(f, "{}   {}  {label}{FAINT}{stored}{FAINT:#}", Lane { score, mark }, Coloured(Some(score)))
    }

    /// The words of a segment's turns, each turn once.
    fn said(&self, f: &mut fmt::Formatter<'_>, segment: &Segment, told: &mut BTreeSet<u64>) -> fmt::Result {
        for (number, turn) in self.turns() {
            let inside = (segment.first_turn..=segment.last_turn).contains(&number);
            if inside && turn.role.as_str() == segment.role && told.insert(number) {
                write_words(f, turn, false)?;
            }
        }
        Ok(())
    }

    /// The words of turns before `limit` that no segment holds: those of others, and of roles that were not scored.
    fn unscored_turns(
        &self,
        f: &mut fmt::Formatter<'_>,
        told: &mut BTreeSet<u64>,
        limit: u64,
        segments: &[Segment],
    ) -> fmt::Result {
        let held = |number: u64, turn: &Turn| {
            segments.iter().any(|segment| {
                (segment.first_turn..=segment.last_turn).contains(&number) && turn.role.as_str() == segment.role
            })
        };
        for (number, turn) in self.turns() {
            if number < limit && !held(number, turn) && told.insert(number) {
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
            let [q1, q2, q3, q4] = role.quarters;
            for value in [role.score, q1, q2, q3, q4, role.start, role.end, role.shift] {
                write!(f, "  {}", Coloured(value))?;
            }
            writeln!(f, "   {}", role.label.as_deref().unwrap_or("not scored").to_lowercase())?;
        }
        let basis = match self.explanation.time_basis.as_str() {
            "time" => "time",
            _ => "words spoken",
        };
        writeln!(f, "{FAINT}scores are weighted by words; quarters, start and end (thirds) go by {basis}{FAINT:#}")?;
        writeln!(f)
    }

    fn flags(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.explanation;
        let customer = &call.customer;
        if let (Some(low), Some(place)) = (customer.low, customer.low_position) {
            writeln!(f, "lowest     {} over three turns, at {}", Coloured(Some(low)), percent(place))?;
        }
        let (end, shift, start) =
            (Maybe::parts(customer.end), Maybe::parts(customer.shift), Maybe::parts(customer.start));
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
        writeln!(f, "recovered  {recovered}")
    }

    fn gaps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.explanation;
        let words = |role: &RoleNumbers| format!("{} of {}", role.words_scored, role.words);
        writeln!(f, "scored     {} customer words, {} agent words", words(&call.customer), words(&call.agent))?;
        if call.segments_failed > 0 {
            let missing = call.segments_failed;
            writeln!(
                f,
                "{BAD}missing    {missing} of {} segments have no score and count nowhere{BAD:#}",
                call.segments
            )?;
            // With the detail, each reason stands in its line already.
            if call.detail.is_none() {
                for (number, why) in &call.missing {
                    writeln!(f, "           segment {number} ({}): {}", Name::within(&why.role, 8), reason(why))?;
                }
            }
        }
        if call.low_coverage {
            writeln!(f, "{BAD}too little was scored: the call does not count for its agents{BAD:#}")?;
        }
        Ok(())
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn reason(missing: &Missing) -> String {
    let attempts = match missing.attempts {
        0 => String::new(),
        1 => ", sent once".to_owned(),
        attempts => format!(", sent {attempts} times"),
    };
    format!("{}, {}{attempts}", Name::new(&missing.outcome), Name::within(&missing.reason, 80))
}

fn percent(parts: i64) -> String {
    format!("{} %", (parts + 50) / 100)
}

/// `8 min 12 s`.
fn duration(parts: i64) -> String {
    let seconds = parts / 10_000;
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

fn style_of(score: Parts) -> Style {
    match score {
        Some(score) if score <= -NOTABLE => BAD,
        Some(score) if score >= NOTABLE => GOOD,
        Some(_) => Style::new(),
        None => FAINT,
    }
}

/// A score, five characters wide, in its colour; a dash where there is none.
struct Coloured(Parts);

impl Display for Coloured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = style_of(self.0);
        match self.0 {
            Some(_) => write!(f, "{style}{}{style:#}", Maybe::parts(self.0)),
            None => write!(f, "{style}{:>5}{style:#}", "–"),
        }
    }
}

/// The line from −1 to +1 with a mark on it.
struct Lane {
    score: i64,
    mark: char,
}

impl Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = (self.score + 10_000 + PLACE_PARTS / 2) / PLACE_PARTS;
        let place = usize::try_from(place).unwrap_or(0).min(PLACES - 1);
        let style = style_of(Some(self.score));
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
fn write_words(f: &mut fmt::Formatter<'_>, turn: &Turn, faint: bool) -> fmt::Result {
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
        let lane = |score| plain(&Lane { score, mark: '●' });
        let place = |score| lane(score).chars().position(|c| c == '●');
        assert_eq!([-10_000, 0, 10_000].map(place), [Some(0), Some(ZERO), Some(PLACES - 1)]);
        assert_eq!(place(-250), Some(ZERO), "half a place is rounded to the right");
        assert!(lane(-5000).contains("●─────────│") && lane(5000).contains("│─────────●"));
        assert_eq!(lane(123).chars().count(), PLACES);
    }

    #[test]
    fn what_is_missing_is_a_dash_as_wide_as_a_score() {
        assert_eq!(plain(&Coloured(None)), "    –");
        assert_eq!(plain(&Coloured(Some(-4567))), "−0.46");
    }

    #[test]
    fn durations_are_for_people() {
        assert_eq!((duration(590_000), duration(4_920_000)), ("59 s".to_owned(), "8 min 12 s".to_owned()));
    }
}

//! Where each turn lies on its call's time line.
//!
//! Positions are whole millionths of the call, so that everything computed from them is exact and does not
//! depend on the order of additions. With times on every turn the line is the clock's; otherwise it is the
//! cumulative count of words of all parties, and [`TimeBasis`] says which.

use unicode_segmentation::UnicodeSegmentation;

use super::{Call, Turn};

/// What a call's positions are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBasis {
    /// Every turn has a start, and the call lasts longer than nothing.
    Time,
    /// Cumulative share of words of all parties.
    Words,
}

impl TimeBasis {
    /// The name used in calls.csv.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Words => "words",
        }
    }
}

/// One turn's place: millionths of the call, and its weight in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where the turn begins, in millionths of the call.
    pub start: u32,
    /// The turn's middle, in millionths of the call: what quarters and thirds go by.
    pub middle: u32,
    /// Where the turn ends, in millionths of the call.
    pub end: u32,
    /// Unicode words (UAX 29) in the turn: its weight.
    pub words: u32,
}

/// The places of all turns of one call, in the turns' order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// What the positions are measured in.
    pub basis: TimeBasis,
    /// One place a turn.
    pub places: Vec<Place>,
    /// From the first turn's start to the last known moment, in milliseconds; unknown without times.
    pub duration_ms: Option<i64>,
}

/// Positions run from 0 to this.
pub const WHOLE: u32 = 1_000_000;

impl Timeline {
    /// Measures `call`.
    ///
    /// A turn without an end lasts until the next turn starts; the last one, if it has no end, until its start.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let words: Vec<u32> = call.turns.iter().map(|turn| count_words(&turn.text)).collect();
        let spans = clock_spans(&call.turns);
        let duration_ms = spans.as_ref().map(|(_, duration)| *duration);
        match spans {
            Some((spans, duration)) if duration > 0 => Self {
                basis: TimeBasis::Time,
                places: spans
                    .iter()
                    .zip(&words)
                    .map(|(&(start, end), &words)| place(start, end, duration, words))
                    .collect(),
                duration_ms,
            },
            _ => Self { basis: TimeBasis::Words, places: word_places(&words), duration_ms },
        }
    }
}

/// Unicode words (UAX 29) in `text`.
#[must_use]
pub fn count_words(text: &str) -> u32 {
    u32::try_from(text.unicode_words().count()).unwrap_or(u32::MAX)
}

/// Each turn's start and end in milliseconds after the first start, and the call's duration; `None` unless every turn has a start.
fn clock_spans(turns: &[Turn]) -> Option<(Vec<(i64, i64)>, i64)> {
    let starts: Vec<i64> = turns.iter().map(|turn| turn.start_ms).collect::<Option<_>>()?;
    let zero = *starts.iter().min()?;
    let spans: Vec<(i64, i64)> = starts
        .iter()
        .enumerate()
        .map(|(index, &start)| {
            let known = turns.get(index).and_then(|turn| turn.end_ms);
            let end = known.or_else(|| starts.get(index + 1).copied()).unwrap_or(start).max(start);
            (start - zero, end - zero)
        })
        .collect();
    let duration = spans.iter().map(|&(_, end)| end).max()?;
    Some((spans, duration))
}

fn word_places(words: &[u32]) -> Vec<Place> {
    let total: i64 = words.iter().map(|&count| i64::from(count)).sum::<i64>().max(1);
    let mut before = 0;
    words
        .iter()
        .map(|&count| {
            let start = before;
            before += i64::from(count);
            place(start, before, total, count)
        })
        .collect()
}

fn place(start: i64, end: i64, whole: i64, words: u32) -> Place {
    let millionths = |numerator: i64, denominator: i64| {
        let share = i128::from(numerator) * i128::from(WHOLE) / i128::from(denominator);
        u32::try_from(share).unwrap_or(WHOLE).min(WHOLE)
    };
    Place {
        start: millionths(start, whole),
        middle: millionths(start + end, whole * 2),
        end: millionths(end, whole),
        words,
    }
}

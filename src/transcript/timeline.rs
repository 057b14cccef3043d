//! Where each turn lies on its call's time line.
//!
//! Positions are whole millionths of the call, so that everything computed from them is exact and does not
//! depend on the order of additions; quarters and thirds are decided by the position before it is rounded. With times
//! on every turn the line is the clock's; otherwise, and where times contradict each other, it is the cumulative count
//! of words of all parties, and [`TimeBasis`] names which.

use unicode_segmentation::UnicodeSegmentation;

use super::{Call, Turn};

/// What a call's positions are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBasis {
    /// Every turn has a start, no time contradicts another, and the call lasts longer than nothing.
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
    /// The turn's middle, in millionths of the call.
    pub middle: u32,
    /// Where the turn ends, in millionths of the call.
    pub end: u32,
    /// The quarter that holds the exact middle m: min(⌊4m⌋, 3).
    pub quarter: u8,
    /// The third that holds the exact middle m: min(⌊3m⌋, 2).
    pub third: u8,
    /// Unicode words (UAX 29) in the turn.
    pub words: u32,
}

/// The places of all turns of one call, in the turns' order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// What the positions are measured in.
    pub basis: TimeBasis,
    /// One place a turn.
    pub places: Vec<Place>,
    /// From the first turn's start to the last known moment, in milliseconds; unknown without times, or if they
    /// contradict each other.
    pub duration_ms: Option<i64>,
    /// Whether a turn starts before the one before it in the call's order, or ends before it starts. Then no time of
    /// the call is used.
    pub times_contradict: bool,
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
        let times_contradict = contradict(&call.turns);
        let spans = if times_contradict { None } else { clock_spans(&call.turns) };
        let by_clock = spans.as_ref().and_then(|spans| clock_places(spans, &words));
        Self {
            basis: if by_clock.is_some() { TimeBasis::Time } else { TimeBasis::Words },
            places: by_clock.unwrap_or_else(|| word_places(&words)),
            duration_ms: spans.and_then(|spans| bounds(&spans)).map(|(first, last)| last - first),
            times_contradict,
        }
    }

    /// The places of some turns of `call`, which this is the line of, as if they were the whole call; `turns` are their
    /// indexes in ascending order.
    ///
    /// On the clock the line runs from the first of their starts to the last of their ends. Where that is no time at all,
    /// and where the call's own line counts words, it counts theirs.
    #[must_use]
    pub fn of_part(&self, call: &Call, turns: &[usize]) -> Vec<Place> {
        let words: Vec<u32> = turns.iter().filter_map(|&turn| self.places.get(turn)).map(|place| place.words).collect();
        let spans = if self.basis == TimeBasis::Time { clock_spans(&call.turns) } else { None };
        let part = spans.map(|spans| turns.iter().filter_map(|&turn| spans.get(turn).copied()).collect::<Vec<_>>());
        part.and_then(|part| clock_places(&part, &words)).unwrap_or_else(|| word_places(&words))
    }
}

/// Unicode words (UAX 29) in `text`.
#[must_use]
pub fn count_words(text: &str) -> u32 {
    u32::try_from(text.unicode_words().count()).unwrap_or(u32::MAX)
}

/// Whether a turn starts before the last known start, or ends before it starts.
fn contradict(turns: &[Turn]) -> bool {
    let mut latest = i64::MIN;
    turns.iter().any(|turn| {
        let Some(start) = turn.start_ms else { return false };
        let early = start < latest;
        latest = start;
        early || turn.end_ms.is_some_and(|end| end < start)
    })
}

/// Each turn's start and end in milliseconds; `None` unless every turn has a start.
fn clock_spans(turns: &[Turn]) -> Option<Vec<(i64, i64)>> {
    let starts: Vec<i64> = turns.iter().map(|turn| turn.start_ms).collect::<Option<_>>()?;
    let end = |index: usize| turns.get(index).and_then(|turn| turn.end_ms).or_else(|| starts.get(index + 1).copied());
    Some(starts.iter().enumerate().map(|(index, &start)| (start, end(index).unwrap_or(start).max(start))).collect())
}

/// The first start and the last end.
fn bounds(spans: &[(i64, i64)]) -> Option<(i64, i64)> {
    let first = spans.iter().map(|&(start, _)| start).min()?;
    let last = spans.iter().map(|&(_, end)| end).max()?;
    Some((first, last))
}

/// Places on the clock; `None` if it stood still.
fn clock_places(spans: &[(i64, i64)], words: &[u32]) -> Option<Vec<Place>> {
    let (first, last) = bounds(spans).filter(|(first, last)| last > first)?;
    let placed = |(&(start, end), &words): (&(i64, i64), &u32)| place(start - first, end - first, last - first, words);
    Some(spans.iter().zip(words).map(placed).collect())
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
    let part = |parts: u8| {
        let number = i128::from(start + end) * i128::from(parts) / i128::from(whole * 2);
        u8::try_from(number).unwrap_or(parts).min(parts - 1)
    };
    Place {
        start: millionths(start, whole),
        middle: millionths(start + end, whole * 2),
        end: millionths(end, whole),
        quarter: part(4),
        third: part(3),
        words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Role;

    /// A start and an end in seconds, as far as they are known.
    type Times = Option<(i64, Option<i64>)>;

    /// A turn of as many words.
    fn turn(words: usize, times: Times) -> Turn {
        Turn {
            role: Role::Customer,
            text: vec!["word"; words].join(" ").into(),
            agent_id: None,
            start_ms: times.map(|(start, _)| start * 1000),
            end_ms: times.and_then(|(_, end)| end).map(|end| end * 1000),
        }
    }

    fn timeline(turns: &[(usize, Times)]) -> Timeline {
        let turns = turns.iter().map(|&(words, times)| turn(words, times)).collect();
        Timeline::of(&Call { turns, ..Call::default() })
    }

    #[test]
    fn a_middle_at_a_bound_of_thirds_belongs_to_the_later_one() {
        // Middles 1.5, 4 and 5.5 of 6 seconds; then .5, 2 and 4.5 of 6.
        let late = timeline(&[(1, Some((0, Some(3)))), (1, Some((3, Some(5)))), (1, Some((5, Some(6))))]);
        assert_eq!(late.places.iter().map(|place| place.third).collect::<Vec<_>>(), [0, 2, 2]);
        assert_eq!(late.places[1].middle, 666_666);
        let early = timeline(&[(1, Some((0, Some(1)))), (1, Some((1, Some(3)))), (1, Some((3, Some(6))))]);
        assert_eq!(
            early.places.iter().map(|place| (place.third, place.quarter)).collect::<Vec<_>>(),
            [(0, 0), (1, 1), (2, 3)]
        );
        // In words: 1/3 is the middle of words 1 to 3 of 6, and 2/3 that of 3 to 5.
        let words = timeline(&[(1, None), (2, None), (2, None), (1, None)]);
        assert_eq!(words.places.iter().map(|place| place.third).collect::<Vec<_>>(), [0, 1, 2, 2]);
    }

    #[test]
    fn times_that_run_against_the_order_are_not_used() {
        // Local times over the end of daylight saving: the second turn is 20 seconds later, and an hour earlier by the clock.
        let back = timeline(&[(3, Some((3590, None))), (1, Some((10, None))), (4, Some((20, None)))]);
        assert_eq!((back.basis, back.duration_ms, back.times_contradict), (TimeBasis::Words, None, true));
        assert_eq!(back.places.iter().map(|place| place.start).collect::<Vec<_>>(), [0, 375_000, 500_000]);
        let ended = timeline(&[(1, Some((10, Some(5)))), (1, Some((20, None)))]);
        assert_eq!((ended.basis, ended.duration_ms, ended.times_contradict), (TimeBasis::Words, None, true));
        // A start that is missing between two that contradict each other hides nothing.
        assert!(timeline(&[(1, Some((10, None))), (1, None), (1, Some((5, None)))]).times_contradict);
        // Equal starts and turns that overlap are no contradiction.
        let overlap = timeline(&[(1, Some((0, Some(9)))), (1, Some((0, Some(3)))), (1, Some((2, Some(10))))]);
        assert_eq!((overlap.basis, overlap.duration_ms), (TimeBasis::Time, Some(10_000)));
    }

    #[test]
    fn a_part_has_a_line_of_its_own() {
        let times = [(0, Some(10)), (10, Some(20)), (40, Some(50)), (50, None), (60, Some(80))];
        let turns: Vec<Turn> = times.map(|times| turn(2, Some(times))).into();
        let call = Call { turns, ..Call::default() };
        let whole = Timeline::of(&call);
        // Of 10 to 60 seconds: 10 to 20, and 50 to 60, where the next turn of the call begins.
        let part = whole.of_part(&call, &[1, 3]);
        assert_eq!(
            part.iter().map(|place| (place.start, place.end)).collect::<Vec<_>>(),
            [(0, 200_000), (800_000, WHOLE)]
        );
        assert_eq!(whole.of_part(&call, &[0, 1, 2, 3, 4]), whole.places);
        let words = timeline(&[(1, None), (2, None), (3, None)]);
        let untimed = Call { turns: vec![turn(1, None), turn(2, None), turn(3, None)], ..Call::default() };
        let part = words.of_part(&untimed, &[0, 2]);
        assert_eq!(part.iter().map(|place| place.start).collect::<Vec<_>>(), [0, 250_000]);
    }
}

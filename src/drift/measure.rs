//! What is measured of a day, and the scale on which days are compared.
//!
//! A share is compared as its arcsine (2·asin√ has the same error whatever the share; Freeman & Tukey 1950), a rate as its square root, a
//! count as its logarithm: near 0 the raw figures are skewed, and the limits would be too narrow above.

use super::day::DaySums;
use super::{Day, LEAST_CALLS};

/// A figure of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Mean customer score of the calls.
    Mood,
    /// Share of scored calls labelled negative.
    Negative,
    /// Share of calls that escalated, of those where that is known.
    Escalated,
    /// Share of calls without a customer score.
    Unscored,
    /// Calls.
    Calls,
    /// Turns a call.
    TurnsPerCall,
    /// Words a turn.
    WordsPerTurn,
    /// Share of calls that name no agent.
    WithoutAgent,
    /// Unusable rows a call.
    Rejects,
    /// Pieces of personal data kept back, a word.
    Redactions,
}

impl Measure {
    /// The shares that are judged.
    pub const SHARES: [Self; 3] = [Self::Negative, Self::Escalated, Self::Unscored];
    /// The figures that show whether the transcripts themselves changed.
    pub const INPUTS: [Self; 6] =
        [Self::Calls, Self::TurnsPerCall, Self::WordsPerTurn, Self::WithoutAgent, Self::Rejects, Self::Redactions];

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mood => "mood",
            Self::Negative => "negative_share",
            Self::Escalated => "escalated_share",
            Self::Unscored => "unscored_share",
            Self::Calls => "calls",
            Self::TurnsPerCall => "turns_per_call",
            Self::WordsPerTurn => "words_per_turn",
            Self::WithoutAgent => "without_agent_share",
            Self::Rejects => "rejects_per_call",
            Self::Redactions => "redactions_per_word",
        }
    }

    /// The figure of a day, on its scale; `None` where too few calls have it, or nothing is known.
    pub(super) fn point(self, day: &Day) -> Option<Point> {
        let sums = &day.sums;
        match self {
            Self::Mood => mood(sums),
            Self::Negative => share(sums.negative, sums.scored),
            Self::Escalated => share(sums.escalated, sums.with_shift),
            Self::Unscored => share(sums.calls.saturating_sub(sums.scored), sums.calls),
            Self::Calls => (sums.calls > 0).then(|| {
                let calls = sums.calls as f64;
                Point { value: libm::log(calls), variance: 1.0 / calls, weight: 1.0 }
            }),
            Self::TurnsPerCall => turns(sums),
            Self::WordsPerTurn => words(sums),
            Self::WithoutAgent => share(sums.without_agent, sums.calls),
            Self::Rejects => day.rejects.and_then(|rejects| rate(rejects, sums.calls, sums.calls)),
            Self::Redactions => day.redactions.and_then(|pieces| rate(pieces, sums.words, sums.calls)),
        }
    }

    /// A value on the scale as people read it.
    pub(super) fn back(self, value: f64) -> f64 {
        match self {
            Self::Mood => value.clamp(-1.0, 1.0),
            Self::TurnsPerCall | Self::WordsPerTurn => value.max(0.0),
            Self::Negative | Self::Escalated | Self::Unscored | Self::WithoutAgent => {
                let sine = libm::sin(value.clamp(0.0, std::f64::consts::FRAC_PI_2));
                sine * sine
            }
            Self::Rejects | Self::Redactions => value.max(0.0) * value.max(0.0),
            Self::Calls => libm::exp(value),
        }
    }

    /// The figure of a day as people read it, without the correction that its scale makes.
    pub(super) fn plain(self, day: &Day) -> Option<f64> {
        let sums = &day.sums;
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        match self {
            Self::Mood => sums.mean(),
            Self::Negative => ratio(sums.negative, sums.scored),
            Self::Escalated => ratio(sums.escalated, sums.with_shift),
            Self::Unscored => ratio(sums.calls.saturating_sub(sums.scored), sums.calls),
            Self::Calls => Some(sums.calls as f64),
            Self::TurnsPerCall => ratio(sums.turns, sums.calls),
            Self::WordsPerTurn => ratio(sums.words, sums.turns),
            Self::WithoutAgent => ratio(sums.without_agent, sums.calls),
            Self::Rejects => ratio(day.rejects?, sums.calls),
            Self::Redactions => ratio(day.redactions?, sums.words),
        }
    }
}

/// A figure of one day on the scale on which days are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) value: f64,
    /// What chance alone does to it.
    pub(super) variance: f64,
    /// Its weight in an expectation.
    pub(super) weight: f64,
}

fn mood(sums: &DaySums) -> Option<Point> {
    let error = sums.standard_error().filter(|_| sums.scored >= LEAST_CALLS)?;
    Some(Point { value: sums.mean()?, variance: error * error, weight: sums.scored as f64 })
}

fn share(part: u64, whole: u64) -> Option<Point> {
    if whole < LEAST_CALLS {
        return None;
    }
    let (part, whole) = (part as f64, whole as f64);
    let value = libm::asin(((part + 0.375) / (whole + 0.75)).sqrt());
    Some(Point { value, variance: 0.25 / whole, weight: whole })
}

fn rate(events: u64, exposure: u64, calls: u64) -> Option<Point> {
    if calls < LEAST_CALLS || exposure == 0 {
        return None;
    }
    let value = ((events as f64 + 0.375) / exposure as f64).sqrt();
    Some(Point { value, variance: 0.25 / exposure as f64, weight: calls as f64 })
}

fn turns(sums: &DaySums) -> Option<Point> {
    if sums.calls < LEAST_CALLS {
        return None;
    }
    let (calls, turns) = (sums.calls as f64, sums.turns as f64);
    let spread = (sums.turn_squares as f64 - turns * turns / calls).max(0.0);
    Some(Point { value: turns / calls, variance: spread / (calls - 1.0) / calls, weight: calls })
}

/// A ratio of sums over calls, whose variance is that of w − Rt (Cochran 1977, 2.11).
fn words(sums: &DaySums) -> Option<Point> {
    if sums.calls < LEAST_CALLS || sums.turns == 0 {
        return None;
    }
    let (calls, turns) = (sums.calls as f64, sums.turns as f64);
    let ratio = sums.words as f64 / turns;
    let spread =
        sums.word_squares as f64 - 2.0 * ratio * sums.word_turns as f64 + ratio * ratio * sums.turn_squares as f64;
    let variance = spread.max(0.0) * calls / (calls - 1.0) / (turns * turns);
    Some(Point { value: ratio, variance, weight: calls })
}

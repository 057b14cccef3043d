//! From days to verdicts: which earlier days count, what is beyond its limits, what is held back.
//!
//! ```text
//! point alarm     |z| > 3, of mood
//! EWMA            g = .2·max(−4, min(4, z)) + .8·g before, 0 where a baseline starts; alarm |g| > 2.86·√(.2/1.8)
//! shares, inputs  |z| > 3.32, 3.59: any of the 3 shares, or of the 8 figures of the inputs, passes it as seldom as one figure passes 3
//! ```
//!
//! A baseline starts where a change was accepted and where the scorer is another one; earlier days of the same scorer since the last accepted
//! change are what a day is held against, so that a scorer that comes back finds its own days again. A day on which the canary
//! texts moved is never part of an expectation, and its alarms about customers are held back.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::day::{Day, Mix};
use super::expect::{Expected, LEAST_WEEKS, WINDOW, expect};
use super::measure::{Measure, Point};
use super::scorer::{Reference, ScorerChange};
use super::spread::Stability;
use super::{LEAST_CALLS, words};
use crate::rollup::{two_sided_p, two_sided_z};

/// |z| of a point alarm.
const LIMIT: f64 = 3.0;

/// The weight of a day in the EWMA, how far its z counts, and the limit in standard deviations of the EWMA.
const EWMA_WEIGHT: f64 = 0.2;
const EWMA_CLIP: f64 = 4.0;
const EWMA_LIMIT: f64 = 2.86;

/// Mixes that are judged beside the figures of the inputs.
const MIXES: usize = 2;

/// What decides verdicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// How far the canary texts may move: their scores on average, and the share of labels that are a person's.
    pub canary_tolerance: f64,
}

impl Default for Options {
    /// A hundredth. A scorer that did not change moves by less than a thousandth.
    fn default() -> Self {
        Self { canary_tolerance: 0.01 }
    }
}

/// Why a baseline starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineStart {
    /// It is the first day.
    First,
    /// Engine, model, settings or formulas are not those of the day before.
    Scorer,
    /// A person accepted a change, for this reason.
    Accepted(String),
}

impl BaselineStart {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Scorer => "scorer",
            Self::Accepted(_) => "accepted",
        }
    }
}

/// A figure of a day against its expectation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Which figure.
    pub measure: Measure,
    /// What it is.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Lower limit: beyond it there is an alarm.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// How far off the value is, as a normal score.
    pub z: f64,
    /// |z| beyond which there is an alarm.
    pub limit: f64,
}

impl Verdict {
    /// Whether there is an alarm.
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        self.z.abs() > self.limit
    }
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmKind {
    /// The day's mood.
    Mood,
    /// The mood of the last days together.
    MoodLately,
    /// A share of calls.
    Share(Measure),
    /// How call scores are spread.
    Distribution,
    /// The scorer moved.
    Scorer,
    /// A figure of the transcripts.
    Input(Measure),
    /// The mix of languages.
    Languages,
    /// The mix of queues.
    Queues,
}

impl AlarmKind {
    /// Whether it is about customers, and not about what was read or what scored.
    #[must_use]
    pub const fn is_about_customers(self) -> bool {
        matches!(self, Self::Mood | Self::MoodLately | Self::Share(_) | Self::Distribution)
    }

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mood => "mood",
            Self::MoodLately => "mood_lately",
            Self::Share(measure) | Self::Input(measure) => measure.as_str(),
            Self::Distribution => "distribution",
            Self::Scorer => "scorer",
            Self::Languages => "languages",
            Self::Queues => "queues",
        }
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// One sentence with its figures. No name of the input stands in it.
    pub words: String,
}

/// A day with its verdicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The date.
    pub date: Date,
    /// Why a baseline starts with this day, if one does.
    pub baseline_start: Option<BaselineStart>,
    /// Fewer than 30 calls have a score: mood, shares of them and their distribution are not judged.
    pub low_n: bool,
    /// Fewer than four same weekdays are there to expect a mood by.
    pub warming_up: bool,
    /// The scorer moved: alarms about customers are held back, those of agents too.
    pub held_back: bool,
    /// Mood against its expectation.
    pub mood: Option<Verdict>,
    /// EWMA of the mood's z up to this day.
    pub ewma: f64,
    /// |EWMA| beyond which there is an alarm.
    pub ewma_limit: f64,
    /// Shares against their expectations: those of [`Measure::SHARES`] that can be judged.
    pub shares: Vec<Verdict>,
    /// How call scores are spread against the same weekdays before.
    pub distribution: Option<Stability>,
    /// How the canary texts moved since the baseline's first ones.
    pub scorer: Option<ScorerChange>,
    /// Figures of the transcripts against their expectations: those of [`Measure::INPUTS`] that can be judged.
    pub inputs: Vec<Verdict>,
    /// The mix of languages against the same weekdays before.
    pub languages: Option<Stability>,
    /// The mix of queues against the same weekdays before.
    pub queues: Option<Stability>,
    /// Alarms, the most telling first; empty where all is as usual.
    pub alarms: Vec<Alarm>,
}

impl Judged {
    /// Whether mood, a share or the distribution has an alarm.
    #[must_use]
    pub fn has_alarm_about_customers(&self) -> bool {
        self.alarms.iter().any(|alarm| alarm.kind.is_about_customers())
    }
}

/// Judges days, each by the days before it. The result is in the order of dates; of several days with one date, the last counts.
#[must_use]
pub fn judge(days: &[Day], options: &Options) -> Vec<Judged> {
    let days: BTreeMap<Date, &Day> = days.iter().map(|day| (day.date, day)).collect();
    let mut past = Past { options: *options, ..Past::default() };
    days.into_values().map(|day| past.judge(day)).collect()
}

/// What is known before a day.
#[derive(Default)]
struct Past<'a> {
    options: Options,
    /// Days that may be expected by, in order: since the last accepted change, without those on which the scorer moved.
    days: Vec<&'a Day>,
    scorer: Option<&'a str>,
    ewma: f64,
    canaries: BTreeMap<&'a str, Reference<'a>>,
}

impl<'a> Past<'a> {
    fn judge(&mut self, day: &'a Day) -> Judged {
        let baseline_start = self.start(day);
        let scorer = self.scorer_change(day);
        let held_back = scorer.is_some_and(|change| change.moved);
        let comparable = self.comparable(day);
        let verdict = |measure: Measure, limit: f64| verdict(measure, limit, day, &comparable);
        let mood = verdict(Measure::Mood, LIMIT);
        if let Some(mood) = mood.filter(|_| !held_back) {
            self.ewma = EWMA_WEIGHT * mood.z.clamp(-EWMA_CLIP, EWMA_CLIP) + (1.0 - EWMA_WEIGHT) * self.ewma;
        }
        let together = |figures: usize| two_sided_z(two_sided_p(LIMIT) / figures as f64);
        let (of_shares, of_inputs) = (together(Measure::SHARES.len()), together(Measure::INPUTS.len() + MIXES));
        let low_n = day.sums.scored < LEAST_CALLS;
        let mut judged = Judged {
            date: day.date,
            baseline_start,
            low_n,
            warming_up: !low_n && mood.is_none(),
            held_back,
            mood,
            ewma: self.ewma,
            ewma_limit: EWMA_LIMIT * (EWMA_WEIGHT / (2.0 - EWMA_WEIGHT)).sqrt(),
            shares: Measure::SHARES.into_iter().filter_map(|measure| verdict(measure, of_shares)).collect(),
            distribution: distribution(day, &comparable),
            scorer,
            inputs: Measure::INPUTS.into_iter().filter_map(|measure| verdict(measure, of_inputs)).collect(),
            languages: mix(day, &comparable, |day| &day.sums.languages),
            queues: mix(day, &comparable, |day| &day.sums.queues),
            alarms: Vec::new(),
        };
        judged.alarms = words::alarms(&judged);
        if !held_back {
            self.days.push(day);
        }
        judged
    }

    /// Whether a baseline starts with the day, and what that makes void.
    fn start(&mut self, day: &'a Day) -> Option<BaselineStart> {
        let before = self.scorer.replace(&day.scorer);
        let start = match (&day.accepted, before) {
            (Some(reason), _) => BaselineStart::Accepted(reason.clone()),
            (None, None) => BaselineStart::First,
            (None, Some(before)) if before != day.scorer => BaselineStart::Scorer,
            (None, Some(_)) => return None,
        };
        self.ewma = 0.0;
        if day.accepted.is_some() {
            self.days.clear();
            self.canaries.clear();
        }
        Some(start)
    }

    fn scorer_change(&mut self, day: &'a Day) -> Option<ScorerChange> {
        let result = day.canary.as_ref()?;
        let reference = self.canaries.entry(&day.scorer).or_default();
        let change = reference.compare(result, self.options.canary_tolerance);
        reference.learn(result);
        change
    }

    /// Days of the window that the same scorer scored, with how many days they lie back.
    fn comparable(&self, day: &Day) -> Vec<(i32, &'a Day)> {
        let back = |earlier: &&'a Day| ((day.date - earlier.date).get_days(), *earlier);
        let newest_first = self.days.iter().rev().map(back).take_while(|(back, _)| *back <= WINDOW);
        let mut days: Vec<_> = newest_first.filter(|(_, earlier)| earlier.scorer == day.scorer).collect();
        days.reverse();
        days
    }
}

fn verdict(measure: Measure, limit: f64, day: &Day, comparable: &[(i32, &Day)]) -> Option<Verdict> {
    let today = measure.point(day)?;
    let past: Vec<(i32, Point)> =
        comparable.iter().filter_map(|(back, day)| Some((*back, measure.point(day)?))).collect();
    let expected = expect(&past, &today)?;
    let Expected { value, deviation } = expected;
    let reach = limit * deviation;
    Some(Verdict {
        measure,
        value: measure.plain(day)?,
        expected: measure.back(value),
        low: measure.back(value - reach),
        high: measure.back(value + reach),
        z: expected.z(today.value),
        limit,
    })
}

/// The same weekdays of the window; none if they are too few.
fn same_weekdays<'a>(comparable: &[(i32, &'a Day)]) -> Vec<&'a Day> {
    let days: Vec<&Day> = comparable.iter().filter(|(back, _)| back % 7 == 0).map(|(_, day)| *day).collect();
    if days.len() < LEAST_WEEKS { Vec::new() } else { days }
}

fn distribution(day: &Day, comparable: &[(i32, &Day)]) -> Option<Stability> {
    let mut before = [0; super::BINS];
    for earlier in same_weekdays(comparable) {
        before.iter_mut().zip(earlier.sums.bins).for_each(|(sum, count)| *sum += count);
    }
    (day.sums.scored >= LEAST_CALLS).then(|| Stability::of(&day.sums.bins, &before))?
}

fn mix(day: &Day, comparable: &[(i32, &Day)], of: impl Fn(&Day) -> &Mix) -> Option<Stability> {
    let now = of(day);
    if now.0.values().sum::<u64>() < LEAST_CALLS {
        return None;
    }
    let mut kinds: BTreeMap<u8, (u64, u64)> = now.0.iter().map(|(&kind, &count)| (kind, (count, 0))).collect();
    for (&kind, &count) in same_weekdays(comparable).into_iter().flat_map(|day| &of(day).0) {
        kinds.entry(kind).or_default().1 += count;
    }
    Stability::of_kinds(kinds.values().copied())
}

//! Simulated sites: every call of every day, added up as a run adds it up.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use undertone::drift::Day;
use undertone::rollup::{AgentShare, CallRollup, RoleRollup, ScoredRoles};
use undertone::sentiment::{Label, Millionths};
use undertone::transcript::TimeBasis;

use crate::random::Random;
use crate::settings::Setting;

/// Days before the first one that counts, and those that count.
pub(crate) const BEFORE: usize = 70;
pub(crate) const STABLE: usize = 100;

/// The day on which the shifted sites shift, and how long they are looked at.
pub(crate) const SHIFT_AT: usize = 120;
pub(crate) const LOOKED_AT: usize = 7;

/// What the shifted sites shift by.
pub(crate) const SHIFTS: [f64; 2] = [-0.04, -0.08];

/// One site.
pub(crate) struct Site {
    pub(crate) days: Vec<Day>,
    /// Whether each day is a holiday.
    pub(crate) holidays: Vec<bool>,
    /// The same site until the shift, and the days with it, a list for each shift.
    pub(crate) shifted: [Vec<Day>; SHIFTS.len()],
}

/// A day's truth.
struct Truth {
    date: Date,
    calls: u32,
    mood: f64,
    /// What lasts of the day.
    common: f64,
}

impl Site {
    pub(crate) fn of(setting: &Setting, seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let weekdays: Vec<f64> = (0..7).map(|_| setting.weekdays * random.normal()).collect();
        let phase = random.uniform() * 365.0;
        let mut site = Self { days: Vec::new(), holidays: Vec::new(), shifted: [Vec::new(), Vec::new()] };
        let mut common = 0.0;
        for at in 0..BEFORE + STABLE {
            let is_holiday = random.uniform() < setting.holidays;
            let time = at as f64;
            let season = setting.season * (std::f64::consts::TAU * (time + phase) / 365.0).sin();
            let level = 0.1 + weekdays[at % 7] + season + setting.trend * time / 365.0;
            let truth = truth(setting, at, level, common, is_holiday, random);
            common = truth.common;
            let is_missing = random.uniform() < setting.missing;
            site.add(setting, at, &truth, is_holiday, is_missing, random);
        }
        site
    }

    fn add(&mut self, setting: &Setting, at: usize, truth: &Truth, holiday: bool, missing: bool, random: &mut Random) {
        let is_shifted = (SHIFT_AT..SHIFT_AT + LOOKED_AT).contains(&at);
        let mut days = [(); 1 + SHIFTS.len()].map(|()| Day::new(truth.date, "scorer"));
        let shown = if is_shifted { days.len() } else { 1 };
        let mut call = blank();
        for _ in 0..truth.calls {
            let score = truth.mood + noise(setting, random);
            let chances = [random.uniform(), random.uniform()];
            call.turns = 6 + random.below(20);
            call.customer.words = u64::from(call.turns) * u64::from(4 + random.below(12));
            for (day, shift) in days[..shown].iter_mut().zip([0.0, SHIFTS[0], SHIFTS[1]]) {
                let score = score + shift;
                call.customer.score = (chances[0] > 0.01).then(|| Millionths::nearest(score.clamp(-0.976, 0.976)));
                call.customer.label = Some(if score < -0.3 { Label::Negative } else { Label::Neutral });
                call.escalated = Some(chances[1] < 0.06 - 0.2 * (truth.mood + shift - 0.1));
                day.sums.add(&call);
            }
        }
        if missing {
            return;
        }
        self.holidays.push(holiday);
        let [day, one, two] = days;
        if at < SHIFT_AT {
            self.shifted.iter_mut().for_each(|days| days.push(day.clone()));
        } else if is_shifted {
            self.shifted[0].push(one);
            self.shifted[1].push(two);
        }
        self.days.push(day);
    }
}

/// The date of a day.
pub(crate) fn date_of(at: usize) -> Date {
    date(2026, 1, 5).saturating_add(i64::try_from(at).unwrap_or(0).days())
}

fn truth(setting: &Setting, at: usize, level: f64, common: f64, is_holiday: bool, random: &mut Random) -> Truth {
    let fresh = match setting.tails {
        Some(freedom) => random.student(freedom) / (f64::from(freedom) / (f64::from(freedom) - 2.0)).sqrt(),
        None => random.normal(),
    };
    let common = setting.lasting * common + (1.0 - setting.lasting * setting.lasting).sqrt() * fresh;
    let mut calls = setting.calls * (0.15 * random.normal()).exp();
    if at % 7 >= 5 {
        calls *= setting.weekend;
    }
    if random.uniform() < setting.half {
        calls /= 2.0;
    }
    let mut mood = level + setting.between * common;
    if is_holiday {
        (calls, mood) = (calls / 3.0, mood - 0.08);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of calls")]
    let calls = calls.round().max(1.0) as u32;
    Truth { date: date_of(at), calls, mood, common }
}

/// Shares, centres and standard deviations of calls that are a mixture, whose mean is .049.
const MIXTURE: [(f64, f64, f64); 3] = [(0.55, -0.049, 0.12), (0.28, 0.551, 0.12), (0.17, -0.749, 0.12)];

fn noise(setting: &Setting, random: &mut Random) -> f64 {
    if !setting.mixture {
        return 0.4 * random.normal();
    }
    let mut place = random.uniform();
    let found = MIXTURE.iter().find(|(share, ..)| {
        place -= share;
        place < 0.0
    });
    let (_, centre, spread) = found.unwrap_or(&MIXTURE[0]);
    centre + spread * random.normal()
}

fn blank() -> CallRollup {
    CallRollup {
        id: "".into(),
        date: None,
        started_at_ms: None,
        duration_ms: None,
        time_basis: TimeBasis::Words,
        agents: vec![AgentShare { id: "a".into(), words: 100, handled_share: Millionths::ONE, part: None }],
        queue: None,
        channel: None,
        language: None,
        turns: 1,
        customer: RoleRollup::default(),
        agent: RoleRollup::default(),
        escalated: None,
        recovered: None,
        scored_roles: ScoredRoles::BOTH,
        segments: 1,
        segments_failed: 0,
        coverage: Some(Millionths::ONE),
    }
}

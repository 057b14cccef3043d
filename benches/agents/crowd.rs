//! Simulated agents and their calls, entered into the book as a run enters them.

use undertone::rollup::{AgentBook, AgentOptions, AgentShare, AgentsReport, CallRollup, RoleRollup, ScoredRoles};
use undertone::sentiment::{Label, Millionths};
use undertone::transcript::TimeBasis;

use crate::random::Random;
use crate::settings::{Calls, Noise, Setting, Truth};

/// Beyond this no call's score lies.
const BOUND: f64 = 0.976;

/// Days over which the calls of an agent are spread.
const DAYS: u32 = 15;

/// One agent as it truly is.
pub(crate) struct Member {
    /// The mean that calls without end would have.
    pub(crate) truth: f64,
    /// Whether the agent stands apart from all others.
    pub(crate) odd: bool,
    calls: Vec<(f64, u32)>,
}

/// The agents of one run.
pub(crate) struct Crowd {
    pub(crate) members: Vec<Member>,
}

impl Crowd {
    pub(crate) fn of(setting: &Setting, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let site: Vec<f64> = (0..DAYS).map(|_| setting.days.map_or(0.0, |(_, all)| all * random.normal())).collect();
        let members = (0..setting.agents).map(|index| member(setting, index, &site, &mut random)).collect();
        Self { members }
    }

    /// The true mean up to which an agent belongs to the lowest tenth.
    pub(crate) fn lowest_tenth(&self) -> f64 {
        let mut truths: Vec<f64> = self.members.iter().map(|member| member.truth).collect();
        truths.sort_by(f64::total_cmp);
        truths[(truths.len() / 10).max(1) - 1]
    }

    /// What the book makes of the calls.
    pub(crate) fn report(&self, setting: &Setting) -> AgentsReport {
        let mut book = AgentBook::new(AgentOptions::default());
        for (index, member) in self.members.iter().enumerate() {
            let id = format!("a{index:03}");
            for &(score, day) in &member.calls {
                book.add(&call(&id, score, setting.days.map(|_| day)));
            }
        }
        book.finish()
    }
}

fn member(setting: &Setting, index: usize, site: &[f64], random: &mut Random) -> Member {
    let (centre, odd) = match setting.truth {
        Truth::Normal(sd) => (sd * random.normal(), false),
        Truth::HeavyTails(sd) => (sd / 3.0_f64.sqrt() * random.student(3), false),
        Truth::Odd(bad, shift) => (if index < bad { shift } else { 0.0 }, index < bad),
        Truth::Halves(away) => (if index.is_multiple_of(2) { away } else { -away }, false),
    };
    let count = match setting.calls {
        Calls::Exactly(count) => count,
        Calls::Few => 1 + random.below(7),
        Calls::Usual => usual(random.normal()),
        Calls::Informative => {
            let Truth::Normal(sd) = setting.truth else { unreachable!("of normal agents only") };
            usual(0.85 * centre / sd + 0.2775_f64.sqrt() * random.normal())
        }
    };
    let spread = match setting.noise {
        Noise::Equal | Noise::Mixture => 0.35,
        Noise::Unequal => 0.15 + 0.45 * random.uniform(),
    };
    let own = setting.days.map_or(0.0, |(own, _)| own);
    let days: Vec<f64> = site.iter().map(|all| all + own * random.normal()).collect();
    let mut calls = Vec::new();
    for _ in 0..count {
        let day = random.below(DAYS);
        let mean = centre + if setting.days.is_some() { days[day as usize] } else { 0.0 };
        let value = match setting.noise {
            Noise::Mixture => mean + mixture(random),
            Noise::Equal | Noise::Unequal => mean + spread * random.normal(),
        };
        calls.push((value.clamp(-BOUND, BOUND), day));
    }
    let truth = match setting.noise {
        Noise::Mixture => MIXTURE.iter().map(|&(share, at, sd)| share * bounded_mean(centre + at, sd)).sum(),
        Noise::Equal | Noise::Unequal => {
            let (own, all) = setting.days.unwrap_or_default();
            // What a day does to all agents is in what they are held against, too.
            let shared = site.iter().sum::<f64>() / f64::from(DAYS);
            bounded_mean(centre + shared, (spread * spread + own * own + all * all).sqrt())
        }
    };
    Member { truth, odd, calls }
}

/// Shares, centres and standard deviations.
const MIXTURE: [(f64, f64, f64); 3] = [(0.55, 0.0, 0.12), (0.28, 0.6, 0.12), (0.17, -0.7, 0.12)];

fn mixture(random: &mut Random) -> f64 {
    let place = random.uniform();
    let (_, at, sd) = match place {
        place if place < MIXTURE[0].0 => MIXTURE[0],
        place if place < MIXTURE[0].0 + MIXTURE[1].0 => MIXTURE[1],
        _ => MIXTURE[2],
    };
    at + sd * random.normal()
}

/// The mean of a normal number that is drawn in to ±[`BOUND`].
fn bounded_mean(mean: f64, sd: f64) -> f64 {
    let below = |x: f64| 0.5 * libm::erfc(-x / 2.0_f64.sqrt());
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (low, high) = ((-BOUND - mean) / sd, (BOUND - mean) / sd);
    BOUND * (1.0 - below(high)) - BOUND * below(low)
        + mean * (below(high) - below(low))
        + sd * (density(low) - density(high))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 5 and 300")]
fn usual(normal: f64) -> u32 {
    (25.0 * (0.9 * normal).exp()).round().clamp(5.0, 300.0) as u32
}

/// A call of one agent with this customer score.
fn call(agent: &str, score: f64, day: Option<u32>) -> CallRollup {
    let score = Millionths::nearest(score);
    CallRollup {
        id: "".into(),
        date: day.map(|day| format!("2026-03-{:02}", day + 1).into()),
        started_at_ms: None,
        duration_ms: None,
        time_basis: TimeBasis::Words,
        agents: vec![AgentShare { id: agent.into(), words: 100, handled_share: Millionths::ONE, part: None }],
        queue: None,
        channel: None,
        language: None,
        turns: 1,
        customer: RoleRollup {
            score: Some(score),
            label: Some(Label::Neutral),
            turns: 1,
            turns_scored: 1,
            words: 100,
            words_scored: 100,
            ..RoleRollup::default()
        },
        agent: RoleRollup::default(),
        escalated: None,
        recovered: None,
        scored_roles: ScoredRoles::BOTH,
        segments: 1,
        segments_failed: 0,
        coverage: Some(Millionths::ONE),
    }
}

//! Simulated sites: calls that two engines have scored, the service all of them too, so that its true means are known.

use std::collections::BTreeMap;

use undertone::share::{Facts, Values};

use crate::random::Random;

/// A kind of site.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) calls: u32,
    /// The calls of each queue as parts of all; the rest have none.
    pub(crate) queues: &'static [f64],
    /// Thousandths of the calls that are drawn.
    pub(crate) share: u32,
    /// How closely the engines' scores go together.
    pub(crate) correlation: f64,
    /// Degrees of freedom of the difference: few make rare large ones.
    pub(crate) freedom: u32,
    /// Calls in a language that the local engine lacks, in which the service gives lower scores.
    pub(crate) foreign: f64,
    /// Calls that the service fails on.
    pub(crate) failed: f64,
    /// The widest that half of the site's interval may be on average.
    pub(crate) half: f64,
}

/// Spread of a call's score.
const SPREAD: f64 = 0.3;

pub(crate) const SETTINGS: [Setting; 9] = [
    Setting { name: "5,000 calls, 10 %", ..BASE },
    Setting { name: "correlation .3", correlation: 0.3, half: 0.03, ..BASE },
    Setting { name: "correlation .9", correlation: 0.9, half: 0.014, ..BASE },
    Setting { name: "heavy tails", freedom: 3, ..BASE },
    Setting { name: "a tenth in other languages", foreign: 0.1, half: 0.03, ..BASE },
    Setting { name: "a tenth fails", failed: 0.1, half: 0.027, ..BASE },
    Setting { name: "500 calls, 10 %", calls: 500, half: 0.08, ..BASE },
    Setting { name: "40 queues, 2,000 calls, 5 %", calls: 2000, share: 50, queues: &[0.025; 40], half: 0.056, ..BASE },
    Setting { name: "half of the calls", calls: 1000, share: 500, half: 0.02, ..BASE },
];

const BASE: Setting = Setting {
    name: "",
    calls: 5000,
    queues: &[0.4, 0.3, 0.15, 0.1],
    share: 100,
    correlation: 0.6,
    freedom: 30,
    foreign: 0.0,
    failed: 0.0,
    half: 0.025,
};

/// Each call as the local engine scored it, and as the service does.
pub(crate) struct Site {
    pub(crate) calls: Vec<(Facts, Facts)>,
}

impl Site {
    pub(crate) fn of(setting: &Setting, number: u64) -> Self {
        let mut random = Random::new(number);
        let queue_shift: Vec<f64> = setting.queues.iter().map(|_| 0.1 * random.normal()).collect();
        let agents = setting.calls / 50;
        let calls = (0..setting.calls).map(|call| {
            let queue = place(setting.queues, random.uniform());
            let agent = random.below(agents.max(1));
            let gap = queue.map_or(0.0, |queue| queue_shift[queue]);
            let truth = random.normal();
            let kept = (1.0 - setting.correlation.powi(2)).sqrt();
            // Skewed: the service now and then finds something bad that the local engine does not see.
            let own = 0.8 * random.student(setting.freedom) - 0.6 * (-random.uniform().ln() - 1.0);
            let foreign = random.uniform() < setting.foreign;
            let score = |noise: f64| {
                let bad = if foreign { 0.2 } else { 0.0 };
                (gap - bad + SPREAD * (setting.correlation * truth + kept * noise)).clamp(-1.0, 1.0)
            };
            let service = score(own);
            // Biased, on a narrower scale, and bent.
            let local = 0.1 + 0.7 * (gap + SPREAD * truth) + 0.1 * truth.powi(2).min(4.0);
            let failed = random.uniform() < setting.failed;
            let facts = |values: Values| Facts {
                id: format!("{number}-{call}").into(),
                queue: queue.map(|queue| format!("queue {queue}").into()),
                date: Some(format!("2026-03-{:02}", call % 20 + 1).into()),
                values,
                agents: vec![(format!("agent {agent}").into(), 1_000_000, values)],
            };
            let local = if foreign { Values::default() } else { values(local.clamp(-1.0, 1.0)) };
            let service = if failed { Values::default() } else { values(service) };
            (facts(local), facts(service))
        });
        Self { calls: calls.collect() }
    }

    /// What the service gives to all calls: the mean of each measure, of the site (the first key empty), each queue, day, agent.
    pub(crate) fn truth(&self) -> BTreeMap<(&'static str, Option<&str>, usize), f64> {
        let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
        for (_, service) in &self.calls {
            let agent = service.agents.first().map(|agent| &*agent.0);
            let groups = [
                ("site", None),
                ("queue", service.queue.as_deref()),
                ("day", service.date.as_deref()),
                ("agent", agent),
            ];
            for (place, value) in service.values.0.iter().enumerate() {
                let Some(value) = value else { continue };
                for (scope, name) in groups.into_iter().filter(|(scope, name)| *scope == "site" || name.is_some()) {
                    let (sum, count) = sums.entry((scope, name, place)).or_default();
                    *sum += *value as f64 / 1e6;
                    *count += 1.0;
                }
            }
        }
        sums.into_iter().map(|(group, (sum, count))| (group, sum / count)).collect()
    }
}

fn place(parts: &[f64], chance: f64) -> Option<usize> {
    let mut sum = 0.0;
    parts.iter().position(|part| {
        sum += part;
        chance < sum
    })
}

/// A score, an end that goes with it, whether it is negative and whether it is very negative.
fn values(score: f64) -> Values {
    #[expect(clippy::cast_possible_truncation, reason = "a score is no more than a million millionths")]
    let millionths = |value: f64| Some((value * 1e6).round() as i64);
    let flag = |flag: bool| Some(if flag { 1_000_000 } else { 0 });
    Values([millionths(score), millionths((1.2 * score).clamp(-1.0, 1.0)), flag(score < -0.2), flag(score < -0.5)])
}

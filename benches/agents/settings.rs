//! The settings: who differs how from whom, how many calls each has, and the bounds that the figures must keep.

/// How the agents' true means are spread.
#[derive(Clone, Copy)]
pub(crate) enum Truth {
    /// Normally, with this standard deviation; 0 for agents who are all the same.
    Normal(f64),
    /// As Student's t with 3 degrees of freedom, scaled to this standard deviation.
    HeavyTails(f64),
    /// Equal, but for so many at the beginning, who lie so far off.
    Odd(usize, f64),
    /// In so many equal steps of calls, half of the agents above and half below 0 by this much.
    Halves(f64),
}

/// How many calls an agent has.
#[derive(Clone, Copy)]
pub(crate) enum Calls {
    /// Log-normal with a median of 25, from 5 to 300.
    Usual,
    /// Log-normal, and the more the better the agent is.
    Informative,
    /// 1 to 7.
    Few,
    /// Exactly so many.
    Exactly(u32),
}

/// How the calls of one agent are spread, within ±0.976.
#[derive(Clone, Copy)]
pub(crate) enum Noise {
    /// Normally with a standard deviation of 0.35.
    Equal,
    /// Normally with a standard deviation from 0.15 to 0.6, another one for each agent.
    Unequal,
    /// 55 % near 0, 28 % near 0.6 and 17 % near −0.7.
    Mixture,
}

/// One setting.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) agents: usize,
    pub(crate) runs: u32,
    pub(crate) truth: Truth,
    pub(crate) calls: Calls,
    pub(crate) noise: Noise,
    /// Standard deviations that calls of one day have in common: those of one agent, and those of all.
    pub(crate) days: Option<(f64, f64)>,
    /// The least share of intervals that hold the truth.
    pub(crate) cover: f64,
    /// The most agents beyond 1.96 and 3.09, as multiples of what a normal distribution has there.
    pub(crate) beyond: [f64; 2],
    /// The least share of odd agents who are found: on watch or out, and out.
    pub(crate) found: [f64; 2],
}

const ALIKE: [f64; 2] = [1.2, 1.5];
const NORMAL: [f64; 2] = [1.3, 2.0];
const ANY: [f64; 2] = [f64::INFINITY; 2];

const USUAL: Setting = Setting {
    name: "",
    agents: 100,
    runs: 200,
    truth: Truth::Normal(0.0),
    calls: Calls::Usual,
    noise: Noise::Equal,
    days: None,
    cover: 0.94,
    beyond: ALIKE,
    found: [0.0; 2],
};

const fn normal(name: &'static str, agents: usize, runs: u32, sd: f64, noise: Noise) -> Setting {
    let beyond = if sd > 0.0 { NORMAL } else { ALIKE };
    Setting { name, agents, runs, truth: Truth::Normal(sd), noise, beyond, ..USUAL }
}

const fn odd(name: &'static str, agents: usize, bad: usize) -> Setting {
    let (truth, calls) = (Truth::Odd(bad, -0.6), Calls::Exactly(100));
    Setting { name, agents, runs: 200, truth, calls, cover: 0.0, beyond: ANY, found: [0.95; 2], ..USUAL }
}

const fn one_at(name: &'static str, calls: u32, shift: f64, watch: f64) -> Setting {
    let (truth, calls) = (Truth::Odd(1, shift), Calls::Exactly(calls));
    Setting { name, agents: 50, runs: 400, truth, calls, cover: 0.0, beyond: ANY, found: [watch, 0.0], ..USUAL }
}

const fn days(name: &'static str, agent: f64, site: f64, cover: f64) -> Setting {
    let (truth, calls) = (Truth::Normal(0.05), Calls::Exactly(70));
    Setting { name, agents: 30, runs: 300, truth, calls, days: Some((agent, site)), cover, beyond: ANY, ..USUAL }
}

use Noise::{Equal, Mixture, Unequal};

pub(crate) const SETTINGS: &[Setting] = &[
    normal("5 agents, alike", 5, 2000, 0.0, Equal),
    normal("5, sd .1", 5, 2000, 0.1, Equal),
    normal("6, alike", 6, 4000, 0.0, Equal),
    normal("6, sd .03", 6, 2000, 0.03, Equal),
    normal("6, sd .1", 6, 4000, 0.1, Equal),
    normal("6, sd .3", 6, 4000, 0.3, Equal),
    normal("6, alike, calls sd .15 to .6", 6, 4000, 0.0, Unequal),
    normal("6, alike, mixture", 6, 2000, 0.0, Mixture),
    normal("10, alike", 10, 2000, 0.0, Equal),
    normal("10, sd .1", 10, 2000, 0.1, Equal),
    normal("10, alike, calls sd .15 to .6", 10, 2000, 0.0, Unequal),
    normal("20, alike", 20, 1000, 0.0, Equal),
    normal("20, sd .03", 20, 1000, 0.03, Equal),
    normal("20, sd .1", 20, 1000, 0.1, Equal),
    normal("20, alike, calls sd .15 to .6", 20, 1000, 0.0, Unequal),
    normal("100, alike", 100, 500, 0.0, Equal),
    normal("100, sd .03", 100, 300, 0.03, Equal),
    normal("100, sd .1", 100, 300, 0.1, Equal),
    normal("100, alike, mixture", 100, 500, 0.0, Mixture),
    normal("100, sd .05, mixture", 100, 200, 0.05, Mixture),
    normal("100, sd .1, mixture", 100, 200, 0.1, Mixture),
    normal("100, alike, calls sd .15 to .6", 100, 500, 0.0, Unequal),
    normal("100, sd .05, calls sd .15 to .6", 100, 300, 0.05, Unequal),
    normal("500, alike", 500, 100, 0.0, Equal),
    normal("500, sd .03", 500, 100, 0.03, Equal),
    normal("500, sd .1", 500, 100, 0.1, Equal),
    normal("500, alike, calls sd .15 to .6", 500, 100, 0.0, Unequal),
    normal("500, alike, mixture", 500, 100, 0.0, Mixture),
    Setting { name: "100, t3 sd .08", truth: Truth::HeavyTails(0.08), beyond: ANY, ..USUAL },
    Setting { name: "100, 8 at −.25", truth: Truth::Odd(8, -0.25), beyond: ANY, ..USUAL },
    Setting {
        name: "100, sd .08, the more calls the better",
        truth: Truth::Normal(0.08),
        calls: Calls::Informative,
        beyond: ANY,
        cover: 0.93,
        ..USUAL
    },
    Setting { name: "100, sd .05, 1 to 7 calls", truth: Truth::Normal(0.05), calls: Calls::Few, ..USUAL },
    Setting {
        name: "10, five at +.3 and five at −.3",
        agents: 10,
        truth: Truth::Halves(0.3),
        calls: Calls::Exactly(300),
        beyond: ANY,
        ..USUAL
    },
    days("30, agent-days sd .1", 0.1, 0.0, 0.93),
    days("30, agent-days sd .15", 0.15, 0.0, 0.93),
    days("30, days of all sd .1", 0.0, 0.1, 0.94),
    days("30, dated, days alike", 0.0, 0.0, 0.94),
    odd("1 of 6 at −.6, 100 calls", 6, 1),
    odd("1 of 8 at −.6", 8, 1),
    odd("1 of 9 at −.6", 9, 1),
    odd("1 of 10 at −.6", 10, 1),
    odd("2 of 10 at −.6", 10, 2),
    odd("2 of 15 at −.6", 15, 2),
    odd("3 of 20 at −.6", 20, 3),
    one_at("1 of 50 at −.2, 15 calls", 15, -0.2, 0.0),
    one_at("1 of 50 at −.2, 40 calls", 40, -0.2, 0.85),
    one_at("1 of 50 at −.2, 120 calls", 120, -0.2, 0.95),
    one_at("1 of 50 at −.1, 40 calls", 40, -0.1, 0.0),
];

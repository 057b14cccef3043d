//! Whether the verdicts about agents keep what they promise: `cargo bench --no-default-features --bench agents -- [SHARE] [TEXT]`.
//!
//! Simulated agents whose true means are known go through the book that every run uses. Printed, a setting a line: how
//! often the 95 % intervals hold the true mean, over all agents and over the tenth that is truly lowest; how many of the judged
//! agents lie beyond 1.96 and 3.09, as multiples of what chance alone would bring; in how many runs a q-value is .05 or
//! less; how many agents have the status `ok`; and how often the agents who truly stand out are found. A mark stands at each
//! figure that misses its bound, and the exit code is then 1.
//!
//! SHARE of the runs is done, 1 unless told, of the settings whose names hold TEXT, if given (`-- 10 "8 at"`). Seeds are fixed:
//! equal programs print equal tables.

mod crowd;
mod random;
mod settings;

use std::io::{self, Write};
use std::process::ExitCode;

use crowd::Crowd;
use settings::{SETTINGS, Setting};
use undertone::rollup::{AgentRollup, Funnel};

/// What a two-sided normal test brings beyond 1.96 and 3.09 by chance alone.
const NOMINAL: [f64; 2] = [0.05, 0.002];

fn main() -> Result<ExitCode, io::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let share = arguments.first().and_then(|share| share.parse().ok()).unwrap_or(1.0_f64);
    let wanted = arguments.get(1).map_or("", String::as_str);
    let mut out = io::stdout();
    writeln!(
        out,
        "| setting | runs | cover | worst tenth | plain | plain, worst | beyond 1.96 | beyond 3.09 | runs with q ≤ .05 | ok | found: watch, out |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut missed = 0;
    for (seed, setting) in (1..).zip(SETTINGS).filter(|(_, setting)| setting.name.contains(wanted)) {
        let tally = Tally::of(setting, share, seed);
        missed += tally.print(setting, &mut out)?;
    }
    writeln!(out, "\n{missed} figures miss their bounds (marked !).")?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hits among trials.
#[derive(Default, Clone, Copy)]
struct Rate {
    hits: u32,
    trials: u32,
}

impl Rate {
    fn add(&mut self, hit: bool) {
        self.trials += 1;
        self.hits += u32::from(hit);
    }

    fn value(self) -> f64 {
        f64::from(self.hits) / f64::from(self.trials.max(1))
    }
}

/// What the runs of one setting come to.
#[derive(Default)]
struct Tally {
    runs: u32,
    cover: Rate,
    worst: Rate,
    plain: Rate,
    plain_worst: Rate,
    beyond: [Rate; 2],
    alarms: Rate,
    ok: Rate,
    found: [Rate; 2],
}

impl Tally {
    fn of(setting: &Setting, share: f64, seed: u64) -> Self {
        let mut tally = Self::default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of runs")]
        let runs = (f64::from(setting.runs) * share).ceil() as u32;
        for run in 0..runs {
            tally.add(setting, &Crowd::of(setting, seed * 1_000_000 + u64::from(run)));
        }
        tally
    }

    fn add(&mut self, setting: &Setting, crowd: &Crowd) {
        let report = crowd.report(setting);
        let bound = crowd.lowest_tenth();
        let mut alarm = false;
        for (agent, member) in report.agents.iter().zip(&crowd.members) {
            let worst = member.truth <= bound;
            if let Some(held) = holds(agent.customer_score_low.zip(agent.customer_score_high), member.truth) {
                self.cover.add(held);
                if worst {
                    self.worst.add(held);
                }
            }
            if let Some(held) = holds(agent.customer_score_raw_interval, member.truth) {
                self.plain.add(held);
                if worst {
                    self.plain_worst.add(held);
                }
            }
            self.ok.add(agent.status.as_str() == "ok");
            alarm |= agent.verdict.q_value.is_some_and(|q| q <= 0.05);
            self.judge(agent, member.odd);
        }
        self.runs += 1;
        self.alarms.add(alarm);
    }

    fn judge(&mut self, agent: &AgentRollup, odd: bool) {
        if odd {
            self.found[0].add(matches!(agent.verdict.funnel(), Some(Funnel::Watch | Funnel::Out)));
            self.found[1].add(agent.verdict.funnel() == Some(Funnel::Out));
        } else if let Some(z) = agent.verdict.place.map(|place| place.z) {
            self.beyond[0].add(z.abs() >= 1.96);
            self.beyond[1].add(z.abs() >= 3.09);
        }
    }

    /// Prints the line; how many of its figures miss their bounds.
    fn print(&self, setting: &Setting, out: &mut impl Write) -> io::Result<u32> {
        let mut missed = 0;
        let mut mark = |miss: bool| {
            missed += u32::from(miss);
            if miss { "!" } else { "" }
        };
        let rate = |rate: Rate| if rate.trials == 0 { "–".to_owned() } else { format!("{:.3}", rate.value()) };
        let cover = mark(self.cover.value() < setting.cover);
        let times = [0, 1].map(|limit| self.beyond[limit].value() / NOMINAL[limit]);
        let beyond = [0, 1].map(|limit| format!("{:.2} ×{}", times[limit], mark(times[limit] > setting.beyond[limit])));
        let found = [0, 1].map(|limit| {
            let miss = setting.found[limit] > 0.0 && self.found[limit].value() < setting.found[limit];
            format!("{}{}", rate(self.found[limit]), mark(miss))
        });
        writeln!(
            out,
            "| {} | {} | {}{cover} | {} | {} | {} | {} | {} | {} | {} | {} |",
            setting.name,
            self.runs,
            rate(self.cover),
            rate(self.worst),
            rate(self.plain),
            rate(self.plain_worst),
            beyond[0],
            beyond[1],
            rate(self.alarms),
            rate(self.ok),
            found.join(", "),
        )?;
        Ok(missed)
    }
}

/// Whether an interval holds the truth, if there is one.
fn holds(interval: Option<(f64, f64)>, truth: f64) -> Option<bool> {
    interval.map(|(low, high)| low <= truth && truth <= high)
}

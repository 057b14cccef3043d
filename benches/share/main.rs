//! Whether a sampled run keeps what it promises: `cargo bench --no-default-features --bench share -- [TEXT]`.
//!
//! Simulated sites, 200 of each kind, whose calls both engines have scored, go through the draw and the book that every sampled run
//! uses. Printed, a kind a line: in how many of 100 cases the 95 % interval holds what the service gives to all calls, of the means of
//! sites, queues, days and agents, and of the shares of sites; half of the interval's width on average; what the interval of the
//! drawn calls alone would be as a multiple of it. A mark stands at each figure that misses its bound (95 of 100; of days, agents and
//! shares 94; the half-width of the kind), and the exit code is then 1.
//!
//! Only kinds whose names hold TEXT, if given. Seeds are fixed: equal programs print equal tables.

#[path = "../agents/random.rs"]
mod random;
mod site;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use site::{SETTINGS, Setting, Site};
use undertone::share::{Book, Estimated, MEASURES, Part, Strata};

const SITES: u64 = 200;

/// Other sites than those by which the quantile of the intervals was chosen.
const FIRST: u64 = 1_000_000_000;

fn main() -> Result<ExitCode, io::Error> {
    let wanted = std::env::args().skip(1).find(|argument| argument != "--bench").unwrap_or_default();
    let mut out = io::stdout();
    writeln!(
        out,
        "| kind of site | site | queues | days | agents | shares of sites | half-width, site | queue | λ |\n|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut missed = 0;
    for (seed, setting) in (1..).zip(SETTINGS).filter(|(_, setting)| setting.name.contains(&wanted)) {
        let tally = Tally::of(&setting, seed);
        missed += tally.print(&setting, &mut out)?;
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

#[derive(Default)]
struct Tally {
    /// Means by scope.
    cover: BTreeMap<&'static str, Rate>,
    shares: Rate,
    halves: BTreeMap<&'static str, (f64, u32)>,
    lambda: f64,
}

impl Tally {
    fn of(setting: &Setting, seed: u64) -> Self {
        let mut tally = Self::default();
        for number in 0..SITES {
            let site = Site::of(setting, FIRST + seed * 1_000_000 + number);
            let truth = site.truth();
            for row in estimates(setting, &site) {
                tally.add(&row, &truth);
            }
        }
        tally
    }

    fn add(&mut self, row: &Estimated, truth: &BTreeMap<(&'static str, Option<&str>, usize), f64>) {
        let place = MEASURES.iter().position(|measure| *measure == row.measure).unwrap_or_default();
        let scope = row.scope.as_str();
        let (Some(estimate), Some(truth)) = (row.estimate, truth.get(&(scope, row.name.as_deref(), place))) else {
            return;
        };
        let (low, high) = estimate.interval;
        let hit = (low..=high).contains(truth);
        if row.measure.is_share() {
            if scope == "site" {
                self.shares.add(hit);
            }
            return;
        }
        self.cover.entry(scope).or_default().add(hit);
        if place == 0 {
            let (sum, count) = self.halves.entry(scope).or_default();
            *sum += (high - low) / 2.0;
            *count += 1;
            self.lambda = row.lambda.unwrap_or_default();
        }
    }

    fn print(&self, setting: &Setting, out: &mut impl Write) -> io::Result<u32> {
        let mut missed = 0;
        let mut cell = |value: f64, misses: bool, scale: f64, decimals: usize| {
            missed += u32::from(misses);
            format!("{:.decimals$}{}", scale * value, if misses { " !" } else { "" })
        };
        let rate = |scope| self.cover.get(scope).copied().unwrap_or_default().value();
        let half = |scope| self.halves.get(scope).map_or(0.0, |(sum, count)| sum / f64::from(*count));
        let mut cells: Vec<String> = [("site", 0.95), ("queue", 0.95), ("day", 0.94), ("agent", 0.94)]
            .into_iter()
            .map(|(scope, bound)| cell(rate(scope), rate(scope) < bound, 100.0, 1))
            .collect();
        cells.push(cell(self.shares.value(), self.shares.value() < 0.94, 100.0, 1));
        cells.push(cell(half("site"), half("site") > setting.half, 1.0, 4));
        cells.push(cell(half("queue"), false, 1.0, 4));
        cells.push(cell(self.lambda, false, 1.0, 2));
        writeln!(out, "| {} | {} |", setting.name, cells.join(" | "))?;
        Ok(missed)
    }
}

/// What a sampled run makes of a site.
fn estimates(setting: &Setting, site: &Site) -> Vec<Estimated> {
    let mut strata = Strata::default();
    for (local, _) in &site.calls {
        strata.add(&local.id, local.queue.as_deref());
    }
    let drawn = strata.ordered().draw(Part::thousandths(setting.share)).expect("enough calls are drawn");
    let mut book = Book::new(drawn.clone());
    for (local, _) in &site.calls {
        book.add(local);
    }
    for (local, service) in site.calls.iter().filter(|(local, _)| drawn.holds(&local.id, local.queue.as_deref())) {
        book.add_drawn(local, service);
    }
    book.finish()
}

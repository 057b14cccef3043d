//! Whether verdicts about days and agents keep what they promise: `cargo bench --no-default-features --bench drift -- [SHARE] [TEXT]`.
//!
//! Simulated sites whose truth is known, call by call. Printed, a kind of site a line: days of 100 stable ones that have an alarm (the day's
//! mood, the mood lately, a share, the distribution, any of them about customers; then a word about the inputs); how often a shift by −.04 is
//! found within seven days and one by −.08 on its first day; and beside it how often the comparison with yesterday and
//! Laney's p′ chart of negative calls raise a false alarm, and how often that chart and the program's verdict on the same share find −.08 within seven
//! days. Then agents: weeks with a false alarm, and who is found. A mark stands at each figure that misses its bound, and the exit code is then 1.
//!
//! SHARE of the sites is done, 1 unless told, of the settings whose names hold TEXT, if given (`-- 0.1 season`). Seeds are fixed: equal
//! programs print equal tables.

mod agents;
mod plain;
#[path = "../agents/random.rs"]
mod random;
mod settings;
mod site;

use std::io::{self, Write};
use std::process::ExitCode;

use settings::{SETTINGS, Setting};
use site::{BEFORE, SHIFT_AT, SHIFTS, Site};
use undertone::drift::{AlarmKind, Judged, Measure, Options, judge};

fn main() -> Result<ExitCode, io::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let share = arguments.first().and_then(|share| share.parse().ok()).unwrap_or(1.0_f64);
    let wanted = arguments.get(1).map_or("", String::as_str);
    let mut out = io::stdout();
    writeln!(
        out,
        "| site | sites | mood | lately | shares | distribution | about customers | inputs | −.04 in 7 days | −.08 first day | against yesterday | negative: ours, p′ | −.08 in 7 days by it: ours, p′ |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut missed = 0;
    for (seed, setting) in (1..).zip(SETTINGS).filter(|(_, setting)| setting.name.contains(wanted)) {
        missed += Tally::of(setting, share, seed).print(setting, &mut out)?;
    }
    if "agents".contains(wanted) {
        missed += agents::print(share, &mut out)?;
    }
    writeln!(out, "\n{missed} figures miss their bounds (marked !).")?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hits among trials.
#[derive(Default, Clone, Copy)]
pub(crate) struct Rate {
    hits: u32,
    trials: u32,
}

impl Rate {
    pub(crate) fn add(&mut self, hit: bool) {
        self.trials += 1;
        self.hits += u32::from(hit);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.hits += other.hits;
        self.trials += other.trials;
    }

    pub(crate) fn percent(self) -> f64 {
        100.0 * f64::from(self.hits) / f64::from(self.trials.max(1))
    }
}

/// What the sites of one setting come to.
#[derive(Default, Clone, Copy)]
struct Tally {
    sites: u32,
    mood: Rate,
    lately: Rate,
    shares: Rate,
    distribution: Rate,
    customers: Rate,
    inputs: Rate,
    found: Rate,
    first: Rate,
    yesterday: Rate,
    negative: [Rate; 2],
    negative_found: [Rate; 2],
}

impl Tally {
    /// All sites, half of them on each of two threads.
    fn of(setting: &Setting, share: f64, seed: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of sites")]
        let sites = (f64::from(setting.sites) * share).ceil() as u32;
        let half = |first: u32| {
            let mut tally = Self::default();
            for site in (first..sites).step_by(2) {
                tally.add(&Site::of(setting, seed * 1_000_000 + u64::from(site)));
            }
            tally
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| half(1));
            let mut tally = half(0);
            tally.merge(&other.join().expect("a half that ends"));
            tally
        })
    }

    fn merge(&mut self, other: &Self) {
        self.sites += other.sites;
        let pairs = self.rates().into_iter().zip({
            let mut other = *other;
            other.rates().map(|rate| *rate)
        });
        pairs.for_each(|(rate, other)| rate.merge(other));
    }

    fn rates(&mut self) -> [&mut Rate; 13] {
        let Self { mood, lately, shares, distribution, customers, inputs, found, first, yesterday, .. } = self;
        let ([one, two], [three, four]) = (&mut self.negative, &mut self.negative_found);
        [mood, lately, shares, distribution, customers, inputs, found, first, yesterday, one, two, three, four]
    }

    fn add(&mut self, site: &Site) {
        self.sites += 1;
        let judged = judge(&site.days, &Options::default());
        let counted = site.days.iter().position(|day| day.date >= site::date_of(BEFORE)).unwrap_or(0);
        for at in (counted..judged.len()).filter(|&at| !site.holidays[at]) {
            self.add_stable(&judged[at]);
            self.yesterday.add(plain::differs_from_yesterday(&site.days[at - 1], &site.days[at]));
            self.negative[1].add(plain::is_beyond_laney(&site.days[..at], &site.days[at]));
        }
        for (days, shift) in site.shifted.iter().zip(SHIFTS) {
            let judged = judge(days, &Options::default());
            let from = days.iter().position(|day| day.date >= site::date_of(SHIFT_AT)).unwrap_or(days.len());
            let after = &judged[from..];
            if shift == SHIFTS[0] {
                self.found.add(after.iter().any(Judged::has_alarm_about_customers));
            } else {
                self.first.add(after.first().is_some_and(Judged::has_alarm_about_customers));
                self.negative_found[0].add(after.iter().any(has_negative));
                let laney = |at: usize| plain::is_beyond_laney(&days[..at], &days[at]);
                self.negative_found[1].add((from..days.len()).any(laney));
            }
        }
    }

    fn add_stable(&mut self, day: &Judged) {
        let has = |wanted: fn(AlarmKind) -> bool| day.alarms.iter().any(|alarm| wanted(alarm.kind));
        self.mood.add(has(|kind| kind == AlarmKind::Mood));
        self.lately.add(has(|kind| kind == AlarmKind::MoodLately));
        self.shares.add(has(|kind| matches!(kind, AlarmKind::Share(_))));
        self.distribution.add(has(|kind| kind == AlarmKind::Distribution));
        self.customers.add(day.has_alarm_about_customers());
        self.inputs.add(has(|kind| !kind.is_about_customers()));
        self.negative[0].add(has_negative(day));
    }

    /// Prints the line; how many of its figures miss their bounds.
    fn print(&self, setting: &Setting, out: &mut impl Write) -> io::Result<u32> {
        let mut missed = 0;
        let mut marked = |rate: Rate, misses: fn(f64, f64) -> bool, bound: f64| {
            let miss = misses(rate.percent(), bound);
            missed += u32::from(miss);
            format!("{:.2}{}", rate.percent(), if miss { "!" } else { "" })
        };
        let (above, below) = (|value, bound| value > bound, |value, bound| value < bound);
        let customers = marked(self.customers, above, setting.false_alarms);
        let inputs = marked(self.inputs, above, setting.notes);
        let found = marked(self.found, below, 100.0 * setting.found);
        let first = marked(self.first, below, 100.0 * setting.first);
        let pair = |rates: [Rate; 2]| format!("{:.2}, {:.2}", rates[0].percent(), rates[1].percent());
        writeln!(
            out,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {customers} | {inputs} | {found} | {first} | {:.2} | {} | {} |",
            setting.name,
            self.sites,
            self.mood.percent(),
            self.lately.percent(),
            self.shares.percent(),
            self.distribution.percent(),
            self.yesterday.percent(),
            pair(self.negative),
            pair(self.negative_found),
        )?;
        Ok(missed)
    }
}

fn has_negative(day: &Judged) -> bool {
    day.alarms.iter().any(|alarm| alarm.kind == AlarmKind::Share(Measure::Negative))
}

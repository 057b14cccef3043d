//! A service whose model changes under its old name: the canary texts show it the same night, and it is not taken for a
//! change of what customers feel.

use std::process::Command;

use crate::comprehend::place_for;
use crate::program::{Ended, Place, Table, write_csv};
use crate::standin::{Config, Standin};

/// The days that every store knows; the next one is judged.
const KNOWN_DAYS: u32 = 35;
/// Calls a day.
const CALLS: u32 = 60;

/// What customers say on a day as all others.
const USUAL: [&str; 6] = [
    "thank you, that was wonderful and very helpful",
    "this is terrible, I am angry",
    "my account number is in the letter",
    "the bill is wrong and nobody helped",
    "I would like to change my address",
    "great, it works again, thanks",
];

fn date(day: u32) -> String {
    let start = jiff::civil::date(2026, 3, 1);
    start.checked_add(jiff::Span::new().days(i64::from(day))).expect("a date").to_string()
}

/// The calls of a day, by a rule that gives each day its own mixture.
fn export(day: u32, says: impl Fn(u32) -> &'static str) -> Vec<u8> {
    let rows = (0..CALLS).map(|call| {
        let mixed = (day * 7919 + call * 104_729) % 1_000_003;
        let text = format!("{} said caller {call}", says(mixed));
        [format!("{day}-{call}"), format!("{}T09:{call:02}:00Z", date(day)), "customer".into(), text, "amara".into()]
    });
    let header = ["call_id", "started", "speaker", "text", "agent_id"].map(str::to_owned);
    write_csv(std::iter::once(header).chain(rows))
}

fn usual(mixed: u32) -> &'static str {
    USUAL[mixed as usize % USUAL.len()]
}

/// A place with nights up to the last known day, all scored by the same model.
fn known_nights(standin: &Standin) -> Place {
    let place = place_for(standin);
    for day in 0..KNOWN_DAYS {
        place.write(&format!("in/{}.csv", date(day)), export(day, usual));
    }
    night(&place, "nights", &[]).expect(0);
    place
}

fn night(place: &Place, into: &str, more: &[&str]) -> Ended {
    place.run(&[&["nightly", "--into", into, "--fail-on", "drift", "--cache", "off"], more, &["in"]].concat())
}

/// The next night, into a copy of what is known, and the row of its day.
fn next_night(place: &Place, name: &str, code: i32) -> (Ended, Row) {
    let copied = Command::new("cp").args(["-a", "nights", name]).current_dir(place.path("")).status();
    assert!(copied.expect("cp is there").success());
    let ended = night(place, name, &[]).expect(code);
    let days = Table::read(&std::fs::read(place.path(&format!("{name}/days/days.csv"))).expect("days.csv"));
    let cell = |column: &str| days.cell(&date(KNOWN_DAYS), column).to_owned();
    let row = Row {
        scorer_drift: cell("scorer_drift"),
        kinds: cell("alarm_kinds").split(';').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        mood_z: cell("mood_z").parse().expect("a number"),
        movement: cell("canary_movement").parse().expect("a number"),
    };
    (ended, row)
}

/// The verdicts about a day.
#[derive(Debug)]
struct Row {
    scorer_drift: String,
    kinds: Vec<String>,
    mood_z: f64,
    movement: f64,
}

#[test]
fn a_changed_scorer_is_told_the_same_night_in_20_of_20_and_no_alarm_about_customers_is_raised() {
    let standin = Standin::start(Config::default());
    let place = known_nights(&standin);
    place.write("in/next.csv", export(KNOWN_DAYS, usual));
    let mut would_have_alarmed = 0;
    for number in 0..20 {
        let size = 0.2 * f64::from(1 + number / 2);
        let change = if number % 2 == 0 { size } else { -size };
        standin.set(|config| config.more_negative = change);
        let (ended, row) = next_night(&place, &format!("changed-{number}"), 5);
        assert_eq!((row.scorer_drift.as_str(), &row.kinds[..]), ("1", &["scorer".to_owned()][..]), "{change}: {row:?}");
        assert!(ended.stderr.contains("scorer"), "{}", ended.stderr);
        would_have_alarmed += u32::from(row.mood_z.abs() > 3.0);
    }
    assert!(would_have_alarmed >= 5, "the changes are too small for the test to mean anything: {would_have_alarmed}");
}

#[test]
fn the_same_scorer_does_not_move_and_a_change_of_what_customers_say_is_an_alarm_about_them() {
    let standin = Standin::start(Config::default());
    let place = known_nights(&standin);
    place.write("in/next.csv", export(KNOWN_DAYS, usual));
    let (_, calm) = next_night(&place, "calm", 0);
    assert_eq!((calm.scorer_drift.as_str(), calm.kinds.len(), calm.movement.to_string()), ("0", 0, "0".to_owned()));
    place.write("in/next.csv", export(KNOWN_DAYS, |_| "this is terrible, the worst, I am angry and you lied"));
    let (_, worse) = next_night(&place, "worse", 5);
    assert_eq!((worse.scorer_drift.as_str(), worse.movement.to_string()), ("0", "0".to_owned()));
    assert!(worse.kinds.iter().any(|kind| kind == "mood"), "{worse:?}");
}

//! Nights whose scores are paid for: nothing twice, whatever ends them, and what was published stays whole.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::comprehend::place_for;
use crate::disk::on_a_small_disk;
use crate::nightly::{partitions, tree};
use crate::program::{Ended, Place, Table, write_csv};
use crate::standin::{Config, Faults, Standin};

const SCORES: [&str; 4] = ["--cache", "scores", "--granularity", "turn"];

/// A place in which nights score nothing but calls.
fn place(standin: &Standin) -> Place {
    let mut place = place_for(standin);
    place.set([("UNDERTONE_NIGHTLY_CANARY", "off")]);
    place
}

/// An export of a day: some calls, the first of which goes on after midnight, in the next day's export.
fn export(day: u32, calls: u32) -> Vec<u8> {
    let mut rows = vec![["call_id", "started", "speaker", "text", "agent_id"].map(str::to_owned)];
    let mut turn = |id: String, day: u32, minute: u32, number: u32| {
        let started = format!("2026-11-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60);
        let speaker = if number.is_multiple_of(2) { "customer" } else { "agent" };
        let text = format!("turn {number} of call {id} is fine, thank you");
        rows.push([id, started, speaker.to_owned(), text, format!("agent {}", number % 3)]);
    };
    for number in 0..calls {
        let id = format!("{day}-{number}");
        (0..4).for_each(|part| turn(id.clone(), day, number + part, part));
    }
    (0..2).for_each(|part| turn(format!("{day}-night"), day, 1436 + part, part));
    if day > 1 {
        (0..2).for_each(|part| turn(format!("{}-night", day - 1), day, part, part + 2));
    }
    write_csv(rows)
}

fn deliver(place: &Place, day: u32) {
    let name = format!("in/2026-11-{day:02}.csv");
    place.write(&name, export(day, 12));
    settle(&place.path(&name));
}

fn settle(path: &Path) {
    let file = std::fs::File::options().append(true).open(path).expect("a file");
    file.set_modified(std::time::SystemTime::now() - Duration::from_mins(10)).expect("its time can be set");
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["nightly", "--into", "nights"], &SCORES[..], more, &["in"]].concat()
}

fn night(place: &Place, more: &[&str]) -> Ended {
    place.run(&arguments(more))
}

fn wait_for_answers(standin: &Standin, child: &mut Child, answers: u64) {
    let begun = Instant::now();
    while standin.stats().answered < answers && child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the night does not get on: {:?}", standin.stats());
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn nights_pay_for_each_document_once_and_kills_cost_no_more_than_what_was_in_flight() {
    const BATCH: u64 = 25;
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    let rate = ["--concurrency", "2", "--requests-per-second", "1000"];
    let mut kills = 0;
    for (number, day) in [2, 1, 4, 3, 5].into_iter().enumerate() {
        deliver(&place, day);
        standin.set(|config| config.latency = Duration::from_millis(30));
        for kill in 0..3_u64 {
            let mut child = place.command(&arguments(&rate)).spawn().expect("the program can be started");
            let before = standin.stats().answered;
            wait_for_answers(&standin, &mut child, before + kill);
            std::thread::sleep(Duration::from_millis((number as u64 * 13 + kill * 29) % 60));
            drop(child.kill());
            child.wait().expect("it ends");
            kills += 1;
        }
        standin.set(|config| config.latency = Duration::ZERO);
        night(&place, &rate).expect(0);
    }
    let stats = standin.stats();
    assert!(stats.billed_again <= kills * 2 * BATCH, "{} documents were paid twice", stats.billed_again);
    standin.reset_stats();
    night(&place, &[]).expect(0);
    std::fs::remove_file(place.path("nights/state.sqlite")).unwrap();
    night(&place, &[]).expect(0);
    assert_eq!(standin.stats().requests, 0, "a state that is gone costs nothing");
    place.run(&[&["nightly", "--into", "once"], &SCORES[..], &["in"]].concat()).expect(0);
    assert_eq!(standin.stats().requests, 0, "all scores are stored");
    assert!(partitions(&place, "nights") == partitions(&place, "once"));
}

#[test]
fn a_second_night_at_once_is_refused_and_an_interrupted_one_goes_on() {
    let standin = Standin::start(Config { latency: Duration::from_millis(200), ..Config::default() });
    let place = place(&standin);
    deliver(&place, 1);
    let mut first = place.command(&arguments(&["--concurrency", "1"])).spawn().expect("the program can be started");
    wait_for_answers(&standin, &mut first, 1);
    let second = night(&place, &[]).expect(75);
    assert!(second.error().contains(&first.id().to_string()), "the holder is named: {}", second.stderr);
    assert!(second.hint().ends_with("--into DIR"), "{}", second.stderr);
    let sent = Command::new("kill").args(["-TERM", &first.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
    Ended::of(first.wait_with_output().expect("it ends")).expect(130);
    assert!(partitions(&place, "nights").is_empty());
    standin.set(|config| config.latency = Duration::ZERO);
    night(&place, &[]).expect(0);
    assert_eq!(standin.stats().billed_again, 0);
}

#[test]
fn a_night_beyond_the_budget_sends_and_publishes_nothing() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    deliver(&place, 1);
    night(&place, &["--max-units", "1"]).expect(4);
    assert_eq!(standin.stats().requests, 0);
    assert!(partitions(&place, "nights").is_empty());
    night(&place, &[]).expect(0);
    deliver(&place, 2);
    standin.reset_stats();
    let again = ["--rescore", "--from", "2026-11-01", "--to", "2026-11-01", "--cache", "off", "--max-units", "1"];
    night(&place, &again).expect(4);
    assert_eq!(standin.stats().requests, 0);
}

#[test]
fn documents_that_failed_are_asked_for_again_by_the_next_night() {
    let standin = Standin::start(Config::default());
    standin.set(|config| config.faults = Faults { poison: Some("turn 0 of call 1-3".into()), ..Faults::default() });
    let place = place(&standin);
    deliver(&place, 1);
    night(&place, &[]).expect(3);
    let failures = place.path("nights/failures/call_date=2026-11-01/part-0.csv");
    assert!(failures.exists());
    standin.set(|config| config.faults = Faults::default());
    standin.reset_stats();
    night(&place, &[]).expect(0);
    assert_eq!(standin.stats().documents_sent, 1);
    assert!(!failures.exists());
    standin.reset_stats();
    assert_eq!(night(&place, &[]).expect(0).stdout, "nothing new in 1 input\n");
    assert_eq!(standin.stats().requests, 0);
}

#[test]
fn a_final_date_is_not_paid_for_again_because_its_scores_are_too_old() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    deliver(&place, 1);
    night(&place, &[]).expect(0);
    deliver(&place, 20);
    std::fs::remove_dir_all(place.path("scores")).unwrap();
    standin.reset_stats();
    night(&place, &[]).expect(0);
    // 12 calls of 4 turns, and two halves of calls around midnight.
    assert_eq!(standin.stats().documents_sent, 12 * 4 + 2 + 2);
}

#[test]
fn a_disk_that_fills_up_leaves_the_last_publication_whole() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    place.write("first/2026-11-01.csv", export(1, 3));
    place.write("second/2026-11-02.csv", export(2, 400));
    let script = r#"
        "$0" nightly -q --cache scores --granularity turn --into small/nights first || exit 1
        rm -rf small/nights/.undertone.lock; cp -r small/nights before
        "$0" nightly -q --cache scores --granularity turn --into small/nights first second
        code=$?
        rm -rf small/nights/.undertone.lock; cp -r small/nights after
        exit $code"#;
    let Some(ended) = on_a_small_disk(&place, "420k", script) else { return };
    let ended = ended.expect(73);
    assert!(ended.error().starts_with("can't "), "{}", ended.stderr);
    assert!(ended.hint().contains("the disk is full"), "{}", ended.stderr);
    let (mut before, mut after) = (tree(&place, "before"), tree(&place, "after"));
    after.remove(".undertone-unfinished").expect("a mark of what is not remembered yet");
    for (name, bytes) in &after {
        let was = before.remove(name);
        // The dates of one pass take their places together: all of them, or none.
        assert!(was.as_ref() == Some(bytes), "{name} is another");
    }
    assert!(before.is_empty(), "{:?} are gone", before.keys());
}

#[test]
fn texts_that_never_change_are_scored_each_night_within_the_budget() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    deliver(&place, 1);
    night(&place, &["--canary", "off"]).expect(0);
    let of_calls = standin.stats();
    deliver(&place, 2);
    standin.reset_stats();
    night(&place, &["--max-units", "160"]).expect(4);
    assert_eq!(standin.stats().requests, 0, "the texts count in the plan");
    night(&place, &[]).expect(0);
    let with_texts = standin.stats();
    assert!(with_texts.documents_sent > of_calls.documents_sent + 15, "{with_texts:?}");
    deliver(&place, 3);
    night(&place, &["--fail-on", "drift"]).expect(0);
    let days = Table::read(&std::fs::read(place.path("nights/days/days.csv")).unwrap());
    // The call that goes on after midnight takes each day's date along with the next export.
    assert_eq!(days.cell("2026-11-03", "canary_movement"), "0.0000");
    assert_eq!((days.cell("2026-11-03", "scorer_drift"), days.cell("2026-11-01", "canary_texts")), ("0", ""));
    assert!(days.cell("2026-11-03", "canary_texts").parse::<u64>().unwrap() >= 18);
}

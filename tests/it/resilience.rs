//! Never pay twice, never pass the budget, never lose a result: the whole program with stored scores, stopped and killed on the way.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::comprehend::place_for;
use crate::program::{Ended, Outputs, Place, assert_same};
use crate::standin::{Config, Faults, ServiceError, Standin};

/// Every turn a document: some thirty requests.
const ARGUMENTS: [&str; 6] = ["--cache", "scores", "--granularity", "turn", "--detail", "data"];

/// Documents in one request.
const BATCH: u64 = 25;

/// What a run wrote that does not say which scores were stored before it.
fn expect_same_results(one: &Outputs, other: &Outputs) {
    for name in ["calls.csv", "agents.csv", "failures.csv", "rejects.csv"] {
        assert_same(name, one.bytes(name), other.bytes(name));
    }
}

fn slow(latency_ms: u64) -> Config {
    Config { latency: Duration::from_millis(latency_ms), ..Config::default() }
}

fn start(place: &Place, more: &[&str]) -> Child {
    let arguments = [&["analyze", "--out", "out"], &ARGUMENTS[..], more].concat();
    place.command(&arguments).spawn().expect("the program can be started")
}

/// Waits until the stand-in has answered so many requests, or the child has ended.
fn wait_for_answers(standin: &Standin, child: &mut Child, answers: u64) {
    let begun = Instant::now();
    while standin.stats().answered < answers && child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the run does not get on: {:?}", standin.stats());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

#[test]
fn a_second_run_asks_nothing_and_says_the_same() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let first = place.analyze(&ARGUMENTS, 0);
    let asked = standin.stats().requests;
    let second = place.analyze(&ARGUMENTS, 0);
    assert_eq!(standin.stats().requests, asked);
    expect_same_results(&first, &second);
    let record = second.record();
    assert_eq!(record["counts"]["cached"], record["counts"]["segments"].as_u64().unwrap());
    assert_eq!(record["service"]["planned_units"], 0);
    assert_eq!(first.record()["service"]["planned_units"], first.record()["service"]["billed_units"]);
    let stats = place.run(&["cache", "stats", "--json", "--cache", "scores"]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.stdout).unwrap();
    assert_eq!(stats["entries"], first.record()["counts"]["documents"]);
    let plan = place.run(&["plan", "--json", "--cache", "scores", "--granularity", "turn", "data"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!((&plan["plans"][0]["documents"], &plan["plans"][0]["units_upper"]), (&0.into(), &0.into()));
}

#[test]
fn a_failed_document_is_asked_again_by_the_next_run_and_the_others_are_not() {
    let standin = Standin::start(Config::default());
    standin.set(|config| config.faults = Faults { poison: Some("waited forty minutes".into()), ..Faults::default() });
    let place = place_for(&standin);
    let first = place.analyze(&ARGUMENTS, 3);
    assert_eq!(first.table("failures.csv").rows.len(), 1, "{:?}", first.table("failures.csv"));
    standin.set(|config| config.faults = Faults::default());
    standin.reset_stats();
    place.analyze(&ARGUMENTS, 0);
    assert_eq!(standin.stats().documents_sent, 1);
}

#[test]
fn a_budget_below_the_plan_sends_nothing_and_one_at_the_plan_is_enough() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let plan = place.run(&["plan", "--json", "--granularity", "turn", "data"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let units = plan["plans"][0]["units_upper"].as_u64().unwrap();

    let below = (units - 1).to_string();
    let ended = place.run(&[&["analyze", "--max-units", &below], &ARGUMENTS[..]].concat()).expect(4);
    assert!(ended.error().contains(&units.to_string()), "{}", ended.stderr);
    assert!(!ended.hint().is_empty());
    assert_eq!(standin.stats().requests, 0);
    assert!(place.outputs("undertone-out").0.is_empty());

    let cost = plan["plans"][0]["cost_usd_upper"].as_f64().unwrap();
    place.run(&[&["analyze", "--max-cost", &format!("{:.4}", cost - 0.0001)], &ARGUMENTS[..]].concat()).expect(4);
    place.run(&[&["analyze", "--max-cost", &format!("{cost:.4}")], &ARGUMENTS[..]].concat()).expect(0);
    assert_eq!(standin.stats().units, units);
}

#[test]
fn the_budget_holds_while_answers_that_may_be_billed_are_lost() {
    let standin = Standin::start(Config::default());
    standin.set(|config| config.faults = Faults { garbage: 0.5, ..Faults::default() });
    let place = place_for(&standin);
    let plan = place.run(&["plan", "--json", "--granularity", "turn", "data"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let units = plan["plans"][0]["units_upper"].as_u64().unwrap();
    let ended = place.run(&[&["analyze", "--max-units", &units.to_string()], &ARGUMENTS[..]].concat()).expect(4);
    assert!(ended.hint().contains("what was paid for is kept"), "{}", ended.stderr);
    assert!(standin.stats().units <= units, "{} of {units}", standin.stats().units);
    assert!(standin.stats().units > 0);
}

#[test]
fn two_runs_do_not_write_to_one_directory() {
    let standin = Standin::start(slow(300));
    let place = place_for(&standin);
    let mut first = start(&place, &["--concurrency", "1"]);
    wait_for_answers(&standin, &mut first, 1);
    let second = place.run(&[&["analyze", "--out", "out"], &ARGUMENTS[..]].concat()).expect(75);
    assert!(second.error().contains(&first.id().to_string()), "the holder is named: {}", second.stderr);
    signal(&first, "-KILL");
    first.wait().expect("it ends");
    standin.set(|config| config.latency = Duration::ZERO);
    place.analyze(&ARGUMENTS, 0);
}

#[test]
fn an_interrupted_run_keeps_what_it_paid_for_and_the_next_goes_on() {
    for name in ["-INT", "-TERM"] {
        let standin = Standin::start(slow(100));
        let place = place_for(&standin);
        let mut child = start(&place, &["--concurrency", "2"]);
        wait_for_answers(&standin, &mut child, 4);
        signal(&child, name);
        let ended = Ended::of(child.wait_with_output().expect("it ends")).expect(130);
        assert!(ended.error().contains("interrupted"), "{}", ended.stderr);
        assert!(place.outputs("out").0.is_empty(), "nothing is written");
        standin.set(|config| config.latency = Duration::ZERO);
        let resumed = place.analyze(&ARGUMENTS, 0);
        assert_eq!(standin.stats().billed_again, 0, "{name}: what was in flight was waited for and kept");
        let calm = place_for(&standin).analyze(&ARGUMENTS, 0);
        expect_same_results(&calm, &resumed);
    }
}

#[test]
fn twenty_kills_cost_no_more_than_what_was_in_flight() {
    const KILLS: u64 = 20;
    const AT_ONCE: u64 = 2;
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let calm = place_for(&standin).analyze(&ARGUMENTS, 0);
    standin.reset_stats();
    standin.set(|config| config.latency = Duration::from_millis(40));
    let rate = ["--concurrency", "2", "--requests-per-second", "1000"];
    for kill in 0..KILLS {
        let mut child = start(&place, &rate);
        let before = standin.stats().answered;
        wait_for_answers(&standin, &mut child, before + 1 + kill % 3);
        // Moments of every kind within a request's time.
        std::thread::sleep(Duration::from_millis(kill * 7 % 40));
        drop(child.kill());
        child.wait().expect("it ends");
    }
    standin.set(|config| config.latency = Duration::ZERO);
    let resumed = place.analyze(&ARGUMENTS, 0);
    expect_same_results(&calm, &resumed);
    let stats = standin.stats();
    assert!(stats.billed_again <= KILLS * AT_ONCE * BATCH, "{} documents were paid twice", stats.billed_again);
    assert!(stats.answered_again <= KILLS * AT_ONCE * BATCH);
}

#[test]
fn a_kill_leaves_the_previous_outputs_whole() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let previous = place.analyze(&ARGUMENTS, 0);
    standin.set(|config| config.latency = Duration::from_millis(100));
    let mut child = place
        .command(&["analyze", "--out", "out", "--cache", "off", "--granularity", "turn", "data"])
        .spawn()
        .expect("the program can be started");
    let before = standin.stats().answered;
    wait_for_answers(&standin, &mut child, before + 2);
    drop(child.kill());
    child.wait().expect("it ends");
    assert_eq!(place.outputs("out"), previous);
}

#[test]
fn a_service_that_only_refuses_ends_the_run_in_time_and_keeps_what_was_paid() {
    let standin = Standin::start(Config::default());
    let mut place = place_for(&standin);
    place.set([("UNDERTONE_COMPREHEND_GIVE_UP_AFTER", "1s")]);
    let mut child = start(&place, &["--concurrency", "1"]);
    wait_for_answers(&standin, &mut child, 3);
    standin.set(|config| config.faults = Faults { refusal: Some(ServiceError::internal()), ..Faults::default() });
    let begun = Instant::now();
    let ended = Ended::of(child.wait_with_output().expect("it ends")).expect(69);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    ended.error();
    let paid = standin.stats().documents_answered;
    standin.set(|config| config.faults = Faults::default());
    let outputs = place.analyze(&ARGUMENTS, 0);
    assert_eq!(outputs.record()["counts"]["cached"].as_u64().map(|cached| cached >= paid), Some(true));
    assert_eq!(standin.stats().answered_again, 0);
}

#[test]
fn two_runs_at_once_share_one_cache_and_pay_for_a_document_once_each_at_most() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let calm = place_for(&standin).analyze(&ARGUMENTS, 0);
    let documents = standin.stats().documents_billed;
    standin.reset_stats();
    standin.set(|config| config.latency = Duration::from_millis(30));
    let mut first = start(&place, &["--concurrency", "2"]);
    wait_for_answers(&standin, &mut first, 5);
    let seen = standin.stats().documents_answered;
    let second = place.run(&[&["analyze", "--out", "other"], &ARGUMENTS[..]].concat()).expect(0);
    Ended::of(first.wait_with_output().expect("it ends")).expect(0);
    for folder in ["out", "other"] {
        expect_same_results(&calm, &place.outputs(folder));
    }
    assert!(!second.stderr.contains("WARN"), "{}", second.stderr);
    // Each run looks up what is stored when it prepares a call: the second pays for the rest once more, and never a third time.
    let stats = standin.stats();
    assert_eq!(stats.documents_distinct, documents);
    assert!(stats.billed_again <= documents - seen, "{} of {documents} after {seen}", stats.billed_again);
    standin.reset_stats();
    place.analyze(&ARGUMENTS, 0);
    assert_eq!(standin.stats().requests, 0, "whatever either paid for is there");
    let shown = place.run(&["cache", "stats", "--json", "--cache", "scores"]).expect(0).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["entries"], &shown["damaged_files"]), (&documents.into(), &0.into()));
}

#[test]
fn a_run_that_reached_its_end_leaves_one_file_and_one_that_was_killed_leaves_its_log_to_the_next() {
    let standin = Standin::start(slow(30));
    let place = place_for(&standin);
    let files = || std::fs::read_dir(place.path("scores")).expect("a cache").count();
    let mut child = start(&place, &["--concurrency", "2"]);
    wait_for_answers(&standin, &mut child, 5);
    drop(child.kill());
    child.wait().expect("it ends");
    assert_eq!(files(), 3, "the database, its write-ahead log and the memory for it");
    standin.set(|config| config.latency = Duration::ZERO);
    place.analyze(&ARGUMENTS, 0);
    assert_eq!(files(), 1);
}

#[test]
fn a_clock_that_jumps_during_a_run_leaves_no_trace() {
    let standin = Standin::start(slow(20));
    let place = place_for(&standin);
    let calm = place_for(&standin).analyze(&ARGUMENTS, 0);
    let mut child = start(&place, &["--concurrency", "2"]);
    // To the service, whose signatures hold for a quarter of an hour, this machine's clock is an hour behind, then ahead.
    for (answers, ahead_s) in [(5, 3600), (7, -3600)] {
        let before = standin.stats().answered;
        wait_for_answers(&standin, &mut child, before + answers);
        standin.set(|config| config.clock_ahead_s = ahead_s);
    }
    Ended::of(child.wait_with_output().expect("it ends")).expect(0);
    expect_same_results(&calm, &place.outputs("out"));
    assert!(standin.stats().refused.get("InvalidSignatureException") > Some(&0), "{:?}", standin.stats());
}

#[test]
fn a_run_that_ends_early_says_truly_what_is_kept() {
    for (cache, said) in [("scores", "what was paid for is kept ("), ("off", "nothing is kept of the ")] {
        let standin = Standin::start(slow(100));
        let place = place_for(&standin);
        let arguments = ["analyze", "--cache", cache, "--granularity", "turn", "--concurrency", "2", "data"];
        let mut child = place.command(&arguments).spawn().expect("the program can be started");
        wait_for_answers(&standin, &mut child, 4);
        signal(&child, "-TERM");
        let ended = Ended::of(child.wait_with_output().expect("it ends")).expect(130);
        assert!(
            ended.hint().starts_with(said) && ended.hint().contains("run the same command again"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn the_table_of_faults_names_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a file of the project");
    let readme = read(&root.join("README.md"));
    let table = readme.split("### What a fault does to a run").nth(1).expect("the table");
    let table = table.split("\n\n").find(|part| part.starts_with("| fault")).expect("the table");
    let named: Vec<&str> = table.lines().skip(2).filter_map(|line| line.rsplit('`').nth(1)).collect();
    let files = std::fs::read_dir(root.join("tests/it")).expect("the tests");
    let paths = files.map(|file| file.expect("a test").path()).filter(|path| path.is_file());
    let tests: String = paths.map(|path| read(&path)).collect();
    assert_eq!(named.len(), table.lines().count() - 2, "every line is a test");
    for name in named {
        assert!(tests.contains(&format!("#[test]\nfn {name}() {{")), "{name}");
    }
}

#[test]
fn the_page_can_be_drawn_again() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let outputs = place.analyze(&ARGUMENTS, 0);
    std::fs::remove_file(place.path("out/report.html")).expect("it was written");
    place.run(&["report", "out"]).expect(0);
    assert_same("report.html", outputs.bytes("report.html"), place.outputs("out").bytes("report.html"));
    place.run(&["report", "nowhere"]).expect(66).hint();
}

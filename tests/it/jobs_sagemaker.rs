//! The whole program by Batch Transform: with an endpoint of the same model, and with none.

use std::time::Duration;

use crate::jobs::expect_nothing_left;
use crate::jobs_custom::{bucket, with_jobs};
use crate::program::{Ended, Place, assert_same, write_csv};
use crate::standin::s3::{Action, S3};
use crate::standin::sagemaker::{Config, Container, Endpoint, TransformConfig};

const LABELS: &str = "{ POSITIVE = \"positive\", NEGATIVE = \"negative\", NEUTRAL = \"neutral\", MIXED = \"mixed\" }";
const SECRET: &str = "secretword";
const ALONE: &str = "format = \"huggingface\"\nmodel-name = \"ours-model-1\"\ninstance-type = \"ml.m5.xlarge\"";
const JOBS: [&str; 7] = ["analyze", "--via", "jobs", "--out", "out", "-vvv", "in.csv"];

fn services(config: Config, transforms: TransformConfig) -> (S3, Endpoint) {
    let s3 = bucket();
    let endpoint = Endpoint::with_transforms(config, transforms, &s3);
    (s3, endpoint)
}

fn place_for(s3: &S3, endpoint: &Endpoint, more: &str) -> Place {
    let settings = format!("engine = \"sagemaker\"\n[sagemaker]\nlabels = {LABELS}\n{more}");
    let place = with_jobs(s3, endpoint.env(), &settings, "");
    place.write("in.csv", calls(300));
    place
}

fn calls(number: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "agent_id", "language", "text"].map(str::to_owned)];
    rows.extend((0..number).map(|call| {
        let mood = ["great", "terrible", "well", "good but broken"][call % 4];
        let text = format!("{mood} I was waiting for parcel {} of {SECRET}\nand \"more\"", code(call));
        [format!("c{call:03}"), "customer".into(), format!("a{}", call % 5), "en".into(), text]
    }));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

/// Letters for a number, which is not kept back.
fn code(number: usize) -> String {
    [number / 26, number % 26].map(|digit| char::from(b'a' + u8::try_from(digit).expect("few"))).iter().collect()
}

/// Runs by jobs, and insists that no word of a call is in what it prints.
fn run(place: &Place, more: &[&str], code: i32) -> Ended {
    let ended = place.run(&[&JOBS[..], more].concat()).expect(code);
    assert!(!ended.stderr.contains(SECRET) && !ended.stdout.contains(SECRET), "{}", ended.stderr);
    ended
}

/// What requests to an endpoint with the same model give.
fn by_request() -> Place {
    let (s3, endpoint) = services(Config::default(), TransformConfig::default());
    let place = place_for(&s3, &endpoint, "endpoint = \"ours\"");
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    place
}

fn expect_same_tables(place: &Place, other: &Place) {
    for name in ["calls.csv", "agents.csv", "failures.csv"] {
        assert_same(name, other.outputs("out").bytes(name), place.outputs("out").bytes(name));
    }
}

fn expect_each_text_once(endpoint: &Endpoint) {
    endpoint.transforms(|transforms| {
        let again = transforms.scored().iter().filter(|(_, times)| **times > 1).count();
        assert!(again == 0 && !transforms.scored().is_empty(), "{again} texts again");
    });
}

#[test]
fn jobs_need_no_endpoint_and_give_the_bytes_of_requests() {
    let (s3, endpoint) = services(Config::default(), TransformConfig::default());
    let place = place_for(&s3, &endpoint, &format!("{ALONE}\ninstance-count = 2"));
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request());
    expect_nothing_left(&s3);
    expect_each_text_once(&endpoint);
    let jobs = endpoint.transforms(|transforms| transforms.seen());
    assert_eq!(jobs.len(), 2, "fixed texts, then all others: {jobs:?}");
    assert!(jobs[1].objects.len() >= 8 && jobs[1].objects.iter().sum::<usize>() == 301, "{jobs:?}");
    let record = place.outputs("out").record();
    assert_eq!((&record["via"], &record["counts"]["scored"]), (&"jobs".into(), &300.into()));
    assert!(record["service"]["endpoint_seconds"].as_f64().is_some_and(|seconds| seconds > 0.2), "{record}");
    assert_eq!(record["service"]["cost_usd"], serde_json::Value::Null);
    run(&place, &[], 0);
    assert_eq!(endpoint.transforms(|transforms| transforms.seen().len()), 2, "nothing is new");
    let stats = endpoint.stats();
    assert_eq!(stats.invocations, 0);
}

#[test]
fn an_endpoint_of_the_same_model_shares_its_scores_and_takes_what_is_left_over() {
    let (s3, endpoint) = services(Config::default(), TransformConfig::default());
    let place = place_for(&s3, &endpoint, &format!("{ALONE}\nendpoint = \"ours\""));
    run(&place, &[], 0);
    assert_eq!(endpoint.transforms(|transforms| transforms.seen().len()), 1, "the endpoint is probed by requests");
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    assert_eq!(endpoint.stats().texts, 12, "two probes");
    expect_same_tables(&place, &by_request());
    expect_nothing_left(&s3);
}

#[test]
fn one_bad_record_fails_alone_however_its_object_fails() {
    let config = Config { poison: Some((format!("parcel {} ", code(123)), 400)), ..Config::default() };
    let (s3, endpoint) = services(config, TransformConfig::default());
    let place = place_for(&s3, &endpoint, ALONE);
    run(&place, &[], 3);
    let failures = place.outputs("out").table("failures.csv");
    assert_eq!((failures.column("call_id"), failures.column("reason")), (vec!["c123"], vec!["record_failed"]));
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
    let jobs = endpoint.transforms(|transforms| transforms.seen());
    let statuses: Vec<_> = jobs.iter().map(|job| job.status).collect();
    assert_eq!(statuses, ["Completed", "Failed", "Failed", "Failed"], "objects of 25 and more, of 5, of 1: {jobs:?}");
    run(&place, &[], 3);
    assert_eq!(endpoint.transforms(|transforms| transforms.seen().len()), jobs.len(), "it is not sent again");
}

/// A service, what it does with jobs, settings, flags; the exit code and what is printed.
type Case = (Config, TransformConfig, String, &'static [&'static str], i32, &'static str);

#[test]
fn what_does_not_fit_is_refused_before_a_word_of_a_call_is_sent() {
    let without = |key: &str| ALONE.lines().filter(|line| !line.starts_with(key)).collect::<Vec<_>>().join("\n");
    let labels = Config { labels: ["LABEL_0", "NEGATIVE", "NEUTRAL", "MIXED"], ..Config::default() };
    let best = Config { container: Container::BestClass, ..Config::default() };
    let logits = Config { logits: true, ..Config::default() };
    let other = Config { model: 2, ..Config::default() };
    let both = format!("{ALONE}\nendpoint = \"ours\"");
    let pretty = TransformConfig { is_pretty: true, ..TransformConfig::default() };
    let fails = TransformConfig { fails: Some("ClientError: secretword"), ..TransformConfig::default() };
    let calm = TransformConfig::default;
    let cases: [Case; 11] = [
        (Config::default(), calm(), without("model-name"), &[], 78, "no setting names the model of jobs"),
        (Config::default(), calm(), without("instance-type"), &[], 78, "the instances of jobs"),
        (Config::default(), calm(), without("format"), &[], 78, "no setting names the format"),
        (labels, calm(), ALONE.to_owned(), &[], 78, "label that has no class"),
        (best, calm(), ALONE.to_owned(), &[], 78, "best class only"),
        (logits, calm(), ALONE.to_owned(), &[], 78, "no probabilities"),
        (other.clone(), calm(), ALONE.to_owned(), &[], 69, "no model ours-model-1"),
        (other, calm(), both, &[], 78, "the endpoint has another one"),
        (Config::default(), calm(), ALONE.to_owned(), &["--max-cost", "5"], 78, "no setting states what"),
        (Config::default(), pretty, ALONE.to_owned(), &[], 69, "gave no scores"),
        (Config::default(), fails, ALONE.to_owned(), &[], 69, "failed (ClientError)"),
    ];
    for (config, transforms, more, arguments, code, words) in cases {
        let (s3, endpoint) = services(config, transforms);
        let place = place_for(&s3, &endpoint, &more);
        let ended = run(&place, arguments, code);
        assert!(ended.error().contains(words) && !ended.hint().is_empty(), "{words}: {}", ended.stderr);
        endpoint.transforms(|jobs| assert!(jobs.scored().keys().all(|text| !text.contains(SECRET)), "{words}"));
        let puts = s3.seen().into_iter().filter(|seen| matches!(seen.action, Action::Put | Action::PutPart)).count();
        assert!(puts <= 2, "{words}: fixed texts at most");
    }
}

#[test]
fn a_job_that_fails_as_a_whole_fails_no_text() {
    let (s3, endpoint) = services(Config::default(), TransformConfig::default());
    let place = place_for(&s3, &endpoint, ALONE);
    run(&place, &[], 0);
    place.write("in.csv", calls(301));
    endpoint.transforms(|jobs| jobs.config.fails = Some("InternalServerError: secretword"));
    let ended = run(&place, &[], 69);
    assert!(ended.error().contains("failed (InternalServerError)"), "{}", ended.stderr);
    expect_nothing_left(&s3);
    endpoint.transforms(|jobs| jobs.config.fails = None);
    run(&place, &[], 0);
    expect_each_text_once(&endpoint);
}

#[test]
fn a_job_runs_no_longer_than_may_be_paid_for() {
    let takes = Duration::from_secs(6);
    let (s3, endpoint) = services(Config::default(), TransformConfig::default());
    let mut place = place_for(&s3, &endpoint, ALONE);
    place.set([("UNDERTONE_PRICE_SAGEMAKER_TRANSFORM_HOUR", "3600")]);
    place.write("few.csv", calls(2));
    place.run(&["analyze", "--via", "jobs", "--out", "few", "few.csv"]).expect(0);
    endpoint.transforms(|jobs| jobs.config.takes = takes);
    let ended = run(&place, &["--max-cost", "1"], 4);
    assert!(ended.error().contains("as long as may be paid for"), "{}", ended.stderr);
    assert!(endpoint.transforms(|jobs| jobs.seen().last().is_some_and(|job| job.status == "Stopping")));
    endpoint.transforms(|jobs| jobs.config.takes = Duration::from_millis(100));
    run(&place, &["--max-cost", "1000"], 0);
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
}

#[test]
fn a_job_whose_answer_was_lost_and_that_is_not_seen_yet_is_taken_and_not_started_again() {
    let transforms = TransformConfig { lose_starts: 1, unseen: 1, ..TransformConfig::default() };
    let (s3, endpoint) = services(Config::default(), transforms);
    let place = place_for(&s3, &endpoint, ALONE);
    run(&place, &[], 0);
    assert_eq!(endpoint.transforms(|transforms| transforms.seen().len()), 2);
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
}

#[test]
fn an_account_that_is_full_is_waited_for_and_then_the_run_is_tried_later() {
    let (s3, endpoint) = services(Config::default(), TransformConfig { others: 4, ..TransformConfig::default() });
    let mut place = place_for(&s3, &endpoint, ALONE);
    place.set([("UNDERTONE_JOBS_MAX_WAIT", "5s")]);
    run(&place, &[], 75);
    endpoint.transforms(|jobs| jobs.config.others = 0);
    run(&place, &[], 0);
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
}

#[test]
fn a_job_that_is_ended_by_hand_is_collected_and_the_rest_goes_out_again() {
    let transforms = TransformConfig { takes: Duration::from_millis(1_500), ..TransformConfig::default() };
    let (s3, endpoint) = services(Config::default(), transforms);
    let mut place = place_for(&s3, &endpoint, ALONE);
    place.write("few.csv", calls(2));
    place.run(&["analyze", "--via", "jobs", "--out", "few", "few.csv"]).expect(0);
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    run(&place, &[], 75);
    let ended = place.run(&["jobs", "cancel"]).expect(0);
    assert!(ended.stdout.contains("will stop"), "{}", ended.stdout);
    std::thread::sleep(Duration::from_secs(1));
    place.set([("UNDERTONE_JOBS_WAIT", "on")]);
    run(&place, &[], 0);
    let jobs = endpoint.transforms(|transforms| transforms.seen());
    let statuses: Vec<_> = jobs.iter().map(|job| job.status).collect();
    assert_eq!(statuses, ["Completed", "Completed", "Stopped", "Completed"], "{jobs:?}");
    expect_same_tables(&place, &by_request());
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
}

#[test]
fn twenty_kills_start_no_job_twice_and_leave_nothing() {
    let transforms =
        TransformConfig { takes: Duration::from_millis(300), lose_starts: 2, ..TransformConfig::default() };
    let (s3, endpoint) = services(Config::default(), transforms);
    let mut place = place_for(&s3, &endpoint, ALONE);
    place.set([("UNDERTONE_JOBS_PART", "90")]);
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..20 {
        let mut child = place.command(&JOBS).spawn().expect("the program can be started");
        std::thread::sleep(Duration::from_millis(random.u64(20..700)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request());
    expect_each_text_once(&endpoint);
    expect_nothing_left(&s3);
}

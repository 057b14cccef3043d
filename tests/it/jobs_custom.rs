//! The whole program by jobs of a classifier of one's own labels: with an endpoint beside them, and with none.

use std::time::Duration;

use crate::jobs::expect_nothing_left;
use crate::program::{Place, assert_same, write_csv};
use crate::standin::custom::{ARN, Classifier, Config, arn};
use crate::standin::jobs::JobsConfig;
use crate::standin::s3::{Action, Config as S3Config, S3};

const LABELS: &str = "{ glad = \"positive\", cross = \"negative\", plain = \"neutral\", both = \"mixed\" }";
const SECRET: &str = "secretword";

/// The bucket of the jobs, in the region of the service.
pub(crate) fn bucket() -> S3 {
    S3::start(S3Config { encryption: Some("AES256"), region: "us-east-1", ..S3Config::default() })
}

/// A place that reaches both, with these settings and more of the jobs'.
pub(crate) fn with_jobs(s3: &S3, service: Vec<(&'static str, String)>, settings: &str, of_jobs: &str) -> Place {
    let mut place = Place::new();
    place.set(service);
    place.set(s3.env());
    let scores = place.path("scores").display().to_string();
    place.set([("AWS_REGION", "us-east-1"), ("UNDERTONE_CACHE_PATH", &scores)]);
    let jobs = format!("[jobs]\nbucket = \"s3://calls/jobs/\"\npoll = \"40ms\"\n{of_jobs}\n");
    place.write("undertone.toml", format!("{settings}\n{jobs}"));
    place
}

fn services(config: Config, jobs: JobsConfig) -> (S3, Classifier) {
    let s3 = bucket();
    let classifier = Classifier::with_jobs(config, jobs, &s3);
    (s3, classifier)
}

/// A place whose settings name the classifier, and the endpoint if `more` does.
fn place_for(s3: &S3, classifier: &Classifier, more: &str) -> Place {
    let settings = format!("engine = \"comprehend-custom\"\n[comprehend-custom]\nlabels = {LABELS}\n{more}");
    let role = "role-arn = \"arn:aws:iam::111122223333:role/undertone-jobs\"";
    let place = with_jobs(s3, classifier.env(), &settings, role);
    place.write("in.csv", calls(60));
    place
}

fn alone() -> String {
    format!("classifier-arn = \"{}\"", arn(1))
}

fn endpoint() -> String {
    format!("endpoint-arn = \"{ARN}\"")
}

fn calls(number: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "agent_id", "language", "text"].map(str::to_owned)];
    rows.extend((0..number).map(|call| {
        let mood = ["great", "terrible", "well", "good but broken"][call % 4];
        let text = format!("{mood} I was waiting for number {call} of {SECRET}\nand more");
        [format!("c{call:03}"), "customer".into(), format!("a{}", call % 5), "en".into(), text]
    }));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

const JOBS: [&str; 7] = ["analyze", "--via", "jobs", "--out", "out", "-vvv", "in.csv"];

/// Runs by jobs, and insists that no word of a call is in what it prints.
fn run(place: &Place, more: &[&str], code: i32) -> crate::program::Ended {
    let ended = place.run(&[&JOBS[..], more].concat()).expect(code);
    assert!(!ended.stderr.contains(SECRET) && !ended.stdout.contains(SECRET), "{}", ended.stderr);
    ended
}

fn expect_same_tables(place: &Place, other: &Place) {
    for name in ["calls.csv", "agents.csv", "failures.csv"] {
        assert_same(name, other.outputs("out").bytes(name), place.outputs("out").bytes(name));
    }
}

/// What requests to the endpoint of the same classifier give.
fn by_request(config: Config) -> Place {
    let (s3, classifier) = services(config, JobsConfig::default());
    let place = place_for(&s3, &classifier, &endpoint());
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    place
}

fn expect_each_document_once(classifier: &Classifier) {
    let (scored, again) = classifier.jobs(|jobs| jobs.scored());
    assert!(scored > 0 && again == 0, "{scored} documents in jobs, {again} of them again");
}

#[test]
fn jobs_need_no_endpoint_and_give_the_bytes_and_the_stored_scores_of_requests() {
    let (s3, classifier) = services(Config::default(), JobsConfig::default());
    let place = place_for(&s3, &classifier, &alone());
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request(Config::default()));
    expect_nothing_left(&s3);
    let record = place.outputs("out").record();
    assert_eq!((&record["via"], &record["counts"]["scored"]), (&"jobs".into(), &60.into()));
    assert_eq!(record["service"]["cost_usd"], serde_json::Value::Null, "no setting states a price");
    assert!(record["engine"]["model"].as_str().is_some_and(|model| model.starts_with(&arn(1))), "{record}");
    let jobs = classifier.jobs(|jobs| jobs.seen());
    assert_eq!(jobs.iter().map(|job| job.status).collect::<Vec<_>>(), ["COMPLETED"; 2], "fixed texts, then all others");
    assert!(jobs[0].lines < 12 && jobs[1].lines == 60, "{jobs:?}");
    // Scores of both ways are one model's: requests find those of jobs, and jobs those of requests.
    place.write("undertone.toml", settings_with(&place, &endpoint()));
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    assert_eq!(classifier.stats().classified, 3, "nothing but the probe");
    place.write("undertone.toml", settings_with(&place, &alone()));
    run(&place, &[], 0);
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 2);
}

/// The settings of a place with another way to the classifier.
fn settings_with(place: &Place, more: &str) -> String {
    let text = std::fs::read_to_string(place.path("undertone.toml")).expect("it is there");
    let lines = text.lines().map(|line| if line.contains("-arn = \"arn:aws:comprehend") { more } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn scores_of_requests_stand_in_for_those_of_jobs() {
    let (s3, classifier) = services(Config::default(), JobsConfig::default());
    let place = place_for(&s3, &classifier, &endpoint());
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    run(&place, &[], 0);
    assert!(classifier.jobs(|jobs| jobs.seen().is_empty()));
    place.write("undertone.toml", settings_with(&place, &alone()));
    run(&place, &[], 0);
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 1, "fixed texts, which no request has scored as documents");
}

#[test]
fn two_classes_that_are_missing_are_shared_and_counted() {
    let labels = &["glad", "cross", "plain", "both", "dull"];
    let config = Config { labels, number_of_labels: Some(5), ..Config::default() };
    let (s3, classifier) = services(config, JobsConfig::default());
    let place = place_for(&s3, &classifier, &alone());
    let five = LABELS.replace(" }", ", dull = \"neutral\" }");
    let settings = std::fs::read_to_string(place.path("undertone.toml")).expect("it is there").replace(LABELS, &five);
    place.write("undertone.toml", settings);
    let ended = run(&place, &[], 0);
    assert!(ended.stderr.contains("60 documents lacked two classes or more"), "{}", ended.stderr);
    let record = place.outputs("out").record();
    let shared: u64 =
        record["jobs"].as_array().expect("jobs").iter().filter_map(|job| job["classes_shared"].as_u64()).sum();
    assert!(shared > 60, "the fixed texts too: {record}");
}

#[test]
fn what_does_not_fit_is_refused_before_a_word_of_a_call_is_sent() {
    let classifier = "document-classifier/ours/version/1";
    let multi = Config { is_multi_label: true, ..Config::default() };
    let hidden = Config { may_describe_classifier: false, ..multi.clone() };
    let billing = Config { labels: &["billing", "cross", "plain", "both"], ..Config::default() };
    let other = format!("{}\n{}", endpoint(), alone().replace("version/1", "version/2"));
    let capped: &[&str] = &["--max-cost", "5"];
    let cases: [(Config, String, &[&str], i32, &str); 11] = [
        (multi, alone(), &[], 78, "independent labels"),
        (hidden, alone(), &[], 78, "independent labels"),
        (billing, alone(), &[], 78, "label `billing`"),
        (Config { number_of_labels: Some(3), ..Config::default() }, alone(), &[], 78, "has 3 labels"),
        (Config { classifier_status: "TRAINING", ..Config::default() }, alone(), &[], 69, "its state is TRAINING"),
        (Config::default(), alone().replace("version/1", "version/9"), &[], 69, "ResourceNotFound"),
        (Config::default(), alone().replace(classifier, "x"), &[], 78, "no ARN of a classifier"),
        (Config::default(), String::new(), &[], 78, "no setting names the classifier"),
        (Config::default(), other, &[], 78, "not one model's"),
        (Config::default(), alone(), capped, 78, "no setting states what"),
        (Config::default(), alone(), &["--max-units", "10"], 4, "more than the 10 allowed"),
    ];
    for (config, more, arguments, code, words) in cases {
        let (s3, classifier) = services(config, JobsConfig::default());
        let place = place_for(&s3, &classifier, &more);
        let ended = run(&place, arguments, code);
        assert!(ended.error().contains(words) && !ended.hint().is_empty(), "{words}: {}", ended.stderr);
        assert!(classifier.jobs(|jobs| jobs.seen().iter().all(|job| job.lines < 12)), "{words}");
        expect_nothing_left(&s3);
        let puts = s3.seen().into_iter().filter(|seen| matches!(seen.action, Action::Put | Action::PutPart)).count();
        assert!(puts <= 1, "{words}: fixed texts at most");
    }
}

#[test]
fn a_cap_goes_by_the_price_of_a_unit_and_counts_the_fixed_texts() {
    let (s3, classifier) = services(Config::default(), JobsConfig::default());
    let mut place = place_for(&s3, &classifier, &alone());
    place.set([("UNDERTONE_PRICE_COMPREHEND_CUSTOM_UNIT", "0.001")]);
    let plan = place.run(&["plan", "--json", "in.csv"]).expect(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    let line = &plan["by_job"][1];
    assert_eq!((&line["documents"], &line["units_upper"], &line["by_request"]), (&60.into(), &237.into(), &0.into()));
    assert_eq!(line["cost_usd_upper"].as_f64(), Some(0.237));
    let ended = run(&place, &["--max-cost", "0.236"], 4);
    assert!(ended.error().contains("$0.2370"), "{}", ended.stderr);
    assert!(s3.seen().iter().all(|seen| seen.action != Action::Put), "nothing was uploaded");
    run(&place, &["--max-cost", "0.237"], 0);
    let service = &place.outputs("out").record()["service"];
    assert!(service["cost_usd"].as_f64().is_some_and(|cost| (0.18..=0.237).contains(&cost)), "{service}");
    expect_nothing_left(&s3);
}

#[test]
fn without_an_endpoint_what_a_job_leaves_goes_out_once_more_and_then_fails() {
    let jobs = JobsConfig { left_out: Some(7), poison: Some("number 11 "), ..JobsConfig::default() };
    let (s3, classifier) = services(Config::default(), jobs);
    let place = place_for(&s3, &classifier, &alone());
    run(&place, &[], 69);
    classifier.jobs(|jobs| jobs.config.left_out = None);
    run(&place, &[], 3);
    let failures = place.outputs("out").table("failures.csv");
    assert_eq!(failures.column("reason"), ["INVALID_DOCUMENT"]);
    // One more job has what the first has left out, whose own left-out line fails.
    let (s3, classifier) =
        services(Config::default(), JobsConfig { passing: Some("number 1"), ..JobsConfig::default() });
    let place = place_for(&s3, &classifier, &alone());
    run(&place, &[], 3);
    let failures = place.outputs("out").table("failures.csv");
    assert_eq!(failures.rows.len(), 11, "numbers 1 and 10 to 19");
    assert!(failures.column("reason").iter().all(|reason| *reason == "left_over_by_jobs"), "{failures:?}");
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 3);
    expect_each_document_once(&classifier);
    expect_nothing_left(&s3);
}

#[test]
fn what_goes_out_once_more_is_held_against_the_budget() {
    let (s3, classifier) =
        services(Config::default(), JobsConfig { passing: Some("waiting"), ..JobsConfig::default() });
    let place = place_for(&s3, &classifier, &alone());
    let ended = run(&place, &["--max-units", "237"], 4);
    assert!(ended.error().contains("237 allowed"), "{}", ended.stderr);
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 2, "fixed texts, then all others once");
    expect_nothing_left(&s3);
}

#[test]
fn with_an_endpoint_what_a_job_leaves_goes_in_requests() {
    let jobs = JobsConfig { left_out: Some(7), ..JobsConfig::default() };
    let (s3, classifier) = services(Config::default(), jobs);
    let place = place_for(&s3, &classifier, &endpoint());
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request(Config::default()));
    assert_eq!(classifier.stats().classified, 3 + 9, "the probe, and each seventh document");
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 1);
    place.write("in.csv", calls(62));
    run(&place, &[], 0);
    assert_eq!(classifier.jobs(|jobs| jobs.seen().len()), 1, "two documents are too little text for a job");
    expect_nothing_left(&s3);
}

#[test]
fn jobs_of_a_classifier_can_not_be_stopped_and_are_chosen_where_there_is_no_endpoint() {
    let (s3, classifier) =
        services(Config::default(), JobsConfig { takes: Duration::from_secs(1), ..JobsConfig::default() });
    let mut place = place_for(&s3, &classifier, &alone());
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    place.run(&["analyze", "--via", "auto", "--out", "out", "in.csv"]).expect(75);
    let ended = place.run(&["jobs", "cancel"]).expect(0);
    assert!(ended.stdout.contains("can't be stopped; it runs on and is charged"), "{}", ended.stdout);
    place.set([("UNDERTONE_JOBS_WAIT", "on")]);
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request(Config::default()));
    expect_each_document_once(&classifier);
    expect_nothing_left(&s3);
}

#[test]
fn twenty_kills_start_no_job_twice_and_leave_nothing() {
    let takes = Duration::from_millis(300);
    let (s3, classifier) = services(Config::default(), JobsConfig { takes, lose_starts: 2, ..JobsConfig::default() });
    let mut place = place_for(&s3, &classifier, &alone());
    place.set([("UNDERTONE_JOBS_PART", "25")]);
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..20 {
        let mut child = place.command(&JOBS).spawn().expect("the program can be started");
        std::thread::sleep(Duration::from_millis(random.u64(20..700)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request(Config::default()));
    expect_nothing_left(&s3);
    expect_each_document_once(&classifier);
}

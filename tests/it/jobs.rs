//! The whole program by jobs, on a good day: what goes out, what comes back, what is left.

use std::time::Duration;

use crate::program::{Outputs, Place, assert_same};
use crate::standin::jobs::JobsConfig;
use crate::standin::s3::{Config as S3Config, S3};
use crate::standin::{Config, Standin};

/// A service with jobs and the bucket that they use, in one region.
pub(crate) fn services(jobs: JobsConfig) -> (S3, Standin) {
    let s3 = S3::start(S3Config { encryption: Some("AES256"), ..S3Config::default() });
    let config = Config { region: "eu-west-1".to_owned(), ..Config::default() };
    let standin = Standin::with_jobs(config, jobs, &s3);
    (s3, standin)
}

/// The samples, in a place from which the program reaches both, with stored scores of its own.
pub(crate) fn place_for(s3: &S3, standin: &Standin) -> Place {
    let mut place = Place::with_samples();
    place.set(standin.env());
    place.set(s3.env());
    let cache = place.path("cache").display().to_string();
    place.set([
        ("UNDERTONE_ENGINE", "comprehend"),
        ("UNDERTONE_COMPREHEND_REQUESTS_PER_SECOND", "1000"),
        ("UNDERTONE_CACHE_PATH", &cache),
        ("UNDERTONE_JOBS_BUCKET", "s3://calls/jobs/"),
        ("UNDERTONE_JOBS_ROLE_ARN", "arn:aws:iam::111122223333:role/undertone-jobs"),
        ("UNDERTONE_JOBS_POLL", "40ms"),
    ]);
    place
}

/// What the samples come to by request, with documents of one line.
pub(crate) fn by_request() -> Outputs {
    let standin = Standin::start(Config::default());
    let mut place = Place::with_samples();
    place.set(standin.env());
    place.set([("UNDERTONE_ENGINE", "comprehend"), ("UNDERTONE_COMPREHEND_REQUESTS_PER_SECOND", "1000")]);
    place.set([("UNDERTONE_COMPREHEND_SHARE_SCORES", "on")]);
    place.analyze(&["--detail", "data"], 0)
}

/// Insists that the bucket is as empty as it was.
pub(crate) fn expect_nothing_left(s3: &S3) {
    let left: Vec<String> = s3.objects("").into_iter().map(|(key, _)| key).collect();
    assert!(left.is_empty() && s3.unfinished().is_empty(), "{left:?} {:?}", s3.unfinished());
}

#[test]
fn jobs_give_the_bytes_that_requests_give_and_leave_nothing_behind() {
    let (s3, standin) = services(JobsConfig::default());
    let place = place_for(&s3, &standin);
    let expected = by_request();
    let found = place.analyze(&["--via", "jobs", "--detail", "data"], 0);
    found.expect_same_tables(&expected);
    expect_nothing_left(&s3);
    let record = found.record();
    assert_eq!(record["via"], "jobs");
    let jobs = standin.jobs(|jobs| jobs.seen());
    assert_eq!(record["jobs"].as_array().map(Vec::len), Some(jobs.len()));
    assert!(!jobs.is_empty() && jobs.iter().all(|job| job.status == "COMPLETED"), "{jobs:?}");
    assert_eq!(record["counts"]["scored"], expected.record()["counts"]["scored"]);
    assert_eq!(record["counts"]["documents"], expected.record()["counts"]["documents"]);
    assert_eq!(record["service"]["billed_units"], expected.record()["service"]["billed_units"]);
    // A second run has nothing to ask.
    let before = standin.stats().requests;
    place.analyze(&["--via", "jobs", "data"], 0);
    assert_eq!((standin.jobs(|jobs| jobs.seen().len()), standin.stats().requests), (jobs.len(), before));
}

/// What `undertone jobs` prints as JSON.
fn listed(place: &Place) -> Vec<serde_json::Value> {
    let ended = place.run(&["jobs", "list", "--json"]).expect(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[test]
fn jobs_are_listed_collected_and_ended_by_hand() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_secs(2), ..JobsConfig::default() });
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    assert_eq!(place.run(&["jobs", "list"]).expect(0).stdout, "no jobs\n");
    assert_eq!(place.run(&["jobs", "collect"]).expect(0).stdout, "nothing to collect\n");
    let run = ["analyze", "--via", "jobs", "--out", "out", "data"];
    place.run(&run).expect(75);
    let jobs = listed(&place);
    assert!(jobs.iter().all(|job| job["state"] == "submitted" || job["state"] == "in_progress"), "{jobs:?}");
    let name = jobs[0]["name"].as_str().expect("a name");
    assert!(place.run(&["jobs", "list"]).expect(0).stdout.contains(name));
    let ended = place.run(&["jobs", "collect"]).expect(75);
    assert!(ended.error().contains(name), "{}", ended.stderr);
    std::thread::sleep(Duration::from_secs(2));
    let ended = place.run(&["jobs", "collect"]).expect(0);
    assert!(ended.stderr.contains(name) && ended.stderr.contains("completed"), "{}", ended.stderr);
    assert_eq!(listed(&place)[0]["state"], "collected");
    expect_nothing_left(&s3);
    let asked = standin.stats().requests;
    place.run(&run).expect(0);
    assert_eq!((standin.stats().requests, standin.jobs(|jobs| jobs.seen().len())), (asked, jobs.len()));
}

#[test]
fn a_job_that_is_ended_is_collected_as_far_as_it_came_and_the_rest_goes_out_again() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_secs(2), ..JobsConfig::default() });
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    let run = ["analyze", "--via", "jobs", "--out", "out", "data"];
    place.run(&run).expect(75);
    let unknown = place.run(&["jobs", "cancel", "undertone-0"]).expect(2);
    assert!(unknown.hint().contains("jobs list"), "{}", unknown.stderr);
    let ended = place.run(&["jobs", "cancel"]).expect(0);
    assert!(ended.stdout.contains("will stop"), "{}", ended.stdout);
    std::thread::sleep(Duration::from_millis(1_200));
    place.set([("UNDERTONE_JOBS_WAIT", "on")]);
    place.run(&run).expect(0);
    let jobs = standin.jobs(|jobs| jobs.seen());
    assert_eq!((jobs[0].status, jobs[1].status), ("STOPPED", "COMPLETED"), "{jobs:?}");
    let (_, again) = standin.jobs(|jobs| jobs.scored());
    assert_eq!(again, 0, "nothing is paid twice");
    for name in ["calls.csv", "agents.csv", "failures.csv"] {
        assert_same(name, by_request().bytes(name), place.outputs("out").bytes(name));
    }
    expect_nothing_left(&s3);
}

#[test]
fn a_plan_has_both_ways_and_says_what_jobs_will_take() {
    let (s3, standin) = services(JobsConfig::default());
    let place = place_for(&s3, &standin);
    let plan = |arguments: &[&str]| -> serde_json::Value {
        let ended = place.run(&[&["plan", "--json"], arguments, &["data"]].concat()).expect(0);
        serde_json::from_str(&ended.stdout).expect("JSON")
    };
    let planned = plan(&[]);
    assert!(s3.seen().is_empty() && standin.stats().requests == 0, "planning asks nobody");
    let lines = planned["by_job"].as_array().expect("a list");
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(line["units_lower"].as_u64() <= line["units_upper"].as_u64(), "{line}");
        assert_eq!((&line["jobs"], &line["seconds_least"]), (&1.into(), &600.0.into()), "{line}");
    }
    let segments = &lines[1];
    let outputs = place.analyze(&["--via", "jobs", "data"], 0);
    assert_eq!(outputs.record()["service"]["planned_units"], segments["units_upper"]);
    assert_eq!(outputs.record()["jobs"][0]["documents"], segments["documents"]);
    let after = plan(&[]);
    assert_eq!((&after["by_job"][1]["stored"], &after["by_job"][1]["documents"]), (&segments["documents"], &0.into()));
    assert_eq!(after["plans"][1]["documents"], planned["plans"][1]["documents"], "scores stay apart");
    let table = place.run(&["plan", "data"]).expect(0).stdout;
    assert!(table.contains("by jobs") && table.contains("time at least"), "{table}");
}

#[test]
fn auto_takes_jobs_where_they_end_earlier_and_a_bucket_and_a_role_are_set() {
    let (s3, standin) = services(JobsConfig::default());
    let mut place = place_for(&s3, &standin);
    let run = |place: &Place, more: &[&str]| {
        place.run(&[&["analyze", "--via", "auto", "--out", "out"], more, &["data"]].concat()).expect(0);
        place.outputs("out").record()["via"].clone()
    };
    assert_eq!(run(&place, &[]), serde_json::Value::Null, "a handful of requests is quicker");
    // Some ten requests at one in two minutes take longer than a job.
    let slow = ["--requests-per-second", "0.008", "--cache", "other"];
    let plan = place.run(&[&["plan", "--json"], &slow[..], &["data"]].concat()).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert!(plan["plans"][1]["seconds"].as_f64() > Some(600.0), "{plan}");
    assert_eq!(run(&place, &slow), "jobs");
    place.set([("UNDERTONE_JOBS_BUCKET", "")]);
    let ended = place.run(&["analyze", "--via", "auto", "--out", "out", "--cache", "third", "data"]).expect(0);
    assert!(!ended.stderr.contains("via jobs"), "{}", ended.stderr);
}

#[test]
fn a_night_by_jobs_publishes_what_a_night_by_requests_does() {
    let (s3, standin) = services(JobsConfig::default());
    let place = place_for(&s3, &standin);
    place.run(&["nightly", "--via", "auto", "--into", "nights", "data"]).expect(78);
    place.run(&["nightly", "--via", "jobs", "--into", "nights", "data"]).expect(0);
    let shared = Standin::start(Config::default());
    let mut other = Place::with_samples();
    other.set(shared.env());
    other.set([("UNDERTONE_ENGINE", "comprehend"), ("UNDERTONE_COMPREHEND_REQUESTS_PER_SECOND", "1000")]);
    other.set([("UNDERTONE_COMPREHEND_SHARE_SCORES", "on")]);
    other.run(&["nightly", "--into", "nights", "data"]).expect(0);
    let mut dates = 0;
    for entry in std::fs::read_dir(place.path("nights/calls")).expect("dates") {
        let date = entry.expect("an entry").file_name();
        let part = |place: &Place| std::fs::read(place.path("nights/calls").join(&date).join("part-0.csv"));
        assert_same("a date", &part(&other).expect("it is there"), &part(&place).expect("it is there"));
        dates += 1;
    }
    assert_eq!(dates, 3);
    assert!(standin.jobs(|jobs| jobs.seen().iter().all(|job| job.status == "COMPLETED")));
    expect_nothing_left(&s3);
    let jobs = standin.jobs(|jobs| jobs.seen().len());
    place.run(&["nightly", "--via", "jobs", "--into", "nights", "data"]).expect(0);
    assert_eq!(standin.jobs(|jobs| jobs.seen().len()), jobs, "a night with nothing new starts no job");
}

//! The whole program by jobs, when something is wrong: settings, bucket, service, outputs; and runs that end on the way.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::jobs::{by_request, expect_nothing_left, place_for, services};
use crate::program::{Ended, Outputs, Place, assert_same};
use crate::standin::jobs::{Damage, JobsConfig, Operation, Repeated};
use crate::standin::s3::{Action, Fault as StoreFault, Rule, S3};
use crate::standin::{ServiceError, Standin};

const ARGUMENTS: [&str; 6] = ["analyze", "--via", "jobs", "--out", "out", "data"];

/// Insists that no text left this machine and no job was started.
fn expect_nothing_sent(s3: &S3, standin: &Standin) {
    let writes = [Action::Put, Action::CreateUpload, Action::PutPart];
    assert!(s3.seen().iter().all(|seen| !writes.contains(&seen.action)), "{:?}", s3.seen());
    assert!(standin.jobs(|jobs| jobs.seen().is_empty()) && standin.stats().documents_sent == 0);
}

/// What a run wrote that does not say which scores were stored before it.
fn expect_same_results(found: &Outputs, expected: &Outputs) {
    for name in ["calls.csv", "agents.csv", "failures.csv"] {
        assert_same(name, expected.bytes(name), found.bytes(name));
    }
}

pub(crate) fn expect_each_document_once(standin: &Standin) {
    let (scored, again) = standin.jobs(|jobs| jobs.scored());
    assert!(scored > 0 && again == 0, "{scored} documents in jobs, {again} of them again");
}

#[test]
fn settings_that_do_not_fit_are_refused_before_anything_is_sent() {
    let (s3, standin) = services(JobsConfig::default());
    let refused = |set: &[(&str, &str)], arguments: &[&str], code: i32, error: &str, hint: &str| {
        let mut place = place_for(&s3, &standin);
        place.set(set.iter().copied());
        let ended = place.run(arguments).expect(code);
        assert!(ended.error().contains(error), "{}", ended.stderr);
        assert!(ended.hint().contains(hint), "{}", ended.stderr);
        expect_nothing_sent(&s3, &standin);
    };
    refused(&[("UNDERTONE_JOBS_BUCKET", "")], &ARGUMENTS, 78, "jobs.bucket", "s3://BUCKET/PREFIX");
    refused(&[("UNDERTONE_JOBS_BUCKET", "calls/jobs")], &ARGUMENTS, 78, "calls/jobs", "s3://BUCKET/PREFIX");
    refused(&[("UNDERTONE_JOBS_BUCKET", "gs://calls/jobs")], &ARGUMENTS, 78, "gs://", "gsutil");
    refused(&[("UNDERTONE_JOBS_BUCKET", "s3://nobodys/jobs")], &ARGUMENTS, 78, "no such bucket", "bucket's name");
    refused(&[("UNDERTONE_JOBS_ROLE_ARN", "")], &ARGUMENTS, 78, "jobs.role-arn", "role-arn = ");
    refused(&[("UNDERTONE_JOBS_ROLE_ARN", "undertone-jobs")], &ARGUMENTS, 78, "not the ARN of a role", "role-arn = ");
    refused(&[("UNDERTONE_CACHE_PATH", "off")], &ARGUMENTS, 78, "switched off", "--cache DIR");
    refused(&[("UNDERTONE_ENGINE", "local")], &ARGUMENTS, 78, "the engine local has no jobs", "--engine comprehend");
    refused(&[], &["analyze", "--via", "jobs", "-"], 2, "twice", "--via jobs");
    refused(&[], &[&ARGUMENTS[..], &["--region", "us-east-1"]].concat(), 78, "us-east-1", "AWS_REGION");
    refused(&[("AWS_REGION", "us-east-1")], &ARGUMENTS, 78, "eu-west-1", "AWS_REGION=eu-west-1");
    refused(&[], &[&ARGUMENTS[..], &["--max-units", "10"]].concat(), 4, "more than the 10 allowed", "--max-units");
}

#[test]
fn a_role_that_may_not_be_passed_ends_the_run_and_leaves_nothing() {
    let (s3, standin) = services(JobsConfig::default());
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_ROLE_ARN", "arn:aws:iam::111122223333:role/another")]);
    let ended = place.run(&ARGUMENTS).expect(69);
    assert!(ended.error().contains("iam:PassRole") && ended.hint().contains("iam:PassRole"), "{}", ended.stderr);
    expect_nothing_left(&s3);
    assert!(standin.jobs(|jobs| jobs.seen().is_empty()));
}

#[test]
fn an_encryption_that_the_bucket_does_not_take_is_refused_by_the_bucket() {
    let (s3, standin) = services(JobsConfig::default());
    s3.set(|config| config.encryption = Some("alias/ours"));
    let mut place = place_for(&s3, &standin);
    let ended = place.run(&ARGUMENTS).expect(69);
    assert!(ended.hint().contains("s3:PutObject"), "{}", ended.stderr);
    place.set([("UNDERTONE_JOBS_KMS_KEY", "alias/ours")]);
    place.run(&ARGUMENTS).expect(0);
    expect_nothing_left(&s3);
}

#[test]
fn a_job_that_fails_ends_the_run_without_its_message_and_the_next_sends_its_texts_again() {
    const MESSAGE: &str = "INTERNAL_ERROR: could not read: You've taken thirty eight fifty out of my account twice!";
    let (s3, standin) = services(JobsConfig { fails: Some(MESSAGE), ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let ended = place.run(&[&ARGUMENTS[..], &["-vvv"]].concat()).expect(69);
    assert!(ended.error().contains("failed (INTERNAL_ERROR)"), "{}", ended.stderr);
    assert!(ended.hint().contains("aws comprehend describe-sentiment-detection-job --job-id"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("thirty eight"), "{}", ended.stderr);
    expect_nothing_left(&s3);
    standin.jobs(|jobs| jobs.config.fails = None);
    place.run(&ARGUMENTS).expect(0);
    expect_same_results(&place.outputs("out"), &by_request());
    expect_each_document_once(&standin);
}

#[test]
fn answers_to_starts_that_get_lost_start_no_second_job() {
    for repeated in [Repeated::SameJob, Repeated::AnotherJob, Repeated::Refused] {
        let (s3, standin) = services(JobsConfig { lose_starts: 1, repeated, ..JobsConfig::default() });
        let place = place_for(&s3, &standin);
        place.run(&ARGUMENTS).expect(0);
        expect_each_document_once(&standin);
        expect_nothing_left(&s3);
    }
}

#[test]
fn faults_of_the_service_that_pass_leave_no_trace() {
    let error = |status, code: &str| ServiceError::new(status, code, "You've taken thirty eight fifty");
    let refusals = vec![
        (Operation::Start, error(500, "InternalServerException"), 1),
        (Operation::Start, error(429, "TooManyRequestsException"), 1),
        (Operation::Describe, error(429, "TooManyRequestsException"), 2),
        (Operation::Describe, error(500, "InternalServerException"), 1),
        (Operation::List, error(503, "ServiceUnavailable"), 1),
    ];
    let (s3, standin) = services(JobsConfig { refusals, ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let ended = place.run(&[&ARGUMENTS[..], &["-vvv"]].concat()).expect(0);
    assert!(!ended.stderr.contains("thirty eight"), "{}", ended.stderr);
    expect_same_results(&place.outputs("out"), &by_request());
    expect_each_document_once(&standin);
}

#[test]
fn an_account_that_is_full_is_waited_for_and_then_the_run_is_tried_later() {
    let (s3, standin) = services(JobsConfig { others: 10, ..JobsConfig::default() });
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_MAX_WAIT", "6s")]);
    let ended = place.run(&ARGUMENTS).expect(75);
    assert!(ended.hint().contains("run the same command again"), "{}", ended.stderr);
    assert!(place.outputs("out").0.is_empty(), "nothing was written");
    standin.jobs(|jobs| jobs.config.others = 9);
    place.run(&ARGUMENTS).expect(0);
    expect_each_document_once(&standin);
    expect_nothing_left(&s3);
}

#[test]
fn a_run_that_does_not_wait_names_its_jobs_and_the_same_command_goes_on() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_secs(2), ..JobsConfig::default() });
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    let ended = place.run(&ARGUMENTS).expect(75);
    let jobs = standin.jobs(|jobs| jobs.seen());
    assert!(jobs.iter().all(|job| ended.error().contains(&job.name)), "{}", ended.stderr);
    std::thread::sleep(Duration::from_secs(2));
    place.run(&ARGUMENTS).expect(0);
    assert_eq!(standin.jobs(|jobs| jobs.seen().len()), jobs.len());
    expect_same_results(&place.outputs("out"), &by_request());
    expect_nothing_left(&s3);
}

#[test]
fn lines_that_are_missing_or_may_pass_go_by_request_and_others_fail_for_good() {
    let config = JobsConfig {
        left_out: Some(9),
        poison: Some("account"),
        passing: Some("furious"),
        line_is_text: true,
        member: "some/folder/predictions.jsonl",
        ..JobsConfig::default()
    };
    let (s3, standin) = services(config);
    let place = place_for(&s3, &standin);
    let ended = place.run(&[&ARGUMENTS[..], &["-vvv"]].concat()).expect(3);
    assert!(!ended.stderr.contains("thirty eight"), "{}", ended.stderr);
    let failures = place.outputs("out").table("failures.csv");
    assert!(!failures.rows.is_empty() && failures.column("reason").iter().all(|reason| *reason == "INVALID_DOCUMENT"));
    let by_request = standin.stats().documents_sent;
    assert!(by_request > 0);
    // What failed for good is not sent again, in no way, and counts for nothing in a budget.
    let jobs = standin.jobs(|jobs| jobs.seen().len());
    place.run(&[&ARGUMENTS[..], &["--max-units", "0"]].concat()).expect(3);
    assert_eq!((standin.stats().documents_sent, standin.jobs(|jobs| jobs.seen().len())), (by_request, jobs));
    assert_eq!(place.outputs("out").table("failures.csv").rows, failures.rows);
    expect_nothing_left(&s3);
}

#[test]
fn whole_lines_of_a_damaged_output_count_and_the_rest_goes_by_request() {
    let expected = by_request();
    for damage in [Damage::CutShort, Damage::NoArchive, Damage::Garbage, Damage::OutOfRange, Damage::Twice] {
        let (s3, standin) = services(JobsConfig { damage, ..JobsConfig::default() });
        let place = place_for(&s3, &standin);
        let ended = place.run(&ARGUMENTS).expect(0);
        expect_same_results(&place.outputs("out"), &expected);
        let kept = s3.objects("").into_iter().filter(|(key, _)| key.ends_with("output.tar.gz")).count();
        assert!(kept > 0 && ended.stderr.contains("is damaged"), "{damage:?}: {kept} {}", ended.stderr);
        let (in_jobs, _) = standin.jobs(|jobs| jobs.scored());
        let by_request = standin.stats().documents_sent;
        if damage == Damage::NoArchive {
            assert!(by_request >= in_jobs, "{damage:?}");
        } else {
            assert!(by_request < in_jobs, "{damage:?}: {by_request} of {in_jobs}");
        }
    }
}

#[test]
fn an_output_that_is_not_there_ends_the_run_and_is_looked_for_again() {
    let (s3, standin) = services(JobsConfig { damage: Damage::Absent, ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let ended = place.run(&ARGUMENTS).expect(69);
    assert!(ended.error().contains("is not at s3://calls/jobs/"), "{}", ended.stderr);
    let ended = place.run(&ARGUMENTS).expect(69);
    assert!(ended.hint().contains("undertone jobs cancel undertone-"), "{}", ended.stderr);
    assert_eq!(standin.stats().documents_sent, 0, "nothing is paid twice");
}

#[test]
fn a_store_that_fails_in_passing_leaves_no_trace() {
    let (s3, standin) = services(JobsConfig::default());
    let place = place_for(&s3, &standin);
    let rule = |action, fault| Rule { action: Some(action), key: "", after: 0, times: 2, fault };
    s3.set(|config| {
        config.rules = vec![
            rule(Action::Put, StoreFault::LoseAnswer),
            rule(Action::List, StoreFault::Refuse(503, "SlowDown")),
            rule(Action::Get, StoreFault::Cut),
            rule(Action::Delete, StoreFault::Reset),
        ];
    });
    place.run(&ARGUMENTS).expect(0);
    expect_same_results(&place.outputs("out"), &by_request());
    expect_each_document_once(&standin);
    expect_nothing_left(&s3);
}

#[test]
fn a_second_run_is_tried_later_while_one_has_jobs_under_way() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_secs(4), ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let mut first = start(&place);
    wait_for_jobs(&standin, &mut first);
    let ended = place.run(&["analyze", "--via", "jobs", "--out", "other", "data"]).expect(75);
    assert!(ended.error().contains("another run with jobs is under way (process"), "{}", ended.stderr);
    let ended = Ended::of(first.wait_with_output().expect("it ends")).expect(0);
    assert!(ended.stderr.contains("completed"), "{}", ended.stderr);
}

fn start(place: &Place) -> Child {
    place.command(&ARGUMENTS).spawn().expect("the program can be started")
}

fn wait_for_jobs(standin: &Standin, child: &mut Child) {
    let begun = Instant::now();
    while standin.jobs(|jobs| jobs.seen().is_empty()) && child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the run does not get on");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_interrupted_run_says_that_its_jobs_run_on_and_the_next_goes_on() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_secs(3), ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let mut child = start(&place);
    wait_for_jobs(&standin, &mut child);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
    let ended = Ended::of(child.wait_with_output().expect("it ends")).expect(130);
    let job = standin.jobs(|jobs| jobs.seen()[0].name.clone());
    assert!(ended.error().contains(&job) && ended.error().contains("charged"), "{}", ended.stderr);
    assert!(ended.hint().contains("run the same command again"), "{}", ended.stderr);
    assert!(place.outputs("out").0.is_empty(), "nothing was written");
    place.run(&ARGUMENTS).expect(0);
    expect_same_results(&place.outputs("out"), &by_request());
    expect_each_document_once(&standin);
    expect_nothing_left(&s3);
}

const LONG: [&str; 10] =
    ["analyze", "--via", "jobs", "--granularity", "call", "--redact", "off", "--out", "out", "long.csv"];
/// Another run's upload, in the same bucket and under the same prefix.
const OTHERS: &str = "jobs/0123456789abcdef0123456789abcdef/input.txt";

/// A place with texts whose file goes up in parts, and a bucket with another run's upload.
fn with_an_upload(s3: &S3, standin: &Standin) -> Place {
    let place = place_for(s3, standin);
    let text = "they were friendly and it was terrible all the same ".repeat(90);
    let row = |number: u32| format!("c{number},customer,en,number {number}: {text}\n");
    place.write("long.csv", "call_id,speaker,language,text\n".to_owned() + &(0..1_300).map(row).collect::<String>());
    s3.begin_upload(OTHERS);
    place
}

/// Kills a run whose upload was begun a moment ago, of whose id it knows nothing yet.
fn kill_before_the_id_of_the_upload_comes(s3: &S3, place: &Place) {
    s3.set(|config| {
        config.rules = vec![Rule::first(1, Action::CreateUpload, StoreFault::Slow(Duration::from_mins(5)))];
    });
    let mut child = place.command(&LONG).spawn().expect("the program can be started");
    let begun = Instant::now();
    while s3.unfinished().len() < 2 {
        assert!(begun.elapsed() < Duration::from_mins(2) && child.try_wait().expect("a child").is_none(), "no upload");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    s3.set(|config| config.rules.clear());
}

#[test]
fn an_upload_that_was_begun_before_its_id_was_noted_is_aborted_and_no_other() {
    let (s3, standin) = services(JobsConfig::default());
    let place = with_an_upload(&s3, &standin);
    kill_before_the_id_of_the_upload_comes(&s3, &place);
    place.run(&LONG).expect(0);
    let listed = s3.seen().into_iter().filter(|seen| seen.action == Action::ListUploads).count();
    assert_eq!((listed, s3.unfinished(), s3.objects("").len()), (1, vec![OTHERS.to_owned()], 0));
    expect_each_document_once(&standin);
}

#[test]
fn without_the_right_to_list_uploads_a_run_goes_on_with_a_warning() {
    let (s3, standin) = services(JobsConfig::default());
    let place = with_an_upload(&s3, &standin);
    kill_before_the_id_of_the_upload_comes(&s3, &place);
    s3.set(|config| config.denied = vec![Action::ListUploads]);
    let ended = place.run(&LONG).expect(0);
    assert!(ended.stderr.contains("allow s3:ListBucketMultipartUploads on arn:aws:s3:::calls"), "{}", ended.stderr);
    assert_eq!((s3.unfinished().len(), s3.objects("").len()), (2, 0));
    // It is asked for once: the part is forgotten.
    assert!(!place.run(&LONG).expect(0).stderr.contains("ListBucketMultipartUploads"));
}

#[test]
fn uploads_that_a_store_does_not_list_for_now_are_aborted_by_a_later_run() {
    let (s3, standin) = services(JobsConfig::default());
    let mut place = with_an_upload(&s3, &standin);
    place.set([("AWS_MAX_ATTEMPTS", "1")]);
    kill_before_the_id_of_the_upload_comes(&s3, &place);
    s3.set(|config| config.rules = vec![Rule::first(1, Action::ListUploads, StoreFault::Refuse(503, "SlowDown"))]);
    let ended = place.run(&LONG).expect(0);
    assert!(ended.stderr.contains("can't list unfinished uploads in s3://calls/jobs/"), "{}", ended.stderr);
    assert_eq!(s3.unfinished().len(), 2);
    place.run(&LONG).expect(0);
    assert_eq!((s3.unfinished(), s3.objects("").len()), (vec![OTHERS.to_owned()], 0));
}

#[test]
fn an_upload_whose_beginning_was_answered_to_nobody_is_aborted_once_another_is_begun() {
    let (s3, standin) = services(JobsConfig::default());
    let place = with_an_upload(&s3, &standin);
    s3.set(|config| config.rules = vec![Rule::first(1, Action::CreateUpload, StoreFault::LoseAnswer)]);
    place.run(&LONG).expect(0);
    let begun = s3.seen().into_iter().filter(|seen| seen.action == Action::CreateUpload).count();
    assert_eq!((begun, s3.unfinished(), s3.objects("").len()), (2, vec![OTHERS.to_owned()], 0));
    expect_each_document_once(&standin);
}

/// Kills at whatever moment: the random delays are of a seed.
#[test]
fn twenty_kills_start_nothing_twice_and_leave_nothing() {
    let (s3, standin) = services(JobsConfig { takes: Duration::from_millis(400), ..JobsConfig::default() });
    let mut place = place_for(&s3, &standin);
    place.set([("UNDERTONE_JOBS_PART", "40")]);
    let mut random = fastrand::Rng::with_seed(20);
    let mut ends = 0;
    for _ in 0..20 {
        let mut child = start(&place);
        std::thread::sleep(Duration::from_millis(random.u64(20..900)));
        ends += u32::from(child.try_wait().expect("a child").is_some());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    assert!(ends < 20, "no run was killed on its way");
    place.run(&ARGUMENTS).expect(0);
    expect_same_results(&place.outputs("out"), &by_request());
    expect_each_document_once(&standin);
    expect_nothing_left(&s3);
    let mut names = standin.jobs(|jobs| jobs.seen().into_iter().map(|job| job.name).collect::<Vec<_>>());
    let jobs = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), jobs, "a name stands for one job");
}

#[test]
fn what_people_said_is_in_no_journal_name_or_log() {
    const CANARY: &str = "xylophonist";
    let (s3, standin) = services(JobsConfig { poison: Some("number 1 "), ..JobsConfig::default() });
    let place = place_for(&s3, &standin);
    let rows: String = (0..90).fold("call_id,speaker,text\n".to_owned(), |rows, number| {
        rows + &format!("c{},customer,\"the {CANARY} number {number} was\nterrible\u{2028}\"\n", number / 3)
    });
    place.write("in.csv", rows);
    let ended =
        place.run(&["analyze", "--via", "jobs", "--granularity", "turn", "--out", "out", "-vvv", "in.csv"]).expect(3);
    assert!(!ended.stderr.contains(CANARY) && !ended.stdout.contains(CANARY), "{}", ended.stderr);
    let mut folders = vec![place.path("cache"), place.path("out"), place.path("tmp"), place.path("home")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{} holds what was said", path.display());
        }
    }
    assert!(files > 5 && standin.jobs(|jobs| jobs.seen()[0].lines) == 90);
    assert!(standin.jobs(|jobs| jobs.seen().iter().all(|job| !job.name.contains(CANARY))));
    expect_nothing_left(&s3);
}

/// A plain service, without which these tests would say nothing of requests.
#[test]
fn scores_of_requests_and_of_jobs_stay_apart_until_they_are_shared() {
    let (s3, standin) = services(JobsConfig::default());
    let mut place = place_for(&s3, &standin);
    place.run(&["analyze", "--out", "out", "data"]).expect(0);
    let by_request = standin.stats().documents_sent;
    place.run(&ARGUMENTS).expect(0);
    let (in_jobs, _) = standin.jobs(|jobs| jobs.scored());
    assert!(in_jobs > 0, "they are sent again");
    place.set([("UNDERTONE_COMPREHEND_SHARE_SCORES", "on")]);
    place.run(&["analyze", "--out", "out", "data"]).expect(0);
    let with_lines = standin.stats().documents_sent;
    assert!(with_lines < 2 * by_request, "a document of one turn has its score");
    place.run(&ARGUMENTS).expect(0);
    assert_eq!(standin.jobs(|jobs| jobs.scored().0), in_jobs, "scores of requests stand in for those of jobs");
}

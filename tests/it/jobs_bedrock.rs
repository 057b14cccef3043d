//! The whole program by batch inference of Bedrock: what goes out, what comes back in whatever state, what is asked for again,
//! and that no word of a call is anywhere.

use std::time::{Duration, Instant};

use crate::jobs::expect_nothing_left;
use crate::jobs_custom::{bucket, with_jobs};
use crate::program::{Ended, Place, assert_same, write_csv};
use crate::standin::bedrock::batches::{BatchConfig, Damage, Ending, Operation};
use crate::standin::bedrock::{Bedrock, Config, Fault, Poison, Quirk};
use crate::standin::jobs::JobsConfig;
use crate::standin::s3::{Action, Fault as StoreFault, Rule, S3};
use crate::standin::{Config as ServiceConfig, ServiceError, Standin};

/// A word that every text holds and nothing else does.
const SECRET: &str = "xylophonist";
const ROLE: &str = "role-arn = \"arn:aws:iam::111122223333:role/undertone-jobs\"";
const PRICE: &str = "[price.bedrock]\ninput = 100\noutput = 400";
const JOBS: [&str; 7] = ["analyze", "--via", "jobs", "--out", "out", "-vvv", "in.csv"];
/// Requests of the probe: one full, one with a single text.
const PROBE: u64 = 2;

fn services(config: Config, batches: BatchConfig) -> (S3, Bedrock) {
    let s3 = bucket();
    let bedrock = Bedrock::with_jobs(config, batches, &s3);
    (s3, bedrock)
}

/// A place with 620 texts in English, which are 124 records, and 30 in Spanish, which are too few.
fn place_for(s3: &S3, bedrock: &Bedrock, more: &str) -> Place {
    let place = with_jobs(s3, bedrock.env(), &format!("engine = \"bedrock\"\nredact = \"off\"\n{more}"), ROLE);
    place.write("in.csv", calls(620, 30));
    place
}

fn calls(english: usize, spanish: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "agent_id", "language", "text"].map(str::to_owned)];
    let moods = ["was great, thank you", "was terrible and awful", "has a name", "was love and hate, great but awful"];
    rows.extend((0..english + spanish).map(|call| {
        let text = format!("the {SECRET} with parcel {} of ours {}\nand \"more\"", code(call), moods[call % 4]);
        let language = if call < english { "en" } else { "es" };
        [format!("c{call:03}"), "customer".into(), format!("a{}", call % 5), language.into(), text]
    }));
    write_csv(rows.iter().map(|row| row.each_ref().map(String::as_str)))
}

/// Letters for a number, which is not kept back.
fn code(number: usize) -> String {
    let letter = |digit: usize| char::from(b'a' + u8::try_from(digit % 26).expect("few"));
    [number / 676, number / 26, number].map(letter).iter().collect()
}

/// Runs by jobs, and insists that no word of a call is in what it prints.
fn run(place: &Place, more: &[&str], code: i32) -> Ended {
    let ended = place.run(&[&JOBS[..], more].concat()).expect(code);
    assert!(!ended.stderr.contains(SECRET) && !ended.stdout.contains(SECRET), "{}", ended.stderr);
    ended
}

/// What requests give.
fn by_request() -> Place {
    by_request_of(calls(620, 30))
}

fn by_request_of(calls: Vec<u8>) -> Place {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let place = place_for(&s3, &bedrock, "");
    place.write("in.csv", calls);
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    place
}

fn expect_same_tables(place: &Place, other: &Place) {
    for name in ["calls.csv", "agents.csv", "failures.csv"] {
        assert_same(name, other.outputs("out").bytes(name), place.outputs("out").bytes(name));
    }
}

/// Insists that no text but the probe's was labelled twice, in jobs or in the requests of so many runs, and gives how many were
/// in jobs.
fn expect_each_text_once(bedrock: &Bedrock, runs: u64) -> usize {
    let scored = expect_no_text_in_two_jobs(bedrock);
    assert_eq!(bedrock.stats().labelled_again, (runs - 1) * 6);
    scored
}

fn expect_no_text_in_two_jobs(bedrock: &Bedrock) -> usize {
    let (scored, again) = bedrock.batches(|batches| batches.scored());
    assert_eq!(again, 0, "{scored} texts in jobs");
    scored
}

fn statuses(bedrock: &Bedrock) -> Vec<&'static str> {
    bedrock.batches(|batches| batches.seen().iter().map(|job| job.status).collect())
}

#[test]
fn jobs_give_the_bytes_of_requests_and_share_their_scores() {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let place = place_for(&s3, &bedrock, PRICE);
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request());
    expect_nothing_left(&s3);
    assert_eq!(expect_each_text_once(&bedrock, 1), 620);
    let (jobs, stats) = (bedrock.batches(|batches| batches.seen()), bedrock.stats());
    assert!(matches!(&jobs[..], [job] if job.records == 124 && job.status == "Completed"), "{jobs:?}");
    assert!(jobs[0].input.ends_with("/in.jsonl") && stats.requests == PROBE + 6, "{jobs:?} {stats:?}");
    let (record, (input, output)) = (place.outputs("out").record(), bedrock.batches(|batches| batches.tokens()));
    assert_eq!((&record["via"], &record["counts"]["scored"]), (&"jobs".into(), &650.into()));
    assert_eq!(record["service"]["tokens_in"], stats.tokens_in + input);
    assert_eq!(record["service"]["tokens_out"], stats.tokens_out + output);
    let dollars = |input: u64, output: u64| (input as f64 * 100.0 + output as f64 * 400.0) / 1e6;
    let expected = dollars(stats.tokens_in, stats.tokens_out) + dollars(input, output) / 2.0;
    for field in ["cost_usd", "cost_low_usd"] {
        let found = record["service"][field].as_f64().expect("a cost");
        assert!((found - expected).abs() < 1e-6, "{field}: {found} for {expected}");
    }
    // Either way finds what the other one scored.
    run(&place, &[], 0);
    place.run(&["analyze", "--out", "out", "in.csv"]).expect(0);
    assert_eq!((bedrock.batches(|batches| batches.seen().len()), bedrock.stats().requests), (1, 3 * PROBE + 6));
}

#[test]
fn fewer_than_a_hundred_records_go_in_requests() {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let place = place_for(&s3, &bedrock, "");
    place.write("in.csv", calls(495, 0));
    run(&place, &[], 0);
    assert!(statuses(&bedrock).is_empty());
    assert_eq!(bedrock.stats().requests, PROBE + 99);
    place.write("in.csv", calls(496 + 495, 0));
    run(&place, &[], 0);
    assert_eq!(bedrock.batches(|batches| batches.seen()[0].records), 100, "one text in the last");
    expect_each_text_once(&bedrock, 2);
    // A part is never smaller than a job may be, and what the last one is too small for goes in requests.
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let mut place = place_for(&s3, &bedrock, "");
    place.write("in.csv", calls(1_200, 0));
    place.set([("UNDERTONE_JOBS_PART", "40")]);
    run(&place, &[], 0);
    let records: Vec<usize> = bedrock.batches(|batches| batches.seen().iter().map(|job| job.records).collect());
    assert_eq!((records, bedrock.stats().requests), (vec![100, 100], PROBE + 40));
    assert_eq!(expect_each_text_once(&bedrock, 1), 1_000);
    expect_nothing_left(&s3);
}

#[test]
fn results_are_read_in_every_state_and_the_rest_goes_in_requests() {
    let expected = by_request();
    for (ends, in_jobs) in [(Ending::PartiallyCompleted, 82 * 5), (Ending::Expired, 0)] {
        let (s3, bedrock) = services(Config::default(), BatchConfig { ends, ..BatchConfig::default() });
        let place = place_for(&s3, &bedrock, "");
        run(&place, &[], 0);
        expect_same_tables(&place, &expected);
        assert_eq!(expect_each_text_once(&bedrock, 1), in_jobs, "{ends:?}");
        expect_nothing_left(&s3);
        let job = &place.outputs("out").record()["jobs"][0];
        assert_eq!(job["failed"], 620 - in_jobs, "{job}");
        assert_eq!(job["state"], if in_jobs > 0 { "partially_completed" } else { "expired" });
    }
    let message = "could not read: the xylophonist with parcel abc, Access denied";
    let batches = BatchConfig { ends: Ending::Failed(message), ..BatchConfig::default() };
    let (s3, bedrock) = services(Config::default(), batches);
    let place = place_for(&s3, &bedrock, "");
    let ended = run(&place, &[], 69);
    assert!(ended.error().contains("failed (NO_ACCESS)"), "{}", ended.stderr);
    assert!(ended.hint().contains("s3:PutObject") && ended.hint().contains("aws bedrock get-model-invocation-job"));
    expect_nothing_left(&s3);
    bedrock.batches(|batches| batches.config.ends = Ending::Completed);
    run(&place, &[], 0);
    expect_same_tables(&place, &expected);
    expect_each_text_once(&bedrock, 2);
}

#[test]
fn records_that_failed_and_labels_that_are_missing_are_asked_for_in_requests() {
    let expected = by_request();
    let every = |fault| BatchConfig { faults: Some((4, fault)), ..BatchConfig::default() };
    let cases = [
        BatchConfig { errors: Some(4), ..BatchConfig::default() },
        BatchConfig { left_out: Some(4), ..BatchConfig::default() },
        every(Fault::Quirk(Quirk::Drops)),
        every(Fault::Quirk(Quirk::Contradicts)),
        every(Fault::Quirk(Quirk::Chats)),
        every(Fault::Stop("max_tokens")),
        every(Fault::Stop("content_filtered")),
        every(Fault::Stop("malformed_model_output")),
    ];
    for batches in cases {
        let (s3, bedrock) = services(Config::default(), batches.clone());
        let place = place_for(&s3, &bedrock, "");
        run(&place, &[], 0);
        expect_same_tables(&place, &expected);
        assert!((465..620).contains(&expect_each_text_once(&bedrock, 1)) || batches.faults.is_some(), "{batches:?}");
        let requests = bedrock.stats().requests;
        assert!((PROBE + 6 + 7..=PROBE + 6 + 31).contains(&requests), "{requests}: {batches:?}");
        expect_nothing_left(&s3);
        assert_eq!(statuses(&bedrock), ["Completed"]);
    }
}

#[test]
fn a_text_that_fails_for_good_fails_alone() {
    let poison = |poison| Config { poison: Some(("parcel aeh ", poison)), ..Config::default() };
    for (config, reason) in [
        (poison(Poison::Stop("guardrail_intervened")), "guardrail_intervened"),
        (poison(Poison::Invalid), "ValidationException"),
        (poison(Poison::Ignored), "missing_from_answer"),
    ] {
        for more in ["", "[bedrock]\ndocuments-per-request = 1"] {
            let (s3, bedrock) = services(config.clone(), BatchConfig::default());
            let place = place_for(&s3, &bedrock, more);
            run(&place, &[], 3);
            let failures = place.outputs("out").table("failures.csv");
            assert_eq!((failures.column("call_id"), failures.column("reason")), (vec!["c111"], vec![reason]), "{more}");
            expect_nothing_left(&s3);
            let requests = bedrock.stats().requests;
            // A record of one text that is stopped is not asked for again, now or later.
            if !more.is_empty() && reason == "guardrail_intervened" {
                assert_eq!(requests, 1 + 30);
                run(&place, &[], 3);
                assert_eq!(bedrock.stats().requests, requests + 1);
            }
            assert_eq!(statuses(&bedrock), ["Completed"]);
        }
    }
}

#[test]
fn whole_lines_of_a_damaged_output_count_and_one_that_is_not_there_is_looked_for_again() {
    let expected = by_request();
    for damage in [Damage::CutShort, Damage::Garbage, Damage::OutOfRange, Damage::Twice] {
        let (s3, bedrock) = services(Config::default(), BatchConfig { damage: Some(damage), ..BatchConfig::default() });
        let place = place_for(&s3, &bedrock, "");
        let ended = run(&place, &[], 0);
        expect_same_tables(&place, &expected);
        let kept = s3.objects("").into_iter().filter(|(key, _)| key.ends_with("in.jsonl.out")).count();
        assert!(kept == 1 && ended.stderr.contains("is damaged"), "{damage:?}: {kept} {}", ended.stderr);
        assert!(bedrock.stats().requests < 124, "{damage:?}: {:?}", bedrock.stats());
        if damage == Damage::Twice {
            let used = bedrock.stats().tokens_in + bedrock.batches(|batches| batches.tokens().0);
            assert_eq!(place.outputs("out").record()["service"]["tokens_in"], used);
        }
    }
    let batches = BatchConfig { damage: Some(Damage::Absent), ..BatchConfig::default() };
    let (s3, bedrock) = services(Config::default(), batches);
    let place = place_for(&s3, &bedrock, "");
    for _ in 0..2 {
        let ended = run(&place, &[], 69);
        assert!(ended.error().contains("is not at s3://calls/jobs/"), "{}", ended.stderr);
    }
    assert_eq!((statuses(&bedrock).len(), bedrock.stats().requests), (1, 2 * PROBE), "nothing is paid twice");
}

#[test]
fn answers_to_starts_that_get_lost_start_no_second_job() {
    for (names_repeated, unseen) in [(true, 0), (true, 1), (false, 1)] {
        let batches = BatchConfig { lose_starts: 1, names_repeated, unseen, ..BatchConfig::default() };
        let (s3, bedrock) = services(Config::default(), batches);
        let place = place_for(&s3, &bedrock, "");
        run(&place, &[], 0);
        assert_eq!(statuses(&bedrock), ["Completed"], "{names_repeated} {unseen}");
        expect_each_text_once(&bedrock, 1);
        expect_nothing_left(&s3);
    }
}

#[test]
fn faults_of_the_service_that_pass_leave_no_trace_and_a_full_account_is_waited_for() {
    let error = |status, code: &str| ServiceError::new(status, code, &format!("{SECRET} with parcel abc"));
    let refusals = vec![
        (Operation::Create, error(500, "InternalServerException"), 1),
        (Operation::Create, error(429, "ThrottlingException"), 1),
        (Operation::Get, error(429, "ThrottlingException"), 2),
        (Operation::Get, error(500, "InternalServerException"), 1),
        (Operation::List, error(503, "ServiceUnavailable"), 1),
    ];
    let (s3, bedrock) = services(Config::default(), BatchConfig { refusals, ..BatchConfig::default() });
    let place = place_for(&s3, &bedrock, "");
    run(&place, &[], 0);
    expect_same_tables(&place, &by_request());
    expect_each_text_once(&bedrock, 1);
    let (s3, bedrock) = services(Config::default(), BatchConfig { others: 10, ..BatchConfig::default() });
    let mut place = place_for(&s3, &bedrock, "");
    place.set([("UNDERTONE_JOBS_MAX_WAIT", "5s")]);
    run(&place, &[], 75);
    bedrock.batches(|batches| batches.config.others = 0);
    place.set([("UNDERTONE_JOBS_MAX_WAIT", "1h")]);
    run(&place, &[], 0);
    expect_each_text_once(&bedrock, 2);
    expect_nothing_left(&s3);
}

type Texts = &'static [&'static str];
/// A service, variables, flags; the exit code, and what error and hint hold.
type Case = (Config, &'static [(&'static str, &'static str)], Texts, i32, &'static str, &'static str);

#[test]
fn what_does_not_fit_is_refused_before_a_word_of_a_call_is_sent() {
    let calm = BatchConfig::default;
    let silent = Config { shares: vec![(1.0, Fault::Quirk(Quirk::Chats))], ..Config::default() };
    let cases: [Case; 8] = [
        (Config::default(), &[("UNDERTONE_JOBS_ROLE_ARN", "ours")], &[], 78, "jobs.role-arn", "bedrock.amazonaws.com"),
        (
            Config::default(),
            &[("UNDERTONE_JOBS_BUCKET", "s3://calls/a=b")],
            &[],
            78,
            "does not take",
            "letters, digits",
        ),
        (Config::default(), &[("UNDERTONE_JOBS_BUCKET", "s3://nobodys/b")], &[], 78, "no such bucket", "bucket's name"),
        (Config::default(), &[("UNDERTONE_BEDROCK_REGION", "eu-west-1")], &[], 69, "", ""),
        (silent, &[], &[], 78, "without a label", "bedrock.model"),
        (Config::default(), &[], &["--max-cost", "5"], 78, "no setting states what", "price.bedrock.input"),
        (Config::default(), &[("UNDERTONE_CACHE_PATH", "off")], &[], 78, "switched off", "--cache DIR"),
        (Config::default(), &[("UNDERTONE_BEDROCK_PROMPT", "none.txt")], &[], 78, "none.txt", "bedrock.prompt"),
    ];
    for (config, set, arguments, code, error, hint) in cases {
        let (s3, bedrock) = services(config, calm());
        let mut place = place_for(&s3, &bedrock, "");
        place.set(set.iter().copied());
        let ended = run(&place, arguments, code);
        assert!(ended.error().contains(error) && ended.hint().contains(hint), "{set:?}: {}", ended.stderr);
        assert!(s3.seen().iter().all(|seen| !matches!(seen.action, Action::Put | Action::PutPart)), "{set:?}");
        assert!(statuses(&bedrock).is_empty() && bedrock.stats().texts <= 3 * 3 * 6, "{set:?}");
    }
    let (s3, bedrock) = services(Config::default(), calm());
    let mut place = place_for(&s3, &bedrock, "");
    place.set([("UNDERTONE_JOBS_ROLE_ARN", "arn:aws:iam::111122223333:role/another")]);
    let ended = run(&place, &[], 69);
    assert!(ended.error().contains("iam:PassRole") && ended.hint().contains("iam:PassRole"), "{}", ended.stderr);
    expect_nothing_left(&s3);
}

#[test]
fn the_plan_has_jobs_at_half_the_price_and_a_budget_holds_before_anything_is_uploaded() {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let place = place_for(&s3, &bedrock, PRICE);
    let plan = |place: &Place| -> serde_json::Value {
        serde_json::from_str(&place.run(&["plan", "--json", "in.csv"]).expect(0).stdout).expect("JSON")
    };
    let planned = plan(&place);
    let (requests, jobs) = (&planned["plans"][1], &planned["by_job"][1]);
    assert_eq!((&jobs["jobs"], &jobs["documents"], &jobs["by_request"]), (&1.into(), &620.into(), &30.into()));
    let ratio = |field: &str| jobs[field].as_f64().expect("a cost") / requests[field].as_f64().expect("a cost");
    assert!((0.5..0.55).contains(&ratio("cost_usd_lower")), "{jobs} {requests}");
    assert!((0.5..0.6).contains(&ratio("cost_usd_upper")), "{jobs} {requests}");
    let table = place.run(&["plan", "in.csv"]).expect(0).stdout;
    assert!(table.contains("by jobs") && table.contains("tokens at most") && table.contains("too little"), "{table}");
    assert!(s3.seen().is_empty() && bedrock.stats().requests == 0, "planning asks nobody");
    let most = jobs["cost_usd_upper"].as_f64().expect("a cost");
    let ended = run(&place, &["--max-cost", &format!("{:.4}", most * 0.99)], 4);
    assert!(ended.hint().contains("--max-cost") && statuses(&bedrock).is_empty(), "{}", ended.stderr);
    assert!(s3.seen().iter().all(|seen| seen.action != Action::Put), "{:?}", s3.seen());
    run(&place, &["--max-cost", &format!("{:.4}", most * 1.01)], 0);
    let service = &place.outputs("out").record()["service"];
    for (place, used) in [(0, "tokens_in"), (1, "tokens_out")] {
        let bound = |of: &str| jobs[of][place].as_u64().expect("a count");
        let used = service[used].as_u64().expect("a count");
        assert!((bound("tokens_lower")..=bound("tokens_upper")).contains(&used), "{used} of {jobs}");
    }
    let after = plan(&place);
    assert_eq!((&after["by_job"][1]["stored"], &after["plans"][1]["stored"]), (&650.into(), &650.into()));
}

#[test]
fn what_an_expired_job_leaves_over_is_held_within_the_budget() {
    let batches = BatchConfig { ends: Ending::Expired, ..BatchConfig::default() };
    let (s3, bedrock) = services(Config::default(), batches);
    let place = place_for(&s3, &bedrock, PRICE);
    let planned: serde_json::Value =
        serde_json::from_str(&place.run(&["plan", "--json", "in.csv"]).expect(0).stdout).expect("JSON");
    let most = planned["by_job"][1]["cost_usd_upper"].as_f64().expect("a cost");
    // Half of what requests may cost at most is enough for what they do cost: a token has four bytes.
    run(&place, &["--max-cost", &format!("{most:.4}")], 0);
    let cost = place.outputs("out").record()["service"]["cost_usd"].as_f64().expect("a cost");
    assert!(cost <= most, "{cost} of {most}");
    assert_eq!(statuses(&bedrock), ["Expired"]);
}

#[test]
fn auto_takes_jobs_where_they_cost_less() {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let place = place_for(&s3, &bedrock, PRICE);
    let auto = |file: &str| {
        place.run(&["analyze", "--via", "auto", "--out", "out", file]).expect(0);
        place.outputs("out").record()["via"].clone()
    };
    assert_eq!(auto("in.csv"), "jobs");
    place.write("few.csv", calls(650 + 20, 0));
    assert_eq!(auto("few.csv"), serde_json::Value::Null, "too little for a job");
}

#[test]
fn jobs_are_listed_collected_and_ended_by_hand() {
    let takes = Duration::from_mins(5);
    let (s3, bedrock) = services(Config::default(), BatchConfig { takes, ..BatchConfig::default() });
    let mut place = place_for(&s3, &bedrock, "");
    place.write("in.csv", calls(1_100, 0));
    place.set([("UNDERTONE_JOBS_WAIT", "off")]);
    run(&place, &[], 75);
    let ended = place.run(&["jobs", "cancel"]).expect(0);
    assert!(ended.stdout.contains("will stop"), "{}", ended.stdout);
    // Half of it was done; the other half is enough for a job.
    run(&place, &[], 75);
    assert_eq!(statuses(&bedrock)[0], "Stopped");
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(&place.run(&["jobs", "list", "--json"]).expect(0).stdout).expect("JSON");
    assert_eq!((listed.len(), &listed[0]["state"]), (2, &"stopped".into()), "{listed:?}");
    assert!(listed[1]["state"] == "submitted" || listed[1]["state"] == "in_progress", "{listed:?}");
    place.run(&["jobs", "collect"]).expect(75);
    bedrock.batches(|batches| batches.config.takes = Duration::from_millis(1));
    place.run(&["jobs", "collect"]).expect(0);
    place.set([("UNDERTONE_JOBS_WAIT", "on")]);
    run(&place, &[], 0);
    assert_eq!(expect_each_text_once(&bedrock, 6), 1_100);
    expect_nothing_left(&s3);
    expect_same_tables(&place, &by_request_of(calls(1_100, 0)));
}

/// Kills at whatever moment: the random delays are of a seed.
#[test]
fn twenty_kills_start_nothing_twice_and_leave_nothing() {
    let takes = Duration::from_millis(500);
    let (s3, bedrock) = services(Config::default(), BatchConfig { takes, lose_starts: 2, ..BatchConfig::default() });
    let mut place = place_for(&s3, &bedrock, "");
    place.write("in.csv", calls(1_530, 0));
    place.set([("UNDERTONE_JOBS_PART", "500")]);
    let mut random = fastrand::Rng::with_seed(13);
    for _ in 0..20 {
        let mut child = place.command(&JOBS).spawn().expect("the program can be started");
        std::thread::sleep(Duration::from_millis(random.u64(20..900)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    run(&place, &[], 0);
    assert!(expect_no_text_in_two_jobs(&bedrock) >= 1_500);
    expect_nothing_left(&s3);
    let mut names: Vec<String> = bedrock.batches(|batches| batches.seen().into_iter().map(|job| job.name).collect());
    let jobs = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), jobs, "a name stands for one job");
    expect_same_tables(&place, &by_request_of(calls(1_530, 0)));
}

#[test]
fn what_people_said_is_in_no_journal_name_or_output() {
    let (s3, bedrock) = services(Config::default(), BatchConfig { errors: Some(7), ..BatchConfig::default() });
    let place = place_for(&s3, &bedrock, "");
    run(&place, &[], 0);
    let mut folders = vec![place.path("scores"), place.path("out"), place.path("tmp"), place.path("home")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{} holds what was said", path.display());
        }
    }
    assert!(files > 5 && bedrock.batches(|batches| batches.seen().iter().all(|job| !job.name.contains(SECRET))));
}

#[test]
fn an_upload_that_was_killed_is_aborted_by_the_next_run_whatever_its_engine() {
    let (s3, bedrock) = services(Config::default(), BatchConfig::default());
    let mut place = place_for(&s3, &bedrock, "");
    // Its records are so long that the file goes up in parts.
    place.write("prompt.txt", "Give each text one of the four labels. ".repeat(1_600));
    place.set([("UNDERTONE_BEDROCK_PROMPT", "prompt.txt")]);
    let rule = Rule::always(Action::PutPart, StoreFault::Refuse(503, "SlowDown"));
    s3.set(|config| config.rules = vec![rule]);
    let mut child = place.command(&JOBS).spawn().expect("the program can be started");
    let begun = Instant::now();
    // From then on the upload is in the journal.
    while !s3.seen().iter().any(|seen| seen.action == Action::PutPart) {
        assert!(begun.elapsed() < Duration::from_mins(2) && child.try_wait().expect("a child").is_none(), "no upload");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    s3.set(|config| config.rules.clear());
    let region = "us-east-1".to_owned();
    let comprehend =
        Standin::with_jobs(ServiceConfig { region, ..ServiceConfig::default() }, JobsConfig::default(), &s3);
    place.set(comprehend.env());
    place.set(s3.env());
    place.set([("UNDERTONE_ENGINE", "comprehend")]);
    place.write("in.csv", calls(40, 0));
    run(&place, &[], 0);
    assert_eq!((comprehend.jobs(|jobs| jobs.seen().len()), statuses(&bedrock).len()), (1, 0));
    expect_nothing_left(&s3);
}

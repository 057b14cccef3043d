//! A service that scores a share of the calls: what is sent, what is written, and what it comes to beside a full run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::comprehend::place_for;
use crate::program::{Outputs, Place, write_csv};
use crate::standin::{Config, Faults, Standin};

/// Calls of a site.
const CALLS: usize = 360;

/// Things that customers say, from bad to good, as the stand-in and the local engine see them.
const SAID: [&str; 8] = [
    "this is terrible and I am angry",
    "the bill is wrong again",
    "I have a question about my order",
    "it arrived on Tuesday",
    "could you check the number",
    "thank you for looking into it",
    "that is great, I am happy with it",
    "wonderful, excellent service, thanks",
];

/// What they talk about: words that no rule of redaction takes for something personal.
pub(crate) const ABOUT: [&str; 12] = [
    "lamp", "chair", "kettle", "table", "carpet", "mirror", "shelf", "pillow", "heater", "ladder", "bucket", "curtain",
];

/// A place that keeps stored scores of its own.
pub(crate) fn keeping_scores(standin: &Standin) -> Place {
    let mut place = place_for(standin);
    place.set([("UNDERTONE_CACHE_PATH", place.path("scores").display().to_string())]);
    place
}

/// The same with calls in two queues, of six agents and four days.
fn place(standin: &Standin) -> Place {
    let place = keeping_scores(standin);
    place.write("calls.csv", site(CALLS));
    place
}

fn site(calls: usize) -> Vec<u8> {
    let mut rows = vec![["call_id", "speaker", "text", "agent_id", "queue", "call_date"].map(str::to_owned)];
    for call in 0..calls {
        let queue = if call % 3 == 0 { "billing" } else { "orders" };
        let date = format!("2026-03-0{}", call % 4 + 1);
        for turn in 0..4 {
            let said = SAID[(call * 5 + turn * 3 + call / 7) % SAID.len()];
            let about = [call, call / 12, call / 144].map(|number| ABOUT[(number + turn) % ABOUT.len()]).join(" and ");
            let (speaker, text) = match turn % 2 {
                0 => ("customer", format!("{said}, about the {about}")),
                _ => ("agent", "let me see".to_owned()),
            };
            let agent = format!("agent-{}", call % 6);
            rows.push([format!("call-{call}"), speaker.to_owned(), text, agent, queue.to_owned(), date.clone()]);
        }
    }
    write_csv(rows)
}

/// Rows of estimates.csv by scope, name and measure: local, estimate, low, high.
fn estimates(outputs: &Outputs) -> BTreeMap<(String, String, String), [Option<f64>; 4]> {
    let table = outputs.table("estimates.csv");
    let column = |name: &str| table.column(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let keys = column("scope").into_iter().zip(column("name")).zip(column("measure"));
    let numbers = ["local", "estimate", "estimate_low", "estimate_high"].map(column);
    keys.enumerate()
        .map(|(row, ((scope, name), measure))| {
            ((scope, name, measure), [0, 1, 2, 3].map(|at| numbers[at][row].parse().ok()))
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_interval_holds_what_a_full_run_gives_and_a_tenth_is_sent() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    let outputs = place.analyze(&["--share", "20%", "calls.csv"], 0);
    let sent = standin.stats().documents_sent;
    let ids: BTreeSet<String> =
        outputs.table("sample_calls.csv").column("call_id").into_iter().map(str::to_owned).collect();
    assert_eq!(ids.len(), 72, "a fifth of both queues");
    assert!(outputs.table("calls.csv").column("engine").iter().all(|engine| *engine == "local"));
    assert!(outputs.table("sample_calls.csv").column("engine").iter().all(|engine| *engine == "comprehend"));
    assert!(outputs.table("agents.csv").column("status").iter().all(|status| *status == "sampled"));
    assert!(outputs.table("agents.csv").column("funnel").iter().all(|funnel| funnel.is_empty()));
    let record = outputs.record();
    assert_eq!(
        (&record["engine"]["name"], &record["share"]["engine"]["name"]),
        (&"local".into(), &"comprehend".into())
    );
    assert_eq!((&record["share"]["calls"], &record["share"]["share"]), (&72.into(), &0.2.into()));
    assert_eq!(record["service"]["requests"], standin.stats().requests);

    let page = outputs.0["report.html"].clone();
    place.run(&["report", "out"]).expect(0);
    assert_eq!(place.outputs("out").0["report.html"], page, "it is drawn again as it was");
    assert!(String::from_utf8(page).expect("UTF-8").contains("What comprehend would give"));

    let full = place.analyze(&["calls.csv"], 0);
    let stats = standin.stats();
    assert_eq!(stats.sent_again, 0, "what the sample paid for is not sent again");
    assert!(sent * 4 < stats.documents_sent, "{sent} of {}", stats.documents_sent);
    let table = full.table("calls.csv");
    let scores: Vec<f64> = table.column("customer_score").iter().map(|score| score.parse().expect("a score")).collect();
    let found = estimates(&outputs);
    for (scope, name, column) in
        [("site", "all", "call_id"), ("queue", "billing", "queue"), ("queue", "orders", "queue")]
    {
        let belongs = |value: &str| scope == "site" || value == name;
        let group: Vec<f64> = table
            .column(column)
            .into_iter()
            .zip(&scores)
            .filter(|(value, _)| belongs(value))
            .map(|(_, score)| *score)
            .collect();
        let [_, Some(estimate), Some(low), Some(high)] =
            found[&(scope.to_owned(), name.to_owned(), "customer_score".to_owned())]
        else {
            panic!("no estimate of {scope} {name}")
        };
        let truth = mean(&group);
        assert!(low <= truth && truth <= high && low < estimate && estimate < high, "{truth} {low} {estimate} {high}");
        assert!(high - low < 0.2, "{low} {high}");
    }
}

#[test]
fn a_run_that_is_repeated_pays_nothing_and_a_larger_share_pays_for_the_rest_only() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    let first = place.analyze(&["--share", "10%", "calls.csv"], 0);
    let sent = standin.stats().documents_sent;
    let again = place.analyze(&["--share", "0.1", "calls.csv"], 0);
    assert_eq!(standin.stats().documents_sent, sent, "all of it is stored");
    for name in ["calls.csv", "sample_calls.csv", "estimates.csv", "agents.csv"] {
        assert_eq!(first.0[name], again.0[name], "{name}");
    }
    let more = place.analyze(&["--share", "30%", "calls.csv"], 0);
    let ids = |outputs: &Outputs| -> BTreeSet<String> {
        outputs.table("sample_calls.csv").column("call_id").into_iter().map(str::to_owned).collect()
    };
    assert!(ids(&first).is_subset(&ids(&more)) && ids(&more).len() == 108);
    assert_eq!(standin.stats().sent_again, 0);
    let all = place.analyze(&["--share", "100%", "calls.csv"], 0);
    let full = place.analyze(&["calls.csv"], 0);
    assert_eq!(all.0["sample_calls.csv"], full.0["calls.csv"], "a share of all is a full run");
    assert!(!full.0.contains_key("sample_calls.csv") && !full.0.contains_key("estimates.csv"), "{:?}", full.0.keys());
    for ((scope, name, measure), [_, estimate, low, high]) in estimates(&all) {
        let (Some(estimate), Some(low), Some(high)) = (estimate, low, high) else { continue };
        assert!(
            (high - low).abs() < 1e-9 && (estimate - low).abs() < 1e-9,
            "{scope} {name} {measure}: {low} {estimate} {high}"
        );
    }
}

#[test]
fn the_largest_share_that_fits_a_budget_is_found_before_anything_is_sent() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    let refused =
        place.run(&["analyze", "--out", "out", "--share", "50%", "--max-units", "300", "calls.csv"]).expect(4);
    assert!(refused.hint().contains("--share fit"), "{}", refused.hint());
    assert_eq!(standin.stats().documents_sent, 0);
    let outputs = place.analyze(&["--share", "fit", "--max-units", "300", "calls.csv"], 0);
    let units = standin.stats().units;
    assert!((250..=300).contains(&units), "{units}");
    let share = outputs.record()["share"]["share"].as_f64().expect("a number");
    assert!((0.05..0.3).contains(&share), "{share}");
    let all = place.analyze(&["--share", "fit", "--max-units", "100000", "calls.csv"], 0);
    assert_eq!(all.record()["share"]["share"], 1.0);
    place
        .run(&["analyze", "--out", "out", "--share", "fit", "--cache", "off", "--max-units", "3", "calls.csv"])
        .expect(4);
}

#[test]
fn what_can_not_be_shared_is_refused_with_what_to_do() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    for (arguments, hint) in [
        (&["--engine", "local", "--share", "10%"][..], "--engine comprehend"),
        (&["--share", "fit"], "--max-cost"),
        #[cfg(feature = "jobs")]
        (&["--via", "jobs", "--share", "10%"], "--via requests"),
    ] {
        let refused = place.run(&[&["analyze", "--out", "out", "calls.csv"], arguments].concat()).expect(2);
        assert!(refused.hint().contains(hint), "{arguments:?}: {}", refused.hint());
    }
    for wrong in ["0", "110%", "ten", "-1"] {
        place.run(&["analyze", &format!("--share={wrong}"), "calls.csv"]).expect(2);
    }
    place.run(&["analyze", "--share", "10%", "--shard", "1/2", "calls.csv"]).expect(2);
    place.write("few.csv", site(20));
    let few = place.run(&["analyze", "--out", "out", "--share", "10%", "few.csv"]).expect(2);
    assert!(few.hint().contains("--share '15 %'"), "{}", few.hint());
    place.analyze(&["--share", "15 %", "few.csv"], 0);
}

#[test]
fn documents_that_the_service_fails_on_are_listed_and_the_others_stand_for_them() {
    let faults = Faults { poison: Some("kettle and kettle".into()), ..Faults::default() };
    let standin = Standin::start(Config { faults, ..Config::default() });
    let place = place(&standin);
    let outputs = place.analyze(&["--share", "50%", "calls.csv"], 3);
    assert!(!outputs.table("sample_failures.csv").column("call_id").is_empty());
    assert!(outputs.table("failures.csv").column("call_id").is_empty(), "the local engine failed on nothing");
    let [_, estimate, low, high] =
        estimates(&outputs)[&("site".to_owned(), "all".to_owned(), "customer_score".to_owned())];
    assert!(low < estimate && estimate < high);
}

#[test]
fn a_plan_shows_what_a_share_costs_and_how_wide_its_intervals_will_be() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    let plan = |place: &Place| -> Value {
        let ended = place.run(&["plan", "--json", "--share", "15%", "calls.csv"]).expect(0);
        serde_json::from_str(&ended.stdout).expect("JSON")
    };
    let before = plan(&place);
    assert_eq!(standin.stats().documents_sent, 0);
    let share = &before["share"];
    assert_eq!((&share["correlation"], &share["measured_on_calls"]), (&0.6.into(), &Value::Null));
    let asked = |plan: &Value| {
        let lines = plan["share"]["shares"].as_array().expect("a list").clone();
        lines.into_iter().find(|line| line["share"] == 0.15).expect("the share that was asked for")
    };
    let planned = asked(&before);
    place.analyze(&["--share", "15%", "calls.csv"], 0);
    assert_eq!(planned["documents"], standin.stats().documents_billed);
    let after = plan(&place);
    assert_eq!(after["share"]["measured_on_calls"], planned["calls"], "the calls that were paid for");
    assert_eq!(asked(&after)["documents"], 0);
    let text = place.run(&["plan", "--share", "15%", "calls.csv"]).expect(0).stdout;
    assert!(text.contains("* 15 %") && text.contains("±"), "{text}");
}

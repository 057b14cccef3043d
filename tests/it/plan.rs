//! What `plan` says is what a run is metered, and planning sends nothing.

use serde_json::Value;

use crate::program::{Place, turns};
#[cfg(feature = "comprehend")]
use crate::{
    comprehend::place_for,
    standin::{Config, Standin},
};

/// The plans by granularity.
fn plans(place: &Place, arguments: &[&str]) -> Value {
    let ended = place.run(&[&["plan", "--json"], arguments].concat()).expect(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn plan<'a>(report: &'a Value, granularity: &str) -> &'a Value {
    let plans = report["plans"].as_array().expect("a list");
    plans.iter().find(|plan| plan["granularity"] == granularity).expect("each granularity is planned")
}

#[cfg(feature = "comprehend")]
#[test]
fn documents_units_and_requests_are_those_that_a_run_is_metered() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let report = plans(&place, &["data"]);
    assert_eq!(standin.stats().connections, 0, "planning sends nothing");
    for granularity in ["turn", "segment", "call"] {
        standin.reset_stats();
        let outputs = place.analyze(&["--granularity", granularity, "data"], 0);
        let (plan, stats) = (plan(&report, granularity), standin.stats());
        assert_eq!(plan["documents"], stats.documents_billed, "{granularity}");
        assert_eq!(plan["characters"], stats.chars, "{granularity}");
        assert_eq!(plan["units_upper"], stats.units, "{granularity}");
        assert_eq!(plan["requests"], stats.requests, "{granularity}");
        let least = plan["units_lower"].as_u64().expect("a count");
        assert!(least <= stats.units_by_request && stats.units_by_request <= least + stats.requests, "{granularity}");
        let record = outputs.record();
        assert_eq!(plan["segments"], record["counts"]["segments"], "{granularity}");
        assert_eq!(plan["cost_usd_upper"], record["service"]["cost_usd"], "{granularity}");
    }
}

#[cfg(feature = "comprehend")]
#[test]
fn whose_words_and_in_which_language_is_planned_as_it_is_run() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    for arguments in [["--speakers", "customer", "data"], ["--language", "es", "data"], ["--language", "sv", "data"]] {
        standin.reset_stats();
        let report = plans(&place, &arguments);
        place.run(&[&["analyze"][..], &arguments].concat());
        let (plan, stats) = (plan(&report, "segment"), standin.stats());
        assert_eq!(plan["documents"], stats.documents_billed, "{arguments:?}");
        assert_eq!(plan["units_upper"], stats.units, "{arguments:?}");
    }
    assert_eq!(standin.stats().documents_sent, 0, "the service lacks Swedish");
}

#[test]
fn a_plan_needs_neither_region_nor_credentials_and_writes_nothing() {
    let place = Place::with_samples();
    let ended = place.run(&["plan", "data"]).expect(0);
    assert!(ended.stdout.starts_with("50 calls, "), "{}", ended.stdout);
    assert!(ended.stdout.contains("nothing was sent"), "{}", ended.stdout);
    for granularity in ["turn", "* segment", "call"] {
        assert!(ended.stdout.contains(granularity), "{}", ended.stdout);
    }
    assert!(!place.path("undertone-out").exists());
}

#[test]
fn the_time_is_that_of_the_requests_at_the_rate_that_is_set_and_the_cost_that_of_the_price() {
    let mut place = Place::with_samples();
    place.set([("UNDERTONE_PRICE_TIERS", "[{ up-to = 100, per-unit = 1 }, { per-unit = 0.5 }]")]);
    let report = plans(&place, &["--requests-per-second", "4", "data"]);
    let plan = plan(&report, "segment");
    let number = |name: &str| plan[name].as_f64().expect("a number");
    assert!((number("seconds") - number("requests") / 4.0).abs() < 1e-9);
    assert!((number("cost_usd_upper") - (100.0 + (number("units_upper") - 100.0) * 0.5)).abs() < 1e-6);
}

#[test]
fn repeated_texts_and_what_can_not_be_scored_are_planned_apart() {
    let place = Place::new();
    let said = "where is my parcel";
    place
        .write("in.csv", turns(&[["a", "customer", "", said], ["b", "customer", "", said], ["c", "agent", "", "..."]]));
    let report = plans(&place, &["in.csv"]);
    let plan = plan(&report, "segment");
    let counts = ["segments", "documents", "repeated", "skipped", "requests", "units_upper"].map(|name| &plan[name]);
    assert_eq!(counts, [3, 1, 1, 1, 1, 3]);
}

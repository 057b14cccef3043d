//! `evaluate` and `train` as a user runs them: labelled texts and rated calls in, figures and a verdict out.

use serde_json::Value;

use crate::program::{Place, write_csv};
#[cfg(feature = "comprehend")]
use crate::{
    comprehend::place_for,
    standin::{Config, Standin},
};

/// Texts that sound like their label, each in words of its own.
fn labelled(texts: usize) -> Vec<u8> {
    let subjects = ["parcel", "router", "refund", "invoice", "contract", "password", "screen"];
    let kinds = [
        ("thank you so much, the {} is wonderful, I am happy with number {}", "positive"),
        ("this is terrible, the {} is broken again and I am angry about {}", "negative"),
        ("the {} has the number {}", "neutral"),
    ];
    let rows = (0..texts).map(|at| {
        let (text, label) = kinds[at % kinds.len()];
        [text.replacen("{}", subjects[at % subjects.len()], 1).replacen("{}", &at.to_string(), 1), label.to_owned()]
    });
    write_csv(std::iter::once(["text".to_owned(), "label".to_owned()]).chain(rows))
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let ended = place.run(&[&["evaluate", "--json"], arguments].concat()).expect(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn engine<'a>(evaluation: &'a Value, name: &str) -> &'a Value {
    let engines = evaluation["engines"].as_array().expect("a list");
    engines.iter().find(|engine| engine["name"] == name).unwrap_or_else(|| panic!("no engine {name}"))
}

#[test]
fn labelled_texts_are_judged_and_engines_compared() {
    let place = Place::new();
    place.write("labels.csv", labelled(300));
    let evaluation = json(&place, &["labels.csv", "--engine", "local", "--engine", "vader"]);
    assert_eq!(evaluation["subject"]["count"], 300);
    assert_eq!(evaluation["subject"]["texts_by_label"], serde_json::json!([100, 100, 100, 0]));
    for name in ["local", "vader"] {
        let figures = &engine(&evaluation, name)["texts"];
        let (f1, low) = (figures["macro_f1"]["value"].as_f64(), figures["macro_f1"]["low"].as_f64());
        assert!(f1 > Some(0.8) && low <= f1, "{name}: {figures}");
        let confusion = figures["confusion"]["counts"].as_array().expect("rows").iter().filter_map(Value::as_array);
        assert_eq!(confusion.flatten().filter_map(Value::as_u64).sum::<u64>(), 300);
        let bins = figures["reliability"].as_array().expect("bins");
        assert_eq!(bins.iter().filter_map(|bin| bin["texts"].as_u64()).sum::<u64>(), 300);
    }
    let [pair] = evaluation["comparisons"].as_array().expect("a list").as_slice() else { panic!("one pair") };
    assert_eq!((pair["first"].as_str(), pair["items"].as_u64()), (Some("local"), Some(300)));
    assert_eq!(evaluation["verdict"]["start_at"], "local", "vader is there to be compared with");
    let again = json(&place, &["labels.csv", "--engine", "local", "--engine", "vader"]);
    assert_eq!(engine(&evaluation, "local")["texts"], engine(&again, "local")["texts"]);
}

#[test]
fn a_model_of_ones_own_is_trained_and_judged() {
    let place = Place::new();
    place.write("labels.csv", labelled(300));
    for name in ["ours.model", "again.model"] {
        let trained = place.run(&["train", "labels.csv", "--out", name]).expect(0);
        assert!(trained.stdout.contains("trained from undertone-en-1"), "{}", trained.stdout);
    }
    let [ours, again] = ["ours.model", "again.model"].map(|name| std::fs::read(place.path(name)).expect("a model"));
    assert_eq!(ours, again, "the same labels make the same bytes");
    let evaluation = json(&place, &["labels.csv", "--engine", "ours.model", "--engine", "local", "--learning-curve"]);
    assert!(engine(&evaluation, "ours.model")["model"].as_str().is_some_and(|model| model.starts_with("own-")));
    let curve = &evaluation["learning_curve"];
    let points = curve["points"].as_array().expect("a list");
    let labels: Vec<u64> = points.iter().filter_map(|point| point["labels"].as_u64()).collect();
    assert!(labels.len() >= 3 && labels.is_sorted(), "{labels:?}");
    assert_eq!(labels.last().copied(), curve["held_out"].as_u64().map(|held_out| 300 - held_out));
    assert_eq!(curve["engines"].as_array().map(Vec::len), Some(2));
    let analyzed = place.run(&["analyze", "--model", "no.model", "labels.csv"]).expect(78);
    assert!(analyzed.error().contains("no.model"), "{}", analyzed.error());
}

#[test]
fn rated_calls_are_held_against_their_scores() {
    let place = Place::with_samples();
    let calls = place.analyze(&["data"], 0).table("calls.csv");
    // A survey that says what the program says: the order of the calls by their ends.
    let known = calls.rows.iter().map(|row| (row[0].clone(), calls.cell(&row[0], "customer_end").to_owned()));
    let rows = known.filter(|(_, end)| !end.is_empty()).map(|(call, end)| [call, end]);
    let header = ["call_id".to_owned(), "csat".to_owned()];
    let stranger = ["call-of-nobody".to_owned(), "0.1".to_owned()];
    place.write("survey.csv", write_csv([header, stranger].into_iter().chain(rows)));
    let evaluation = json(&place, &["survey.csv", "--input", "data"]);
    let subject = &evaluation["subject"];
    assert_eq!(
        (subject["items"].as_str(), subject["ratings"]["without_transcript"].as_u64()),
        (Some("calls"), Some(1))
    );
    let measures = engine(&evaluation, "local")["calls"].as_array().expect("three values");
    let end = measures.iter().find(|figures| figures["measure"] == "customer_end").expect("the end is judged");
    assert_eq!(end["auc"]["value"], 1.0);
    assert_eq!(end["calls"], subject["count"]);
    let turned = json(&place, &["survey.csv", "--input", "data", "--better", "low"]);
    let measures = engine(&turned, "local")["calls"].as_array().expect("three values");
    let end = measures.iter().find(|figures| figures["measure"] == "customer_end").expect("the end is judged");
    assert_eq!(end["auc"]["value"], 0.0);
}

#[test]
fn the_page_and_the_data_hold_no_text_and_ask_nothing_of_the_network() {
    let place = Place::new();
    place.write("labels.csv", labelled(120));
    let arguments = ["evaluate", "labels.csv", "--engine", "local", "--engine", "vader", "--learning-curve", "--out"];
    let shown = place.run(&[&arguments[..], &["verdict"]].concat()).expect(0).stdout;
    place.run(&[&arguments[..], &["page.html"]].concat()).expect(0);
    let written = place.outputs("verdict");
    let page = written.text("evaluation.html");
    let _: Value = serde_json::from_str(written.text("evaluation.json")).expect("JSON");
    assert!(std::fs::read_to_string(place.path("page.html")).is_ok_and(|page| page.starts_with("<!doctype html>")));
    for text in [page, written.text("evaluation.json"), &shown] {
        assert!(!text.contains("wonderful") && !text.contains("router"), "the labelled words stay where they are");
    }
    assert!(page.contains("default-src 'none'") && !page.contains("http:") && !page.contains("https:"), "offline");
    for heading in
        ["The verdict", "Side by side", "How many labels", "Whether sure means right", "local</bdi>, label by label"]
    {
        assert!(page.contains(heading), "{heading}");
    }
    assert!(shown.contains("Start at local") && shown.contains("A model of your own"), "{shown}");
}

#[test]
fn what_cannot_be_judged_says_why_and_what_to_do() {
    let place = Place::with_samples();
    place.write("labels.csv", labelled(60));
    place.write("words.csv", "words,label\nfine,neutral\n");
    place.write("bad.csv", "text,label\nfine,neutral\nsecret words,gleeful\n");
    place.write("survey.csv", "call_id,rating\nnobody,3\n");
    let cases: [(&[&str], i32, &str, &str); 7] = [
        (&["missing.csv"], 66, "can't read missing.csv", ""),
        (&["words.csv"], 65, "no column `text`", "text,label"),
        (&["bad.csv"], 65, "bad.csv:3: unknown label", "positive, negative, neutral or mixed"),
        (&["survey.csv"], 2, "no transcript was given", "--input FILE"),
        (&["survey.csv", "--input", "data"], 65, "none of the 1 rated calls is in data", ""),
        (&["survey.csv", "--input", "data", "--learning-curve"], 65, "none of the 1 rated calls", ""),
        (&["labels.csv", "--engine", "azure"], 78, "azure", "`local`, `comprehend`, `vader` or a model file"),
    ];
    for (arguments, code, error, hint) in cases {
        let ended = place.run(&[&["evaluate"], arguments].concat()).expect(code);
        assert!(ended.error().contains(error), "{arguments:?}: {}", ended.stderr);
        assert!(hint.is_empty() || ended.hint().contains(hint), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("secret words"), "{arguments:?}");
    }
}

#[cfg(feature = "comprehend")]
#[test]
fn the_service_is_asked_within_the_budget_and_once() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.write("labels.csv", labelled(90));
    let arguments = ["labels.csv", "--engine", "local", "--engine", "comprehend", "--cache", "scores"];
    let dear = place.run(&[&["evaluate", "--max-units", "269"][..], &arguments].concat()).expect(4);
    assert!(dear.error().contains("270"), "90 texts of 3 units each: {}", dear.stderr);
    assert_eq!(standin.stats().requests, 0, "nothing is sent that could pass the budget");
    let first = json(&place, &arguments);
    let effort = &engine(&first, "comprehend")["effort"];
    assert_eq!((effort["units"].as_u64(), effort["units_billed"].as_u64()), (Some(270), Some(standin.stats().units)));
    assert!(effort["cost_per_1000"].as_f64().is_some_and(|cost| (cost - 0.3).abs() < 1e-9), "{effort}");
    let asked = standin.stats().requests;
    let second = json(&place, &arguments);
    assert_eq!(standin.stats().requests, asked, "what was paid for is known");
    let (first, second) = (engine(&first, "comprehend"), engine(&second, "comprehend"));
    assert_eq!((&first["texts"], &second["effort"]["units_billed"]), (&second["texts"], &Value::from(0)));
}

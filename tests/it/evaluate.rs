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
        assert!(trained.stdout.contains("trained from undertone-en-3"), "{}", trained.stdout);
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
    // The same ratings in contact records.
    let survey = std::fs::read_to_string(place.path("survey.csv")).expect("the survey");
    place.write("contacts.csv", survey.replacen("call_id,csat", "ContactId,CSAT", 1));
    let recorded = json(&place, &["--input", "data", "--metadata", "contacts.csv"]);
    assert_eq!(engine(&recorded, "local")["calls"], engine(&evaluation, "local")["calls"]);
    assert_eq!(recorded["subject"]["ratings"]["without_transcript"], 1);
    let turned = json(&place, &["survey.csv", "--input", "data", "--better", "low"]);
    let measures = engine(&turned, "local")["calls"].as_array().expect("three values");
    let end = measures.iter().find(|figures| figures["measure"] == "customer_end").expect("the end is judged");
    assert_eq!(end["auc"]["value"], 0.0);
}

/// As many calls, and a survey of them from 1 to 5 that follows what was said at their ends, now and then by chance.
fn surveyed(calls: usize) -> (Vec<u8>, Vec<u8>) {
    let ends = [
        "this is terrible, I am furious and I want to cancel",
        "that does not help me at all",
        "my number is four two seven",
        "okay that sounds good",
        "wonderful, thank you so much, you were great",
    ];
    let rating = |at: usize| if at.is_multiple_of(7) { at * 3 % 5 } else { at % 5 };
    let turns = (0..calls).flat_map(|at| {
        let id = format!("c{at:03}");
        let turn = |speaker: &str, text: &str| [id.clone(), speaker.to_owned(), text.to_owned()];
        [
            turn("customer", &format!("my order {at} did not arrive")),
            turn("agent", "let me look"),
            turn("customer", ends[at % 5]),
        ]
    });
    let header = ["call_id", "speaker", "text"].map(str::to_owned);
    let ratings = (0..calls).map(|at| [format!("c{at:03}"), (rating(at) + 1).to_string()]);
    let survey = std::iter::once(["call_id".to_owned(), "csat".to_owned()]).chain(ratings);
    (write_csv(std::iter::once(header).chain(turns)), write_csv(survey))
}

#[test]
fn a_model_of_ratings_is_trained_and_used() {
    let place = Place::new();
    let (calls, survey) = surveyed(200);
    place.write("calls.csv", calls);
    place.write("survey.csv", survey);
    let train = ["train", "survey.csv", "--for", "calls", "--input", "calls.csv", "--out"];
    place.run(&[
        "train",
        "--for",
        "calls",
        "--input",
        "calls.csv",
        "--metadata",
        "survey.csv",
        "--out",
        "recorded.toml",
    ]);
    for name in ["ours.toml", "again.toml"] {
        let trained = place.run(&[&train[..], &[name]].concat()).expect(0).stdout;
        assert!(
            trained.contains("trained on 200 calls") && trained.contains("On calls that it had not seen"),
            "{trained}"
        );
    }
    let [ours, again] = ["ours.toml", "again.toml"].map(|name| std::fs::read(place.path(name)).expect("a model"));
    assert_eq!(ours, again, "the same ratings make the same bytes");
    let recorded = std::fs::read(place.path("recorded.toml")).expect("a model");
    assert_eq!(ours, recorded, "and so do those of contact records");
    let rated = place.analyze(&["--metadata", "survey.csv", "calls.csv"], 0).table("calls.csv");
    assert_eq!((rated.cell("c003", "rating"), rated.cell("c004", "rating")), ("4.0000", "5.0000"));
    let without = place.analyze(&["calls.csv"], 0);
    assert!(without.table("calls.csv").column("customer_rating_expected").iter().all(|cell| cell.is_empty()));
    assert!(without.record().get("call_model").is_none());
    let outputs = place.analyze(&["--call-model", "ours.toml", "calls.csv"], 0);
    assert_eq!(outputs.record()["call_model"], blake3::hash(&ours).to_hex().as_str());
    let table = outputs.table("calls.csv");
    let expected = |call: &str| {
        ["customer_rating_expected_low", "customer_rating_expected", "customer_rating_expected_high"]
            .map(|column| table.cell(call, column).parse::<f64>().unwrap_or_else(|_| panic!("{call} has no {column}")))
    };
    let (furious, happy) = (expected("c005"), expected("c004"));
    assert!(furious.is_sorted() && happy.is_sorted() && furious[1] < 2.5 && happy[1] > 3.5, "{furious:?} {happy:?}");
    place.run(&["analyze", "--call-model", "ours.toml", "calls.csv"]).expect(0);
    let explained = place.run(&["explain", "c004"]).expect(0).stdout;
    assert!(explained.contains(&format!("rating     {:.2} expected", happy[1])), "{explained}");
    // A model of other scores is refused, with the way out.
    let refused = place.run(&["analyze", "--call-model", "ours.toml", "--granularity", "call", "calls.csv"]).expect(78);
    assert!(refused.error().contains("granularity turn, and this run has call"), "{}", refused.error());
    assert!(
        refused.hint().contains("train --for calls") || refused.hint().contains("--for calls"),
        "{}",
        refused.hint()
    );
    let refused = place.run(&["analyze", "--call-model", "survey.csv", "calls.csv"]).expect(78);
    assert!(refused.error().contains("survey.csv: no call model"), "{}", refused.error());
}

#[test]
fn ratings_that_teach_nothing_make_no_model() {
    let place = Place::new();
    let (calls, survey) = surveyed(110);
    place.write("calls.csv", calls);
    place.write("survey.csv", &survey);
    let rows = |rating: &dyn Fn(usize) -> String, calls: usize| {
        let rated = (0..calls).map(|at| [format!("c{at:03}"), rating(at)]);
        write_csv(std::iter::once(["call_id".to_owned(), "rating".to_owned()]).chain(rated))
    };
    place.write("few.csv", rows(&|at| (at % 5).to_string(), 60));
    place.write("constant.csv", rows(&|_| "4".to_owned(), 110));
    place.write("chance.csv", rows(&|at| (at * 37 % 11).to_string(), 110));
    place.write("strangers.csv", "call_id,rating\nx1,3\nx2,4\n");
    let refused = |arguments: &[&str], code: i32| {
        let ended = place.run(&[&["train", "--out", "ours.toml"], arguments].concat()).expect(code);
        assert!(!place.path("ours.toml").exists(), "{arguments:?}");
        (ended.error().to_owned(), ended.hint().to_owned())
    };
    let calls = ["--for", "calls", "--input", "calls.csv"];
    for (file, words) in [
        ("few.csv", "60 rated calls have a score of the customer; a call model takes 100 or more"),
        ("constant.csv", "all 110 rated calls have the same rating"),
        ("chance.csv", "do not rise with these ratings by more than chance explains"),
        ("strangers.csv", "none of the 2 rated calls is in calls.csv"),
    ] {
        let (error, hint) = refused(&[&[file], &calls[..]].concat(), 65);
        assert!(error.contains(words) && !hint.is_empty(), "{file}: {error}");
    }
    let (error, _) = refused(&[&["survey.csv", "--better", "low"], &calls[..]].concat(), 65);
    assert!(error.contains("do not rise"), "{error}");
    let (error, _) = refused(&["survey.csv", "--for", "calls"], 2);
    assert!(error.contains("no transcript was given"), "{error}");
    let (error, _) = refused(&["survey.csv", "--input", "calls.csv"], 2);
    assert!(error.contains("belong to --for calls"), "{error}");
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
    place.write("unrated.csv", "call_id,agent\ncall-1001,ann\n");
    let unrated = ["--input", "data", "--metadata", "unrated.csv"];
    let cases: [(&[&str], i32, &str, &str); 9] = [
        (&[], 2, "no labels were given", "--metadata FILE"),
        (&unrated, 65, "unrated.csv: no contact record has a rating", "--rating COLUMN"),
        (&["missing.csv"], 66, "can't read missing.csv", ""),
        (&["words.csv"], 65, "no column `text`", "text,label"),
        (&["bad.csv"], 65, "bad.csv:3: unknown label", "positive, negative, neutral or mixed"),
        (&["survey.csv"], 2, "no transcript was given", "--input FILE"),
        (&["survey.csv", "--input", "data"], 65, "none of the 1 rated calls is in data", ""),
        (&["survey.csv", "--input", "data", "--learning-curve"], 65, "none of the 1 rated calls", ""),
        (&["labels.csv", "--engine", "azure"], 78, "azure", "`vader` or a model file"),
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

//! Which language a call is scored in: enough words of its own, else what surrounds it; what a column states.

use crate::program::{Place, write_csv};

const SHORT: [&str; 30] = [
    "order 12345",
    "refund",
    "terrible service",
    "hi",
    "thanks",
    "cancel my order",
    "no answer",
    "password reset",
    "ok",
    "super",
    "delivery late",
    "invoice 2024-17",
    "wrong item",
    "not happy",
    "great, thank you",
    "agent please",
    "card declined",
    "it is broken",
    "where is it",
    "still waiting",
    "my number is 555 0100",
    "yes",
    "no",
    "good morning",
    "account locked",
    "bad connection",
    "please call me",
    "perfect",
    "two items missing",
    "solved",
];
const SPANISH: &str = "Quisiera saber dónde está mi pedido, tendría que haber llegado la semana pasada.";

fn chats<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let head = ["call_id", "speaker", "text"].map(str::to_owned);
    let row = |(number, text): (usize, &str)| [format!("c{number:02}"), "customer".to_owned(), text.to_owned()];
    write_csv(std::iter::once(head).chain(texts.into_iter().enumerate().map(row)))
}

#[test]
fn short_english_chats_are_all_scored_and_it_is_said_how_many_languages_were_assumed() {
    let place = Place::new();
    place.write("in.csv", chats(SHORT));
    let summary = place.run(&["analyze", "--out", "out", "in.csv"]).expect(0).stdout;
    let outputs = place.outputs("out");
    assert_eq!(outputs.table("calls.csv").column("language"), ["en"; 30]);
    assert_eq!(outputs.record()["counts"]["calls_scored"], 30);
    let assumed = outputs.record()["counts"]["calls_language_assumed"].as_u64().expect("a count");
    assert!((1..30).contains(&assumed), "{assumed}");
    assert!(summary.contains(&format!("assumed for {assumed} calls")), "{summary}");
    let plan = place.run(&["plan", "in.csv"]).expect(0).stdout;
    assert!(plan.contains(&format!("\n{assumed} calls have too few words")), "{plan}");
}

#[test]
fn a_call_in_another_language_is_skipped_with_the_reason_wherever_it_stands() {
    let place = Place::new();
    place.write("in.csv", chats(SHORT.into_iter().chain([SPANISH, "您好，我的订单在哪里？", "สวัสดีค่ะ"])));
    let outputs = place.analyze(&["in.csv"], 3);
    assert_eq!(outputs.table("calls.csv").column("language")[30..], ["es", "zh", "th"]);
    assert_eq!(outputs.table("failures.csv").column("call_id"), ["c30", "c31", "c32"]);
    assert_eq!(outputs.table("failures.csv").column("reason"), ["unsupported_language"; 3]);
    place.analyze(&["--language", "en", "in.csv"], 0);
}

#[test]
fn a_column_may_name_languages_in_words_and_what_is_no_language_is_warned_of_and_never_shown() {
    let place = Place::new();
    let rows = [
        ["call_id", "speaker", "text", "Lang"],
        ["c1", "customer", "I would like to know where my order is, it should be here by now", "English"],
        ["c2", "customer", "Could you tell me when it comes, I need it by tomorrow morning", "eng"],
        ["c3", "customer", "refund", "EN"],
        ["c4", "customer", "refund", "en-US"],
        ["c5", "customer", "refund", "German"],
        ["c6", "customer", "refund", "Deutsch"],
        ["c7", "customer", "refund", "N/A"],
        ["c8", "customer", SPANISH, "my marzipan is late"],
        ["c9", "customer", "this is great, thank you", ""],
    ];
    place.write("in.csv", write_csv(rows));
    let ended = place.run(&["analyze", "--map", "language=Lang", "--out", "out", "in.csv"]).expect(3);
    let languages = place.outputs("out").table("calls.csv");
    assert_eq!(languages.column("language"), ["en", "en", "en", "en", "de", "de", "en", "es", "en"]);
    assert!(ended.stderr.contains(r#"column "Lang" names no language in 2 rows"#), "{}", ended.stderr);
    assert!(!ended.stderr.contains("marzipan") && !ended.stderr.contains("N/A"), "{}", ended.stderr);
    for (name, bytes) in place.outputs("out").0 {
        assert!(!String::from_utf8_lossy(&bytes).contains("marzipan"), "{name}");
    }
}

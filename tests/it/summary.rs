//! What a run says on stdout when it ends: in words, or as JSON for programs.

use serde_json::{Value, json};

use crate::program::{Place, turns, write_csv};

fn summary(place: &Place, arguments: &[&str], code: i32) -> Value {
    let ended = place.run(&[&["analyze", "--json"], arguments].concat()).expect(code);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

#[test]
fn programs_are_told_what_people_are_told_and_what_the_record_says() {
    let place = Place::with_samples();
    let words = place.run(&["analyze", "data"]).expect(0).stdout;
    let summary = summary(&place, &["data"], 0);
    let record = place.outputs("undertone-out").record();
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{value} is no count"));
    for (part, value) in [
        ("{} calls, ", &summary["calls"]),
        (" {} agents, ", &summary["agents"]["agents"]),
        ("  positive {}  ", &summary["customer"]["labels"]["positive"]),
        ("  negative {}\n", &summary["customer"]["labels"]["negative"]),
        (" {} of ", &summary["start_to_end"]["better"]),
        (" of {} calls ended better", &summary["start_to_end"]["calls"]),
        (", {} worse; ", &summary["start_to_end"]["worse"]),
        ("; {} escalated, ", &summary["start_to_end"]["escalated"]),
        (", {} recovered\n", &summary["start_to_end"]["recovered"]),
    ] {
        let part = part.replace("{}", &number(value).to_string());
        assert!(words.contains(&part), "{part:?} is not in\n{words}");
    }
    let listed = summary["listen_to"].as_array().expect("a list");
    assert_eq!((listed.len(), words.matches(" \u{2192} ").count()), (5, 5), "the most that are listed");
    for call in listed {
        let score = |name: &str| {
            let score = call[name].as_f64().unwrap_or_else(|| panic!("{name} is {}", call[name]));
            format!("{score:+.2}").replace('-', "\u{2212}")
        };
        let (id, agent) = (call["call_id"].as_str().expect("an id"), call["agent_id"].as_str().expect("an agent"));
        let line = format!("{id} ({agent})  {} \u{2192} {}\n", score("customer_start"), score("customer_end"));
        assert!(words.contains(&line), "{line:?} is not in\n{words}");
    }
    let counts = &record["counts"];
    assert_eq!((&summary["calls"], &summary["calls_scored"]), (&counts["calls"], &counts["calls_scored"]));
    for name in ["segments", "scored", "cached", "failed", "skipped"] {
        assert_eq!(summary["segments"][name], counts[name], "{name}");
    }
    let bars = summary["customer"]["distribution"]["calls"].as_array().expect("a list");
    assert_eq!(bars.iter().map(number).sum::<u64>(), number(&summary["calls_scored"]));
    let files = summary["files"].as_array().expect("a list");
    let (last, others) = files.split_last().expect("files");
    assert_eq!((&last["name"], &Value::from(others)), (&json!("run.json"), &record["outputs"]));
    assert_eq!((&summary["directory"], &summary["bill"]), (&json!("undertone-out"), &Value::Null));
}

#[test]
fn calls_with_times_that_contradict_each_other_are_counted_and_placed_by_words() {
    let place = Place::new();
    // Local times over the end of daylight saving, beside a call of the day before.
    let rows = "call_id,turn_index,speaker,timestamp,text\n\
        back,1,customer,2026-10-25 02:59:50,this is a terrible and useless service\n\
        back,2,agent,2026-10-25 02:00:00,I am sorry to hear that\n\
        back,3,customer,2026-10-25 02:00:10,great that works thank you so much\n\
        plain,1,customer,2026-10-24 02:59:50,thank you\n\
        plain,2,agent,2026-10-24 03:00:00,you are welcome\n";
    place.write("calls.csv", rows);
    let words = place.run(&["analyze", "--timezone", "Europe/Berlin", "calls.csv"]).expect(0).stdout;
    assert!(words.contains("times        not used in 1 call: a turn starts before the one before it"), "{words}");
    let outputs = place.outputs("undertone-out");
    assert_eq!(outputs.record()["counts"]["calls_times_contradict"], 1);
    let calls = outputs.table("calls.csv");
    let cells = [("back", "time_basis"), ("back", "duration_s"), ("plain", "time_basis")];
    assert_eq!(cells.map(|(call, column)| calls.cell(call, column)), ["words", "", "time"]);
    let score = |name: &str| calls.cell("back", name).parse::<f64>().unwrap_or_else(|_| panic!("no {name}"));
    assert!(score("customer_start") < 0.0 && score("customer_end") > 0.0, "the call ended well");
    assert_eq!(summary(&place, &["--timezone", "Europe/Berlin", "calls.csv"], 0)["calls_times_contradict"], 1);
}

#[test]
fn contacts_that_were_read_raw_and_redacted_are_counted() {
    let contact = |words: &str| {
        json!({
            "CustomerMetadata": { "ContactId": "c-1" },
            "Participants": [{ "ParticipantId": "p", "ParticipantRole": "CUSTOMER" }],
            "Transcript": [{ "ParticipantId": "p", "Content": words, "BeginOffsetMillis": 0 }],
        })
    };
    let place = Place::new();
    place.write("c-1_analysis_t.json", contact("my number is wrong").to_string());
    place.write("c-1_analysis_redacted_t.json", contact("my [PII] is wrong").to_string());
    let words = place.run(&["analyze", "."]).expect(0).stdout;
    assert!(words.contains("redacted     1 contact read both raw and redacted: the redacted one counts"), "{words}");
    let outputs = place.outputs("undertone-out");
    assert_eq!(
        (&outputs.record()["counts"]["redacted_twins"], &outputs.record()["counts"]["turns"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(summary(&place, &["."], 0)["redacted_twins"], 1);
}

#[test]
fn json_takes_the_place_of_the_words_and_is_not_silenced() {
    let place = Place::with_samples();
    let run = |arguments: &[&str]| place.run(&[&["analyze"], arguments, &["data"]].concat()).expect(0);
    assert_eq!(run(&["-q"]).stdout, "");
    let [loud, quiet] = [&["--json"][..], &["--json", "-q"]].map(|arguments| {
        let ended = run(arguments);
        let mut summary: Value = serde_json::from_str(&ended.stdout).expect("nothing but JSON");
        summary["seconds"].take();
        for file in summary["files"].as_array_mut().expect("a list") {
            if file["name"] == "run.json" {
                file.take();
            }
        }
        (summary, ended.stderr)
    });
    assert_eq!(loud.0, quiet.0);
    assert_eq!(quiet.1, "");
}

#[test]
fn what_is_not_known_is_null() {
    let place = Place::new();
    place.write("in.csv", turns(&[["silent", "agent", "amara", "hello, is anybody there?"]]));
    let summary = summary(&place, &["in.csv"], 0);
    assert_eq!((&summary["calls"], &summary["calls_scored"]), (&json!(1), &json!(0)));
    assert_eq!((&summary["customer"]["mean_score"], &summary["start_to_end"]["calls"]), (&Value::Null, &json!(0)));
    assert_eq!((&summary["listen_to"], &summary["agents"]["compared"]), (&json!([]), &json!(false)));
}

#[test]
fn rows_that_were_rejected_are_told_with_their_exit_code() {
    let place = Place::new();
    let rows = [["call_id", "speaker", "text"], ["c", "customer", "this is great"], ["", "customer", "hello"]];
    place.write("in.csv", write_csv(rows));
    let summary = summary(&place, &["--max-rejects", "1", "in.csv"], 3);
    assert_eq!(summary["rejected_rows"], 1);
}

#[test]
fn a_run_that_stops_says_nothing_on_stdout() {
    let place = Place::new();
    assert_eq!(place.run(&["analyze", "--json", "nowhere.csv"]).expect(66).stdout, "");
}

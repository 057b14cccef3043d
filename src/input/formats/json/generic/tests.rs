//! Records of no vendor's form, whole, through everything that follows them.

use crate::exit::{ExitCode, Stops as _};
use crate::input::field::{Field, Origin};
use crate::input::formats::json::tests::with_roles;
use crate::input::tests::{all_calls, lenient, read_bytes, the_call, told};
use crate::input::{InputError, InputOptions};
use crate::transcript::{Call, Role};

const SAMPLES: &[&str] = &[
    CALL,
    r#"{"id":"a","messages":[{"role":"user","content":"Hi there, you"}]}
{"id":"b","messages":[{"role":"assistant","content":[{"type":"text","text":"Hello to you"}]},{"role":"user","content":""}]}"#,
    r#"[{"call_id":"r","speaker":"agent","text":"Good morning to you","start_time":"2024-05-01T10:00:00Z"},
        {"call_id":"r","speaker":"customer","text":"My card is lost","start_time":"2024-05-01T10:00:04Z"}]"#,
];
const CALL: &str = r#"{"call_id":"c-1","agent":{"id":"a-9","name":"Ann"},"queue":"billing","language":"en-US","started_at":"2024-05-01T10:00:00Z",
    "participants":[{"id":"p1","type":"external"},{"id":"p2","type":"internal"}],
    "transcript":[{"id":"t1","participant":"p2","start":0,"end":1.5,"text":"Hello, Ann here"},{"participant":"p1","start":2,"end":4.25,"text":"I lost my card"},
      {"participant":"p2","start":5,"text":"see the note","isInternal":true},{"participant":"p2","start":6,"isEvent":true,"text":"joined"}]}"#;

fn calls(text: &str, options: &InputOptions) -> Vec<Call> {
    let conversations = read_bytes(&[("file", text.into())], options).unwrap();
    assert_eq!((conversations.rejects(), conversations.reports()[0].found.kind), (&[][..], "json"));
    all_calls(&conversations).0
}

fn texts(call: &Call) -> Vec<(Role, &str)> {
    call.turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect()
}

fn mapped(map: &[(Field, &str)]) -> InputOptions {
    let map = map.iter().map(|&(field, text)| (field, Origin::of(field, text).unwrap())).collect();
    InputOptions { map, ..lenient() }
}

fn refused(text: &str, options: &InputOptions) -> (String, String) {
    let error: InputError = read_bytes(&[("file", text.into())], options).err().unwrap();
    assert_eq!(error.code(), ExitCode::Data);
    (error.to_string(), error.hint().unwrap_or_default())
}

#[test]
fn a_call_with_a_list_of_turns_has_what_its_record_states() {
    let (call, _) = the_call("x", CALL);
    assert_eq!((&*call.id, call.started_at_ms), ("c-1", Some(1_714_557_600_000)));
    assert_eq!((call.queue.as_deref(), call.language.as_deref()), (Some("billing"), Some("en")));
    let expected = [
        (Role::Agent, "Hello, Ann here", Some(0), Some(1500), Some("a-9")),
        (Role::Customer, "I lost my card", Some(2000), Some(4250), None),
        (Role::Other, "see the note", Some(5000), None, None),
    ];
    assert_eq!(told(&call), expected);
}

#[test]
fn calls_in_a_list_two_levels_deep_are_found() {
    let call = |id: &str| format!(r#"{{"id":"{id}","messages":[{{"role":"user","content":"Hi {id}"}}]}}"#);
    let text = format!(r#"{{"status":"ok","result":{{"total":2,"calls":[{},{}]}}}}"#, call("a"), call("b"));
    let found = calls(&text, &InputOptions::default());
    assert_eq!(found.iter().map(|call| &*call.id).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(texts(&found[1]), [(Role::Customer, "Hi b")]);
}

#[test]
fn the_same_turns_are_found_in_every_wrapping() {
    let expected = [(Role::Agent, "Hello"), (Role::Customer, "Hi")];
    let lists = [
        r#"[{"role":"assistant","content":"Hello"},{"role":"user","content":"Hi"}]"#,
        r#"[{"sender":{"type":"agent","name":"Ann"},"body":"Hello"},{"sender":{"type":"customer","name":"Jo"},"body":"Hi"}]"#,
        r#"[{"name":"Ann","role":"agent","message":"Hello"},{"name":"Jo","role":"customer","message":"Hi"}]"#,
        r#"[{"message":{"role":"agent","content":[{"type":"text","text":"Hello"}]}},{"message":{"role":"customer","content":[{"text":"Hi"}]}}]"#,
        r#"[{"from":"AGENT","value":"Hello","type":"x"},{"from":"CUSTOMER","value":"Hi","type":"x"}]"#,
    ];
    for list in lists {
        for name in
            ["messages", "turns", "transcript", "utterances", "conversation", "dialogue", "entries", "segments", "said"]
        {
            let call = format!(r#"{{"conversation_id":"k","{name}":{list}}}"#);
            for text in [
                call.clone(),
                format!("[{call}]"),
                format!("{call}\n{}", call.replace("\"k\"", "\"l\"")),
                format!(r#"{{"n":1,"data":[{call}]}}"#),
                format!(r#"{{"of_a_day":[{call}]}}"#),
            ] {
                let calls = calls(&text, &InputOptions::default());
                assert_eq!((&*calls[0].id, texts(&calls[0])), ("k", expected.to_vec()), "{text}");
            }
        }
        let call = calls(list, &InputOptions::default());
        assert_eq!((&*call[0].id, texts(&call[0])), ("file", expected.to_vec()), "a file of turns is a call: {list}");
    }
}

#[test]
fn texts_with_labels_and_pairs_are_turns() {
    let expected = [(Role::Agent, "Hello"), (Role::Customer, "Hi")];
    for text in [
        r#"{"id":"k","transcript":"Agent: Hello\nCustomer: Hi"}"#,
        r#"{"call_id":"k","dialogue":["Agent: Hello","Customer: Hi"]}"#,
        r#"{"convo_id":"k","original":[["agent","Hello"],["customer","Hi"]],"delexed":[{"speaker":"agent","text":"hello"}]}"#,
    ] {
        let calls = calls(text, &InputOptions::default());
        assert_eq!((&*calls[0].id, texts(&calls[0])), ("k", expected.to_vec()), "{text}");
    }
    let without_ids = r#"[{"transcript":"Agent: Hello\nCustomer: Hi"},{"transcript":"Agent: Hello\nCustomer: Hi"}]"#;
    let calls = calls(without_ids, &InputOptions::default());
    assert_eq!(calls.iter().map(|call| &*call.id).collect::<Vec<_>>(), ["file:1", "file:2"]);
    assert_eq!(texts(&calls[1]), expected);
}

#[test]
fn a_list_that_repeats_another_is_left_aside() {
    let text = r#"{"id":"k","startedAt":"2024-05-01T10:00:00Z","messages":[{"role":"agent","message":"Hello","participantId":"1"}],"artifact":{"messages":[{"role":"agent","message":"Hello"}]},"transcript":"AI: Hello"}"#;
    let call = &calls(text, &InputOptions::default())[0];
    assert_eq!(
        (&*call.id, texts(call), call.started_at_ms),
        ("k", vec![(Role::Agent, "Hello")], Some(1_714_557_600_000))
    );
    let text = r#"{"call_id":"k","start_timestamp":1714557600000,"transcript":"Agent: Hello\nUser: Hi","transcript_object":[{"role":"agent","content":"Hello"}]}"#;
    let call = &calls(text, &InputOptions::default())[0];
    assert_eq!((call.turns.len(), call.started_at_ms), (2, Some(1_714_557_600_000)));
}

#[test]
fn rows_are_read_as_those_of_a_table() {
    let rows = r#"[{"ConversationId":"s","ActorType":"EndUser","EntryType":"Text","EntryTime":"2024-05-01T10:00:00Z","Message":"Hi"},
        {"ConversationId":"s","ActorType":"Agent","ActorName":"Ann","EntryType":"Text","EntryTime":"2024-05-01T10:00:07Z","Message":"Hello"},
        {"ConversationId":"s","ActorType":"System","EntryType":"ParticipantJoined","EntryTime":"2024-05-01T10:00:01Z","Message":"x"}]"#;
    for text in [
        rows.to_owned(),
        rows.replace(['[', ']'], "").replace("},", "}"),
        format!("{{\"totalSize\":3,\"records\":{rows}}}"),
    ] {
        let calls = calls(&text, &InputOptions::default());
        assert_eq!((&*calls[0].id, calls[0].started_at_ms), ("s", Some(1_714_557_600_000)));
        let expected = [(Role::Customer, "Hi", Some(0), None, None), (Role::Agent, "Hello", Some(7000), None, None)];
        assert_eq!(told(&calls[0]), expected);
    }
}

#[test]
fn keys_and_paths_can_be_mapped() {
    let text = r#"{"ref":"k","blob":{"said":[{"who":{"side":"A"},"what":"Hello","at":"1:00"},{"who":{"side":"B"},"what":"Hi","at":"1:05"}]}}"#;
    let map = [(Field::CallId, "ref"), (Field::Text, "blob.said[].what"), (Field::Speaker, "blob.said[].who.side")];
    for map in [map, [map[0], (Field::Text, "what"), (Field::Speaker, "who.side")]] {
        let options =
            InputOptions { roles: with_roles(&[("A", Role::Agent), ("B", Role::Customer)]).roles, ..mapped(&map) };
        let calls = calls(text, &options);
        assert_eq!((&*calls[0].id, texts(&calls[0])), ("k", vec![(Role::Agent, "Hello"), (Role::Customer, "Hi")]));
    }
    let tweets = r#"{"t":1,"text":"my box broke"}"#.to_owned() + "\n" + r#"{"t":2,"text":"still broken"}"#;
    let map = mapped(&[(Field::CallId, "@row"), (Field::Speaker, "@customer")]);
    assert_eq!(calls(&tweets, &map).len(), 2);
    let sides = r#"{"cid":"1","q":"my box broke","a":"I see"}"#;
    let map = mapped(&[(Field::CallId, "cid"), (Field::CustomerText, "q"), (Field::AgentText, "a")]);
    assert_eq!(texts(&calls(sides, &map)[0]), [(Role::Customer, "my box broke"), (Role::Agent, "I see")]);
}

#[test]
fn times_that_are_all_the_same_are_the_calls() {
    let text = r#"{"call_id":"k","messages":[{"role":"agent","text":"Thanks","time":"2024-05-01T10:00:00Z"},{"role":"user","text":"Yes","time":"2024-05-01T10:00:00Z"},{"role":"agent","text":"Thanks","time":"2024-05-01T10:00:00Z"}]}"#;
    let call = &calls(text, &InputOptions::default())[0];
    assert_eq!((call.turns.len(), call.started_at_ms, call.turns[1].start_ms), (3, Some(1_714_557_600_000), None));
}

#[test]
fn all_that_is_missing_is_named_at_once_with_flags_that_work() {
    let (message, hint) =
        refused(r#"[{"call_id":"1","who":"agent","what":"my secret words"}]"#, &InputOptions::default());
    assert!(
        message
            .ends_with(r#"this is JSON in which no key fits text and speaker; the keys are "call_id", "what", "who""#),
        "{message}"
    );
    assert!(hint.starts_with("name the keys with --map text=KEY --map speaker=KEY"), "{hint}");
    let options = mapped(&[(Field::Text, "what"), (Field::Speaker, "who")]);
    assert_eq!(calls(r#"[{"call_id":"1","who":"agent","what":"my words"}]"#, &options)[0].turns.len(), 1);
    let (message, _) = refused(r#"{"my pin is 1234":"a","I said":{"so":1}}"#, &InputOptions::default());
    assert!(message.ends_with("none of its 2 keys has a known name"), "{message}");
    let two = r#"{"messages":[{"role":"agent","text":"a"}],"turns":[{"role":"agent","text":"b"}]}"#;
    let (message, hint) = refused(two, &InputOptions::default());
    assert!(message.ends_with("several keys fit text: messages, turns"), "{message}");
    assert!(hint.ends_with("--map text=KEY"));
    assert_eq!(texts(&calls(two, &mapped(&[(Field::Text, "turns")]))[0]), [(Role::Agent, "b")]);
    let (message, _) = refused(CALL, &mapped(&[(Field::CallId, "nowhere")]));
    assert!(message.contains("no key is called \"nowhere\""), "{message}");
}

#[test]
fn a_broken_record_costs_only_itself() {
    let text = format!(
        "{}\n{{\"call_id\":\"c\n{}\n[1]\n",
        CALL.replace('\n', ""),
        CALL.replace('\n', "").replace("c-1", "c-2")
    );
    let conversations = read_bytes(&[("file", text.into())], &lenient()).unwrap();
    assert_eq!((all_calls(&conversations).0.len(), conversations.rejected()), (2, 1));
}

#[test]
fn samples_that_are_cut_off_or_damaged_are_read_or_refused_without_a_word_of_theirs() {
    let words = ["Ann here", "lost my", "the note", "Hi there", "Hello to", "Good morning", "card is"];
    let quotes = |message: &str| words.iter().any(|words| message.contains(words));
    for text in SAMPLES {
        for at in (0..text.len()).step_by(7) {
            let (before, after) = text.split_at(at);
            let rest = after.get(1..).unwrap_or_default();
            let damaged = ["}", "\"", "[[{", ":"].map(|by| [before, by, rest].concat());
            for text in damaged.into_iter().chain([before.to_owned()]) {
                match read_bytes(&[("file", text.into())], &lenient()) {
                    Ok(conversations) => {
                        let shown: Vec<String> = conversations.rejects().iter().map(ToString::to_string).collect();
                        assert!(!quotes(&shown.concat()), "{shown:?}");
                    }
                    Err(error) => assert!(!quotes(&format!("{error} {error:?} {:?}", error.hint())), "{error}"),
                }
            }
        }
    }
}

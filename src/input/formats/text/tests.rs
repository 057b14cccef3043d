//! Plain text through everything that follows its reader.

use proptest::prelude::*;

use super::*;
use crate::exit::Stops as _;
use crate::input::formats::recognise;
use crate::input::tests::{all_calls, lenient, read_bytes};
use crate::input::{Conversations, Origin};

use Role::{Agent, Customer};

fn options(roles: &[(&str, Role)]) -> InputOptions {
    let roles = roles.iter().map(|(value, role)| ((*value).to_owned(), Some(*role))).collect();
    InputOptions { roles, ..lenient() }
}

fn read_text(text: &str, options: &InputOptions) -> Result<Conversations, InputError> {
    read_bytes(&[("call 7.txt", text.into())], options)
}

fn turns_as(text: &str, options: &InputOptions) -> Vec<(Role, String, Option<i64>)> {
    let conversations = read_text(text, options).unwrap();
    assert_eq!((conversations.reports()[0].found.kind, conversations.rejected()), ("text", 0), "{text}");
    let (calls, _) = all_calls(&conversations);
    assert_eq!((calls.len(), &*calls[0].id), (1, "call 7"));
    calls[0].turns.iter().map(|turn| (turn.role, turn.text.to_string(), turn.start_ms)).collect()
}

fn turns(text: &str) -> Vec<(Role, String, Option<i64>)> {
    turns_as(text, &lenient())
}

fn golden(expected: &[(Role, &str, Option<i64>)]) -> Vec<(Role, String, Option<i64>)> {
    expected.iter().map(|(role, text, start)| (*role, (*text).to_owned(), *start)).collect()
}

#[test]
fn names_that_begin_nearly_all_lines_are_shown_with_the_flags_to_copy() {
    let text = "Jane Roe: hello there\nBob Martin: my parcel is late\nJane Roe: let me look\nBob Martin: okay\n";
    let error = read_bytes(&[("a.txt", text.into())], &InputOptions::default()).err().unwrap();
    assert!(error.hint().unwrap().ends_with("--role 'Bob Martin=other' --role 'Jane Roe=other'"), "{:?}", error.hint());
    // Where lines without a label are more than a few, a label may be words.
    let text = format!("{text}so I looked\nand looked\n");
    let error = read_bytes(&[("a.txt", text.into())], &InputOptions::default()).err().unwrap();
    assert!(!format!("{error} {:?}", error.hint()).contains("Roe"), "{error}");
}

#[test]
fn labelled_lines_are_turns_in_any_dress() {
    let expected =
        golden(&[(Agent, "Hello, what is it?\nI can help.", None), (Customer, "My bill: it's wrong.", None)]);
    for text in [
        "Agent: Hello, what is it?\nI can help.\nCustomer: My bill: it's wrong.\n",
        "\u{feff}Call of Monday\n\n**Agent:** Hello, what is it?\nI can help.\n\n**Customer (Susan):** My bill: it's wrong.",
        "Agent:\n\n\"Hello, what is it?\nI can help.\"\n\nCustomer:\n\n\"My bill: it's wrong.\"\n",
        "\"Agent: Hello, what is it?\nI can help.\n---\n[Pause]\n[HOLD]\nCustomer: My bill: it's wrong.",
        "# Call 7\n- **Agent**: Hello, what is it?\nI can help.\n(types)\n- **Customer**: My bill: it's wrong.",
        "[Agent] Hello, what is it?\nI can help.\n[Customer] My bill: it's wrong.",
    ] {
        assert_eq!(turns(text), expected, "{text}");
    }
    let in_a_line = "Agent: Hello there. Customer: My bill! Agent: I see";
    assert_eq!(turns(in_a_line).len(), 3);
}

#[test]
fn stamps_before_labels_are_times() {
    let text =
        "Agent: Jane Roe\nCustomer: Sam\n[00:06] Agent: hi\n[00:08.500] Customer: well\nso\n[1:00:00] Agent: bye";
    let expected = [(Agent, "hi", Some(0)), (Customer, "well\nso", Some(2_500)), (Agent, "bye", Some(3_594_000))];
    assert_eq!(turns(text), golden(&expected), "what stands above the first stamp is a head");
    let diarised = "[0:00:06.8 - 0:00:07.2] SPEAKER_00 - hi\n[0:00:08.0 - 0:00:09.0] SPEAKER_01 - my bill\n";
    let roles = options(&[("SPEAKER_00", Agent), ("SPEAKER_01", Customer)]);
    assert_eq!(turns_as(diarised, &roles), golden(&[(Agent, "hi", Some(0)), (Customer, "my bill", Some(1_200))]));
    let error = read_text(diarised, &lenient()).err().unwrap();
    assert!(error.to_string().contains("\"SPEAKER_00\" (1 turn), \"SPEAKER_01\" (1 turn)"), "{error}");
    let dated = "2024-05-13 10:00:00 Agent: hi\n2024-05-13 10:00:05 Customer: yo";
    let conversations = read_text(dated, &lenient()).unwrap();
    let call = &all_calls(&conversations).0[0];
    assert_eq!((call.started_at_ms, call.turns[1].start_ms), (Some(1_715_594_400_000), Some(5_000)));
    let alone = "Jane Roe   0:12\nhi\n\nSam   0:15\nmy bill\n\nJane Roe   0:20\nI see\n\nSam   0:22\nok\n";
    let roles = options(&[("Jane Roe", Agent), ("Sam", Customer)]);
    assert_eq!(turns_as(alone, &roles)[1], (Customer, "my bill".to_owned(), Some(3_000)));
}

#[test]
fn a_head_of_names_and_values_is_no_speech() {
    let text = "Date: 5 May\nAgent: Jane Roe\nCustomer: Sam\nDuration: 6 min\n\nAgent: hi\nCustomer: yo\n";
    assert_eq!(turns(text), golden(&[(Agent, "hi", None), (Customer, "yo", None)]));
    let titled = "CALL TRANSCRIPT\nCustomer: North Clinic (7)\nDate: 2025-04-23\nParticipants: Sam (Customer), the whole team\n\n\
        [00:01:30]\nAgent: \"hi\"\n\n[00:02:15 - 00:02:20]\nCustomer: \"yo\"\n";
    assert_eq!(turns(titled), golden(&[(Agent, "hi", Some(0)), (Customer, "yo", Some(45_000))]));
    let no_head = "Agent: hi\nNote: on hold\nCustomer: yo\n\nAgent: bye";
    assert_eq!(turns(no_head).len(), 3);
}

#[test]
fn labels_of_unknown_role_count_if_they_recur() {
    let text = "Jane Roe: hi\nSam: my secret\nReason: none\nJane Roe: I see\nSam: ok\n";
    let error = read_text(text, &lenient()).err().unwrap();
    let expected = "the labels before the words: 2 values of unknown role in 4 turns, first on line 1";
    assert!(error.to_string().contains(expected) && error.hint().unwrap().contains("--role VALUE=ROLE"), "{error}");
    let roles = options(&[("Jane Roe", Agent), ("Sam", Customer)]);
    assert_eq!(turns_as(text, &roles)[1], (Customer, "my secret\nReason: none".to_owned(), None));
    let both = "Agent: hi\nTotal: 4\nCustomer: yo\nTotal: 5\n";
    assert!(read_text(both, &lenient()).err().unwrap().hint().unwrap().contains("text if it is no speaker"));
    let words = InputOptions { roles: vec![("Total".to_owned(), None)], ..lenient() };
    assert_eq!(turns_as(both, &words).len(), 2);
}

#[test]
fn what_is_no_transcript_is_not_taken_for_one() {
    let is_text = |text: &str, options: &InputOptions| {
        recognise(&super::super::ALL, text.as_bytes(), options).is_ok_and(|format| format.description().name == "text")
    };
    for text in [
        "A readme.\nNote: this is no call\nUsage: none\n",
        "nr,words\nc1,\"Agent: hi\nCustomer: well\"\nc2,\"Agent: yo\nCustomer: so\"\n",
        "call_id,text\nc1,\"Agent: hi\nCustomer: well\"\n",
        "{\"a\": \"Agent: hi\"}",
        "fn main() {\n    let user: User = x;\n}\n",
    ] {
        assert!(!is_text(text, &lenient()), "{text}");
    }
    let prose = "I want my money back.\nNow.\n\nPlease do it\n";
    assert!(!is_text(prose, &lenient()));
    let party = InputOptions { map: vec![(Field::Speaker, Origin::Party(Customer))], ..lenient() };
    let expected = golden(&[(Customer, "I want my money back.\nNow.", None), (Customer, "Please do it", None)]);
    assert_eq!(turns_as(prose, &party), expected);
    let named = InputOptions { format: Some("text".parse().unwrap()), ..lenient() };
    let error = read_text(prose, &named).err().unwrap();
    assert!(error.to_string().contains("without speakers"), "{error}");
}

proptest! {
    #![proptest_config(crate::cases::usually(64))]

    #[test]
    fn words_in_are_words_out(said in prop::collection::vec((any::<bool>(), "[a-z][a-z<&>é😀.?!]{0,8}( [a-z0-9<&;]{1,6}){0,4}"), 1..20), dress in 0..4) {
        let line = |(is_agent, words): &(bool, String)| {
            let name = if *is_agent { "Agent" } else { "Customer" };
            match dress {
                0 => format!("{name}: {words}\n"),
                1 => format!("**{name}:** {words}\n\n"),
                2 => format!("[00:01] {name}: {words}\r\n"),
                _ => format!("{name}:\n{words}\n\n"),
            }
        };
        let (calls, _) = all_calls(&read_text(&said.iter().map(line).collect::<String>(), &lenient()).unwrap());
        let found: Vec<_> = calls[0].turns.iter().map(|turn| (turn.role == Agent, turn.text.to_string())).collect();
        let mut expected = said;
        if dress == 2 {
            // At one time, what is said twice counts once.
            let mut seen = std::collections::HashSet::new();
            expected.retain(|turn| seen.insert(turn.clone()));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_text_ends_in_turns_or_a_message_without_its_words(text in "((Agent|Customer|Jane|[*]{2}|: |\\[|\\]|[(]|[)]|\"|\n|[0-9]{1,2}:|[.]|secret| ){0,3}secret[a-z]{0,3}){0,12}") {
        let named = InputOptions { format: Some("text".parse().unwrap()), ..lenient() };
        let shown = match read_text(&text, &named) {
            Ok(conversations) => conversations.rejects().iter().map(ToString::to_string).collect(),
            Err(error) => format!("{error} {error:?} {:?}", error.hint()),
        };
        prop_assert!(!shown.contains("secret"), "{}", shown);
    }
}

//! Captions through everything that follows their reader.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::exit::{ExitCode, Stops as _};
use crate::input::tests::{all_calls, lenient, read_bytes};
use crate::input::{Conversations, InputError, Origin};

fn options(roles: &[(&str, Role)]) -> InputOptions {
    let roles = roles.iter().map(|(value, role)| ((*value).to_owned(), Some(*role))).collect();
    InputOptions { roles, ..lenient() }
}

fn read_as(name: &str, text: &str, options: &InputOptions) -> Result<Conversations, InputError> {
    read_bytes(&[(name, text.into())], options)
}

/// Turns with their times, of the call that `text` is.
fn turns(text: &str, options: &InputOptions) -> Vec<(Role, String, i64, i64)> {
    let conversations = read_as("call 7.vtt", text, options).unwrap();
    let (calls, _) = all_calls(&conversations);
    assert_eq!((calls.len(), &*calls[0].id), (1, "call 7"));
    let turn = |turn: &crate::transcript::Turn| {
        (turn.role, turn.text.as_str().to_owned(), turn.start_ms.unwrap(), turn.end_ms.unwrap())
    };
    calls[0].turns.iter().map(turn).collect()
}

fn golden(expected: &[(Role, &str, i64, i64)]) -> Vec<(Role, String, i64, i64)> {
    expected.iter().map(|(role, text, start, end)| (*role, (*text).to_owned(), *start, *end)).collect()
}

use Role::{Agent, Customer, Other};

#[test]
fn voices_are_speakers_and_cues_without_one_go_on() {
    let text = "WEBVTT\n\nNOTE made up\n\nintro\n00:01.000 --> 00:02.000\n<v Agent>Hello,\nwhat is it?</v>\n\n\
        2\n00:00:02.500 --> 00:00:04.000 align:start\n<v.first Jane Roe>My bill is <i>wrong</i>.\n\n\
        00:04.000 --> 00:05.000\nAgain &amp; again.\n\n00:05.000 --> 00:06.000\n<v Agent>I see. <v Jane Roe>Do you?\n";
    let expected = [
        (Agent, "Hello, what is it?", 0, 1_000),
        (Customer, "My bill is wrong. Again & again.", 1_500, 4_000),
        (Agent, "I see.", 4_000, 5_000),
        (Customer, "Do you?", 4_000, 5_000),
    ];
    assert_eq!(turns(text, &options(&[("Jane Roe", Customer)])), golden(&expected));
    let error = read_as("a.vtt", text, &options(&[])).err().unwrap();
    assert!(error.to_string().ends_with("the tag <v>: the role of \"Jane Roe\" (2 turns) is not known"), "{error}");
    assert!(error.hint().unwrap().ends_with("--role 'Jane Roe=other'"), "{:?}", error.hint());
}

#[test]
fn names_before_the_words_are_speakers_where_nearly_every_cue_has_one() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\n<b>Jane Roe: hello there</b>\n\n\
        2\n00:00:02,500 --> 00:00:03,000\nSam: hi\n\n3\n00:00:03,000 --> 00:00:04,000\nSam: the total: 45\n\n\
        4\n00:00:04,000 --> 00:00:05,000\n- Jane Roe: no\n- Sam: yes\n\n5\n00:00:06,000 --> 00:00:07,000\nJane Roe: bye\n\n\
        6\n00:00:07,000 --> 00:00:08,000\nand thanks\n";
    let roles = options(&[("Jane Roe", Agent), ("Sam", Customer)]);
    let expected = [
        (Agent, "hello there", 0, 1_000),
        (Customer, "hi", 1_500, 2_000),
        (Customer, "the total: 45", 2_000, 3_000),
        (Agent, "no", 3_000, 4_000),
        (Customer, "yes", 3_000, 4_000),
        (Agent, "bye and thanks", 5_000, 7_000),
    ];
    assert_eq!(turns(text, &roles), golden(&expected));
    let error = read_as("a.srt", text, &options(&[])).err().unwrap();
    let expected = "the name before the words: the role of \"Jane Roe\" (3 turns), \"Sam\" (3 turns) is not known";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn labels_of_which_no_two_are_alike_are_not_repeated() {
    let text =
        "1\n00:00:01,000 --> 00:00:02,000\nDr Strange: my card\n\n2\n00:00:02,500 --> 00:00:03,000\nDr Who: is gone\n";
    let error = read_as("a.srt", text, &options(&[])).err().unwrap().to_string();
    assert!(error.contains("2 values of unknown role") && !error.contains("Dr"), "{error}");
}

#[test]
fn names_may_be_written_in_any_way_if_they_recur() {
    let cue = |second: u32, words: &str| format!("00:0{second}.000 --> 00:0{second}.500\n{words}\n\n");
    let said = ["Roe, Jane: hi", "sam: well", "Roe, Jane: so", "sam: the bill", "my total: 45", "sam: ok", "sam: bye"];
    let cues: String = (1..).zip(said).map(|(second, words)| cue(second, words)).collect();
    let roles = options(&[("Roe, Jane", Agent), ("sam", Customer)]);
    let found: Vec<_> = turns(&format!("WEBVTT\n\n{cues}"), &roles).into_iter().map(|turn| (turn.0, turn.1)).collect();
    let expected = [
        (Agent, "hi"),
        (Customer, "well"),
        (Agent, "so"),
        (Customer, "the bill my total: 45"),
        (Customer, "ok"),
        (Customer, "bye"),
    ];
    assert_eq!(found, expected.map(|(role, text)| (role, text.to_owned())));
}

#[test]
fn known_labels_and_numbered_voices_are_speakers_wherever_they_stand() {
    let cue = |second: u32, words: &str| format!("00:00:{second:02},000 --> 00:00:{:02},000\n{words}\n\n", second + 1);
    let text =
        [cue(1, "[SPEAKER_00] hello"), cue(2, "there"), cue(3, "My reason: none"), cue(4, "SPEAKER_01: hi")].concat();
    let roles = options(&[("SPEAKER_00", Agent), ("SPEAKER_01", Customer)]);
    let expected = [(Agent, "hello there My reason: none", 0, 3_000), (Customer, "hi", 3_000, 4_000)];
    assert_eq!(turns(&text, &roles), golden(&expected));
    let error = read_as("a.srt", &text, &options(&[])).err().unwrap();
    assert!(error.to_string().contains("\"SPEAKER_00\" (1 turn), \"SPEAKER_01\" (1 turn)"), "{error}");
}

#[test]
fn captions_without_speakers_are_refused_unless_one_party_said_everything() {
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\nmy secret\nReason: none.\n\n00:02.000 --> 00:03.000\nand more.\n\n\
        00:05.000 --> 00:06.000\nAgain\n\n00:09.000 --> 00:10.000\nno end\n";
    let error = read_as("a.vtt", text, &options(&[])).err().unwrap();
    assert_eq!(error.code(), ExitCode::Data);
    assert!(error.to_string().ends_with("these are captions without speakers: nothing shows who said what"), "{error}");
    assert!(error.hint().unwrap().ends_with("--map speaker=@customer"));
    let party = InputOptions { map: vec![(Field::Speaker, Origin::Party(Customer))], ..lenient() };
    let expected =
        [(Customer, "my secret Reason: none. and more.", 0, 2_000), (Customer, "Again no end", 4_000, 9_000)];
    assert_eq!(turns(text, &party), golden(&expected));
}

#[test]
fn what_is_said_before_any_name_and_bad_times_are_not_lost_silently() {
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\nwelcome\n\n00:02.000 --> 00:03.000\n<v Agent>hi\n\n\
        0x:03.000 --> 00:04.000\n<v Agent>lost\n\n00:04.000 --> 00:05.000\n<v Agent>bad \0 one\n";
    assert_eq!(turns(text, &options(&[])), golden(&[(Other, "welcome", 0, 1_000), (Agent, "hi", 1_000, 2_000)]));
    let conversations = read_as("a.vtt", text, &options(&[])).unwrap();
    let rejects: Vec<_> =
        conversations.rejects().iter().map(|reject| (reject.line, reject.reason.to_string())).collect();
    assert_eq!(rejects, [(9, "bad time".to_owned()), (12, "holds a NUL byte".to_owned())]);
}

/// Captions of these turns, in either dress.
fn written(said: &[(bool, String)], is_webvtt: bool) -> String {
    let mut text = if is_webvtt { "WEBVTT\n\n".to_owned() } else { String::new() };
    for (number, (is_agent, words)) in said.iter().enumerate() {
        let name = if *is_agent { "Agent" } else { "Customer" };
        let sign = if is_webvtt { '.' } else { ',' };
        let escaped = words.replace('&', "&amp;").replace('<', "&lt;");
        let line = if is_webvtt { format!("<v {name}>{escaped}") } else { format!("{name}: {escaped}") };
        let (start, end) = (number * 2, number * 2 + 1);
        write!(
            text,
            "{}\n00:{:02}:{:02}{sign}000 --> 00:{:02}:{:02}{sign}000\n{line}\n\n",
            number + 1,
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
        .unwrap();
    }
    text
}

proptest! {
    #![proptest_config(crate::cases::usually(64))]

    #[test]
    fn words_in_are_words_out(said in prop::collection::vec((any::<bool>(), "[a-z<&>{}é😀.?!]{1,8}( [a-z0-9<&;:]{1,6}){0,4}"), 1..20), is_webvtt: bool) {
        let (calls, _) = all_calls(&read_as("a.txt", &written(&said, is_webvtt), &lenient()).unwrap());
        let found: Vec<_> = calls[0].turns.iter().map(|turn| (turn.role == Agent, turn.text.to_string())).collect();
        prop_assert_eq!(found, said);
    }

    #[test]
    fn damaged_captions_end_in_a_message_without_their_words(
        said in prop::collection::vec((any::<bool>(), "secret[a-z]{1,5}( secret[a-z]{1,6}){0,4}"), 1..9),
        is_webvtt: bool,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), "[\\-<>:0-9\n\0v é]{0,3}"), 0..6),
    ) {
        let mut text = written(&said, is_webvtt);
        for (at, other) in cuts {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.ceil_char_boundary((at + 2).min(text.len()));
            text.replace_range(at..end, &other);
        }
        match read_as("a.txt", &text, &lenient()) {
            Ok(conversations) => {
                let shown: String = conversations.rejects().iter().map(ToString::to_string).collect();
                prop_assert!(!shown.contains("secret"), "{}", shown);
            }
            Err(error) => {
                let shown = format!("{error} {error:?} {:?}", error.hint());
                prop_assert!(!shown.contains("secret"), "{}", shown);
            }
        }
    }
}

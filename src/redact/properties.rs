//! What holds of every text: nothing is lost but what is kept back, and a second pass finds nothing more.

use proptest::prelude::*;

use super::*;
use crate::transcript::{Role, Turn};

/// Words, numbers and signs that the rules look for, put together at random.
const PARTS: [&str; 56] = [
    "my name is",
    "this is",
    "John",
    "smith",
    "Okonkwo",
    "Mr.",
    "speaking",
    "thank you,",
    "hi",
    "your name?",
    "may",
    "will",
    "card number",
    "account",
    "pin",
    "four",
    "double",
    "twenty",
    "one hundred",
    "oh",
    "uh",
    "and",
    "4111 1111 1111 1111",
    "4111",
    "12",
    "555-123-4567",
    "078-05-1120",
    "$50",
    "3.5",
    "10:30",
    "?",
    ".",
    ",",
    "S-M-I-T-H",
    "s m i t h",
    "at gmail dot com",
    "ann@example.org",
    "dot",
    "born",
    "May 5th, 1980",
    "03/04/1985",
    "123 Main Street",
    "street",
    "apt 4",
    "what's your address?",
    "password is",
    "hunter2",
    "[NAME]",
    "[PII] ***",
    "okay",
    "it's",
    "GB29 NWBK 6016 1331 9268 19",
    "http://a.example/u?x=1",
    "é😀",
    "ʼ",
    "ʼem Johnʼs",
];

fn text() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(
        (prop::sample::select(PARTS.to_vec()), prop::sample::select(vec![" ", " ", " ", "", "\n"])),
        0..14,
    );
    let joined = parts.prop_map(|parts| parts.into_iter().flat_map(|(part, join)| [part, join]).collect::<String>());
    prop_oneof![5 => joined, 1 => any::<String>()]
}

fn call(texts: &[String]) -> Call {
    let turn = |(at, text): (usize, &String)| Turn {
        role: if at % 2 == 0 { Role::Agent } else { Role::Customer },
        text: text.as_str().into(),
        agent_id: Some("Priya".into()),
        start_ms: None,
        end_ms: None,
    };
    Call { turns: texts.iter().enumerate().map(turn).collect(), ..Call::default() }
}

fn texts(call: &Call) -> Vec<String> {
    call.turns.iter().map(|turn| turn.text.as_str().to_owned()).collect()
}

proptest! {
    #![proptest_config(crate::cases::usually(256))]

    #[test]
    fn what_is_not_kept_back_stays_byte_for_byte(texts in prop::collection::vec(text(), 1..5), language in prop::sample::select(vec!["en", "es", "de", "ja"])) {
        let original = call(&texts);
        let redactor = Redactor::new(Kinds::ALL, Terms::default());
        let spans = redactor.find(&original, language);
        let mut redacted = original.clone();
        let masks = redactor.redact(&mut redacted, language);
        prop_assert_eq!(spans.len(), masks.len());
        for (at, turn) in original.turns.iter().enumerate() {
            let spans: Vec<&Span> = spans.iter().filter(|span| span.turn as usize == at).collect();
            let masks: Vec<&Mask> = masks.iter().filter(|mask| mask.turn as usize == at).collect();
            let new = &redacted.turns[at].text;
            let mut back = String::new();
            let (mut from, mut end) = (0, 0);
            for (span, mask) in spans.iter().zip(&masks) {
                prop_assert!(span.bytes.start >= end && span.bytes.start < span.bytes.end);
                end = span.bytes.end;
                let token = mask.kind.token();
                prop_assert_eq!(new.get(mask.at as usize..mask.at as usize + token.len()), Some(token));
                back += new.get(from..mask.at as usize).expect("on character bounds");
                back += turn.text.get(span.bytes.start as usize..span.bytes.end as usize).expect("on character bounds");
                from = mask.at as usize + token.len();
            }
            back += new.get(from..).expect("on character bounds");
            prop_assert_eq!(&*back, turn.text.as_str());
        }
    }

    #[test]
    fn what_is_redacted_stays_as_it_is(texts in prop::collection::vec(text(), 1..5)) {
        let redactor = Redactor::new(Kinds::ALL, Terms::default());
        let mut once = call(&texts);
        redactor.redact(&mut once, "en");
        let mut twice = once.clone();
        let masks = redactor.redact(&mut twice, "en");
        prop_assert_eq!(self::texts(&once), self::texts(&twice), "{:?}", masks);
    }

    #[test]
    fn a_kind_that_is_not_asked_for_stays(texts in prop::collection::vec(text(), 1..4)) {
        let only = Redactor::new([Kind::Card].into_iter().collect(), Terms::default());
        prop_assert!(only.find(&call(&texts), "en").iter().all(|span| span.kind == Kind::Card));
    }
}

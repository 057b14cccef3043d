//! Makes JSON of what some programs write for it: half a character (`\ud83d` without its other half), bytes that are no
//! UTF-8, line breaks within a text, NaN and infinity. Only what can't be read otherwise comes here.

use std::borrow::Cow;

/// What stands for half a character.
const REPLACEMENT: &[u8] = br"\ufffd";
/// Numbers that JSON does not have.
const NO_NUMBERS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The record as JSON; `None` if there is nothing that could be mended.
pub(super) fn mended(record: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(record);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut in_text) = (0, false);
    let mut is_mended = matches!(text, Cow::Owned(_));
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (instead, length) = if in_text { in_a_text(rest) } else { outside_texts(rest) };
        in_text ^= rest[0] == b'"';
        is_mended |= instead.is_some();
        let length = length.min(rest.len());
        out.extend_from_slice(instead.as_deref().unwrap_or(&rest[..length]));
        at += length;
    }
    is_mended.then_some(out)
}

/// What stands instead of the first bytes of `rest`, if they are wrong, and how many they are.
fn in_a_text(rest: &[u8]) -> (Option<Cow<'static, [u8]>>, usize) {
    match (rest[0], surrogate(rest)) {
        (_, Some(0xd800..=0xdbff)) if matches!(rest.get(6..).and_then(surrogate), Some(0xdc00..)) => (None, 12),
        (_, Some(_)) => (Some(REPLACEMENT.into()), 6),
        (b'\\', None) => (None, 2),
        (control @ 0..=31, None) => (Some(format!("\\u{control:04x}").into_bytes().into()), 1),
        _ => (None, 1),
    }
}

fn outside_texts(rest: &[u8]) -> (Option<Cow<'static, [u8]>>, usize) {
    let number = NO_NUMBERS.iter().find(|name| rest.starts_with(name));
    number.map_or((None, 1), |name| (Some(b"null".into()), name.len()))
}

/// The half of a character that `text` begins with, as `\ud83d`.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(text.strip_prefix(br"\u")?.get(..4)?).ok()?;
    u16::from_str_radix(digits, 16).ok().filter(|code| matches!(code, 0xd800..=0xdfff))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_of_characters_and_what_is_no_number_are_mended() {
        for (broken, whole) in [
            (r#"{"a":"hi \ud83d","b":1}"#, r#"{"a":"hi \ufffd","b":1}"#),
            (r#"{"a":"\ude00\ud83d\ud83d\ude00"}"#, r#"{"a":"\ufffd\ufffd\ud83d\ude00"}"#),
            (r#"{"NaN":[NaN,-Infinity,Infinity]}"#, r#"{"NaN":[null,null,null]}"#),
            ("{\"a\":\"one\ntwo\"}", r#"{"a":"one\u000atwo"}"#),
            (r#"{"a":"\\ud83d\ud83d"}"#, r#"{"a":"\\ud83d\ufffd"}"#),
        ] {
            assert_eq!(mended(broken.as_bytes()).as_deref(), Some(whole.as_bytes()), "{broken}");
        }
        assert_eq!(mended(b"{\"a\":\"caf\xe9\"}").as_deref(), Some("{\"a\":\"caf\u{fffd}\"}".as_bytes()));
        for text in [r#"{"a":"\ud83d\ude00 NaN","b":[1,null]}"#, r#"{"a":"cut \"#, r#"{"a":"\ud8"#, "", "{{{"] {
            assert_eq!(mended(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_of_any_codes_become_json(codes in prop::collection::vec(any::<u16>(), 0..20)) {
            let escapes: Vec<String> = codes.iter().map(|code| format!("\\u{code:04x}")).collect();
            let text = format!("\"{}\"", escapes.concat());
            let bytes = mended(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
            let read: String = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&codes));
        }
    }
}

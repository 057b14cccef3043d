//! What all formats in JSON have in common: their samples, read whole, cut, changed and among others.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::super::{ALL, Likeness, Sample};
use super::mend::mended;
use super::{Context, JsonFormat};
use super::{assembly, call_analytics, contact_lens, contact_lens_live, data_automation, deepgram, live_call};
use super::{azure_content, azure_language, azure_speech, genesys, gong, google, intercom};
use super::{post_call, transcribe, twilio, vcon, whisper, zendesk_chat, zendesk_ticket};
use crate::exit::Stops as _;
use crate::input::sink::FileContext;
use crate::input::tests::{all_calls, lenient, read_bytes};
use crate::input::times::Clock;
use crate::input::{Conversations, Field, InputError, InputOptions, Origin};
use crate::transcript::{Call, Role};

/// Every format with its samples. A format that is added adds its own.
static SAMPLES: [(&dyn JsonFormat, &[&str]); 23] = [
    (&contact_lens::ContactLens, contact_lens::tests::SAMPLES),
    (&contact_lens_live::ContactLensLive, contact_lens_live::tests::SAMPLES),
    (&call_analytics::CallAnalytics, call_analytics::tests::SAMPLES),
    (&transcribe::Transcribe, transcribe::tests::SAMPLES),
    (&data_automation::DataAutomation, data_automation::tests::SAMPLES),
    (&post_call::PostCall, post_call::tests::SAMPLES),
    (&live_call::LiveCall, live_call::tests::SAMPLES),
    (&deepgram::Deepgram, deepgram::tests::SAMPLES),
    (&assembly::Assembly, assembly::tests::SAMPLES),
    (&whisper::Whisper, whisper::tests::SAMPLES),
    (&genesys::Genesys, &[genesys::SAMPLE]),
    (&google::GoogleImport, &[google::IMPORT]),
    (&google::GoogleConversation, &[google::SAMPLE]),
    (&azure_speech::AzureBatch, &[azure_speech::SAMPLE, azure_speech::FAST, azure_speech::VERSION_2]),
    (&azure_speech::AzureRealTime, &[azure_speech::REAL_TIME]),
    (&azure_language::AzureLanguage, &[azure_language::SAMPLE]),
    (&azure_content::AzureContent, &[azure_content::SAMPLE]),
    (&twilio::Twilio, &[twilio::SAMPLE]),
    (&zendesk_chat::ZendeskChat, &[zendesk_chat::SAMPLE]),
    (&zendesk_ticket::ZendeskTicket, &[zendesk_ticket::SAMPLE]),
    (&intercom::Intercom, &[intercom::SAMPLE]),
    (&vcon::Vcon, &[vcon::SAMPLE, vcon::TEXTS]),
    (&gong::Gong, &[gong::SAMPLE]),
];

/// Options under which these values have these roles.
pub(super) fn with_roles(roles: &[(&str, Role)]) -> InputOptions {
    let roles = roles.iter().map(|&(value, role)| (value.to_owned(), Some(role))).collect();
    InputOptions { roles, ..InputOptions::default() }
}

/// The calls of a file of which nothing may be rejected.
pub(super) fn spoken(text: &str, options: &InputOptions) -> Vec<Call> {
    let conversations = read_bytes(&[("file.json", text.into())], options).unwrap();
    assert_eq!(conversations.rejects(), []);
    all_calls(&conversations).0
}

fn read(text: impl Into<Vec<u8>>) -> Result<Conversations, InputError> {
    // Whoever is not known is the customer.
    let map = vec![(Field::Speaker, Origin::Party(Role::Customer))];
    read_bytes(&[("file.json", text.into())], &InputOptions { map, ..lenient() })
}

fn samples() -> impl Iterator<Item = (&'static dyn JsonFormat, &'static str)> {
    SAMPLES.iter().flat_map(|&(format, samples)| samples.iter().map(move |sample| (format, *sample)))
}

/// All that a person sees of what went wrong.
fn shown(result: &Result<Conversations, InputError>) -> String {
    match result {
        Ok(conversations) => {
            let rejects: Vec<String> = conversations.rejects().iter().map(ToString::to_string).collect();
            rejects.join("\n")
        }
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    }
}

/// Whether two words that follow each other in a turn of `calls` do so in `message`.
fn quotes(message: &str, calls: &[Call]) -> bool {
    calls.iter().flat_map(|call| &call.turns).any(|turn| {
        let words: Vec<&str> = turn.text.as_str().split_whitespace().collect();
        words.windows(2).any(|pair| message.contains(&pair.join(" ")))
    })
}

#[test]
fn each_sample_is_of_its_format_alone() {
    for (format, text) in samples() {
        let name = format.description().name;
        let (sample, options) = (Sample::new(text.as_bytes()), InputOptions::default());
        let like = ALL.iter().filter(|format| format.likeness(&sample, &options) == Some(Likeness::Certain));
        assert_eq!(like.map(|format| format.description().name).collect::<Vec<_>>(), [name], "{text:.60}");
    }
}

#[test]
fn a_sample_that_is_cut_off_anywhere_is_read_or_refused() {
    let file = FileContext {
        number: 0,
        path: "file.json".into(),
        call_id: "file".into(),
        names_calls: std::cell::Cell::default(),
    };
    let mut clock = Clock::new(TimeZone::UTC, None);
    for (format, text) in samples() {
        let whole = all_calls(&read(text).unwrap()).0;
        for end in 0..text.len() {
            let cut = &text.as_bytes()[..end];
            let mended = mended(cut).unwrap_or_else(|| cut.to_owned());
            // What is wrong with a record is one of a fixed list: nothing is to be seen of it.
            let _ = format.part(&mended, &mut Context { file: &file, clock: &mut clock });
            if end % 32 == 0 {
                let message = shown(&read(cut));
                assert!(!quotes(&message, &whole), "{message}");
            }
        }
    }
}

#[test]
fn hostile_values_cost_their_record_alone() {
    for (format, text) in samples() {
        let name = format.description().name;
        let (value, known) = (minified(text), all_calls(&read(text).unwrap()).1);
        for hostile in [
            "[".repeat(20_000),
            "{\"results\":".repeat(20_000),
            format!("{{\"Transcript\":[{}", "{\"a\":".repeat(5000)),
            "{\"Transcript\":1e999,\"Transcript\":2,\"results\":\"\\ud83d\"}".to_owned(),
            "{\"segments\":{\"segments\":[NaN]}}".to_owned(),
            "\"\"".to_owned(),
        ] {
            let conversations = read(format!("{value}\n{value}\n{hostile}\n{value}\n")).unwrap();
            let tally = all_calls(&conversations).1;
            let rejects = shown(&Ok(conversations));
            assert_eq!(
                tally.turns + tally.duplicates,
                3 * (known.turns + known.duplicates),
                "{name}: {hostile:.40} {rejects}"
            );
            assert!(rejects.lines().count() <= 1, "{name}: {hostile:.40}");
        }
    }
}

/// The records of a sample, each in one line.
fn minified(text: &str) -> String {
    let mended = mended(text.as_bytes()).filter(|_| text.contains("NaN"));
    let values = serde_json::Deserializer::from_slice(mended.as_deref().unwrap_or(text.as_bytes()));
    let records = values.into_iter().flat_map(|value| match value.unwrap() {
        Value::Array(items) => items,
        one => vec![one],
    });
    records.map(|record| record.to_string()).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(crate::cases::usually(100))]

    #[test]
    fn samples_with_changed_bytes_are_read_or_refused_and_cost_nothing_else(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[]\",:\\0-eNu \xff\n\x00a"[..])), 1..6),
        is_inserted in any::<bool>(),
    ) {
        let all: Vec<_> = samples().collect();
        let (_, text) = all[which.index(all.len())];
        let good = minified(text);
        let mut bad = good.clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bad.len());
            if is_inserted { bad.insert(at, byte) } else { bad[at] = byte }
        }
        let (whole, known) = all_calls(&read(text).unwrap());
        let lines = [good.as_bytes(), &bad, good.as_bytes(), b""].join(&b'\n');
        for text in [bad, lines.clone()] {
            let result = read(text.clone());
            prop_assert!(!quotes(&shown(&result), &whole));
            if let (Ok(conversations), true) = (result, text == lines) {
                let tally = all_calls(&conversations).1;
                prop_assert!(tally.turns + tally.duplicates >= 2 * (known.turns + known.duplicates));
            }
        }
    }
}

//! Amazon Transcribe, with labels of speakers or channels: words with times, joined to turns.
//!
//! A label (`spk_0`, `ch_1`) is no role and no agent's id; when the call began is not in the file.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::words::{Word, turns};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

const SPEAKER: &str = "\"speaker_label\"";
const CHANNEL: &str = "\"channel_label\"";

/// Amazon Transcribe.
pub(in crate::input::formats) struct Transcribe;

impl JsonFormat for Transcribe {
    fn description(&self) -> Description {
        Description {
            name: "transcribe",
            title: "Amazon Transcribe with labels of speakers or channels",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "channel_label, else speaker_label"),
                (Field::Text, "the first alternatives of items[]"),
                (Field::Started, "start_time"),
                (Field::Ended, "end_time"),
                (Field::Language, "language_code"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let has_words = shape.has_all(&["results.items[].alternatives[].content", "results.items[].type"]);
        (has_words || shape.has_all(&["jobName", "results.transcripts[]"])).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let Job { is_redacted, results, .. } = serde_json::from_slice(record)?;
        let Some(results) = results else { return Err(Fault::NoTranscript("the job has no results")) };
        let Results { language_code, transcripts, items, speaker_labels, channel_labels } = results;
        let mut spoken = if channel_labels.channels.is_empty() {
            let speakers = speaker_labels.by_start();
            turns(items.into_iter().map(|item| item.into_word(&speakers)).collect(), SPEAKER)
        } else {
            turns(channel_labels.into_words(), CHANNEL)
        };
        if spoken.is_empty() {
            // Without words, only the text is there, of nobody.
            let nobody = || Speaker::Value(Cow::default(), SPEAKER);
            spoken.extend(
                transcripts
                    .into_iter()
                    .filter(|text| !text.transcript.is_empty())
                    .map(|text| SpokenTurn::new(nobody(), text.transcript.into_text())),
            );
        }
        Ok(CallPart {
            is_whole: true,
            language: language_code.into_text(),
            is_redacted: is_redacted.trimmed() == "true",
            turns: spoken,
            ..CallPart::default()
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job<'a> {
    #[serde(borrow, default)]
    is_redacted: Scalar<'a>,
    #[serde(borrow)]
    results: Option<Results<'a>>,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow, default)]
    language_code: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    transcripts: Vec<WholeText<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    items: Vec<Item<'a>>,
    #[serde(borrow, default)]
    speaker_labels: SpeakerLabels<'a>,
    #[serde(borrow, default)]
    channel_labels: ChannelLabels<'a>,
}

#[derive(Deserialize)]
struct WholeText<'a> {
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
}

#[derive(Deserialize, Default)]
struct SpeakerLabels<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    segments: Vec<Segment<'a>>,
}

#[derive(Deserialize)]
struct Segment<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    items: Vec<Label<'a>>,
}

/// Who spoke the word that begins at a time.
#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow, default)]
    start_time: Scalar<'a>,
    #[serde(borrow, default)]
    speaker_label: Scalar<'a>,
}

impl<'a> SpeakerLabels<'a> {
    fn by_start(self) -> FxHashMap<Cow<'a, str>, Cow<'a, str>> {
        let labels = self.segments.into_iter().flat_map(|segment| segment.items);
        labels.map(|label| (label.start_time.into_text(), label.speaker_label.into_text())).collect()
    }
}

#[derive(Deserialize, Default)]
struct ChannelLabels<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    channels: Vec<Channel<'a>>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow, default)]
    channel_label: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    items: Vec<Item<'a>>,
}

impl<'a> ChannelLabels<'a> {
    fn into_words(self) -> Vec<Word<'a>> {
        let words = |Channel { channel_label, items }: Channel<'a>| {
            let label = channel_label.into_text();
            let word = move |item: Item<'a>| Word { speaker: label.clone(), ..item.into_word(&FxHashMap::default()) };
            items.into_iter().map(word)
        };
        self.channels.into_iter().flat_map(words).collect()
    }
}

/// A word or a mark.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    start_time: Scalar<'a>,
    #[serde(default)]
    end_time: Number,
    #[serde(borrow, default)]
    speaker_label: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    alternatives: Vec<Alternative<'a>>,
}

#[derive(Deserialize, Default)]
struct Alternative<'a> {
    #[serde(borrow, default)]
    content: Scalar<'a>,
}

impl<'a> Item<'a> {
    fn into_word(self, speakers: &FxHashMap<Cow<'a, str>, Cow<'a, str>>) -> Word<'a> {
        let is_punctuation = self.r#type.trimmed() == "punctuation";
        let speaker = match self.speaker_label.into_text() {
            label if label.is_empty() => speakers.get(&self.start_time.0).cloned().unwrap_or_default(),
            label => label,
        };
        Word {
            text: self.alternatives.into_iter().next().unwrap_or_default().content.into_text(),
            // A mark goes with its word, whatever its own label.
            speaker: if is_punctuation { Cow::default() } else { speaker },
            start_ms: self.start_time.trimmed().parse().ok().map(|seconds: f64| seconds * 1000.0),
            end_ms: self.end_time.0.map(|seconds| seconds * 1000.0),
            is_punctuation,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{spoken, with_roles};
    use crate::exit::{ExitCode, Stops as _};
    use crate::input::tests::{all_calls, lenient, read_bytes, told};
    use crate::input::{Field, InputOptions, Origin};
    use crate::transcript::Role;

    const SPEAKERS: &str = r#"{"jobName":"j","accountId":"1","status":"COMPLETED","results":{"language_code":"en-US",
        "transcripts":[{"transcript":"My bill, is wrong. Sorry."}],
        "speaker_labels":{"speakers":2,"segments":[{"speaker_label":"","start_time":"0.0","end_time":"0.1","items":[]},
          {"speaker_label":"spk_0","start_time":"0.5","end_time":"2.0","items":[{"speaker_label":"spk_0","start_time":"0.5","end_time":"0.9"},
          {"speaker_label":"spk_0","start_time":"1.0","end_time":"1.4"},{"speaker_label":"spk_0","start_time":"1.4","end_time":"1.6"},{"speaker_label":"spk_0","start_time":"1.6","end_time":"2.0"}]},
          {"speaker_label":"spk_1","start_time":"2.2","end_time":"2.6","items":[{"speaker_label":"spk_1","start_time":"2.2","end_time":"2.6"}]}]},
        "items":[{"type":"pronunciation","start_time":"0.5","end_time":"0.9","alternatives":[{"content":"My","confidence":"0.9"},{"content":"Why"}]},
          {"type":"pronunciation","start_time":"1.0","end_time":"1.4","alternatives":[{"content":"bill"}]},
          {"type":"punctuation","alternatives":[{"content":",","confidence":"0.0"}]},
          {"type":"pronunciation","start_time":"1.4","end_time":"1.6","alternatives":[{"content":"is"}]},
          {"type":"pronunciation","start_time":"1.6","end_time":"2.0","alternatives":[{"content":"wrong"}]},
          {"type":"punctuation","speaker_label":"spk_1","alternatives":[{"content":"."}]},
          {"type":"pronunciation","start_time":"2.2","end_time":"2.6","speaker_label":"spk_1","alternatives":[{"content":"Sorry"}]},
          {"type":"punctuation","alternatives":[{"content":"."}]}]}}"#;
    const CHANNELS: &str = r#"{"jobName":"k","results":{"channel_labels":{"number_of_channels":2,"channels":[
          {"channel_label":"ch_1","items":[{"type":"pronunciation","start_time":"1.5","end_time":"1.9","channel_label":"ch_1","alternatives":[{"content":"Lost"}]},
            {"type":"punctuation","alternatives":[{"content":"!"}]}]},
          {"channel_label":"ch_0","items":[{"type":"pronunciation","start_time":"0.1","end_time":"0.4","alternatives":[{"content":"Your"}]},
            {"type":"pronunciation","start_time":"0.4","end_time":"0.9","alternatives":[{"content":"card"}]},{"type":"punctuation","alternatives":[{"content":"?"}]},
            {"type":"pronunciation","start_time":"2.5","end_time":"2.9","alternatives":[{"content":"Oh"}]}]}]},
        "items":[{"type":"pronunciation","start_time":"0.1","end_time":"0.4","alternatives":[{"content":"Your"}]}],"transcripts":[{"transcript":"Your"}]}}"#;
    const NOBODY: &str = r#"{"jobName":"n","results":{"transcripts":[{"transcript":"Secret words."}],"items":[
        {"type":"pronunciation","start_time":"0.0","end_time":"0.4","alternatives":[{"content":"Secret"}]},
        {"type":"pronunciation","start_time":"0.4","end_time":"0.9","alternatives":[{"content":"words"}]}]}}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[SPEAKERS, CHANNELS];

    #[test]
    fn words_of_speakers_become_turns() {
        let calls = spoken(SPEAKERS, &with_roles(&[("spk_0", Role::Customer), ("spk_1", Role::Agent)]));
        assert_eq!((&*calls[0].id, calls[0].language.as_deref()), ("file", Some("en")));
        let expected = [
            (Role::Customer, "My bill, is wrong.", Some(0), Some(1500), None),
            (Role::Agent, "Sorry.", Some(1700), Some(2100), None),
        ];
        assert_eq!(told(&calls[0]), expected);
    }

    #[test]
    fn words_of_channels_are_merged_by_time() {
        let calls = spoken(CHANNELS, &with_roles(&[("ch_0", Role::Agent), ("ch_1", Role::Customer)]));
        let expected = [
            (Role::Agent, "Your card?", Some(0), Some(800), None),
            (Role::Customer, "Lost!", Some(1400), Some(1800), None),
            (Role::Agent, "Oh", Some(2400), Some(2800), None),
        ];
        assert_eq!(told(&calls[0]), expected);
    }

    #[test]
    fn a_file_that_shows_nobody_stops_the_run_unless_a_party_is_named() {
        let files = [("n.json", NOBODY.into())];
        let error = read_bytes(&files, &InputOptions::default()).err().unwrap();
        let hint = error.hint().unwrap();
        assert_eq!(error.code(), ExitCode::Data);
        assert!(error.to_string().ends_with("n.json:1: record 1: does not show who spoke"), "{error}");
        assert!(hint.contains("--map speaker=@customer") && !format!("{error}{hint}").contains("ecret"), "{hint}");
        let map = vec![(Field::Speaker, Origin::Party(Role::Customer))];
        let (calls, _) = all_calls(&read_bytes(&files, &InputOptions { map, ..InputOptions::default() }).unwrap());
        assert_eq!(told(&calls[0]), [(Role::Customer, "Secret words", Some(0), Some(900), None)]);
    }

    #[test]
    fn a_redacted_file_beside_the_raw_one_is_its_twin() {
        let roles = with_roles(&[("spk_0", Role::Customer), ("spk_1", Role::Agent)]);
        let files = [("j.json", SPEAKERS.into()), ("redacted-j.json", SPEAKERS.replace("wrong", "[PII]").into())];
        let (calls, tally) = all_calls(&read_bytes(&files, &roles).unwrap());
        assert_eq!((calls.len(), tally.twins, &*calls[0].id), (1, 1, "j"));
        assert_eq!(told(&calls[0])[0].1, "My bill, is [PII].");
    }

    #[test]
    fn jobs_in_one_file_are_calls_of_their_own() {
        let text = format!("[{CHANNELS},{CHANNELS},{{\"jobName\":\"x\",\"status\":\"FAILED\"}}]");
        let options = with_roles(&[("ch_0", Role::Agent), ("ch_1", Role::Customer)]);
        let options = InputOptions { max_rejects: lenient().max_rejects, ..options };
        let conversations = read_bytes(&[("j.json", text.into())], &options).unwrap();
        let ids: Vec<_> = all_calls(&conversations).0.into_iter().map(|call| call.id).collect();
        assert_eq!(ids, ["j", "j:2"].map(Box::<str>::from));
        let reason = conversations.rejects()[0].reason.to_string();
        assert_eq!(reason, "record 3: holds no transcript: the job has no results");
    }
}

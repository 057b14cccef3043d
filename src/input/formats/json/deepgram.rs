//! Deepgram: utterances if they were asked for, else paragraphs, else words.
//!
//! Speakers are numbered anew in each channel: with several channels, the channel's number is the speaker.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::words::{Word, turns};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

const SPEAKER: &str = "\"speaker\"";
const CHANNEL: &str = "\"channel\"";

/// Deepgram.
pub(in crate::input::formats) struct Deepgram;

impl JsonFormat for Deepgram {
    fn description(&self) -> Description {
        Description {
            name: "deepgram",
            title: "Deepgram",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "speaker, or channel if there are several"),
                (Field::Text, "utterances[], else paragraphs[], else words[]"),
                (Field::Started, "start"),
                (Field::Ended, "end"),
                (Field::Language, "detected_language"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        shape.has("results.channels[].alternatives[]").then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let Answer { results } = serde_json::from_slice(record)?;
        let has_channels = results.channels.len() > 1;
        let language =
            results.channels.first().map(|channel| channel.detected_language.clone().into_text()).unwrap_or_default();
        let mut part = CallPart { is_whole: true, language, ..CallPart::default() };
        for utterance in results.utterances {
            part.add(utterance.into_turn(has_channels));
        }
        if part.turns.is_empty() || part.shows_nobody() {
            let paragraphs = paragraphs(&results.channels, has_channels);
            let shows_somebody =
                paragraphs.iter().any(|turn| !matches!(&turn.speaker, Speaker::Value(value, _) if value.is_empty()));
            part.turns = if shows_somebody {
                paragraphs
            } else {
                turns(words(results.channels, has_channels), if has_channels { CHANNEL } else { SPEAKER })
            };
        }
        Ok(part)
    }
}

/// Who spoke: the channel's number, or the speaker's where there is only one.
fn speaker(has_channels: bool, channel: usize, speaker: &Scalar<'_>) -> Speaker<'static> {
    if has_channels {
        Speaker::Value(channel.to_string().into(), CHANNEL)
    } else {
        Speaker::Value(speaker.0.clone().into_owned().into(), SPEAKER)
    }
}

fn paragraphs<'a>(channels: &[Channel<'a>], has_channels: bool) -> Vec<SpokenTurn<'a>> {
    let all = channels.iter().enumerate().flat_map(|(number, channel)| {
        let first = channel.alternatives.first().and_then(|first| first.paragraphs.as_ref());
        first.into_iter().flat_map(move |paragraphs| paragraphs.paragraphs.iter().map(move |one| (number, one)))
    });
    all.map(|(channel, paragraph)| {
        let text: Vec<&str> = paragraph.sentences.iter().map(|sentence| sentence.text.trimmed()).collect();
        SpokenTurn::new(speaker(has_channels, channel, &paragraph.speaker), text.join(" "))
            .at(paragraph.start.seconds(), paragraph.end.seconds())
    })
    .filter(|turn| !turn.text.trim().is_empty())
    .collect()
}

fn words(channels: Vec<Channel<'_>>, has_channels: bool) -> Vec<Word<'_>> {
    let words = channels.into_iter().enumerate().flat_map(|(number, channel)| {
        let first = channel.alternatives.into_iter().next().unwrap_or_default();
        first.words.into_iter().map(move |word| Word {
            text: if word.punctuated_word.is_empty() { word.word } else { word.punctuated_word }.into_text(),
            speaker: if has_channels { Cow::Owned(number.to_string()) } else { word.speaker.into_text() },
            start_ms: word.start.0.map(|seconds| seconds * 1000.0),
            end_ms: word.end.0.map(|seconds| seconds * 1000.0),
            is_punctuation: false,
        })
    });
    words.collect()
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Results<'a>,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    channels: Vec<Channel<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    utterances: Vec<Utterance<'a>>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow, default)]
    detected_language: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    alternatives: Vec<Alternative<'a>>,
}

#[derive(Deserialize, Default)]
struct Alternative<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    words: Vec<AnyWord<'a>>,
    #[serde(borrow)]
    paragraphs: Option<Paragraphs<'a>>,
}

#[derive(Deserialize)]
struct AnyWord<'a> {
    #[serde(borrow, default)]
    word: Scalar<'a>,
    #[serde(borrow, default)]
    punctuated_word: Scalar<'a>,
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
}

#[derive(Deserialize)]
struct Paragraphs<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    paragraphs: Vec<Paragraph<'a>>,
}

#[derive(Deserialize)]
struct Paragraph<'a> {
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    sentences: Vec<Sentence<'a>>,
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
}

#[derive(Deserialize)]
struct Sentence<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
}

#[derive(Deserialize)]
struct Utterance<'a> {
    #[serde(borrow, default)]
    transcript: Scalar<'a>,
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(default)]
    channel: Number,
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
}

impl<'a> Utterance<'a> {
    fn into_turn(self, has_channels: bool) -> Option<SpokenTurn<'a>> {
        if self.transcript.is_empty() {
            return None;
        }
        let speaker = match self.channel.0 {
            Some(channel) if has_channels => Speaker::Value(channel.to_string().into(), CHANNEL),
            _ => Speaker::Value(self.speaker.into_text(), SPEAKER),
        };
        Some(SpokenTurn::new(speaker, self.transcript.into_text()).at(self.start.seconds(), self.end.seconds()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{spoken, with_roles};
    use crate::input::InputOptions;
    use crate::input::tests::{read_bytes, told};
    use crate::transcript::Role;

    const WORDS: &str = r#"{"metadata":{"request_id":"r","created":"2024-01-01T00:00:00Z","channels":1},"results":{"channels":[{"detected_language":"en","alternatives":[
        {"transcript":"hello hi","confidence":0.9,"words":[{"word":"hello","start":0.1,"end":0.4,"speaker":0,"punctuated_word":"Hello,"},{"word":"you","start":0.5,"end":0.7,"speaker":0,"punctuated_word":"you."},
        {"word":"hi","start":1.25,"end":1.5,"speaker":1}]},{"transcript":"hallo","words":[]}]}]}}"#;
    const UTTERANCES: &str = r#"{"results":{"channels":[{"alternatives":[{"transcript":"a","words":[]}]},{"alternatives":[{"transcript":"b","words":[]}]}],"utterances":[
        {"start":2.5,"end":3.0,"channel":1,"speaker":0,"transcript":"Second"},{"start":0.5,"end":1.0,"channel":0,"speaker":0,"transcript":"First"}]}}"#;
    const PARAGRAPHS: &str = r#"{"results":{"channels":[{"alternatives":[{"transcript":"x","words":[{"word":"x","start":0,"end":1,"speaker":1}],"paragraphs":{"transcript":"x","paragraphs":[
        {"speaker":1,"start":0.25,"end":1.75,"num_words":3,"sentences":[{"text":"One two.","start":0.25,"end":1.0},{"text":"Three.","start":1.1,"end":1.75}]},
        {"speaker":0,"start":2.0,"end":2.5,"sentences":[{"text":"Four?"}]}]}}]}]}}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[WORDS, UTTERANCES, PARAGRAPHS];

    #[test]
    fn words_paragraphs_and_utterances_are_turns() {
        let options = with_roles(&[("0", Role::Agent), ("1", Role::Customer)]);
        for (text, expected) in [
            (
                WORDS,
                [
                    (Role::Agent, "Hello, you.", Some(0), Some(600), None),
                    (Role::Customer, "hi", Some(1150), Some(1400), None),
                ],
            ),
            (
                UTTERANCES,
                [
                    (Role::Agent, "First", Some(0), Some(500), None),
                    (Role::Customer, "Second", Some(2000), Some(2500), None),
                ],
            ),
            (
                PARAGRAPHS,
                [
                    (Role::Customer, "One two. Three.", Some(0), Some(1500), None),
                    (Role::Agent, "Four?", Some(1750), Some(2250), None),
                ],
            ),
        ] {
            assert_eq!(told(&spoken(text, &options)[0]), expected, "{text}");
        }
    }

    #[test]
    fn a_recording_without_speakers_and_channels_shows_nobody() {
        let text = WORDS.replace(",\"speaker\":0", "").replace(",\"speaker\":1", "");
        let error = read_bytes(&[("d.json", text.into())], &InputOptions::default()).err().unwrap();
        assert!(error.to_string().ends_with("does not show who spoke"), "{error}");
    }
}

//! Azure AI Content Understanding: the analysis of a recording. The captions in its `markdown` are left aside: they name
//! other speakers than the phrases do.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

/// Content Understanding.
pub(in crate::input::formats) struct AzureContent;

impl JsonFormat for AzureContent {
    fn description(&self) -> Description {
        Description {
            name: "azure-content",
            title: "Azure AI Content Understanding, a recording",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "speaker"),
                (Field::Text, "contents[].transcriptPhrases[].text"),
                (Field::Started, "startTimeMs"),
                (Field::Ended, "endTimeMs"),
                (Field::Language, "locale"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let places = ["result.", ""];
        let is_there = places.iter().any(|place| shape.has(&format!("{place}contents[].transcriptPhrases[]")));
        is_there.then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let analysis: Analysis<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart::default();
        let contents = analysis.result.contents.into_iter().chain(analysis.contents);
        for phrase in contents.flat_map(|content| content.transcript_phrases) {
            if phrase.text.trimmed().is_empty() {
                part.events += 1;
                continue;
            }
            if part.language.is_empty() {
                part.language = phrase.locale.into_text();
            }
            let speaker = Speaker::Value(phrase.speaker.into_text(), "\"speaker\"");
            let turn = SpokenTurn::new(speaker, phrase.text.into_text());
            part.turns.push(turn.at(phrase.start_time_ms.ms(), phrase.end_time_ms.ms()));
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Analysis<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    result: Outcome<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    contents: Vec<Content<'a>>,
}

#[derive(Deserialize, Default)]
struct Outcome<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    contents: Vec<Content<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    transcript_phrases: Vec<Phrase<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Phrase<'a> {
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    locale: Scalar<'a>,
    #[serde(default)]
    start_time_ms: Number,
    #[serde(default)]
    end_time_ms: Number,
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"id":"r","status":"Succeeded","result":{"analyzerId":"x","contents":[{"markdown":"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Speaker 2>Good day","fields":{},
    "kind":"audioVisual","transcriptPhrases":[
      {"speaker":"Agent","startTimeMs":80,"endTimeMs":640,"text":"Good day.","locale":"en-US","words":[]},
      {"speaker":"Customer","startTimeMs":1080,"endTimeMs":2000,"text":"My flight is late.","locale":"en-US"},
      {"speaker":"Agent","startTimeMs":3000,"endTimeMs":3100,"text":" "}]}]}}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{the_call, told};
    use crate::transcript::Role;

    #[test]
    fn phrases_are_read_and_captions_left_aside() {
        let (call, kind) = the_call("f", SAMPLE);
        assert_eq!((kind, &*call.id, call.language.as_deref()), ("azure-content", "f", Some("en")));
        let expected = [
            (Role::Agent, "Good day.", Some(0), Some(560), None),
            (Role::Customer, "My flight is late.", Some(1000), Some(1920), None),
        ];
        assert_eq!(told(&call), expected);
    }
}

//! Gong: monologues of a call's parties, and the call with its parties, in the same record or in one of its own.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list, or_default};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{self, CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Moment, TimeColumn};
use crate::transcript::Role;

/// Gong.
pub(in crate::input::formats) struct Gong;

impl JsonFormat for Gong {
    fn description(&self) -> Description {
        Description {
            name: "gong",
            title: "Gong transcripts",
            fields: &[
                (Field::CallId, "metaData.id or callId"),
                (Field::Speaker, "affiliation of the party, else speakerId"),
                (Field::Text, "transcript[].sentences[].text"),
                (Field::AgentId, "userId of an internal party"),
                (Field::Started, "metaData.started and start"),
                (Field::Ended, "end"),
                (Field::Language, "metaData.language"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let places = ["transcript[].", "callTranscripts[].transcript[].", ""];
        let is_there =
            |place: &&str| shape.has_all(&[&format!("{place}speakerId"), &format!("{place}sentences[].text")]);
        let is_call = shape.has_all(&["metaData.id", "parties[].speakerId"]);
        (is_call || places.iter().any(is_there)).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        Ok(self.parts(record, context)?.pop().unwrap_or_default())
    }

    fn parts<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<Vec<CallPart<'r>>, Fault> {
        let answer: Answer<'r> = serde_json::from_slice(record)?;
        let time = answer.meta_data.started.trimmed();
        let began = if time.is_empty() { None } else { context.clock.moment(time, TimeColumn::default()) };
        let mut calls = answer.call_transcripts;
        let call_id = if answer.call_id.trimmed().is_empty() { answer.meta_data.id } else { answer.call_id };
        let itself = Monologue { speaker_id: answer.speaker_id, sentences: answer.sentences };
        let transcript = answer.transcript.into_iter().chain(Some(itself).filter(|one| !one.sentences.is_empty()));
        calls.push(Call { call_id, transcript: transcript.collect() });
        let parts = calls.into_iter().filter(|call| !call.transcript.is_empty() || !call.call_id.is_empty());
        let party = |party: &Party<'r>| part::Party {
            speaker: party.speaker_id.clone().into_text(),
            role: party.affiliation.clone().into_text(),
            agent_id: party.user_id.clone().into_text(),
        };
        Ok(parts
            .map(|call| CallPart {
                parties: if call.transcript.is_empty() {
                    answer.parties.iter().map(party).collect()
                } else {
                    Vec::new()
                },
                call_id: call.call_id.into_text(),
                started_ms: began.and_then(Moment::on_the_calendar),
                language: answer.meta_data.language.clone().into_text(),
                turns: call.transcript.into_iter().map(|said| said.into_turn(&answer.parties)).collect(),
                ..CallPart::default()
            })
            .collect())
    }
}

/// A call with its parties, a list of calls' transcripts, or one monologue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default)]
    call_id: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    meta_data: MetaData<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    parties: Vec<Party<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    transcript: Vec<Monologue<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    call_transcripts: Vec<Call<'a>>,
    #[serde(borrow, default)]
    speaker_id: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    sentences: Vec<Sentence<'a>>,
}

#[derive(Deserialize, Default)]
struct MetaData<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    started: Scalar<'a>,
    #[serde(borrow, default)]
    language: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    #[serde(borrow, default)]
    call_id: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    transcript: Vec<Monologue<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    #[serde(borrow, default)]
    speaker_id: Scalar<'a>,
    #[serde(borrow, default)]
    affiliation: Scalar<'a>,
    #[serde(borrow, default)]
    user_id: Scalar<'a>,
}

/// What one party said without a break.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Monologue<'a> {
    #[serde(borrow, default)]
    speaker_id: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    sentences: Vec<Sentence<'a>>,
}

#[derive(Deserialize)]
struct Sentence<'a> {
    /// In milliseconds.
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
    #[serde(borrow, default)]
    text: Scalar<'a>,
}

impl<'a> Monologue<'a> {
    fn into_turn(self, parties: &[Party<'a>]) -> SpokenTurn<'a> {
        let party = parties.iter().find(|party| party.speaker_id == self.speaker_id);
        let role = party.and_then(|party| match party.affiliation.trimmed() {
            "Internal" => Some(Role::Agent),
            "External" => Some(Role::Customer),
            _ => None,
        });
        let agent_id = party.filter(|_| role == Some(Role::Agent)).map(|party| party.user_id.clone().into_text());
        let speaker = role.map_or(Speaker::Value(self.speaker_id.into_text(), "\"speakerId\""), Speaker::Role);
        let start = self.sentences.first().and_then(|sentence| sentence.start.ms());
        let end = self.sentences.last().and_then(|sentence| sentence.end.ms());
        let texts: Vec<Cow<'_, str>> = self.sentences.into_iter().map(|sentence| sentence.text.into_text()).collect();
        SpokenTurn {
            agent_id: agent_id.unwrap_or_default(),
            ..SpokenTurn::new(speaker, texts.join(" ")).at(start, end)
        }
    }
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"metaData":{"id":"77","started":"2024-05-01T10:00:00Z","language":"eng"},"parties":[{"speakerId":"5","userId":"u5","affiliation":"Internal"},{"speakerId":"6","affiliation":"External"}],
    "transcript":[{"speakerId":"5","topic":null,"sentences":[{"start":1000,"end":2000,"text":"Hello."},{"start":2100,"end":3000,"text":"How are you?"}]},
      {"speakerId":"6","sentences":[{"start":4000,"end":5000,"text":"Fine."}]}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputOptions;
    use crate::input::tests::{all_calls, read_bytes, the_call, told};

    #[test]
    fn a_monologue_is_a_turn_of_its_party() {
        let (call, kind) = the_call("x.json", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("gong", "77", Some(1_714_557_600_000)));
        let expected = [
            (Role::Agent, "Hello. How are you?", Some(0), Some(2000), Some("u5")),
            (Role::Customer, "Fine.", Some(3000), Some(4000), None),
        ];
        assert_eq!(told(&call), expected);
    }

    #[test]
    fn transcripts_without_parties_have_speaker_ids() {
        let transcript = SAMPLE.split_once("\"transcript\"").unwrap().1;
        let text = format!("{{\"callTranscripts\":[{{\"callId\":\"1\",\"transcript\"{transcript}]}}");
        let roles = [("5".to_owned(), Some(Role::Agent)), ("6".to_owned(), Some(Role::Customer))].to_vec();
        let options = InputOptions { roles, ..InputOptions::default() };
        let (calls, _) = all_calls(&read_bytes(&[("a.json", text.into())], &options).unwrap());
        assert_eq!((&*calls[0].id, calls[0].turns[1].role), ("1", Role::Customer));
    }
}

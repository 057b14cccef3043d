//! AssemblyAI: utterances of speakers, else words.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Number, Scalar, list};
use super::words::{Word, turns};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;

const SPEAKER: &str = "\"speaker\"";

/// AssemblyAI.
pub(in crate::input::formats) struct Assembly;

impl JsonFormat for Assembly {
    fn description(&self) -> Description {
        Description {
            name: "assemblyai",
            title: "AssemblyAI",
            fields: &[
                (Field::CallId, "id, else the file's name"),
                (Field::Speaker, "speaker, else channel"),
                (Field::Text, "utterances[].text, else words[].text"),
                (Field::Started, "start"),
                (Field::Ended, "end"),
                (Field::Language, "language_code"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_answer = shape.has("audio_url") && shape.has_all(&["text", "status"]);
        let has_words = shape.has_all(&["utterances[].speaker", "utterances[].text", "utterances[].words[].text"]);
        (is_answer || has_words).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], _context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let answer: Answer<'r> = serde_json::from_slice(record)?;
        let mut part = CallPart {
            call_id: answer.id.into_text(),
            is_whole: true,
            language: answer.language_code.into_text(),
            ..CallPart::default()
        };
        for utterance in answer.utterances {
            part.add(utterance.into_turn());
        }
        if part.turns.is_empty() {
            part.turns = turns(answer.words.into_iter().map(Said::into_word).collect(), SPEAKER);
        }
        if part.turns.is_empty() && !answer.text.is_empty() {
            let nobody = Speaker::Value("".into(), SPEAKER);
            part.turns.push(SpokenTurn::new(nobody, answer.text.into_text()));
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    language_code: Scalar<'a>,
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    utterances: Vec<Said<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    words: Vec<Said<'a>>,
}

/// An utterance or a word; times are in milliseconds.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    text: Scalar<'a>,
    #[serde(borrow, default)]
    speaker: Scalar<'a>,
    #[serde(borrow, default)]
    channel: Scalar<'a>,
    #[serde(default)]
    start: Number,
    #[serde(default)]
    end: Number,
}

impl<'a> Said<'a> {
    fn into_turn(self) -> Option<SpokenTurn<'a>> {
        if self.text.is_empty() {
            return None;
        }
        let speaker = if self.speaker.is_empty() { self.channel } else { self.speaker };
        let turn = SpokenTurn::new(Speaker::Value(speaker.into_text(), SPEAKER), self.text.into_text());
        Some(turn.at(self.start.ms(), self.end.ms()))
    }

    fn into_word(self) -> Word<'a> {
        let speaker = if self.speaker.is_empty() { self.channel } else { self.speaker };
        Word {
            text: self.text.into_text(),
            speaker: speaker.into_text(),
            start_ms: self.start.0,
            end_ms: self.end.0,
            is_punctuation: false,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{spoken, with_roles};
    use crate::input::tests::told;
    use crate::transcript::Role;

    const UTTERANCES: &str = r#"{"id":"x-1","language_code":"en_us","audio_url":"u","status":"completed","text":"Hello there. Hi.","words":[{"text":"Hello","start":100,"end":300,"speaker":"A"}],
        "utterances":[{"confidence":0.9,"speaker":"A","text":"Hello there.","start":100,"end":900,"words":[{"text":"Hello","start":100,"end":300,"speaker":"A"}]},
          {"speaker":"B","text":"Hi.","start":1100,"end":1400,"words":[]}]}"#;
    const WORDS: &str = r#"{"id":"x-2","audio_url":"u","status":"completed","text":"Hello there. Hi.","utterances":null,"words":[
        {"text":"Hello","start":100,"end":300,"confidence":0.9,"speaker":"A"},{"text":"there.","start":400,"end":900,"speaker":"A"},{"text":"Hi.","start":1100,"end":1400,"speaker":"B"}]}"#;
    pub(in super::super) const SAMPLES: &[&str] = &[UTTERANCES, WORDS];

    #[test]
    fn utterances_and_words_are_turns() {
        let expected = [
            (Role::Agent, "Hello there.", Some(0), Some(800), None),
            (Role::Customer, "Hi.", Some(1000), Some(1300), None),
        ];
        for (text, id) in [(UTTERANCES, "x-1"), (WORDS, "x-2")] {
            let calls = spoken(text, &with_roles(&[("A", Role::Agent), ("B", Role::Customer)]));
            assert_eq!((&*calls[0].id, told(&calls[0])), (id, expected.to_vec()));
        }
        let calls = spoken(UTTERANCES, &with_roles(&[("A", Role::Agent), ("B", Role::Customer)]));
        assert_eq!(calls[0].language.as_deref(), Some("en"));
    }
}

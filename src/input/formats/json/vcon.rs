//! vCon, the IETF's container of conversations: parties, dialogs, and what was made of them.
//!
//! What was said is in an analysis of type `transcript`, which each vendor writes in its own form, else in dialogs of
//! text. A container that is signed or encrypted, or that holds a recording only, is refused.

use serde::Deserialize;

use super::super::{Description, Likeness};
use super::scalar::{Scalar, list};
use super::tree::Json;
use super::words::{Word, turns};
use super::{Context, JsonFormat, Shape};
use crate::input::field::Field;
use crate::input::formats::captions;
use crate::input::html;
use crate::input::part::{CallPart, Speaker, SpokenTurn};
use crate::input::rejects::Fault;
use crate::input::times::{Clock, Moment, TimeColumn};

const SPEAKER: &str = "\"speaker\"";

/// vCon.
pub(in crate::input::formats) struct Vcon;

impl JsonFormat for Vcon {
    fn description(&self) -> Description {
        Description {
            name: "vcon",
            title: "vCon (IETF)",
            fields: &[
                (Field::CallId, "uuid"),
                (Field::Speaker, "the transcript's label, else the party's role or name"),
                (Field::Text, "analysis[] of type transcript, else dialog[] of type text"),
                (Field::AgentId, "the agent's uuid, else mailto, tel or name"),
                (Field::Started, "dialog[].start"),
            ],
        }
    }

    fn likeness(&self, shape: &Shape) -> Option<Likeness> {
        let is_plain = shape.has_all(&["parties", "dialog"]) || shape.has("vcon");
        let is_sealed = shape.has("ciphertext") || shape.has_all(&["payload", "signatures"]);
        (is_plain || is_sealed).then_some(Likeness::Certain)
    }

    fn part<'r>(&self, record: &'r [u8], context: &mut Context<'_>) -> Result<CallPart<'r>, Fault> {
        let vcon: Container<'r> = serde_json::from_slice(record)?;
        if vcon.ciphertext.is_some() {
            return Err(Fault::NoTranscript("this vCon is encrypted (JWE); decrypt it first"));
        }
        if vcon.signatures.is_some() {
            return Err(Fault::NoTranscript("this vCon is signed (JWS); take the vCon out of its payload first"));
        }
        let mut part = CallPart { call_id: vcon.uuid.clone().into_text(), ..CallPart::default() };
        let starts: Vec<Option<Moment>> = vcon.dialog.iter().map(|dialog| dialog.start(context.clock)).collect();
        part.started_ms = starts.iter().filter_map(|start| (*start)?.on_the_calendar()).min();
        let mut agents = vcon.parties.iter().filter(|party| party.role().eq_ignore_ascii_case("agent"));
        if let (Some(agent), None) = (agents.next(), agents.next()) {
            part.agent_id = agent.id().to_owned().into();
        }
        let mut read = Vec::new();
        let mut refused = None;
        for analysis in
            vcon.analysis.iter().filter(|analysis| analysis.get("type").is_some_and(|kind| kind.text() == "transcript"))
        {
            let dialog = analysis.text_at("dialog").parse::<usize>().unwrap_or_default();
            if read.contains(&dialog) {
                continue;
            }
            let start = starts.get(dialog).copied().flatten();
            match transcript(analysis, &vcon.parties, start) {
                Ok(turns) => {
                    read.push(dialog);
                    part.turns.extend(turns);
                }
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        if !part.turns.is_empty() {
            return Ok(part);
        }
        if let Some(fault) = refused {
            return Err(fault);
        }
        for (dialog, start) in vcon.dialog.into_iter().zip(starts) {
            match dialog.into_turn(&vcon.parties, start) {
                Some(turn) => part.turns.push(turn),
                None => part.events += 1,
            }
        }
        if part.turns.is_empty() {
            return Err(Fault::NoTranscript("this vCon has neither a transcript nor text, at most a recording"));
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow, default)]
    uuid: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    parties: Vec<Party<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    dialog: Vec<Dialog<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    analysis: Vec<Json<'a>>,
    ciphertext: Option<serde::de::IgnoredAny>,
    signatures: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow, default)]
    uuid: Scalar<'a>,
    #[serde(borrow, default)]
    mailto: Scalar<'a>,
    #[serde(borrow, default)]
    tel: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    role: Scalar<'a>,
    #[serde(borrow, default)]
    meta: Json<'a>,
}

impl Party<'_> {
    fn role(&self) -> &str {
        if self.role.trimmed().is_empty() { self.meta.text_at("role") } else { self.role.trimmed() }
    }

    /// What names the party, the surest first.
    fn id(&self) -> &str {
        let ids = [&self.uuid, &self.mailto, &self.tel, &self.name];
        let id = ids.into_iter().map(Scalar::trimmed).find(|id| !id.is_empty()).unwrap_or_default();
        id.strip_prefix("mailto:").or_else(|| id.strip_prefix("tel:")).unwrap_or(id)
    }

    /// What messages call the party, and its agent's id if it is one.
    fn speaker(&self, number: usize) -> (String, &str) {
        let names = [self.role(), self.name.trimmed(), self.id()];
        let name = names.into_iter().find(|name| !name.is_empty()).map_or_else(|| number.to_string(), str::to_owned);
        (name, self.id())
    }
}

#[derive(Deserialize)]
struct Dialog<'a> {
    #[serde(borrow, default)]
    r#type: Scalar<'a>,
    #[serde(borrow, default)]
    start: Scalar<'a>,
    /// Numbers of parties, or one.
    #[serde(borrow, default)]
    parties: Json<'a>,
    #[serde(borrow, default)]
    originator: Scalar<'a>,
    #[serde(borrow, default, alias = "mimetype")]
    mediatype: Scalar<'a>,
    #[serde(borrow, default)]
    body: Json<'a>,
}

impl<'a> Dialog<'a> {
    fn start(&self, clock: &mut Clock) -> Option<Moment> {
        let time = self.start.trimmed();
        if time.is_empty() { None } else { clock.moment(time, TimeColumn::default()) }
    }

    /// The turn that a dialog of text is; `None` for any other.
    fn into_turn(self, parties: &[Party<'a>], start: Option<Moment>) -> Option<SpokenTurn<'a>> {
        let words = self.body.words();
        let words = if self.mediatype.trimmed() == "text/html" { html::text(&words) } else { words };
        if self.r#type.trimmed() != "text" || words.is_empty() {
            return None;
        }
        let first = self.parties.items().first().unwrap_or(&self.parties);
        let originator = if self.originator.trimmed().is_empty() { first.text() } else { self.originator.trimmed() };
        let number = originator.parse::<usize>().ok();
        let (speaker, agent_id) = match number.and_then(|number| Some((number, parties.get(number)?))) {
            Some((number, party)) => party.speaker(number),
            None => (originator.to_owned(), ""),
        };
        let is_agent = speaker.eq_ignore_ascii_case("agent");
        let turn = SpokenTurn::new(Speaker::Value(speaker.into(), "the party"), words.into_owned()).at(start, None);
        Some(SpokenTurn { agent_id: if is_agent { agent_id.to_owned().into() } else { "".into() }, ..turn })
    }
}

/// The turns of an analysis that is a transcript, of a dialog that begins at `begin`.
fn transcript(
    analysis: &Json<'_>,
    parties: &[Party<'_>],
    begin: Option<Moment>,
) -> Result<Vec<SpokenTurn<'static>>, Fault> {
    let none = Json::default();
    let body = analysis.get("body").unwrap_or(&none);
    // JSON may be written as a text of JSON.
    let inner: Option<Json<'_>> =
        if body.text().starts_with(['{', '[']) { serde_json::from_str(body.text()).ok() } else { None };
    let body = inner.as_ref().unwrap_or(body);
    let lists = ["", "utterances", "segments", "results.utterances", "messages"];
    let mut lists = lists.iter().map(|list| body.items_at(list));
    let items = lists.find(|items| items.iter().any(|item| !said(item).is_empty())).unwrap_or_default();
    let mut turns: Vec<SpokenTurn<'static>> = items.iter().filter_map(turn).collect();
    if body.text().starts_with("WEBVTT") {
        turns = captions::spoken(body.text());
    } else if turns.is_empty() {
        turns = of_alternatives(body);
    }
    if turns.is_empty() {
        return Err(Fault::NoTranscript("its transcript is in no form that is known"));
    }
    for turn in &mut turns {
        if let Speaker::Value(label, _) = &mut turn.speaker {
            // A label may be the name of a party, whose role is known.
            let named = parties.iter().find(|party| party.name.trimmed() == label && !party.role().is_empty());
            let named = named.filter(|_| !label.is_empty());
            *label = named.map_or_else(|| std::mem::take(label), |party| party.role().to_owned().into());
        }
        for time in [&mut turn.start, &mut turn.end] {
            if let (Some(Moment::Offset(ms)), Some(Moment::Absolute(begin))) = (*time, begin) {
                *time = Some(Moment::Absolute(begin + ms));
            }
        }
    }
    Ok(turns)
}

/// The turns of Deepgram's answer, or of one alternative of it: paragraphs, else words. With several channels, a speaker
/// is a channel's number.
fn of_alternatives(body: &Json<'_>) -> Vec<SpokenTurn<'static>> {
    let channels = body.items_at("results.channels");
    let first = channels.iter().filter_map(|channel| channel.items_at("alternatives").first());
    let alternatives: Vec<&Json<'_>> = if channels.is_empty() { vec![body] } else { first.collect() };
    let (mut paragraphs, mut words) = (Vec::new(), Vec::new());
    for (number, alternative) in alternatives.iter().enumerate() {
        let speaker = |item: &Json<'_>| {
            if alternatives.len() > 1 { number.to_string() } else { item.text_at("speaker").to_owned() }
        };
        for paragraph in alternative.items_at("paragraphs.paragraphs") {
            let sentences: Vec<_> = paragraph.items_at("sentences").iter().map(Json::words).collect();
            let turn = SpokenTurn::new(Speaker::Value(speaker(paragraph).into(), SPEAKER), sentences.join(" "));
            paragraphs.push(turn.at(seconds(paragraph, &["start"]), seconds(paragraph, &["end"])));
        }
        for word in alternative.items_at("words") {
            let texts = ["punctuated_word", "word"].map(|key| word.text_at(key));
            let ms = |key: &str| Some(word.get(key)?.number()? * 1e3);
            words.push(Word {
                text: texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned().into(),
                speaker: speaker(word).into(),
                start_ms: ms("start"),
                end_ms: ms("end"),
                is_punctuation: false,
            });
        }
    }
    let is_nobody = |turn: &SpokenTurn<'_>| matches!(&turn.speaker, Speaker::Value(value, _) if value.is_empty());
    if paragraphs.iter().all(is_nobody) && !words.is_empty() { turns(words, SPEAKER) } else { paragraphs }
}

/// A moment in seconds under the first of `keys` that is there.
fn seconds(item: &Json<'_>, keys: &[&str]) -> Option<Moment> {
    Moment::by_size_ms(keys.iter().find_map(|key| item.get(key)?.number())? * 1e3)
}

/// What an item of a list of turns holds in words.
fn said<'j>(item: &'j Json<'_>) -> std::borrow::Cow<'j, str> {
    let keys = ["message", "text", "transcript", "content"];
    keys.iter().filter_map(|key| item.get(key)).map(Json::words).find(|words| !words.is_empty()).unwrap_or_default()
}

fn turn(item: &Json<'_>) -> Option<SpokenTurn<'static>> {
    let words = said(item);
    if words.is_empty() {
        return None;
    }
    let keys = ["speaker", "role", "party", "speaker_label"];
    let label = keys.iter().map(|key| item.text_at(key)).find(|label| !label.is_empty()).unwrap_or_default();
    let turn = SpokenTurn::new(Speaker::Value(label.to_owned().into(), SPEAKER), words.into_owned());
    Some(turn.at(seconds(item, &["start", "start_time", "startTime"]), seconds(item, &["end", "end_time", "endTime"])))
}

#[cfg(test)]
pub(super) const SAMPLE: &str = r#"{"vcon":"0.0.2","uuid":"v-1","created_at":"2024-06-01T00:00:00Z","parties":[
      {"name":"Jane Roe","tel":"+1555","meta":{"role":"agent"},"mailto":"mailto:jane@x.org"},{"name":"Jo Doe","role":"customer"}],
    "dialog":[{"type":"recording","start":"2024-05-01T12:00:00+02:00","duration":9.5,"parties":[1,0],"mimetype":"audio/wav"}],
    "analysis":[{"type":"summary","dialog":0,"vendor":"v","body":"Agent: words of no one","encoding":"none"},
      {"type":"transcript","dialog":0,"vendor":"v","encoding":"json","body":"[{\"speaker\":\"Agent\",\"message\":\"Hello\",\"start\":0.5,\"end\":1},{\"speaker\":\"Jo Doe\",\"text\":\"My car\",\"start\":2}]"},
      {"type":"transcript","dialog":0,"vendor":"w","body":[{"speaker":"Agent","message":"Hello again"}]}],"attachments":[]}"#;
#[cfg(test)]
pub(super) const TEXTS: &str = r#"{"vcon":"0.0.1","uuid":"v-2","parties":[{"tel":"tel:+1555","role":"agent"},{"mailto":"jo@x.org","role":"customer"}],
    "dialog":[{"type":"text","start":"2024-05-01T10:00:00Z","parties":[1,0],"originator":1,"mediatype":"text/plain","body":"Hi","encoding":"none"},
      {"type":"text","start":"2024-05-01T10:00:05Z","parties":[0,1],"mediatype":"text/html","body":"<p>Hello</p>"},
      {"type":"transfer","start":"2024-05-01T10:00:06Z"}],"analysis":[]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{lenient, read_bytes, the_call, told};
    use crate::transcript::Role;

    #[test]
    fn one_transcript_of_a_dialog_is_read_with_its_parties() {
        let (call, kind) = the_call("x.vcon", SAMPLE);
        assert_eq!((kind, &*call.id, call.started_at_ms), ("vcon", "v-1", Some(1_714_557_600_000)));
        let expected = [
            (Role::Agent, "Hello", Some(0), Some(500), Some("jane@x.org")),
            (Role::Customer, "My car", Some(1500), None, None),
        ];
        assert_eq!(told(&call), expected);
    }

    #[test]
    fn transcripts_of_deepgram_and_captions_are_read() {
        let body = |body: &str| {
            let text = SAMPLE.split_once("\"analysis\":").unwrap().0;
            format!("{text}\"analysis\":[{{\"type\":\"transcript\",\"dialog\":0,\"body\":{body}}}]}}")
        };
        let paragraphs = r#""paragraphs":{"paragraphs":[{"speaker":"agent","start":0.5,"end":1,"sentences":[{"text":"Hello."},{"text":"Yes?"}]},{"speaker":"customer","start":2,"end":3,"sentences":[{"text":"My car."}]}]}"#;
        let words = r#""words":[{"word":"hello","punctuated_word":"Hello.","speaker":"agent","start":0.5,"end":0.7},{"word":"yes","punctuated_word":"Yes?","speaker":"agent","start":0.8,"end":1},{"word":"my","punctuated_word":"My","speaker":"customer","start":2,"end":2.5},{"word":"car.","speaker":"customer","start":2.5,"end":3}]"#;
        let captions = r#""WEBVTT\n\n00:00.500 --> 00:00.700\n<v Jane Roe>Hello.</v>\n\n00:00.800 --> 00:01.000\nYes?\n\n00:02.000 --> 00:03.000\n<v Jo Doe>My car.""#;
        for body in [
            body(&format!("{{{paragraphs}}}")),
            body(&format!("{{{words}}}")),
            body(captions),
            body(&format!(r#"{{"results":{{"channels":[{{"alternatives":[{{{words}}}]}}]}}}}"#)),
        ] {
            let expected = [
                (Role::Agent, "Hello. Yes?", Some(0), Some(500), Some("jane@x.org")),
                (Role::Customer, "My car.", Some(1500), Some(2500), None),
            ];
            assert_eq!(told(&the_call("x", &body).0), expected, "{body}");
        }
        let nobody = body(&format!("{{{}}}", words.replace("\"speaker\"", "\"x\"")));
        let error = read_bytes(&[("x.vcon", nobody.into())], &lenient()).err().unwrap();
        assert!(error.to_string().contains("does not show who spoke"), "{error}");
    }

    #[test]
    fn dialogs_of_text_are_turns_of_their_originator() {
        let (call, _) = the_call("x.json", TEXTS);
        assert_eq!((&*call.id, call.started_at_ms), ("v-2", Some(1_714_557_600_000)));
        let expected =
            [(Role::Customer, "Hi", Some(0), None, None), (Role::Agent, "Hello", Some(5000), None, Some("+1555"))];
        assert_eq!(told(&call), expected);
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        let recording = SAMPLE.replace("\"transcript\"", "\"tags\"");
        for (text, expected) in [
            (recording.as_str(), "neither a transcript nor text"),
            (r#"{"payload":"eyJ1","signatures":[{"protected":"x"}]}"#, "signed (JWS)"),
            (r#"{"protected":"x","recipients":[],"ciphertext":"abc","tag":"t","iv":"i"}"#, "encrypted (JWE)"),
        ] {
            let error = read_bytes(&[("x.vcon", text.into())], &lenient()).err().unwrap();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

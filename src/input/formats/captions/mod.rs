//! Captions: WebVTT and SubRip. A file is a call.
//!
//! - `cues`: blocks with times; `markup`: tags, entities and voices.
//!
//! Who speaks is in `<v Name>`, or in a label that nearly every cue begins with. A cue without a name continues the one
//! before it. Captions without names are refused unless the user says who said everything.

use std::borrow::Cow;
use std::collections::BTreeMap;

mod cues;
mod markup;

use super::whole::{self, WholeCall, only_party};
use super::{Description, Format, Found, Likeness, Sample};
use crate::input::InputOptions;
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::{Field, fold};
use crate::input::labels::Label;
use crate::input::part::{Speaker, SpokenTurn};
use crate::input::quote::{is_capitalised, is_diarised, looks_like_a_name};
use crate::input::rejects::Reason;
use crate::input::roles::Roles;
use crate::input::sink::Sink;
use crate::input::times::Moment;
use crate::transcript::Role;
use cues::{Cue, cues, is_time_line, unroll};
use markup::{has_voice, pieces};

/// How many of the first lines are looked at for a time.
const LINES: usize = 60;
/// Where one party said everything, a pause this long at a sentence's end begins a turn.
const PAUSE_MS: i64 = 2_000;
/// A turn that no pause ends is cut here.
const MAX_TURN_BYTES: usize = 1 << 16;

/// Captions as the web has them.
pub(super) struct WebVtt;

/// Captions as players of films have them.
pub(super) struct SubRip;

impl Format for WebVtt {
    fn description(&self) -> Description {
        Description {
            name: "webvtt",
            title: "captions (WebVTT), such as Zoom's and Microsoft Teams'; a file is a call",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "`<v Name>`, else `Name:` before the words"),
                (Field::Text, "the cue"),
                (Field::Started, "the cue's time"),
                (Field::Ended, "the cue's time"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        is_webvtt(sample.text).then_some(Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        read(self.description(), file, sink)
    }
}

impl Format for SubRip {
    fn description(&self) -> Description {
        Description {
            name: "subrip",
            title: "captions (SubRip); a file is a call",
            fields: &[
                (Field::CallId, "the file's name"),
                (Field::Speaker, "`Name:` or `[Name]` before the words"),
                (Field::Text, "the cue"),
                (Field::Started, "the cue's time"),
                (Field::Ended, "the cue's time"),
            ],
        }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        let text = String::from_utf8_lossy(sample.text);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES);
        // Its first line is a number or, in some exports, a time.
        let first = lines.next()?.trim_start_matches('\u{feff}');
        let is_headed = is_time_line(first)
            || (first.bytes().all(|byte| byte.is_ascii_digit()) && lines.next().is_some_and(is_time_line));
        is_headed.then_some(Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        read(self.description(), file, sink)
    }
}

fn is_webvtt(text: &[u8]) -> bool {
    let rest = text.trim_ascii_start().strip_prefix(b"WEBVTT");
    rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn read(description: Description, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
    let (text, about) = whole::text(file)?;
    let party = only_party(sink.options());
    let is_tagged = party.is_none() && has_voice(&text);
    let text = if is_tagged { text } else { unmarked(&text) };
    let mut cues = cues(&text);
    unroll(&mut cues);
    let voices = match party {
        Some(role) => Voices::Party(role),
        None if is_tagged || cues.iter().all(|cue| cue.lines.is_empty()) => Voices::Tags,
        None => match Names::of(&cues, &mut sink.run.roles) {
            Some(names) => Voices::Labels(names),
            None => return Err(InputError::NoSpeakers { path: about.path, what: "captions" }),
        },
    };
    let mut turns = Turns { voices, turn: None, call: WholeCall::new(sink, about) };
    for cue in &cues {
        turns.cue(cue)?;
    }
    turns.end_turn()?;
    Ok(turns.call.found(description))
}

/// The turns of captions within another file, whose voices are tags, else names before the words. A cue without a name
/// continues the one before it; the first may be nobody's.
pub(super) fn spoken(text: &str) -> Vec<SpokenTurn<'static>> {
    let mut cues = cues(text);
    unroll(&mut cues);
    let mut turns: Vec<SpokenTurn<'static>> = Vec::new();
    for cue in &cues {
        let [start, end] =
            [0, 1].map(|at| cue.times.map(|times| Moment::Offset(if at == 0 { times.0 } else { times.1 })));
        let mut voice = None;
        for piece in cue.lines.iter().flat_map(|line| pieces(line, &mut voice)) {
            let (name, words) = match (piece.voice, piece.text.split_once(": ")) {
                (Some(name), _) => (name.into_owned(), piece.text.as_str()),
                (None, Some((name, words))) if looks_like_a_name(name) && is_capitalised(name) => {
                    (name.to_owned(), words)
                }
                _ => (String::new(), piece.text.as_str()),
            };
            let is_same = |turn: &SpokenTurn<'_>| matches!(&turn.speaker, Speaker::Value(value, _) if *value == name);
            if let Some(turn) = turns.last_mut().filter(|turn| name.is_empty() || is_same(turn)) {
                *turn.text.to_mut() += &format!(" {}", words.trim());
                turn.end = end;
                continue;
            }
            let speaker = Speaker::Value(name.into(), "the tag <v>");
            turns.push(SpokenTurn::new(speaker, words.trim().to_owned()).at(start, end));
        }
    }
    turns
}

/// Lines without markup.
fn unmarked(text: &str) -> String {
    let line = |line: &str| pieces(line, &mut None).into_iter().map(|piece| piece.text).collect::<String>();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// How a file names who speaks.
enum Voices {
    /// The user says who said everything.
    Party(Role),
    /// `<v Name>`.
    Tags,
    /// Labels before the words.
    Labels(Names),
}

/// The labels before cues' words that are names: all, or those of known roles and of numbered voices.
struct Names {
    /// Nearly every cue begins with a name, and they are few: each label is a name.
    are_all: bool,
    /// How many cues begin with each, folded.
    cues: BTreeMap<String, usize>,
}

impl Names {
    /// The names of `cues`; `None` if no label is one.
    fn of(cues: &[Cue<'_>], roles: &mut Roles) -> Option<Self> {
        let (mut all, mut known) = (0, 0);
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for line in cues.iter().filter_map(|cue| cue.lines.first()) {
            all += 1;
            let Some(label) = label(line, roles) else { continue };
            known += usize::from(is_sure(&label));
            *names.entry(fold(label.name)).or_default() += 1;
        }
        let labelled: usize = names.values().sum();
        let are_few = names.len() < 4 || names.len() * 2 <= labelled;
        let are_all = labelled > 1 && labelled * 5 >= all * 4 && are_few;
        (known > 0 || are_all).then_some(Self { are_all, cues: names })
    }

    /// The label of `line`, if it is a name.
    fn label<'a>(&self, line: &'a str, roles: &mut Roles) -> Option<Label<'a>> {
        label(line, roles).filter(|label| {
            let is_written_as_one = label.name.starts_with(char::is_uppercase) && !label.name.contains([',', '@']);
            let recurs = || self.cues.get(&fold(label.name)).is_some_and(|cues| *cues > 1);
            is_sure(label) || (self.are_all && (is_written_as_one || recurs()))
        })
    }

    /// Who a label names. Where each cue has a name and one comes again, each is a name; among cues without, and where no
    /// two are alike, a label may be words.
    fn speaker<'a>(&self, label: &Label<'a>) -> Speaker<'a> {
        const PLACE: &str = "the name before the words";
        let name = Cow::Borrowed(label.name);
        match label.role {
            Some(role) => Speaker::Role(role),
            None if self.are_all && self.cues.values().any(|cues| *cues > 1) => Speaker::Value(name, PLACE),
            None => Speaker::Label(name, PLACE),
        }
    }
}

/// The label of a cue's line.
fn label<'a>(line: &'a str, roles: &mut Roles) -> Option<Label<'a>> {
    Label::of(line, roles).or_else(|| Label::bracketed(line, roles)).or_else(|| Label::doubtful(line, roles))
}

/// Whether a label is a speaker's wherever it stands.
fn is_sure(label: &Label<'_>) -> bool {
    label.role.is_some() || is_diarised(label.name)
}

/// A turn while its cues are put together.
struct Pending<'a> {
    line: u64,
    speaker: Speaker<'a>,
    text: String,
    start: i64,
    end: i64,
}

/// Puts cues together to turns.
struct Turns<'a, 's, 'r, 'o> {
    voices: Voices,
    turn: Option<Pending<'a>>,
    call: WholeCall<'s, 'r, 'o>,
}

impl<'a> Turns<'a, '_, '_, '_> {
    fn cue(&mut self, cue: &Cue<'a>) -> Result<(), InputError> {
        let Some(times) = cue.times else {
            self.call.reject(cue.line, Reason::BadTime);
            return Ok(());
        };
        let mut voice = None;
        for &line in &cue.lines {
            match &self.voices {
                Voices::Party(_) => self.add(cue.line, line, times)?,
                Voices::Tags => self.tagged(line, &mut voice, cue.line, times)?,
                Voices::Labels(names) => {
                    let label = names.label(line, self.call.roles());
                    let words = label.and_then(|label| line.get(label.length..)).unwrap_or(line);
                    if let Some(speaker) = label.map(|label| names.speaker(&label)) {
                        self.begin(cue.line, speaker, times)?;
                    }
                    self.add(cue.line, words, times)?;
                }
            }
        }
        Ok(())
    }

    /// Takes in a line of a cue with tags; `voice` is who speaks where it begins.
    fn tagged(
        &mut self,
        line: &'a str,
        voice: &mut Option<Cow<'a, str>>,
        number: u64,
        times: (i64, i64),
    ) -> Result<(), InputError> {
        let mut current = voice.clone();
        for piece in pieces(line, voice) {
            if piece.voice.is_some() && piece.voice != current {
                let name = piece.voice.clone().unwrap_or_default();
                self.begin(number, Speaker::Value(name, "the tag <v>"), times)?;
            }
            current = piece.voice;
            self.add(number, &piece.text, times)?;
        }
        Ok(())
    }

    /// Begins a turn.
    fn begin(&mut self, line: u64, speaker: Speaker<'a>, (start, end): (i64, i64)) -> Result<(), InputError> {
        self.end_turn()?;
        self.turn = Some(Pending { line, speaker, text: String::new(), start, end });
        Ok(())
    }

    /// Adds words to the turn that goes on; what is said before any name belongs to nobody.
    fn add(&mut self, line: u64, words: &str, times: (i64, i64)) -> Result<(), InputError> {
        let party = if let Voices::Party(role) = self.voices { Some(role) } else { None };
        let is_over = |turn: &Pending<'_>| {
            let is_at_end = turn.text.ends_with(['.', '?', '!', '\u{2026}', '\u{3002}']);
            (party.is_some() && is_at_end && times.0 - turn.end >= PAUSE_MS) || turn.text.len() > MAX_TURN_BYTES
        };
        let speaker = match &self.turn {
            Some(turn) if is_over(turn) => Some(turn.speaker.clone()),
            Some(_) => None,
            None => Some(Speaker::Role(party.unwrap_or(Role::Other))),
        };
        if let Some(speaker) = speaker {
            self.begin(line, speaker, times)?;
        }
        if let Some(turn) = &mut self.turn {
            let words = words.trim();
            if !turn.text.is_empty() && !words.is_empty() {
                turn.text.push(' ');
            }
            turn.text += words;
            turn.end = turn.end.max(times.1);
        }
        Ok(())
    }

    fn end_turn(&mut self) -> Result<(), InputError> {
        let Some(Pending { line, speaker, text, start, end }) = self.turn.take() else { return Ok(()) };
        let turn = SpokenTurn::new(speaker, text).at(Some(Moment::Offset(start)), Some(Moment::Offset(end)));
        self.call.turn(line, turn)
    }
}

#[cfg(test)]
mod tests;

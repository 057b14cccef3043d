//! What it takes to add a format: one made up here, read through everything that follows it.
//!
//! A file of slips begins with `SLIPS 1`. `= CALL AGENT EPOCH` begins a call; `SECONDS SPEAKER WORDS…` is a turn, and a
//! line with `!` an event.

use std::io::{BufRead as _, BufReader};

use super::{ALL, Description, Format, Found, Likeness, Sample};
use crate::exit::{ExitCode, Stops as _};
use crate::input::decode::Opened;
use crate::input::error::InputError;
use crate::input::field::Field;
use crate::input::rejects::Reason;
use crate::input::roles::SpeakerPlace;
use crate::input::row::{Attributes, Body, Row};
use crate::input::sink::Sink;
use crate::input::tests::{all_calls, read_bytes_as};
use crate::input::times::Moment;
use crate::input::{InputOptions, MaxRejects};
use crate::sentiment::Millionths;
use crate::transcript::Role;

struct Slips;

impl Format for Slips {
    fn description(&self) -> Description {
        let fields = &[(Field::CallId, "the line with ="), (Field::Speaker, "the second word")];
        Description { name: "slips", title: "slips", fields }
    }

    fn likeness(&self, sample: &Sample<'_>, _options: &InputOptions) -> Option<Likeness> {
        sample.text.starts_with(b"SLIPS 1\n").then_some(Likeness::Certain)
    }

    fn read(&self, file: Opened, sink: &mut Sink<'_, '_>) -> Result<Found, InputError> {
        let (mut call, mut events) = (None, 0_u64);
        for (number, line) in (1..).zip(BufReader::new(file.reader).lines()).skip(1) {
            let line = line.map_err(|error| file.about.failed(error))?;
            let mut words = line.splitn(3, ' ');
            match (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next()) {
                ("!", ..) => events += 1,
                ("=", id, Some(rest)) => call = rest.split_once(' ').map(|(agent, epoch)| Slip::new(id, agent, epoch)),
                (seconds, speaker, text) => {
                    sink.count(1);
                    let (Some(slip), Ok(seconds)) = (&call, seconds.parse::<i64>()) else {
                        sink.reject(number, Reason::BadTime);
                        continue;
                    };
                    let body = match sink.role(speaker) {
                        Some(role) => Body::Turn(role, text.unwrap_or_default()),
                        None => sink.unknown_speaker(speaker, number, SpeakerPlace::Name("the second word")),
                    };
                    sink.store(&Row {
                        call_id: &slip.id,
                        place: sink.place(),
                        index: None,
                        start: Some(Moment::Absolute((slip.start + seconds) * 1000)),
                        end: None,
                        attributes: Attributes { agent_id: &slip.agent, ..Attributes::default() },
                        body,
                    })?;
                }
            }
        }
        let facts = vec![("events", events.into())];
        Ok(Found { kind: "slips", summary: "speaker = the second word".into(), facts })
    }
}

struct Slip {
    id: String,
    agent: String,
    start: i64,
}

impl Slip {
    fn new(id: &str, agent: &str, epoch: &str) -> Self {
        Self { id: id.to_owned(), agent: agent.to_owned(), start: epoch.parse().unwrap_or_default() }
    }
}

const SLIPS: &str = "SLIPS 1\n= c1 ann 1700000000\n5 B thanks\n0 A hello there\n! joined\nsoon A never\n\
    = c2 bob 1700000100\n0 A hello again\n1 B my secret\n";

fn formats() -> Vec<&'static dyn Format> {
    [&ALL[..], &[&Slips as &dyn Format]].concat()
}

#[test]
fn a_format_added_in_one_file_is_recognised_and_read_among_others() {
    let csv = "call_id,speaker,text\nc3,agent,hi\n";
    let files = [("a.csv", SLIPS.into()), ("b.csv", csv.into())];
    let roles = [("A", Role::Agent), ("B", Role::Customer)];
    let roles = roles.map(|(value, role)| (value.to_owned(), Some(role))).to_vec();
    let options = InputOptions { roles, max_rejects: MaxRejects::Share(Millionths::ONE), ..InputOptions::default() };
    let conversations = read_bytes_as(&formats(), &files, &options).unwrap();
    let reports = conversations.reports();
    assert_eq!((reports[0].found.kind, reports[0].rows, reports[1].found.kind), ("slips", 5, "turn-rows"));
    assert_eq!(reports[0].found.facts, [("events", 1.into())]);
    assert_eq!((conversations.rejected(), conversations.rejects()[0].line), (1, 6));
    let (calls, _) = all_calls(&conversations);
    let words: Vec<_> = calls[0].turns.iter().map(|turn| (turn.role, turn.text.as_str(), turn.start_ms)).collect();
    assert_eq!(words, [(Role::Agent, "hello there", Some(0)), (Role::Customer, "thanks", Some(5000))]);
    assert_eq!((calls.len(), calls[1].turns[0].agent_id.as_deref()), (3, Some("bob")));
}

#[test]
fn speakers_of_any_format_must_have_a_role() {
    let error = read_bytes_as(&formats(), &[("a.txt", SLIPS.into())], &InputOptions::default()).err().unwrap();
    assert_eq!(error.code(), ExitCode::Data);
    assert!(
        error.to_string().ends_with(r#"the second word: the role of "A" (2 turns), "B" (2 turns) is not known"#),
        "{error}"
    );
}

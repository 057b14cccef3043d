//! Whole files through the room: what goes in as bytes comes out as calls, rejects or an error.

mod contacts;
mod refused;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::rejects::Reason;
use super::*;
use crate::exit::{ExitCode, Stops as _};
use crate::sentiment::Millionths;
use crate::transcript::Call;

/// Writes `files` into a directory and names them as sources, in that order.
fn sources(files: &[(&str, Vec<u8>)]) -> (TempDir, Vec<Source>) {
    let root = tempfile::tempdir().unwrap();
    let write = |(name, bytes): &(&str, Vec<u8>)| {
        let path = root.path().join(name);
        fs::write(&path, bytes).unwrap();
        Source::File { path, bytes: bytes.len() as u64, is_named: true }
    };
    let sources = files.iter().map(write).collect();
    (root, sources)
}

pub(super) fn read_bytes(files: &[(&str, Vec<u8>)], options: &InputOptions) -> Result<Conversations, InputError> {
    read_bytes_as(&formats::ALL, files, options)
}

pub(super) fn read_bytes_as(
    formats: &[&dyn Format],
    files: &[(&str, Vec<u8>)],
    options: &InputOptions,
) -> Result<Conversations, InputError> {
    let (_root, sources) = sources(files);
    read_formats(formats, &sources, options, &mut |_| {})
}

fn read_text(text: &str, options: &InputOptions) -> Result<Conversations, InputError> {
    read_bytes(&[("a.csv", text.into())], options)
}

/// All calls, by id, with what was counted.
pub(super) fn all_calls(conversations: &Conversations) -> (Vec<Call>, Tally) {
    let mut calls = conversations.calls();
    let mut all: Vec<Call> = calls.by_ref().flat_map(|group| group.unwrap()).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    // Where a call's rows lie is all that differs when they are moved; `a_call_knows_its_files` looks at it.
    for call in &mut all {
        call.files = Box::default();
    }
    (all, calls.tally())
}

/// A turn: role, text, start, end, agent.
type Told<'c> = (Role, &'c str, Option<i64>, Option<i64>, Option<&'c str>);

/// What a call's turns are.
pub(super) fn told(call: &Call) -> Vec<Told<'_>> {
    call.turns
        .iter()
        .map(|turn| (turn.role, turn.text.as_str(), turn.start_ms, turn.end_ms, turn.agent_id.as_deref()))
        .collect()
}

/// The only call of a file, and what the file was taken for.
pub(super) fn the_call(name: &str, text: &str) -> (Call, &'static str) {
    let conversations = read_bytes(&[(name, text.into())], &InputOptions::default()).unwrap();
    let (mut calls, _) = all_calls(&conversations);
    assert_eq!((calls.len(), conversations.rejected()), (1, 0));
    (calls.remove(0), conversations.reports()[0].found.kind)
}

fn calls_of(text: &str) -> Vec<Call> {
    all_calls(&read_text(text, &lenient()).unwrap()).0
}

fn texts(call: &Call) -> Vec<&str> {
    call.turns.iter().map(|turn| turn.text.as_str()).collect()
}

/// Options under which rejected rows never stop the run.
pub(super) fn lenient() -> InputOptions {
    InputOptions { max_rejects: MaxRejects::Share(Millionths::ONE), ..InputOptions::default() }
}

fn failure(text: &str) -> InputError {
    read_text(text, &InputOptions::default()).err().unwrap()
}

fn rejects_of(files: &[(&str, Vec<u8>)]) -> Vec<(String, u64, String)> {
    let conversations = read_bytes(files, &lenient()).unwrap();
    let name = |path: &str| Path::new(path).file_name().unwrap().to_string_lossy().into_owned();
    conversations.rejects().iter().map(|reject| (name(&reject.file), reject.line, reject.reason.to_string())).collect()
}

#[test]
fn parties_in_a_file_beside_the_words_are_joined_in_any_order() {
    let gong = r#"{"calls":[{"metaData":{"id":"7","started":"2024-05-01T10:00:00Z"},"parties":[{"speakerId":"64","affiliation":"Internal","userId":"u5"},{"speakerId":"99","affiliation":"External"}]}]}"#;
    let said = r#"{"callTranscripts":[{"callId":"7","transcript":[{"speakerId":"64","sentences":[{"start":500,"end":900,"text":"Hello"}]},{"speakerId":"99","sentences":[{"start":1500,"end":1900,"text":"It broke"}]}]}]}"#;
    let twilio = r#"{"sid":"GT1","channel":{"participants":[{"channel_participant":1,"role":"Agent","user_id":"u5"},{"channel_participant":2,"role":"Customer"}]},"media_start_time":"2024-05-01T10:00:00Z"}"#;
    let sentences = r#"{"sentences":[{"media_channel":1,"sentence_index":0,"start_time":"0.5","end_time":"0.9","transcript":"Hello","sid":"GX1"},{"media_channel":2,"sentence_index":1,"start_time":"1.5","end_time":"1.9","transcript":"It broke","sid":"GX2"}],"meta":{"url":"https://x/v2/Transcripts/GT1/Sentences"}}"#;
    for (id, people, words) in [("7", gong, said), ("GT1", twilio, sentences)] {
        for (first, second) in [(people, words), (words, people)] {
            let files = [("a.json", first.into()), ("b.json", second.into())];
            let (calls, _) = all_calls(&read_bytes(&files, &InputOptions::default()).unwrap());
            assert_eq!((calls.len(), &*calls[0].id, calls[0].started_at_ms), (1, id, Some(1_714_557_600_000)));
            let expected = [
                (Role::Agent, "Hello", Some(0), Some(400), Some("u5")),
                (Role::Customer, "It broke", Some(1000), Some(1400), None),
            ];
            assert_eq!(told(&calls[0]), expected, "{id}");
        }
        // What the user states goes first, and without parties the speakers are asked for.
        let error = read_bytes(&[("b.json", words.into())], &InputOptions::default()).err().unwrap();
        assert!(error.to_string().contains("is not known"), "{error}");
    }
}

#[test]
fn a_turn_keeps_everything_its_row_says() {
    let text = "call_id,turn_index,role,text,timestamp,end_time,agent_id,queue,language,channel\n\
        c1,2,agent, Hello there ,2024-03-01T10:00:05Z,2024-03-01T10:00:07Z,ann,billing,en-US,voice\n\
        c1,1,customer,\"Hi,\nyou\",2024-03-01T10:00:00Z,,,sales,,\n";
    let conversations = read_text(text, &InputOptions::default()).unwrap();
    let (calls, tally) = all_calls(&conversations);
    assert_eq!(tally, Tally { calls: 1, turns: 2, duplicates: 0, ..Tally::default() });
    let call = &calls[0];
    assert_eq!((&*call.id, texts(call)), ("c1", vec!["Hi,\nyou", "Hello there"]));
    assert_eq!(call.queue.as_deref(), Some("sales"), "the first named in turn order");
    assert_eq!(call.language.as_deref(), Some("en"));
    assert_eq!(call.channel.as_deref(), Some("voice"));
    assert_eq!(call.date.as_deref(), Some("2024-03-01"));
    assert_eq!(call.started_at_ms, Some(1_709_287_200_000));
    let times: Vec<_> = call.turns.iter().map(|turn| (turn.start_ms, turn.end_ms)).collect();
    assert_eq!(times, [(Some(0), None), (Some(5_000), Some(7_000))]);
    assert_eq!(call.turns[1].agent_id.as_deref(), Some("ann"));
    assert_eq!(call.turns[0].agent_id, None);
}

#[test]
fn reports_say_how_a_file_was_understood() {
    let text = "Guid;Text;Role\nc1;a;agent\nc1;b;;\n";
    let conversations = read_text(text, &lenient()).unwrap();
    let report = &conversations.reports()[0];
    assert_eq!((report.bytes, report.rows), (text.len() as u64, 2));
    assert_eq!(report.hash, blake3::hash(text.as_bytes()).to_hex().to_string());
    assert_eq!((report.encoding, report.found.kind), (Encoding::Utf8, "turn-rows"));
    assert_eq!(report.found.summary, "call_id = Guid, text = Text, speaker = Role");
    let columns = serde_json::json!({ "call_id": "Guid", "text": "Text", "speaker": "Role" });
    assert_eq!(report.found.facts, [("delimiter", ";".into()), ("columns", columns)]);
    assert_eq!((conversations.rows(), conversations.rejected()), (2, 1));
}

#[test]
fn order_is_index_then_time_then_the_files() {
    let header = "call_id,speaker,text";
    let by_file = format!("{header}\nc,agent,1\nc,agent,2\nc,agent,1\n");
    assert_eq!(texts(&calls_of(&by_file)[0]), ["1", "2", "1"], "nothing says that these are the same");
    let by_time = format!("{header},start\nc,agent,2,200\nc,agent,1,100\nc,user,3,200\n");
    assert_eq!(texts(&calls_of(&by_time)[0]), ["1", "2", "3"]);
    let by_index = format!("{header},start,turn\nc,agent,3,100,10\nc,agent,1,300,9\nc,user,2,50,10\n");
    assert_eq!(texts(&calls_of(&by_index)[0]), ["1", "2", "3"]);
    let partly = format!("{header},start\nc,agent,2,200\nc,system,3,\nc,agent,1,100\nc,user,4,300\n");
    assert_eq!(texts(&calls_of(&partly)[0]), ["1", "2", "3", "4"], "a row without time stays where it was");
}

#[test]
fn exact_repeats_count_once() {
    let text = "call_id,speaker,text,turn,agent_id\n\
        c,agent,a,1,\nc,agent,a,1,ann\nc,agent,b,1,\nc,customer,a,1,\nc,agent,a,2,\nd,agent,a,1,\nc,agent,a,1,\n";
    let (calls, tally) = all_calls(&read_text(text, &InputOptions::default()).unwrap());
    assert_eq!(tally, Tally { calls: 2, turns: 5, duplicates: 2, ..Tally::default() });
    assert_eq!(texts(&calls[0]), ["a", "b", "a", "a"]);
    assert_eq!(calls[0].turns[0].agent_id.as_deref(), Some("ann"), "what one of them says is kept");
    let timed =
        "call_id,speaker,text,start_time\nc,agent,a,2024-01-01T00:00:00Z\nc,agent,a,2024-01-01 01:00:00+01:00\n";
    assert_eq!(texts(&calls_of(timed)[0]), ["a"], "one moment written in two ways");
}

#[test]
fn times_are_relative_to_the_first_known_moment() {
    let offsets = "call_id,speaker,text,begin_offset_millis,end_offset_millis\nc,agent,a,1500,2000\nc,user,b,2500,\n";
    let call = &calls_of(offsets)[0];
    let times: Vec<_> = call.turns.iter().map(|turn| (turn.start_ms, turn.end_ms)).collect();
    assert_eq!(times, [(Some(0), Some(500)), (Some(1000), None)]);
    assert_eq!((call.started_at_ms, call.date.as_deref()), (None, None));

    let mixed = "call_id,speaker,text,timestamp,end_offset_millis\n\
        c,agent,a,2024-01-01T00:00:00Z,900\nc,user,b,2024-01-01T00:00:01Z,1900\n";
    let ends: Vec<_> = calls_of(mixed)[0].turns.iter().map(|turn| turn.end_ms).collect();
    assert_eq!(ends, [Some(900), Some(1900)], "offsets begin at the first moment of the calendar");
}

#[test]
fn dates_are_the_column_else_the_start_in_the_zone() {
    let zone = TimeZone::fixed(jiff::tz::Offset::constant(9));
    let options = InputOptions { time_zone: zone, ..lenient() };
    let text = "call_id,speaker,text,timestamp,call_date\n\
        a,agent,x,2024-01-01T20:00:00Z,\nb,agent,x,2024-01-01T20:00:00Z,2023-12-31\nc,agent,x,2024-01-02 05:00:00,\n";
    let (calls, _) = all_calls(&read_text(text, &options).unwrap());
    let dates: Vec<_> = calls.iter().map(|call| call.date.as_deref()).collect();
    assert_eq!(dates, [Some("2024-01-02"), Some("2023-12-31"), Some("2024-01-02")]);
    assert_eq!(calls[0].started_at_ms, calls[2].started_at_ms);
}

#[test]
fn language_is_the_column_else_the_setting() {
    let text = "call_id,speaker,text,locale\na,agent,x,de-DE\nb,agent,x,\nc,agent,x,und\n";
    let options = InputOptions { language: Some("fr-FR".to_owned()), ..InputOptions::default() };
    let (calls, _) = all_calls(&read_text(text, &options).unwrap());
    let languages: Vec<_> = calls.iter().map(|call| call.language.as_deref()).collect();
    assert_eq!(languages, [Some("de"), Some("fr"), Some("fr")]);
    assert_eq!(calls_of(text)[1].language, None);
}

#[test]
fn rows_of_salesforce_are_turns_unless_they_are_events() {
    let text = "ConversationId,ActorType,ActorId,ActorName,EntryTime,EntryType,Message\n\
        s1,EndUser,u9,Sam,2024-05-13T10:00:00Z,Text,my bill\ns1,System,x,,2024-05-13T10:00:01Z,ParticipantJoined,\n\
        s1,Agent,a7,Jane,2024-05-13T10:00:05Z,Text,I see\n";
    let conversations = read_text(text, &InputOptions::default()).unwrap();
    assert_eq!(conversations.reports()[0].found.facts.last(), Some(&("events", 1.into())));
    let call = &all_calls(&conversations).0[0];
    let turns: Vec<_> = call.turns.iter().map(|turn| (turn.role, turn.agent_id.as_deref(), turn.start_ms)).collect();
    assert_eq!(turns, [(Role::Customer, None, Some(0)), (Role::Agent, Some("a7"), Some(5_000))]);
}

#[test]
fn where_all_times_are_equal_the_order_of_the_file_holds_and_what_is_said_twice_stays() {
    let rows = |name: &str| {
        let said = [("agent", "hi"), ("customer", "yes"), ("agent", "sure?"), ("customer", "yes")];
        let row = |(who, words): (&str, &str)| format!("t1,2024-05-13T10:00:00Z,{who},{words}\n");
        format!("interaction_id,{name},message_participant,message_text\n{}", said.map(row).concat()).into_bytes()
    };
    let read = |files: &[(&str, Vec<u8>)]| all_calls(&read_bytes(files, &InputOptions::default()).unwrap()).0.remove(0);
    let talkdesk = read(&[("a.csv", rows("interaction_started"))]);
    assert_eq!(texts(&talkdesk), ["hi", "yes", "sure?", "yes"]);
    assert_eq!((talkdesk.started_at_ms, talkdesk.turns[0].start_ms), (Some(1_715_594_400_000), None));
    let twice = read(&[("a.csv", rows("timestamp")), ("b.csv", rows("timestamp"))]);
    assert_eq!(texts(&twice), ["hi", "yes", "sure?", "yes"]);
}

#[test]
fn a_call_knows_its_files() {
    let file = |ids: &[&str]| {
        let rows: Vec<String> = ids.iter().map(|id| format!("{id},agent,{id} words\n")).collect();
        format!("call_id,speaker,text\n{}", rows.concat()).into_bytes()
    };
    let files = [("a.csv", file(&["x", "y", "x"])), ("b.csv", b"".to_vec()), ("c.csv", file(&["z", "x"]))];
    let mut calls: Vec<Call> = Vec::new();
    for group in read_bytes(&files, &InputOptions::default()).unwrap().calls() {
        calls.extend(group.unwrap());
    }
    calls.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(calls.iter().map(|call| &*call.files).collect::<Vec<_>>(), [&[0, 2][..], &[0], &[2]]);
}

#[test]
fn a_text_too_short_for_its_language_is_in_that_of_its_file() {
    let file =
        |id: &str, text: &str| format!("call_id,speaker,text\n{id},customer,refund\n-,agent,{text}\n").into_bytes();
    let german = "Guten Tag ich möchte wissen wo meine Bestellung bleibt denn ich warte schon seit zwei Wochen auf sie und \
                  niemand antwortet mir";
    let english = "Hello I would like to know where my order is since I have been waiting for two weeks now and nobody \
                   answers my letters";
    let files = [("a.csv", file("G", german)), ("b.csv", file("H", english))];
    let conversations = read_bytes(&files, &InputOptions::default()).unwrap();
    let mut found: Vec<(Box<str>, &str)> = Vec::new();
    for group in conversations.calls() {
        let language = |call: &Call| conversations.languages().language(call, Some("en")).code;
        found.extend(group.unwrap().iter().map(|call| (call.id.clone(), language(call))));
    }
    found.sort();
    assert_eq!(found[1..], [("G".into(), "de"), ("H".into(), "en")]);
}

#[test]
fn conversations_in_one_row_become_turns() {
    let text = "contact_id,transcript,agent,start_time\n\
        c1,\"Agent: Hello\nCustomer: Hi\nthere\nAgent: Bye\",ann,2024-01-01T10:00:00Z\n\
        c2,\"[00:02] Agent: Hello\n[00:05] Customer: Hi\",bob,2024-01-01T10:00:00Z\n\
        c1,\"Agent: Hello\nCustomer: Hi\nthere\nAgent: Bye\",ann,2024-01-01T10:00:00Z\n\
        c3,nobody says who spoke,,\n";
    let conversations = read_text(text, &lenient()).unwrap();
    assert_eq!(conversations.reports()[0].found.kind, "conversation-rows");
    let (calls, tally) = all_calls(&conversations);
    assert_eq!(tally, Tally { calls: 2, turns: 5, duplicates: 1, ..Tally::default() });
    assert_eq!(texts(&calls[0]), ["Hello", "Hi\nthere", "Bye"]);
    let roles: Vec<_> = calls[0].turns.iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [Role::Agent, Role::Customer, Role::Agent]);
    let starts: Vec<_> = calls[1].turns.iter().map(|turn| turn.start_ms).collect();
    assert_eq!(starts, [Some(0), Some(3_000)]);
    assert_eq!(calls[1].turns[1].agent_id.as_deref(), Some("bob"));
    assert_eq!(conversations.rejects()[0].reason, Reason::NoLabel);
}

#[test]
fn progress_ends_at_the_size_of_all_files() {
    let (_root, sources) = sources(&[
        ("a.csv", b"call_id,speaker,text\nc,agent,x\n".to_vec()),
        ("b.csv", b"call_id,speaker,text\nc,agent,y\nd,agent,z\n".to_vec()),
    ]);
    let mut last = Progress { bytes: 0, rows: 0 };
    read(&sources, &InputOptions::default(), &mut |progress| last = progress).unwrap();
    assert_eq!(Some(last.bytes), sources.iter().map(Source::bytes).sum());
    assert_eq!(last.rows, 3);
}

#[test]
fn names_that_differ_in_nothing_but_line_breaks_are_one() {
    let calls = calls_of(
        "call_id,speaker,agent_id,text\n\"a\nb\",agent,\"x\u{2028}y\",one\na b,agent,x y,two\n\u{2192}b,agent,x,three\n",
    );
    let ids: Vec<(&str, usize)> = calls.iter().map(|call| (&*call.id, call.turns.len())).collect();
    assert_eq!(BTreeMap::from_iter(ids), BTreeMap::from([("a b", 2), ("\u{2192}b", 1)]));
    assert!(
        calls.iter().flat_map(|call| &call.turns).all(|turn| matches!(turn.agent_id.as_deref(), Some("x y" | "x")))
    );
}

#[test]
fn groups_hold_complete_calls_of_bounded_size() {
    let words = "words and words ".repeat(300);
    let rows: Vec<String> = (0..3000).map(|row| format!("call {},{row},agent,{words}{row}", row % 700)).collect();
    let text = format!("call_id,turn,speaker,text\n{}", rows.join("\n"));
    let conversations = read_text(&text, &InputOptions { memory_bytes: 0, ..InputOptions::default() }).unwrap();
    let groups: Vec<Vec<Call>> = conversations.calls().map(|group| group.unwrap()).collect();
    assert_eq!(groups, conversations.into_calls().map(|group| group.unwrap()).collect::<Vec<_>>());
    assert!(groups.len() > 20, "{}", groups.len());
    assert_eq!(groups.iter().flatten().count(), 700);
    assert_eq!(groups.iter().flatten().map(|call| call.turns.len()).sum::<usize>(), 3000);
}

#[test]
fn calls_can_cross_threads() {
    fn crosses<T: Send + 'static>() {}
    crosses::<Calls>();
    crosses::<Conversations>();
}

/// A row of the property tests: which call, its index, who, and what.
pub(super) type Line = (u8, u8, bool, String);

pub(super) fn lines() -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec((0..4_u8, any::<u8>(), any::<bool>(), "[a,;\"'é😀\t|\n\r ]{0,8}"), 1..40)
}

/// Writes rows as quoted fields, one index a row so that their order is theirs alone.
pub(super) fn written(lines: &[Line], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["call_id", "turn_index", "speaker", "text", "agent_id", "queue"]).unwrap();
    for (call, index, is_agent, text) in lines {
        let speaker = if *is_agent { "Agent" } else { "end-user" };
        let agent = format!("agent {}", index % 3);
        let (call, index) = (format!("call {call}"), index.to_string());
        let queue = if *is_agent { "q" } else { "" };
        let fields = [call.as_str(), &index, speaker, text, &agent, queue];
        writer.write_record(fields).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Keeps the first row of each call and index: what happens to two that differ is decided by the files' order.
fn with_distinct_indexes(mut lines: Vec<Line>) -> Vec<Line> {
    let mut seen = std::collections::HashSet::new();
    lines.retain(|&(call, index, ..)| seen.insert((call, index)));
    lines
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(crate::cases::usually(64))]

    #[test]
    fn any_order_split_and_repeat_of_rows_gives_the_same_calls(
        (straight, shuffled) in lines().prop_map(with_distinct_indexes).prop_flat_map(|lines| {
            (Just(lines.clone()), Just([lines.clone(), lines].concat()).prop_shuffle())
        }),
        cut in any::<prop::sample::Index>(),
        memory_bytes in prop_oneof![Just(0), Just(1 << 20)],
    ) {
        let (calls, tally) = all_calls(&read_bytes(&[("a.csv", written(&straight, b','))], &InputOptions::default()).unwrap());
        prop_assert_eq!(tally.duplicates, 0);
        prop_assert_eq!(tally.turns, straight.len() as u64);
        let (left, right) = shuffled.split_at(cut.index(shuffled.len()));
        let files = [("a.csv", written(left, b';')), ("b.csv", gzip(&written(right, b'\t')))];
        let options = InputOptions { memory_bytes, ..InputOptions::default() };
        let again = read_bytes(&files, &options).unwrap();
        let (same, tally) = all_calls(&again);
        prop_assert_eq!(&same, &calls);
        prop_assert_eq!(tally.duplicates, straight.len() as u64);
    }

    #[test]
    fn any_encoding_gives_the_same_calls(lines in lines()) {
        let bytes = written(&lines, b',');
        let text = std::str::from_utf8(&bytes).unwrap();
        let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
        let calls = |bytes| all_calls(&read_bytes(&[("a.csv", bytes)], &InputOptions::default()).unwrap());
        let expected = calls(bytes.clone());
        prop_assert_eq!(&calls([b"\xef\xbb\xbf".to_vec(), bytes.clone()].concat()), &expected);
        prop_assert_eq!(&calls(wide(u16::to_le_bytes)), &expected);
        prop_assert_eq!(&calls(wide(u16::to_be_bytes)), &expected);
        prop_assert_eq!(&calls(zstd::encode_all(bytes.as_slice(), 1).unwrap()), &expected);
    }

    #[test]
    fn what_was_said_comes_back_without_its_ends(lines in lines().prop_map(with_distinct_indexes)) {
        let (calls, _) = all_calls(&read_bytes(&[("a.csv", written(&lines, b'|'))], &InputOptions::default()).unwrap());
        for call in &calls {
            let mut expected: Vec<&Line> = lines.iter().filter(|line| format!("call {}", line.0) == *call.id).collect();
            expected.sort_by_key(|line| line.1);
            let expected: Vec<&str> = expected.iter().map(|line| line.3.trim()).collect();
            prop_assert_eq!(texts(call), expected);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let with_header = [b"call_id,speaker,text\nc,agent,x\n".to_vec(), bytes.clone()].concat();
        for bytes in [bytes, with_header] {
            if let Ok(conversations) = read_bytes(&[("a.csv", bytes)], &lenient()) {
                let (_, tally) = all_calls(&conversations);
                prop_assert!(tally.turns + conversations.rejected() + tally.duplicates >= 1);
            }
        }
    }
}

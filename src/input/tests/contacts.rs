//! Contact records beside transcripts.

use super::*;
use crate::sentiment::Millionths;

const CALLS: &str = "call_id,speaker,text,agent_id,queue,start\n\
    a,agent,hi,,,0\na,customer,yo,,,2000\nb,agent,hi,zoe,sales,0\nb,agent,ho,,,1000\nc,customer,well,,,0\nd,agent,lost,,,0\n";

/// Reads [`CALLS`] with these records.
fn read_with(name: &str, records: &str) -> Result<Conversations, InputError> {
    let (root, sources) = sources(&[("calls.csv", CALLS.into()), (name, records.into())]);
    let options = InputOptions { contacts: Some(root.path().join(name)), ..lenient() };
    // The file of records is among the sources, as in a folder that holds both.
    read_formats(&formats::ALL, &sources, &options, &mut |_| {})
}

#[test]
fn records_give_calls_what_their_transcripts_do_not_state() {
    let csv = "ContactId,Agent.Username,Queue.Name,InitiationTimestamp,Channel\n\
        a,ann,billing,2024-05-13T10:00:00Z,VOICE\nb,bob,billing,,\nc,cat,,,\nx,yan,,,\n";
    let json = "{\"ContactId\":\"a\",\"Agent\":{\"Username\":\"ann\"},\"Queue\":{\"Name\":\"billing\"},\
        \"InitiationTimestamp\":\"2024-05-13T10:00:00Z\",\"Channel\":\"VOICE\",\"Attributes\":null}\n\n\
        {\"ContactId\":\"b\",\"Agent\":{\"Username\":\"bob\"},\"Queue\":{\"Name\":\"billing\"}}\n\
        {\"ContactId\":\"c\",\"Agent\":{\"Username\":\"cat\"}}\n{\"ContactId\":\"x\",\"Agent\":{\"Username\":\"yan\"}}\n";
    for (name, records) in [("records.csv", csv), ("records.jsonl", json)] {
        let conversations = read_with(name, records).unwrap();
        let report = conversations.reports().last().unwrap();
        assert_eq!((report.found.kind, report.rows, conversations.rejected()), ("contact-records", 4, 0), "{name}");
        assert!(report.found.summary.starts_with("call_id = ContactId, agent_id = Agent.Username, queue = Queue.Name"));
        let (calls, tally) = all_calls(&conversations);
        assert_eq!((tally.calls, tally.calls_without_contact, tally.contacts_without_call), (4, 1, 1));
        let agents =
            |call: &Call| call.turns.iter().map(|turn| turn.agent_id.clone().map(String::from)).collect::<Vec<_>>();
        let named = |id: &str| Some(id.to_owned());
        assert_eq!(agents(&calls[0]), [named("ann"), None], "turns of agents alone");
        assert_eq!((calls[0].queue.as_deref(), calls[0].channel.as_deref()), (Some("billing"), Some("VOICE")));
        assert_eq!(calls[0].started_at_ms, Some(1_715_594_400_000));
        assert_eq!((calls[0].date.as_deref(), calls[0].turns[1].start_ms), (Some("2024-05-13"), Some(2_000)));
        assert_eq!(agents(&calls[1]), [named("zoe"), named("bob")], "what the transcript states stays");
        assert_eq!(calls[1].queue.as_deref(), Some("sales"));
        assert_eq!(agents(&calls[2]), [named("cat")], "no agent speaks, and yet the call is somebody's");
        assert_eq!((agents(&calls[3]), calls[3].started_at_ms), (vec![None], None));
    }
}

#[test]
fn bad_records_and_second_ones_are_rejected() {
    let csv = "contact_id,agent,started\na,ann,2024-05-13T10:00:00Z\na,bob,\n,cat,\nb,zoe,soon\nc,x\n";
    let conversations = read_with("records.csv", csv).unwrap();
    let reasons: Vec<_> =
        conversations.rejects().iter().map(|reject| (reject.line, reject.reason.to_string())).collect();
    let expected = [
        (3, "a contact record of this call stands above"),
        (4, "no call id"),
        (5, "bad time"),
        (6, "2 fields where the header has 3"),
    ];
    assert_eq!(reasons, expected.map(|(line, reason)| (line, reason.to_owned())));
    let json = read_with("records.jsonl", "{\"call_id\":\"a\",\"agent\":\"x\"}\n{\"call_id\": oops}\n").unwrap();
    assert_eq!(json.rejects()[0].line, 2);
    assert_eq!(all_calls(&json).0[0].turns[0].agent_id.as_deref(), Some("x"));
}

#[test]
fn a_record_gives_its_call_a_rating() {
    let csv = "ContactId,Agent,CSAT Score,effort\na,ann,4.5,2\nb,bob,N/A,3\nc,cat,good,1\nx,yan,yes,1\n";
    let json = "{\"ContactId\":\"a\",\"survey\":{\"score\":1},\"csat_score\":4.5}\n\
        {\"ContactId\":\"b\",\"csat_score\":null}\n{\"ContactId\":\"c\",\"csat_score\":\"good\"}\n\
        {\"ContactId\":\"x\",\"csat_score\":true}\n";
    for (name, records) in [("records.csv", csv), ("records.jsonl", json)] {
        let conversations = read_with(name, records).unwrap();
        let read = conversations.contacts().unwrap();
        assert_eq!((read.records, read.rated, conversations.rejected()), (4, 2, 0), "{name}");
        assert!(read.rating.as_deref().is_some_and(|column| column.to_lowercase().starts_with("csat")), "{name}");
        let (calls, _) = all_calls(&conversations);
        let ratings: Vec<_> = calls.iter().map(|call| call.rating.map(Millionths::value)).collect();
        assert_eq!(ratings, [Some(4.5), None, None, None], "{name}");
    }
    let (root, calls) = sources(&[("calls.csv", CALLS.into()), ("records.csv", csv.into())]);
    let options = InputOptions {
        contacts: Some(root.path().join("records.csv")),
        rating: Some("Effort".into()),
        map: vec![(Field::AgentId, Origin::of(Field::AgentId, "agent_id").unwrap())],
        ..lenient()
    };
    let conversations = read_formats(&formats::ALL, &calls, &options, &mut |_| {}).unwrap();
    assert_eq!(conversations.contacts().unwrap().rating.as_deref(), Some("effort"));
    assert_eq!(all_calls(&conversations).0[1].rating, Some(Millionths::nearest(3.0)));
}

#[test]
fn records_without_ids_or_without_anything_else_are_refused() {
    let error = read_with("records.csv", "nr,agent\n1,ann\n").err().unwrap();
    assert_eq!(error.code(), ExitCode::Data);
    assert!(
        error
            .to_string()
            .ends_with("no column of these contact records fits call_id; the columns are \"nr\", \"agent\""),
        "{error}"
    );
    let error = read_with("records.csv", "call_id,colour\na,red\n").err().unwrap();
    assert!(error.to_string().contains("fits agent_id, queue, started, channel, language or rating"), "{error}");
    let map = vec![(Field::CallId, Origin::of(Field::CallId, "nr").unwrap())];
    let (root, _) = sources(&[("records.csv", b"nr,agent\na,ann\n".to_vec())]);
    let (_folder, calls) = sources(&[("calls.csv", CALLS.replace("call_id", "nr").into())]);
    let options = InputOptions { map, contacts: Some(root.path().join("records.csv")), ..lenient() };
    let conversations = read_formats(&formats::ALL, &calls, &options, &mut |_| {}).unwrap();
    assert_eq!(all_calls(&conversations).0[0].turns[0].agent_id.as_deref(), Some("ann"));
    assert!(read_with("nowhere.csv", "").is_ok(), "an empty file has no records");
}

//! What is refused, rejected or asked about, and in which words.

use super::*;

#[test]
fn a_file_whose_speaker_column_is_not_recognised_says_so() {
    let error = failure("call_id,who,text\nc,agent,secret words\n");
    assert!(matches!(&error, InputError::NoColumn { fields, .. } if *fields == [Field::Speaker]));
    assert_eq!(error.code(), ExitCode::Data);
    assert!(error.to_string().ends_with(r#"no column fits speaker; the columns are "call_id", "who", "text""#));
    assert!(error.hint().unwrap().contains("--map speaker=COLUMN"));
}

#[test]
fn unknown_roles_stop_the_run_and_are_all_named_if_they_recur() {
    let text = "call_id,speaker,text\nc,agent,a\nc,Zoe,b\nc,Adam,c\nc,Zoe,d\nd,Zoe,e\nd,Adam,f\nd,Rita,f\n";
    let error = failure(text);
    assert_eq!(error.code(), ExitCode::Data);
    let expected = "column 2 \"speaker\": the role of \"Zoe\" (3 turns), \"Adam\" (2 turns) is not known; 1 more value of \
        unknown role in 1 turn, first on line 8, not shown here since not met in most conversations";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(error.hint().unwrap().contains("--role Zoe=other --role Adam=other"));
    let roles = [("zoe", Role::Customer), ("ADAM", Role::Other), ("rita", Role::Agent)];
    let roles = roles.map(|(value, role)| (value.to_owned(), Some(role))).to_vec();
    let conversations = read_text(text, &InputOptions { roles, ..InputOptions::default() }).unwrap();
    let roles: Vec<_> = all_calls(&conversations).0[0].turns.iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [Role::Agent, Role::Customer, Role::Other, Role::Customer]);
}

#[test]
fn no_value_is_named_of_a_speaker_column_that_mostly_holds_words() {
    let mut text = "call_id,speaker,text\n".to_owned();
    for call in 0..3 {
        let words =
            ["Thank you", "ok", &format!("my bill {call}"), &format!("card lost {call}"), &format!("hi Mary {call}")];
        for said in words {
            writeln!(text, "c{call},{said},agent").unwrap();
        }
    }
    let error = failure(&text);
    let expected = "column 2 \"speaker\": 11 values of unknown role in 15 turns, first on line 2, not shown here since \
        most turns have one not met in most conversations";
    assert!(error.to_string().ends_with(expected), "{error}");
    let hint = error.hint().unwrap();
    assert!(!hint.contains("Thank") && hint.contains("--map speaker=COLUMN"), "{hint}");
}

#[test]
fn one_party_one_row_or_one_file_may_stand_for_columns() {
    let map = |entries: &[(Field, &str)]| InputOptions {
        map: entries.iter().map(|&(field, text)| (field, Origin::of(field, text).unwrap())).collect(),
        ..InputOptions::default()
    };
    let by_row = map(&[(Field::CallId, "@row"), (Field::Speaker, "@customer")]);
    let (calls, _) = all_calls(&read_text("text\nhi\n\nhello\n", &by_row).unwrap());
    let ids: Vec<_> = calls.iter().map(|call| (&*call.id, call.turns[0].role, texts(call))).collect();
    assert_eq!(ids, [("a:2", Role::Customer, vec!["hi"]), ("a:4", Role::Customer, vec!["hello"])]);

    let sides = map(&[(Field::CallId, "@file"), (Field::CustomerText, "q"), (Field::AgentText, "a")]);
    let text = b"q,a,started\nhi,hello,2024-01-01T00:00:00Z\nbye,,2024-01-01T00:00:05Z\n".to_vec();
    let (calls, tally) = all_calls(&read_bytes(&[("b.csv.gz", gzip(&text))], &sides).unwrap());
    assert_eq!((&*calls[0].id, texts(&calls[0]), tally.turns), ("b", vec!["hi", "hello", "bye"], 3));
    let repeated = "call_id,q,a\nc,hi,hello\nc,hi,hello\n";
    let options = map(&[(Field::CustomerText, "q"), (Field::AgentText, "a")]);
    let (calls, _) = all_calls(&read_text(repeated, &options).unwrap());
    assert_eq!(calls[0].turns.len(), 4, "nothing says that these are the same");
}

#[test]
fn labels_split_by_known_roles_and_the_rest_are_words_unless_most_conversations_have_them() {
    let row =
        |number: usize, label: &str| format!("c{number},\"Agent: hi\nTotal: 45 EUR\n{label}: well\nUser: fine\"\n");
    let file = |labels: [&str; 3]| {
        let rows: String = labels.iter().enumerate().map(|(number, label)| row(number, label)).collect();
        format!("call_id,text\n{rows}")
    };
    let error = failure(&file(["Ben", "Ada", "Kim"]));
    assert!(
        error.to_string().ends_with("lines begin with \"Total\" (3) in most of 3 conversations, of unknown role"),
        "{error}"
    );
    let words = |role| InputOptions { roles: vec![("Total".to_owned(), role)], ..InputOptions::default() };
    let (calls, _) = all_calls(&read_text(&file(["Ben", "Ada", "Kim"]), &words(None)).unwrap());
    assert_eq!(texts(&calls[0]), ["hi\nTotal: 45 EUR\nBen: well", "fine"]);
    let (calls, _) = all_calls(&read_text(&file(["Ben", "Ada", "Kim"]), &words(Some(Role::Other))).unwrap());
    assert_eq!(texts(&calls[0]), ["hi", "45 EUR\nBen: well", "fine"]);
    let (calls, _) =
        all_calls(&read_text(&format!("call_id,text\n{}", row(0, "Ben")), &InputOptions::default()).unwrap());
    assert_eq!(texts(&calls[0]).len(), 2, "one conversation alone shows nothing");
    let twice = format!("call_id,text\n{0}{0}", row(0, "Ben"));
    let (calls, _) = all_calls(&read_text(&twice, &InputOptions::default()).unwrap());
    assert_eq!(texts(&calls[0]).len(), 2, "nor does it twice");
}

#[test]
fn columns_of_names_that_hold_sentences_stop_the_run_or_reject_the_row() {
    let rows = ["one", "two", "three", "four"].map(|n| format!("c,agent,q,the secret is number {n} and you know\n"));
    let swapped = failure(&format!("call_id,speaker,text,queue\n{}", rows.concat()));
    assert!(
        swapped.to_string().ends_with("column 4, taken for queue, holds sentences and not names, in 4 of 4 rows"),
        "{swapped}"
    );
    assert!(swapped.hint().unwrap().contains("--map queue="));
    let one = "call_id,speaker,queue,text\nc,agent,sales,hello there\nc,agent,My secret PIN is 1234.,x\n";
    assert_eq!(rejects_of(&[("a.csv", one.into())])[0].2, "a sentence in the column of queue");
    let names = "call_id,speaker,queue,text\nc,agent,Tier 2 Support EMEA,hi\nc,user,Tier 2 Support EMEA,yo\n";
    assert_eq!(calls_of(names)[0].queue.as_deref(), Some("Tier 2 Support EMEA"));
}

#[test]
fn a_quote_that_swallows_a_file_is_counted_line_by_line_and_listed_up_to_a_bound() {
    let text = format!("call_id,speaker,text\nc,agent,fine\nc,agent,\"open\n{}", "x\n".repeat(150_000));
    let conversations = read_text(&text, &lenient()).unwrap();
    assert_eq!((conversations.rows(), conversations.rejected()), (150_002, 150_001));
    let last = conversations.rejects().last().unwrap();
    assert_eq!((conversations.rejects().len(), last.line), (100_001, 100_003));
    assert!(last.reason.to_string().starts_with("50001 rows from this line on"), "{last}");
}

#[test]
fn text_never_shows_in_errors_or_debug_output() {
    let secrets = "call_id,speaker,text\nc,I lost my secret card and want my money back now,a\n";
    let error = failure(secrets);
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(!shown.contains("secret"), "{shown}");
    let swapped = "call_id,text,speaker\n,secret,secret\n";
    let error = failure(swapped);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    let call = &calls_of("call_id,speaker,text\nc,agent,secret\n")[0];
    assert!(!format!("{call:?}").contains("secret"));
}

#[test]
fn rows_that_cannot_be_used_are_listed_with_line_and_reason() {
    let text = b"call_id,turn,speaker,text,start,date\n\
        c,1,agent,\"two\nlines\",0,\n\
        ,2,agent,x,1,\n\
        c,x,agent,x,1,\n\
        \n\
        c,3,,x,1,\n\
        c,4,agent,x,soon,\n\
        c,5,agent,x,-1,\n\
        c,6,agent,x,1,someday\n\
        c,7,agent,x\n\
        c,8,agent,x,1,,extra\n\
        c,9,agent,caf\xff \xc3\xa9 \xc3\xa9,1,\n\
        c,10,agent,nul\0,1,\n\
        ,,,,,\n\
        c,11,agent,\"open,1,\nc,12,agent,y,1,\n"
        .to_vec();
    let expected = [
        (4, "no call id"),
        (5, "bad turn index"),
        (7, "no speaker"),
        (8, "bad time"),
        (9, "bad time"),
        (10, "bad call date"),
        (11, "4 fields where the header has 6"),
        (12, "7 fields where the header has 6"),
        (13, "not valid UTF-8"),
        (14, "holds a NUL byte"),
        (16, "a quote is never closed"),
        (17, "inside the quote that opens on line 16 and is never closed"),
    ];
    let found = rejects_of(&[("b.csv", text.clone()), ("a.csv", b"call_id,speaker,text\n,agent,x\n".to_vec())]);
    assert_eq!(found[0], ("a.csv".to_owned(), 2, "no call id".to_owned()), "files are sorted");
    let expected: Vec<_> =
        expected.iter().map(|&(line, reason)| ("b.csv".to_owned(), line, reason.to_owned())).collect();
    assert_eq!(found[1..], expected);
    let conversations = read_bytes(&[("b.csv", text)], &lenient()).unwrap();
    assert_eq!((conversations.rows(), conversations.rejected()), (13, 12), "blank rows do not count");
}

#[test]
fn too_many_rejects_stop_the_run() {
    let rows = |bad: usize, all: usize| {
        let row = |number: usize| if number < bad { ",agent,x\n" } else { "c,agent,x\n" };
        format!("call_id,speaker,text\n{}", (0..all).map(row).collect::<String>())
    };
    assert!(read_text(&rows(5, 100), &InputOptions::default()).is_ok());
    let error = failure(&rows(6, 100));
    assert_eq!(error.code(), ExitCode::Data);
    assert!(error.to_string().starts_with("6 of 100 rows can't be used, and 5 % may be; the first: "), "{error}");
    assert!(error.to_string().contains("a.csv:2: no call id"));
    let count = |count| InputOptions { max_rejects: MaxRejects::Count(count), ..InputOptions::default() };
    assert!(read_text(&rows(6, 10), &count(6)).is_ok());
    assert!(matches!(read_text(&rows(7, 10), &count(6)), Err(InputError::TooManyRejects { .. })));
}

#[test]
fn nothing_usable_is_an_error_of_its_own() {
    for text in ["", "\n\n", "call_id,speaker,text\n", "call_id,speaker,text\n,agent,x\n"] {
        assert_eq!(failure(text).code(), ExitCode::Data, "{text:?}");
    }
    let one_empty = [("a.csv", Vec::new()), ("b.csv", b"call_id,speaker,text\nc,agent,x\n".to_vec())];
    let conversations = read_bytes(&one_empty, &InputOptions::default()).unwrap();
    assert_eq!((conversations.reports()[0].rows, conversations.reports()[1].rows), (0, 1));
}

#[test]
fn a_file_that_is_gone_is_unreadable() {
    let source = Source::File { path: "/nowhere/a.csv".into(), bytes: 0, is_named: true };
    let error = read(&[source], &InputOptions::default(), &mut |_| {}).err().unwrap();
    assert_eq!(error.code(), ExitCode::NoInput);
}

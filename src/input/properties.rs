//! Files that something went wrong with, on the disk, on the way or where they were written: every row is used,
//! repeated or rejected, or the file is refused as a whole; nothing panics, nothing is lost silently.

use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{all_calls, gzip, lenient, lines, read_bytes, written};
use crate::exit::Stops as _;

/// One thing that goes wrong with bytes.
#[derive(Debug, Clone)]
enum Mishap {
    Flip(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
}

/// Bytes that mean something to a reader of CSV, or of encodings.
fn telling_bytes() -> impl Strategy<Value = u8> {
    prop_oneof![3 => prop::sample::select(b"\"'\n\r,;\t|\\:=\0\xff\xfe\xef\xbb\xbf\x80\x1f\x8b(".to_vec()), 1 => any::<u8>()]
}

fn mishaps() -> impl Strategy<Value = Vec<Mishap>> {
    let place = any::<Index>;
    let mishap = prop_oneof![
        (place(), 1u8..).prop_map(|(at, bits)| Mishap::Flip(at, bits)),
        (place(), telling_bytes()).prop_map(|(at, byte)| Mishap::Insert(at, byte)),
        place().prop_map(Mishap::Remove),
        place().prop_map(Mishap::Cut),
        (place(), place()).prop_map(|(from, to)| Mishap::Repeat(from, to)),
    ];
    prop::collection::vec(mishap, 0..6)
}

fn befallen(mut bytes: Vec<u8>, mishaps: &[Mishap]) -> Vec<u8> {
    for mishap in mishaps {
        if bytes.is_empty() {
            break;
        }
        let at = |index: &Index| index.index(bytes.len());
        match mishap {
            Mishap::Flip(place, bits) => {
                let at = at(place);
                bytes[at] ^= bits;
            }
            Mishap::Insert(place, byte) => bytes.insert(at(place), *byte),
            Mishap::Remove(place) => drop(bytes.remove(at(place))),
            Mishap::Cut(place) => bytes.truncate(at(place)),
            Mishap::Repeat(one, other) => {
                let (from, to) = (at(one).min(at(other)), at(one).max(at(other)));
                bytes.extend_from_within(from..to);
            }
        }
    }
    bytes
}

/// Reads `bytes` and insists that every row is accounted for.
fn expect_accounts_for_every_row(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    match read_bytes(&[("a.csv", bytes)], &lenient()) {
        Ok(conversations) => {
            let (calls, tally) = all_calls(&conversations);
            let used = conversations.rows() - conversations.rejected();
            let report = &conversations.reports()[0];
            prop_assert_eq!(report.rows, conversations.rows());
            prop_assert_eq!(conversations.rejects().len() as u64, conversations.rejected());
            prop_assert_eq!(tally.calls, calls.len() as u64);
            prop_assert_eq!(tally.turns, calls.iter().map(|call| call.turns.len() as u64).sum::<u64>());
            if report.found.kind == "turn-rows" {
                prop_assert_eq!(tally.turns + tally.duplicates, used);
            } else {
                prop_assert!(tally.calls <= used && used > 0);
            }
            prop_assert!(conversations.rejects().is_sorted());
        }
        Err(error) => {
            let mut shown = format!("{error} {}", error.hint().unwrap_or_default());
            let causes = std::iter::successors(std::error::Error::source(&error), |&cause| cause.source());
            causes.for_each(|cause| shown.push_str(&cause.to_string()));
            prop_assert!(!shown.contains("these are all secret words"), "an error must not hold text: {shown}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_file_that_mishaps_befell_loses_no_row_silently(
        lines in lines(),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        mishaps in mishaps(),
    ) {
        let mut lines = lines;
        for line in &mut lines {
            line.3.push_str("these are all secret words");
        }
        expect_accounts_for_every_row(befallen(written(&lines, delimiter), &mishaps))?;
    }

    #[test]
    fn a_compressed_file_that_mishaps_befell_loses_no_row_silently(
        lines in lines(), before in mishaps(), after in mishaps(), zstd in any::<bool>(),
    ) {
        let plain = befallen(written(&lines, b','), &before);
        let packed = if zstd { zstd::encode_all(plain.as_slice(), 1).expect("memory takes all") } else { gzip(&plain) };
        expect_accounts_for_every_row(befallen(packed, &after))?;
    }

    #[test]
    fn a_file_of_telling_bytes_loses_no_row_silently(bytes in prop::collection::vec(telling_bytes(), 0..120), header in any::<bool>()) {
        let header: &[u8] = if header { b"call_id,speaker,text,start_time\n" } else { b"" };
        expect_accounts_for_every_row([header, &bytes].concat())?;
    }
}

/// A word that every text holds and nothing else does.
const MARKER: &str = "xylophonist";

/// A whole file that is not what it should be.
#[derive(Debug, Clone)]
enum Breakage {
    None,
    NoHeader,
    /// Cells of the rows from this one on are moved by so many columns.
    Rotated(Index, usize),
    /// Two names of the header are exchanged.
    Swapped(usize, usize),
    Renamed(Vec<usize>),
    Doubled(usize),
    Preamble,
    OtherDelimiter(char),
    Unquoted,
    OpenQuote(Index),
    Nul(Index),
    Utf16,
    Windows1252,
    CutGzip(Index),
    Wrapped(&'static str, &'static str, &'static str),
    Conversations(bool),
}

fn breakages() -> impl Strategy<Value = Breakage> {
    let column = || 0..5_usize;
    prop_oneof![
        Just(Breakage::None),
        Just(Breakage::NoHeader),
        (any::<Index>(), 1..5_usize).prop_map(|(from, by)| Breakage::Rotated(from, by)),
        (column(), column()).prop_map(|(one, other)| Breakage::Swapped(one, other)),
        prop::collection::vec(column(), 1..6).prop_map(Breakage::Renamed),
        column().prop_map(Breakage::Doubled),
        Just(Breakage::Preamble),
        prop::sample::select(vec![';', '\t', '|', ':', ' ']).prop_map(Breakage::OtherDelimiter),
        Just(Breakage::Unquoted),
        any::<Index>().prop_map(Breakage::OpenQuote),
        any::<Index>().prop_map(Breakage::Nul),
        Just(Breakage::Utf16),
        Just(Breakage::Windows1252),
        any::<Index>().prop_map(Breakage::CutGzip),
        prop::sample::select(vec![
            ("[", "{\"text\": \"…\"},\n", "{}]"),
            ("", "{\"id\": 1, \"text\": \"…\"}\n", ""),
            ("<calls>", "<turn>…</turn>\n", "</calls>"),
            ("WEBVTT\n\n", "00:01.000 --> 00:02.000\n<v Ann>…\n\n", ""),
            ("", "1\n00:00:01,000 --> 00:00:02,000\n…\n\n", ""),
            ("", "Agent: hello\nCustomer: …\n", ""),
            ("", "text = \"…\";\nprint(text, 1);\n", ""),
            ("text\n", "…\n", ""),
            ("", "…\n", ""),
        ])
        .prop_map(|(begin, text, end)| Breakage::Wrapped(begin, text, end)),
        any::<bool>().prop_map(Breakage::Conversations),
    ]
}

/// A file of one row a turn, each text with the marker and none like another, broken.
fn broken(rows: &[(u8, bool, usize)], breakage: &Breakage) -> Vec<u8> {
    let texts = |number: usize, form: usize| match form {
        0 => format!("the {MARKER} of number {number} was \"so\" bad, and so on."),
        1 => format!("Dr {MARKER} {number}: I want my money back, now!"),
        2 => format!("{} {number}; my PIN is | 1234 and that: is it?", MARKER.to_uppercase()),
        _ => format!("so\nthe caf\u{e9} {MARKER} {number} said to all of us: no."),
    };
    let mut table = vec![["call_id", "speaker", "agent_id", "queue", "text"].map(str::to_owned).to_vec()];
    table.extend(rows.iter().enumerate().map(|(number, (call, is_agent, form))| {
        let speaker = if *is_agent { "agent" } else { "customer" };
        vec![format!("c{call}"), speaker.into(), "amara".into(), "sales".into(), texts(number, *form)]
    }));
    let conversations = |is_known: bool| {
        let label = if is_known { "Customer".to_owned() } else { format!("{MARKER} ") };
        let text = |(number, (.., form)): (usize, &(u8, bool, usize))| {
            let label = if is_known { label.clone() } else { format!("Mr {label}{number}") };
            vec![format!("c{number}"), format!("Agent: hello\n{label}: {}", texts(number, *form))]
        };
        [vec!["call_id".to_owned(), "text".to_owned()]].into_iter().chain(rows.iter().enumerate().map(text)).collect()
    };
    match breakage {
        Breakage::NoHeader => drop(table.remove(0)),
        Breakage::Rotated(from, by) => {
            let from = 1 + from.index(table.len() - 1);
            table[from..].iter_mut().for_each(|row| row.rotate_right(*by));
        }
        Breakage::Swapped(one, other) => table[0].swap(*one, *other),
        Breakage::Renamed(columns) => columns.iter().for_each(|column| table[0][*column] = format!("c {column}")),
        Breakage::Doubled(column) => table[0][(column + 1) % 5] = table[0][*column].clone(),
        Breakage::Preamble => table.splice(0..0, [vec![texts(100, 0)], vec![texts(101, 1)]]).for_each(drop),
        Breakage::Conversations(is_known) => table = conversations(*is_known),
        _ => {}
    }
    let delimiter = if let Breakage::OtherDelimiter(delimiter) = breakage { *delimiter } else { ',' };
    let style =
        if matches!(breakage, Breakage::Unquoted) { csv::QuoteStyle::Never } else { csv::QuoteStyle::Necessary };
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .delimiter(u8::try_from(delimiter).expect("they are ASCII"))
        .quote_style(style)
        .from_writer(Vec::new());
    for row in &table {
        writer.write_record(row).expect("memory takes all");
    }
    let mut bytes = writer.into_inner().expect("memory takes all");
    let text = String::from_utf8(bytes.clone()).expect("it was text");
    match breakage {
        Breakage::OpenQuote(at) => bytes.insert(at.index(bytes.len()), b'"'),
        Breakage::Nul(at) => bytes.insert(at.index(bytes.len()), 0),
        Breakage::Utf16 => bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Breakage::Windows1252 => bytes = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        Breakage::CutGzip(at) => {
            bytes = gzip(&bytes);
            bytes.truncate(at.index(bytes.len()));
        }
        Breakage::Wrapped(begin, each, end) => {
            let each = |(number, (.., form)): (usize, &(u8, bool, usize))| each.replace('…', &texts(number, *form));
            let middle: String = rows.iter().enumerate().map(each).collect();
            bytes = format!("{begin}{middle}{end}").into_bytes();
        }
        _ => {}
    }
    bytes
}

/// Runs `read` and returns everything that was logged by it at every level.
fn logged<T>(read: impl FnOnce() -> T) -> (T, String) {
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("nobody panics with it").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let result = tracing::subscriber::with_default(subscriber, read);
    let bytes = log.0.lock().expect("nobody panics with it").clone();
    (result, String::from_utf8_lossy(&bytes).into_owned())
}

proptest! {
    #![proptest_config(crate::cases::usually(512))]

    #[test]
    fn whatever_is_wrong_with_a_file_no_word_of_it_is_repeated(
        rows in prop::collection::vec((0..4_u8, any::<bool>(), 0..4_usize), 1..12),
        breakage in breakages(),
        mishaps in prop_oneof![3 => Just(Vec::new()), 1 => mishaps()],
        is_lenient in any::<bool>(),
    ) {
        // A label that a mishap wrote twice is a name by all that shows.
        let is_label = match &breakage {
            Breakage::Wrapped("", cue, "") => cue.contains("-->"),
            Breakage::Conversations(is_known) => !is_known,
            _ => false,
        };
        prop_assume!(!is_label || !mishaps.iter().any(|mishap| matches!(mishap, Mishap::Repeat(..))));
        let bytes = befallen(broken(&rows, &breakage), &mishaps);
        let options = if is_lenient { lenient() } else { crate::input::InputOptions::default() };
        let (read, mut shown) = logged(|| read_bytes(&[("a.csv", bytes)], &options));
        match read {
            Ok(conversations) => {
                shown += &format!("{:?} {:?}", conversations.reports(), conversations.rejects());
                for call in all_calls(&conversations).0 {
                    let agents: Vec<_> = call.turns.iter().map(|turn| &turn.agent_id).collect();
                    shown += &format!("{:?} {:?} {:?} {:?} {agents:?}", call.id, call.queue, call.channel, call.date);
                }
            }
            Err(error) => {
                let causes = std::iter::successors(std::error::Error::source(&error), |&cause| cause.source());
                causes.for_each(|cause| shown += &format!("{cause} {cause:?}"));
                shown += &format!("{error} {error:?} {:?}", error.hint());
            }
        }
        prop_assert!(!shown.to_lowercase().contains(MARKER), "{shown}");
    }
}

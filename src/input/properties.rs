//! Files that something went wrong with, on the disk, on the way or where they were written: every row is used,
//! repeated or rejected, or the file is refused as a whole; nothing panics, nothing is lost silently.

use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{all_calls, gzip, lenient, lines, read_bytes, written};

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

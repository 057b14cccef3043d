//! A folder in which anything may have happened: files cut, changed, mixed up, made up. Nothing panics, no score is
//! wrong, and what one run meets and mends the next one finds in order.

use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{all_of, fill, found, key_of, opened, options, record_all, scorer, scores_of};
use super::*;

/// What becomes of one file.
#[derive(Debug, Clone)]
enum Mishap {
    Flip(Index, Index, u8),
    Cut(Index, Index),
    Extend(Index, Vec<u8>),
    Swap(Index, Index),
    Replace(Index, Vec<u8>),
    /// A file of any bytes, with a name of the cache's.
    Plant(usize, Vec<u8>),
    /// A database of other tables.
    OtherTables,
}

const NAMES: [&str; 9] = [
    "v2.sqlite",
    "v2.sqlite-wal",
    "v2.sqlite-shm",
    "v2.sqlite-journal",
    "v2.sqlite.damaged",
    "v2.sqlite.damaged-wal",
    "v2.sqlite.mended",
    "v2.lock",
    "stranger.txt",
];

fn mishaps() -> impl Strategy<Value = Vec<Mishap>> {
    let file = any::<Index>;
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let mishap = prop_oneof![
        (file(), file(), 1u8..).prop_map(|(file, at, bits)| Mishap::Flip(file, at, bits)),
        (file(), file()).prop_map(|(file, at)| Mishap::Cut(file, at)),
        (file(), bytes()).prop_map(|(file, bytes)| Mishap::Extend(file, bytes)),
        (file(), file()).prop_map(|(one, other)| Mishap::Swap(one, other)),
        (file(), bytes()).prop_map(|(file, bytes)| Mishap::Replace(file, bytes)),
        (0..NAMES.len(), bytes()).prop_map(|(name, bytes)| Mishap::Plant(name, bytes)),
        Just(Mishap::OtherTables),
    ];
    prop::collection::vec(mishap, 1..6)
}

/// The cache's files, in the order of their names.
fn stored(root: &Path) -> Vec<PathBuf> {
    super::tests::names(root).into_iter().map(|name| root.join(name)).collect()
}

fn befall(root: &Path, mishap: &Mishap) {
    let all = stored(root);
    let rewrite = |file: &Index, change: &dyn Fn(&mut Vec<u8>)| {
        let path = file.get(&all);
        let mut bytes = std::fs::read(path).expect("a file");
        change(&mut bytes);
        std::fs::write(path, bytes).expect("a file");
    };
    match mishap {
        Mishap::Flip(file, at, bits) => rewrite(file, &|bytes| {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
        }),
        Mishap::Cut(file, at) => rewrite(file, &|bytes| bytes.truncate(at.index(bytes.len() + 1))),
        Mishap::Extend(file, more) => rewrite(file, &|bytes| bytes.extend(more)),
        Mishap::Replace(file, others) => rewrite(file, &|bytes| bytes.clone_from(others)),
        Mishap::Swap(one, other) => rewrite(one, &|bytes| *bytes = std::fs::read(other.get(&all)).expect("a file")),
        Mishap::Plant(name, bytes) => std::fs::write(root.join(NAMES[*name]), bytes).expect("a file"),
        Mishap::OtherTables => {
            let file = root.join(database::FILE);
            std::fs::remove_file(&file).expect("a file");
            let other = rusqlite::Connection::open(file).expect("a new file");
            other.execute_batch("CREATE TABLE scores (key TEXT); CREATE TABLE days (night INTEGER)").expect("SQL");
        }
    }
}

proptest! {
    #![proptest_config(crate::cases::usually(48))]

    #[test]
    fn whatever_befell_its_files_a_cache_opens_gives_no_wrong_score_and_mends_itself(
        mishaps in mishaps(), killed in any::<bool>(),
    ) {
        let root = tempfile::tempdir().unwrap();
        fill(root.path(), 0..150);
        let store = opened(root.path());
        record_all(&store, 150..200);
        store.flush().unwrap();
        // What a kill leaves is what stands there while the run goes on.
        let left = if killed { copied(root.path()) } else { tempfile::tempdir().unwrap() };
        drop(store);
        let root = if killed { left } else { root };
        for mishap in &mishaps {
            befall(root.path(), mishap);
        }

        let read = CacheOptions { access: Access::Read, ..options() };
        let store = ScoreStore::open(root.path(), &scorer(), read).unwrap();
        for (number, scores) in (0..300).zip(found(&store, 0..300)) {
            prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
        }
        drop(store);
        stats(root.path()).unwrap();

        for _run in 0..2 {
            let store = opened(root.path());
            for (number, scores) in (0..300).zip(found(&store, 0..300)) {
                prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
            }
            store.close().unwrap();
        }
        // Finds what no look-up meets, such as two rows in the wrong order.
        prune(root.path(), 90, 20_000).unwrap();
        let store = opened(root.path());
        record_all(&store, 0..300);
        store.flush().unwrap();
        prop_assert!(found(&store, 0..300) == all_of(0..300));
        store.close().unwrap();
        prop_assert!(!store.database.is_suspect(), "mended by now");
        prop_assert_eq!(opened(root.path()).lookup(&[key_of(300)]), vec![None]);
        clear(root.path()).unwrap();
    }
}

/// A copy of a cache's folder, as it stands.
fn copied(root: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for path in stored(root) {
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

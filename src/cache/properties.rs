//! A folder in which anything may have happened: files cut, changed, mixed up, made up. Nothing panics, no score is
//! wrong, and what one opening reports and repairs the next one finds in order.

use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{all_of, files, found, key_of, opened, record_all, record_of, scorer, scores_of};
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
    /// A file of true records in no order, with a name of the cache's.
    PlantRecords(usize, Vec<u64>),
}

const NAMES: [&str; 7] =
    ["a.journal", "b.segment", "c.unfinished", "d.damaged", "scorer.json", "maintenance.lock", "stranger.txt"];

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
        (0..NAMES.len(), prop::collection::vec(0u64..300, 0..40))
            .prop_map(|(name, numbers)| Mishap::PlantRecords(name, numbers)),
    ];
    prop::collection::vec(mishap, 1..6)
}

/// Segments and journals, in an order that does not depend on their random names.
fn stored(root: &Path) -> Vec<PathBuf> {
    let mut all = [files(root, "segment"), files(root, "journal")].concat();
    all.sort_by_cached_key(|path| std::fs::read(path).expect("a file"));
    all
}

fn befall(root: &Path, mishap: &Mishap) {
    let all = stored(root);
    let rewrite = |file: &Index, change: &dyn Fn(&mut Vec<u8>)| {
        if !all.is_empty() {
            let path = file.get(&all);
            let mut bytes = std::fs::read(path).expect("a file");
            change(&mut bytes);
            std::fs::write(path, bytes).expect("a file");
        }
    };
    let plant = |name: usize, bytes: &[u8]| {
        std::fs::write(folder::path_of(root, &scorer()).join(NAMES[name]), bytes).expect("a file");
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
        Mishap::Plant(name, bytes) => plant(*name, bytes),
        Mishap::PlantRecords(name, numbers) => {
            plant(*name, &numbers.iter().flat_map(|&number| record_of(number).encode()).collect::<Vec<u8>>());
        }
    }
}

proptest! {
    #![proptest_config(crate::cases::usually(48))]

    #[test]
    fn whatever_befell_its_files_a_cache_opens_gives_no_wrong_score_and_mends_itself(mishaps in mishaps()) {
        let root = tempfile::tempdir().unwrap();
        let cache = opened(root.path());
        record_all(&cache, 0..150);
        cache.close().unwrap();
        let cache = opened(root.path());
        record_all(&cache, 150..200);
        drop(cache);
        for mishap in &mishaps {
            befall(root.path(), mishap);
        }

        let read = CacheOptions { access: Access::Read, today: 20_000, ..CacheOptions::new() };
        let cache = ScoreCache::open(root.path(), &scorer(), read).unwrap();
        for (number, scores) in (0..300).zip(found(&cache, 0..300)) {
            prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
        }
        stats(root.path()).unwrap();

        // The first opening sees what is wrong from outside, look-ups what is wrong within.
        for _run in 0..2 {
            let cache = opened(root.path());
            for (number, scores) in (0..300).zip(found(&cache, 0..300)) {
                prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
            }
            cache.close().unwrap();
        }
        let cache = opened(root.path());
        prop_assert!(cache.damage().is_empty(), "mended by now: {:?}", cache.damage());
        record_all(&cache, 0..300);
        cache.close().unwrap();
        prop_assert_eq!(found(&opened(root.path()), 0..300), all_of(0..300));
        prop_assert_eq!(opened(root.path()).get_many(&[key_of(300)]), vec![None]);
        prune(root.path(), 90, 20_000).unwrap();
        clear(root.path()).unwrap();
    }
}

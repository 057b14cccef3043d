//! The cache as a run uses it: reopened and shared; [`ages`], [`harm`] and [`upkeep`] hold the rest, on what stands here.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

mod ages;
mod harm;
mod upkeep;

/// The day on which these tests happen.
const TODAY: u32 = 20_000;

pub(in crate::cache) fn scorer() -> Scorer {
    Scorer { engine: "comprehend".into(), model: "2017-11-27".into() }
}

fn options() -> CacheOptions {
    CacheOptions { access: Access::ReadWrite, max_age_days: Some(90), today: TODAY }
}

pub(in crate::cache) fn key_of(number: u64) -> Key {
    scorer().key("en", &format!("text {number}"))
}

pub(in crate::cache) fn scores_of(number: u64) -> Scores {
    let share = (number % 997) as f64 / 997.0;
    Scores::new(share / 2.0, 0.5 - share / 2.0, share / 2.0, 0.5 - share / 2.0).unwrap()
}

/// A record that differs from the others by its number.
pub(in crate::cache) fn record_of(number: u64) -> Record {
    Record { key: key_of(number), scores: scores_of(number), day: TODAY }
}

pub(in crate::cache) fn opened(root: &Path) -> ScoreCache {
    ScoreCache::open_with(root, &scorer(), options(), 64).unwrap()
}

pub(in crate::cache) fn record_all(cache: &ScoreCache, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| cache.record(key_of(number), scores_of(number)));
}

pub(in crate::cache) fn found(cache: &ScoreCache, numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    cache.get_many(&numbers.into_iter().map(key_of).collect::<Vec<_>>())
}

pub(in crate::cache) fn all_of(numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    numbers.into_iter().map(|number| Some(scores_of(number))).collect()
}

pub(in crate::cache) fn files(root: &Path, suffix: &str) -> Vec<PathBuf> {
    let folder = folder::path_of(root, &scorer());
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|found| found == suffix)).collect()
}

#[test]
fn answers_are_found_at_once_and_by_the_next_run_whether_closed_or_dropped() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..300);
    assert_eq!(found(&cache, 0..300), all_of(0..300));
    assert_eq!(found(&cache, 300..310), vec![None; 10]);
    cache.close().unwrap();
    let cache = opened(root.path());
    assert_eq!(found(&cache, 0..300), all_of(0..300));
    record_all(&cache, 300..310);
    drop(cache);
    assert_eq!(found(&opened(root.path()), 0..310), all_of(0..310));
}

#[test]
fn a_flushed_answer_lies_on_the_disk_while_the_run_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..100);
    cache.flush().unwrap();
    assert_eq!(found(&opened(root.path()), 0..100), all_of(0..100));
}

#[test]
fn closing_leaves_few_files() {
    let root = tempfile::tempdir().unwrap();
    for run in 0..40 {
        let cache = opened(root.path());
        record_all(&cache, run * 50..(run + 1) * 50);
        cache.close().unwrap();
    }
    assert!(files(root.path(), "segment").len() <= 5, "{:?}", files(root.path(), "segment"));
    assert!(files(root.path(), "journal").is_empty() && files(root.path(), "unfinished").is_empty());
    assert_eq!(found(&opened(root.path()), 0..2000), all_of(0..2000));
}

#[test]
fn engines_and_models_do_not_answer_for_each_other() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..10);
    cache.close().unwrap();
    let other = Scorer { model: "2027-01-01".into(), ..scorer() };
    let cache = ScoreCache::open(root.path(), &other, options()).unwrap();
    assert_eq!(found(&cache, 0..10), vec![None; 10]);
    assert_eq!(cache.get_many(&[other.key("en", "text 1")]), vec![None]);
}

#[test]
fn reading_changes_no_file() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("not").join("there");
    let read = CacheOptions { access: Access::Read, ..options() };
    let cache = ScoreCache::open(&missing, &scorer(), read).unwrap();
    cache.record(key_of(1), scores_of(1));
    assert_eq!(found(&cache, [1]), vec![None]);
    cache.close().unwrap();
    assert!(!root.path().join("not").exists());
    drop(opened(&missing));
    assert!(!root.path().join("not").exists(), "nothing is created before the first answer");
}

#[test]
fn what_is_no_distribution_is_not_kept() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    cache.record(key_of(1), Scores { positive: f32::NAN, negative: 0.0, neutral: 0.0, mixed: 0.0 });
    assert_eq!(found(&cache, [1]), vec![None]);
}

#[test]
fn runs_that_share_a_cache_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let first = opened(root.path());
    record_all(&first, 0..500);
    first.close().unwrap();
    std::thread::scope(|scope| {
        for run in 0..4u64 {
            let root = root.path();
            scope.spawn(move || {
                for round in 0..6 {
                    let cache = opened(root);
                    assert_eq!(found(&cache, 0..500), all_of(0..500), "what was stored before is always seen");
                    // Half of them are answered by the neighbour as well.
                    let from = 500 + round * 1000 + run * 100;
                    record_all(&cache, from..from + 200);
                    assert_eq!(found(&cache, from..from + 200), all_of(from..from + 200));
                    if round % 2 == 0 { cache.close().unwrap() } else { drop(cache) }
                }
            });
        }
    });
    let cache = opened(root.path());
    for round in 0..6 {
        let from = 500 + round * 1000;
        assert_eq!(found(&cache, from..from + 500), all_of(from..from + 500));
    }
    assert!(cache.damage().is_empty());
    cache.close().unwrap();
    assert!(files(root.path(), "damaged").is_empty() && files(root.path(), "journal").is_empty());
}

proptest! {
    #![proptest_config(crate::cases::usually(24))]

    #[test]
    fn it_answers_like_a_map_through_any_reopening(
        rounds in prop::collection::vec((prop::collection::vec(0u64..400, 0..150), any::<bool>()), 1..8),
    ) {
        let root = tempfile::tempdir().unwrap();
        let mut expected: HashMap<u64, Scores> = HashMap::new();
        for (numbers, closes) in rounds {
            let cache = opened(root.path());
            for number in numbers {
                cache.record(key_of(number), scores_of(number));
                expected.insert(number, scores_of(number));
            }
            let all: Vec<_> = (0..400).map(|number| expected.get(&number).copied()).collect();
            prop_assert_eq!(found(&cache, 0..400), all.clone());
            if closes { cache.close().unwrap() } else { drop(cache) }
            prop_assert_eq!(found(&opened(root.path()), 0..400), all);
        }
    }
}

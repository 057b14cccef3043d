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

pub(in crate::cache) fn options() -> CacheOptions {
    CacheOptions { access: Access::ReadWrite, max_age_days: Some(90), today: TODAY }
}

pub(in crate::cache) fn key_of(number: u64) -> Key {
    scorer().key("en", &format!("text {number}"))
}

pub(in crate::cache) fn scores_of(number: u64) -> Scores {
    let share = (number % 997) as f64 / 997.0;
    Scores::new(share / 2.0, 0.5 - share / 2.0, share / 2.0, 0.5 - share / 2.0).unwrap()
}

pub(in crate::cache) fn opened(root: &Path) -> ScoreStore {
    ScoreStore::open(root, &scorer(), options()).unwrap()
}

pub(in crate::cache) fn record_all(store: &ScoreStore, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| store.record(key_of(number), scores_of(number)));
}

/// Stores the answers of `numbers` in a run that reaches its end.
pub(in crate::cache) fn fill(root: &Path, numbers: impl IntoIterator<Item = u64>) {
    let store = opened(root);
    record_all(&store, numbers);
    store.close().unwrap();
}

pub(in crate::cache) fn found(store: &ScoreStore, numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    store.lookup(&numbers.into_iter().map(key_of).collect::<Vec<_>>())
}

pub(in crate::cache) fn all_of(numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    numbers.into_iter().map(|number| Some(scores_of(number))).collect()
}

/// The names in the cache's folder, sorted.
pub(in crate::cache) fn names(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn answers_are_found_once_flushed_and_by_the_next_run_whether_closed_or_dropped() {
    let root = tempfile::tempdir().unwrap();
    let store = opened(root.path());
    record_all(&store, 0..300);
    store.flush().unwrap();
    assert_eq!(found(&store, 0..300), all_of(0..300));
    assert_eq!(found(&opened(root.path()), 0..300), all_of(0..300), "by others while the run goes on too");
    assert_eq!(found(&store, 300..310), vec![None; 10]);
    store.close().unwrap();
    assert_eq!(found(&store, 0..300), all_of(0..300), "after closing too");
    drop(store);
    let store = opened(root.path());
    record_all(&store, 300..310);
    drop(store);
    assert_eq!(found(&opened(root.path()), 0..310), all_of(0..310));
    assert_eq!(names(root.path()), [database::FILE], "one file is left");
}

#[test]
fn the_rollback_journal_serves_where_memory_can_not_be_shared() {
    let root = tempfile::tempdir().unwrap();
    // Locks with files, and shares no memory.
    let on_dots = || ScoreStore::open_with(root.path(), (&scorer(), None), options(), Some(c"unix-dotfile")).unwrap();
    let store = on_dots();
    record_all(&store, 0..300);
    store.flush().unwrap();
    assert_eq!(names(root.path()), [database::FILE], "no write-ahead log");
    assert_eq!(found(&store, 0..301), [all_of(0..300), vec![None]].concat());
    store.close().unwrap();
    let store = on_dots();
    record_all(&store, 300..310);
    drop(store);
    assert_eq!(found(&on_dots(), 0..310), all_of(0..310));
}

#[test]
fn engines_and_models_do_not_answer_for_each_other() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..10);
    let other = Scorer { model: "2027-01-01".into(), ..scorer() };
    let store = ScoreStore::open(root.path(), &other, options()).unwrap();
    assert_eq!(store.lookup(&[other.key("en", "text 1")]), vec![None]);
}

#[test]
fn reading_creates_no_file() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("not").join("there");
    let read = |root: &Path| ScoreStore::open(root, &scorer(), CacheOptions { access: Access::Read, ..options() });
    let store = read(&missing).unwrap();
    store.record(key_of(1), scores_of(1));
    assert_eq!(found(&store, [1]), vec![None]);
    store.close().unwrap();
    drop(opened(&missing));
    assert!(!root.path().join("not").exists(), "nothing is created before the first answer");
    fill(&missing, 0..10);
    let before = std::fs::read(missing.join(database::FILE)).unwrap();
    let store = read(&missing).unwrap();
    assert_eq!(found(&store, 0..10), all_of(0..10));
    assert_eq!(names(&missing), [database::FILE]);
    drop(store);
    assert!(std::fs::read(missing.join(database::FILE)).unwrap() == before);
}

#[test]
fn what_is_no_distribution_is_not_kept() {
    let root = tempfile::tempdir().unwrap();
    let store = opened(root.path());
    store.record(key_of(1), Scores { positive: f32::NAN, negative: 0.0, neutral: 0.0, mixed: 0.0 });
    store.flush().unwrap();
    assert_eq!(found(&store, [1]), vec![None]);
}

#[test]
fn runs_that_share_a_cache_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..500);
    std::thread::scope(|scope| {
        for run in 0..4 {
            let root = root.path();
            scope.spawn(move || {
                for round in 0..6 {
                    let store = opened(root);
                    assert_eq!(found(&store, 0..500), all_of(0..500), "what was stored before is always seen");
                    // Half of them are answered by the neighbour as well.
                    let from = 500 + round * 1000 + run * 100;
                    record_all(&store, from..from + 200);
                    store.flush().unwrap();
                    assert_eq!(found(&store, from..from + 200), all_of(from..from + 200));
                    if round % 2 == 0 { store.close().unwrap() } else { drop(store) }
                }
            });
        }
    });
    let store = opened(root.path());
    for round in 0..6 {
        let from = 500 + round * 1000;
        assert_eq!(found(&store, from..from + 500), all_of(from..from + 500));
    }
    store.close().unwrap();
    assert_eq!(names(root.path()), [database::FILE]);
}

proptest! {
    #![proptest_config(crate::cases::usually(24))]

    #[test]
    fn it_answers_like_a_map_through_any_reopening(
        rounds in prop::collection::vec((prop::collection::vec((0u64..400, 0u64..400), 0..150), any::<bool>()), 1..8),
    ) {
        let root = tempfile::tempdir().unwrap();
        let mut expected: HashMap<u64, Scores> = HashMap::new();
        for (answers, closes) in rounds {
            let store = opened(root.path());
            for (number, answer) in answers {
                store.record(key_of(number), scores_of(answer));
                expected.insert(number, scores_of(answer));
            }
            store.flush().unwrap();
            let all: Vec<_> = (0..400).map(|number| expected.get(&number).copied()).collect();
            prop_assert!(found(&store, 0..400) == all);
            if closes { store.close().unwrap() } else { drop(store) }
            prop_assert!(found(&opened(root.path()), 0..400) == all);
        }
    }
}

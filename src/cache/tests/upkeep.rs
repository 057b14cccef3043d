//! Looking after what is stored: counted, pruned, cleared.

use super::*;

#[test]
fn statistics_count_what_is_stored() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(stats(root.path()).unwrap().entries(), 0);
    fill(root.path(), 0..200);
    let later = CacheOptions { today: TODAY + 3, ..options() };
    let other = Scorer { engine: "another".into(), model: "1".into() };
    let store = ScoreStore::open(root.path(), &other, later).unwrap();
    store.record(other.key("en", "one"), scores_of(1));
    store.flush().unwrap();
    let stats = stats(root.path()).unwrap();
    assert_eq!((stats.entries(), stats.oldest(), stats.newest()), (201, Some(TODAY), Some(TODAY + 3)));
    let named: Vec<_> = stats.scorers.iter().map(|stats| (stats.scorer.clone(), stats.entries)).collect();
    assert_eq!(named, [(other, 1), (scorer(), 200)]);
    assert!(stats.bytes > 201 * 40 && stats.damaged_files == 0);
}

#[test]
fn pruning_drops_what_is_old_and_keeps_what_is_not() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..1000);
    let later = CacheOptions { today: TODAY + 100, ..options() };
    let running = ScoreStore::open(root.path(), &scorer(), later).unwrap();
    record_all(&running, 990..1030);
    running.flush().unwrap();
    let pruned = prune(root.path(), 50, TODAY + 100).unwrap();
    assert_eq!(pruned.dropped, 990);
    record_all(&running, 1030..1040);
    running.close().unwrap();
    assert!(stats(root.path()).unwrap().bytes < pruned.bytes_before);
    let store = ScoreStore::open(root.path(), &scorer(), CacheOptions { max_age_days: None, ..later }).unwrap();
    assert_eq!(found(&store, 0..990), vec![None; 990]);
    assert_eq!(found(&store, 990..1040), all_of(990..1040));
    drop(store);
    let pruned = prune(root.path(), 0, TODAY + 200).unwrap();
    assert_eq!((pruned.dropped, stats(root.path()).unwrap().entries()), (50, 0));
    assert!(pruned.bytes_after <= pruned.bytes_before);
}

#[test]
fn clearing_deletes_scores_but_no_strangers_and_not_under_a_run() {
    let root = tempfile::tempdir().unwrap();
    let store = opened(root.path());
    record_all(&store, 0..50);
    store.flush().unwrap();
    let error = clear(root.path()).unwrap_err();
    assert!(matches!(error, CacheError::InUse { .. }) && error.hint().is_some(), "{error}");
    assert_eq!(stats(root.path()).unwrap().entries(), 50);
    store.close().unwrap();
    drop(store);
    let stranger = root.path().join("thesis.sqlite");
    std::fs::write(&stranger, "years of work").unwrap();
    assert_eq!(clear(root.path()).unwrap().entries, 50);
    assert_eq!(names(root.path()), ["thesis.sqlite"]);
    assert_eq!(found(&opened(root.path()), 0..50), vec![None; 50]);
    std::fs::remove_file(stranger).unwrap();
    assert_eq!(clear(root.path()).unwrap(), Cleared::default());
    assert!(!root.path().exists());
}

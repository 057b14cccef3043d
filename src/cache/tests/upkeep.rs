//! Looking after what is stored: counted, pruned, cleared.

use super::*;

#[test]
fn statistics_count_what_is_stored() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(stats(root.path()).unwrap().entries(), 0);
    let cache = opened(root.path());
    record_all(&cache, 0..200);
    cache.close().unwrap();
    let later = CacheOptions { today: TODAY + 3, ..options() };
    let other = Scorer { engine: "another".into(), model: "1".into() };
    let cache = ScoreCache::open(root.path(), &other, later).unwrap();
    cache.record(other.key("en", "one"), scores_of(1));
    cache.flush().unwrap();
    let stats = stats(root.path()).unwrap();
    assert_eq!((stats.entries(), stats.oldest(), stats.newest()), (201, Some(TODAY), Some(TODAY + 3)));
    let named: Vec<_> = stats.scorers.iter().map(|stats| (stats.scorer.clone().unwrap(), stats.entries)).collect();
    assert_eq!(named, [(other, 1), (scorer(), 200)]);
    assert!(stats.bytes() > 201 * 40 && stats.scorers.iter().all(|stats| stats.damaged_files == 0));
}

#[test]
fn pruning_drops_what_is_old_and_keeps_what_is_not() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..100);
    cache.close().unwrap();
    let later = CacheOptions { today: TODAY + 100, ..options() };
    let cache = ScoreCache::open_with(root.path(), &scorer(), later, 64).unwrap();
    record_all(&cache, 90..130);
    cache.close().unwrap();
    let pruned = prune(root.path(), 50, TODAY + 100).unwrap();
    assert_eq!(pruned.dropped, 90);
    assert!(pruned.bytes_after < pruned.bytes_before);
    let all = CacheOptions { max_age_days: None, ..later };
    let cache = ScoreCache::open_with(root.path(), &scorer(), all, 64).unwrap();
    assert_eq!(found(&cache, 0..90), vec![None; 90]);
    assert_eq!(found(&cache, 90..130), all_of(90..130));
    drop(cache);
    prune(root.path(), 0, TODAY + 200).unwrap();
    assert_eq!(stats(root.path()).unwrap().entries(), 0);
}

#[test]
fn clearing_deletes_scores_but_no_strangers_and_not_under_a_run() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..50);
    cache.flush().unwrap();
    let error = clear(root.path()).unwrap_err();
    assert!(matches!(error, CacheError::InUse { .. }) && error.hint().is_some(), "{error}");
    assert!(stats(root.path()).unwrap().entries() >= 50);
    cache.close().unwrap();
    let stranger = root.path().join("thesis.segment");
    std::fs::write(&stranger, "years of work").unwrap();
    assert_eq!(clear(root.path()).unwrap().entries, 50);
    assert!(stranger.exists() && !root.path().join("v1").exists());
    assert_eq!(found(&opened(root.path()), 0..50), vec![None; 50]);
    std::fs::remove_file(stranger).unwrap();
    assert_eq!(clear(root.path()).unwrap(), Cleared::default());
}

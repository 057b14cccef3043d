//! What gets old: by the day, by itself, and under clocks that are wrong.

use super::*;

#[test]
fn answers_expire_by_the_day_and_are_answered_anew() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..100);
    let on = |today, max_age_days| {
        let options = CacheOptions { today, max_age_days, access: Access::ReadWrite };
        ScoreStore::open(root.path(), &scorer(), options).unwrap()
    };
    assert_eq!(found(&on(TODAY + 90, Some(90)), 0..100), all_of(0..100));
    assert_eq!(found(&on(TODAY + 91, Some(90)), 0..100), vec![None; 100]);
    assert_eq!(found(&on(TODAY + 9_999, None), 0..100), all_of(0..100));
    assert_eq!(found(&on(TODAY - 400, Some(90)), 0..100), all_of(0..100), "a clock set back buys nothing twice");
    let later = on(TODAY + 91, Some(90));
    later.record(key_of(5), scores_of(6));
    later.flush().unwrap();
    assert_eq!(found(&later, [5]), all_of([6]));
    later.close().unwrap();
    assert_eq!(found(&on(TODAY + 180, Some(90)), [5, 6]), vec![Some(scores_of(6)), None]);
}

fn on(root: &Path, today: u32) -> ScoreStore {
    ScoreStore::open(root, &scorer(), CacheOptions { today, ..options() }).unwrap()
}

#[test]
fn nightly_use_for_months_keeps_what_is_young_and_one_small_file_without_anybody_pruning() {
    let root = tempfile::tempdir().unwrap();
    for night in 0..200 {
        let cache = on(root.path(), TODAY + night);
        record_all(&cache, u64::from(night) * 10..u64::from(night + 1) * 10);
        // One in seven ends early.
        if night % 7 == 0 { drop(cache) } else { cache.close().unwrap() }
    }
    let cache = on(root.path(), TODAY + 199);
    assert_eq!(found(&cache, 1_090..2_000), all_of(1_090..2_000));
    cache.close().unwrap();
    let stats = stats(root.path()).unwrap();
    assert!((910..=910 + 300).contains(&stats.entries()), "a quarter more than lives, and a margin: {stats:?}");
    assert!(stats.bytes < 1300 * 150 && names(root.path()) == [database::FILE], "{stats:?}");
}

/// A cache that was used on twenty nights, an answer each.
fn twenty_nights() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for night in 0..20 {
        let cache = on(root.path(), TODAY + night);
        record_all(&cache, [u64::from(night)]);
        cache.close().unwrap();
    }
    root
}

#[test]
fn a_night_with_a_clock_far_ahead_loses_nothing_and_its_own_answers_do_not_live_for_ever() {
    let root = twenty_nights();
    // Run twice that night.
    for answer in [100, 101] {
        let ahead = on(root.path(), TODAY + 3650);
        record_all(&ahead, [answer]);
        ahead.close().unwrap();
    }
    for night in [20, 21] {
        let cache = on(root.path(), TODAY + night);
        assert_eq!(found(&cache, 0..20), all_of(0..20), "the clock that was ahead dropped nothing");
        assert_eq!(found(&cache, [100, 101]), all_of([100, 101]), "what it stored is not paid for again");
        record_all(&cache, [u64::from(night)]);
        cache.close().unwrap();
    }
    assert_eq!(stats(root.path()).unwrap().newest(), Some(TODAY + 21));
    assert_eq!(found(&on(root.path(), TODAY + 21 + 91), [100, 101]), [None; 2], "they grow old like any others");
}

#[test]
fn a_night_with_a_clock_far_behind_loses_nothing() {
    let root = twenty_nights();
    for behind in [0, 0, TODAY - 3650] {
        let cache = on(root.path(), behind);
        assert_eq!(found(&cache, 0..20), all_of(0..20), "on day {behind}");
        record_all(&cache, [u64::from(behind) + 1000]);
        cache.close().unwrap();
    }
    let cache = on(root.path(), TODAY + 20);
    assert_eq!(found(&cache, 0..20), all_of(0..20));
}

//! The cache as a run uses it: reopened, shared, killed, damaged, aged.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// The day on which these tests happen.
const TODAY: u32 = 20_000;

pub(super) fn scorer() -> Scorer {
    Scorer { engine: "comprehend".into(), model: "2017-11-27".into() }
}

fn options() -> CacheOptions {
    CacheOptions { access: Access::ReadWrite, max_age_days: Some(90), today: TODAY }
}

pub(super) fn key_of(number: u64) -> Key {
    scorer().key("en", &format!("text {number}"))
}

pub(super) fn scores_of(number: u64) -> Scores {
    let share = (number % 997) as f64 / 997.0;
    Scores::new(share / 2.0, 0.5 - share / 2.0, share / 2.0, 0.5 - share / 2.0).unwrap()
}

/// A record that differs from the others by its number.
pub(super) fn record_of(number: u64) -> Record {
    Record { key: key_of(number), scores: scores_of(number), day: TODAY }
}

pub(super) fn opened(root: &Path) -> ScoreCache {
    ScoreCache::open_with(root, &scorer(), options(), 64).unwrap()
}

pub(super) fn record_all(cache: &ScoreCache, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| cache.record(key_of(number), scores_of(number)));
}

pub(super) fn found(cache: &ScoreCache, numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    cache.get_many(&numbers.into_iter().map(key_of).collect::<Vec<_>>())
}

pub(super) fn all_of(numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Scores>> {
    numbers.into_iter().map(|number| Some(scores_of(number))).collect()
}

pub(super) fn files(root: &Path, suffix: &str) -> Vec<PathBuf> {
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
fn answers_expire_by_the_day_and_are_answered_anew() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..100);
    cache.close().unwrap();
    let on = |today, max_age_days| {
        let options = CacheOptions { today, max_age_days, access: Access::ReadWrite };
        ScoreCache::open_with(root.path(), &scorer(), options, 64).unwrap()
    };
    assert_eq!(found(&on(TODAY + 90, Some(90)), 0..100), all_of(0..100));
    assert_eq!(found(&on(TODAY + 91, Some(90)), 0..100), vec![None; 100]);
    assert_eq!(found(&on(TODAY + 9_999, None), 0..100), all_of(0..100));
    assert_eq!(found(&on(TODAY - 400, Some(90)), 0..100), all_of(0..100), "a clock set back buys nothing twice");
    let later = on(TODAY + 91, Some(90));
    later.record(key_of(5), scores_of(6));
    assert_eq!(found(&later, [5]), all_of([6]));
    later.close().unwrap();
    assert_eq!(found(&on(TODAY + 180, Some(90)), [5, 6]), vec![Some(scores_of(6)), None]);
}

fn on(root: &Path, today: u32) -> ScoreCache {
    ScoreCache::open_with(root, &scorer(), CacheOptions { today, ..options() }, 64).unwrap()
}

#[test]
fn nightly_use_for_years_keeps_what_is_young_and_few_files_without_anybody_pruning() {
    let root = tempfile::tempdir().unwrap();
    for night in 0..500 {
        let cache = on(root.path(), TODAY + night);
        record_all(&cache, u64::from(night) * 10..u64::from(night + 1) * 10);
        // One in seven is killed on the way and leaves a journal.
        if night % 7 == 0 { drop(cache) } else { cache.close().unwrap() }
    }
    let cache = on(root.path(), TODAY + 499);
    assert_eq!(found(&cache, 4_090..5_000), all_of(4_090..5_000));
    cache.close().unwrap();
    let stats = stats(root.path()).unwrap();
    assert!((910..=910 + 300).contains(&stats.entries()), "a quarter more than lives, and a margin: {stats:?}");
    assert!(files(root.path(), "segment").len() <= 5 && files(root.path(), "journal").is_empty());
}

#[test]
fn a_night_with_a_clock_far_ahead_loses_nothing_and_its_own_answers_do_not_live_for_ever() {
    let root = tempfile::tempdir().unwrap();
    for night in 0..20 {
        let cache = on(root.path(), TODAY + night);
        record_all(&cache, [u64::from(night)]);
        cache.close().unwrap();
    }
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
    let root = tempfile::tempdir().unwrap();
    for night in 0..20 {
        let cache = on(root.path(), TODAY + night);
        record_all(&cache, [u64::from(night)]);
        cache.close().unwrap();
    }
    for behind in [0, 0, TODAY - 3650] {
        let cache = on(root.path(), behind);
        assert_eq!(found(&cache, 0..20), all_of(0..20), "on day {behind}");
        record_all(&cache, [u64::from(behind) + 1000]);
        cache.close().unwrap();
    }
    let cache = on(root.path(), TODAY + 20);
    assert_eq!(found(&cache, 0..20), all_of(0..20));
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

    #[test]
    fn damage_is_reported_moved_aside_and_costs_answers_only(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<bool>(),
    ) {
        let root = tempfile::tempdir().unwrap();
        let cache = opened(root.path());
        record_all(&cache, 0..1000);
        cache.close().unwrap();
        let cache = opened(root.path());
        record_all(&cache, 1000..1050);
        drop(cache);
        let mut all = files(root.path(), "segment");
        all.extend(files(root.path(), "journal"));
        all.sort();
        let file = &all[which.index(all.len())];
        let mut bytes = std::fs::read(file).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        std::fs::write(file, bytes).unwrap();

        for _run in 0..3 {
            let cache = opened(root.path());
            for (number, scores) in (0..1050).zip(found(&cache, 0..1050)) {
                prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
            }
            cache.close().unwrap();
        }
        let cache = opened(root.path());
        prop_assert!(cache.damage().is_empty(), "repaired by now: {:?}", cache.damage());
        let lost = found(&cache, 0..1050).iter().filter(|scores| scores.is_none()).count();
        // A cut loses what lay behind it, a flipped bit a record at most.
        prop_assert!(cut || lost <= 1, "{lost} lost");
        record_all(&cache, 0..1050);
        cache.close().unwrap();
        prop_assert_eq!(found(&opened(root.path()), 0..1050), all_of(0..1050));
    }
}

#[test]
fn a_cache_that_is_not_one_is_an_error_with_a_hint() {
    let root = tempfile::NamedTempFile::new().unwrap();
    let error = ScoreCache::open(root.path(), &scorer(), options()).unwrap_err();
    assert!(matches!(error, CacheError::Io { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("--cache off"));
}

#[test]
fn a_place_that_takes_no_file_is_refused_before_anything_is_paid() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    for place in [root.path().join("file").join("below"), "/proc/undertone".into(), "/dev/full/scores".into()] {
        if place.starts_with("/proc") && !Path::new("/proc/self").exists() {
            continue;
        }
        let error = ScoreCache::open(&place, &scorer(), options()).unwrap_err();
        assert!(matches!(error, CacheError::Io { .. }) && error.hint().is_some(), "{error:?}");
    }
    drop(opened(&root.path().join("not").join("yet")));
    assert!(!root.path().join("not").exists(), "finding out leaves nothing behind");
}

#[test]
fn a_disk_that_refuses_costs_durability_until_it_is_back() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("scores");
    let cache = opened(&place);
    std::fs::write(&place, "a file where the cache wants a folder").unwrap();
    record_all(&cache, 0..10);
    assert!(matches!(cache.flush(), Err(CacheError::Io { .. })));
    assert_eq!(found(&cache, 0..10), all_of(0..10), "the run still has its answers");
    std::fs::remove_file(&place).unwrap();
    cache.flush().unwrap();
    assert_eq!(found(&opened(&place), 0..10), all_of(0..10));
}

#[test]
fn a_disk_that_never_comes_back_does_not_fill_the_memory() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("scores");
    let cache = opened(&place);
    std::fs::write(&place, "a file where the cache wants a folder").unwrap();
    for number in 0..600 {
        record_all(&cache, [number]);
        assert!(cache.flush().is_err(), "nothing is said to be kept");
        assert!(cache.view.fresh_entries() <= 64 * 4);
    }
    std::fs::remove_file(&place).unwrap();
    assert!(matches!(cache.close(), Err(CacheError::Lost { records: 200.. })), "the gap is told to the end");
    assert_eq!(found(&opened(&place), [0, 599]), vec![None, Some(scores_of(599))]);
}

#[test]
fn a_cache_deleted_under_a_run_is_made_again_when_it_closes() {
    let root = tempfile::tempdir().unwrap();
    let cache = opened(root.path());
    record_all(&cache, 0..10);
    cache.flush().unwrap();
    std::fs::remove_dir_all(root.path().join("v1")).unwrap();
    record_all(&cache, 10..20);
    cache.close().unwrap();
    assert_eq!(found(&opened(root.path()), 0..20), all_of(0..20));
}

/// Set for the child of the next test: where it writes.
const CHILD_ROOT: &str = "UNDERTONE_TEST_CACHE_ROOT";

/// Not a test by itself: the process that the next test kills.
#[test]
#[ignore = "runs until it is killed"]
fn writes_until_killed() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let cache = opened(Path::new(&root));
    let mut out = std::io::stdout();
    for batch in 0.. {
        record_all(&cache, batch * 25..(batch + 1) * 25);
        cache.flush().unwrap();
        writeln!(out, "\nkept {}", (batch + 1) * 25).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_kept() {
    let root = tempfile::tempdir().unwrap();
    let mut most = 0;
    for kill_after in [1usize, 3, 10, 40] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::tests::writes_until_killed", "--ignored", "--nocapture"])
            .env(CHILD_ROOT, root.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kept = lines.map(Result::unwrap).filter_map(|line| line.strip_prefix("kept ")?.parse::<u64>().ok());
        let kept = kept.take(kill_after).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        most = most.max(kept);
        let cache = opened(root.path());
        assert!(cache.damage().is_empty(), "a kill is not damage: {:?}", cache.damage());
        assert_eq!(found(&cache, 0..most), all_of(0..most));
        cache.close().unwrap();
    }
    assert!(files(root.path(), "journal").is_empty() && files(root.path(), "unfinished").is_empty());
}

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

//! What goes wrong: damaged files, disks that refuse, processes that are killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

proptest! {
    #![proptest_config(crate::cases::usually(24))]

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
            .args(["--exact", "cache::tests::harm::writes_until_killed", "--ignored", "--nocapture"])
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

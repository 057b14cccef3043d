//! What goes wrong: damaged files, disks that refuse, processes that are killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

proptest! {
    #![proptest_config(crate::cases::usually(24))]

    #[test]
    fn damage_is_mended_and_costs_the_answers_of_broken_pages_only(
        at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<bool>(),
    ) {
        let root = tempfile::tempdir().unwrap();
        fill(root.path(), 0..1000);
        let file = root.path().join(database::FILE);
        let mut bytes = std::fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        std::fs::write(file, bytes).unwrap();

        // The first opening or look-up meets what is broken, the writer mends it.
        for _run in 0..3 {
            let store = opened(root.path());
            for (number, scores) in (0..1000).zip(found(&store, 0..1000)) {
                prop_assert!(scores.is_none_or(|scores| scores == scores_of(number)), "a wrong score for {number}");
            }
            store.close().unwrap();
        }
        // What no look-up meets, such as two rows in the wrong order.
        prune(root.path(), 90, TODAY).unwrap();
        let store = opened(root.path());
        let lost = found(&store, 0..1000).iter().filter(|scores| scores.is_none()).count();
        // A page holds some eighty rows. The first one describes all others.
        prop_assert!(cut || at < 4096 || lost <= 100, "{lost} lost by a bit at {at}");
        record_all(&store, 0..1000);
        store.close().unwrap();
        prop_assert!(found(&opened(root.path()), 0..1000) == all_of(0..1000));
    }
}

#[test]
fn a_damaged_file_is_moved_aside_and_what_is_readable_of_it_kept() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..1000);
    let file = root.path().join(database::FILE);
    break_a_page(&file);
    let store = opened(root.path());
    let lost = found(&store, 0..1000).iter().filter(|scores| scores.is_none()).count();
    assert!((20..120).contains(&lost), "{lost}");
    // A run that stores nothing mends it as well.
    store.close().unwrap();
    assert_eq!(stats(root.path()).unwrap().damaged_files, 1);
    assert!(names(root.path()).contains(&format!("{}{}", database::FILE, database::DAMAGED_SUFFIX)));
    let store = opened(root.path());
    let lost_now = found(&store, 0..1000).iter().filter(|scores| scores.is_none()).count();
    assert!(lost_now <= lost + 4, "{lost_now}: the slices at both ends of the page too");
    assert!(!store.database.is_suspect(), "it is in order now");
    drop(store);
    let named: Vec<Scorer> = stats(root.path()).unwrap().scorers.into_iter().map(|stats| stats.scorer).collect();
    assert_eq!(named, [scorer()]);
    prune(root.path(), 90, TODAY).unwrap();
    assert_eq!(stats(root.path()).unwrap().damaged_files, 0);
}

fn break_a_page(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xA5);
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn mending_that_fails_or_is_killed_leaves_the_damaged_file_to_the_next_run() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), 0..1000);
    let database = Database::of(root.path(), None);
    break_a_page(database.file());
    let half_mended = database::with_suffix(database.file(), database::MENDED_SUFFIX);
    std::fs::create_dir(&half_mended).unwrap();
    database.mend().unwrap_err();
    assert!(!database::with_suffix(database.file(), database::DAMAGED_SUFFIX).exists(), "nothing was moved");
    std::fs::remove_dir(&half_mended).unwrap();
    // What a kill leaves: the file as it was, and another one with a part of the rows.
    drop(Database::of(&root.path().join("other"), None).open().unwrap());
    std::fs::rename(root.path().join("other").join(database::FILE), &half_mended).unwrap();
    drop(database.mend().unwrap());
    assert!(!half_mended.exists());
    let lost = found(&opened(root.path()), 0..1000).iter().filter(|scores| scores.is_none()).count();
    assert!((20..120).contains(&lost), "{lost}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_damaged_file_whose_path_sqlite_can_not_be_told_stays() {
    use std::os::unix::ffi::OsStrExt as _;
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join(std::ffi::OsStr::from_bytes(b"\xFF"));
    fill(&place, 0..1000);
    let database = Database::of(&place, None);
    break_a_page(database.file());
    database.mend().unwrap_err();
    let left = names(&place);
    assert!(left.contains(&database::FILE.to_owned()) && left.iter().all(|name| !name.contains("ed")), "{left:?}");
}

#[test]
fn a_cache_that_is_not_one_is_an_error_with_a_hint() {
    let root = tempfile::NamedTempFile::new().unwrap();
    let error = ScoreStore::open(root.path(), &scorer(), options()).unwrap_err();
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
        let error = ScoreStore::open(&place, &scorer(), options()).unwrap_err();
        assert!(matches!(error, CacheError::Io { .. }) && error.hint().is_some(), "{error:?}");
    }
    drop(opened(&root.path().join("not").join("yet")));
    assert!(!root.path().join("not").exists(), "finding out leaves nothing behind");
}

#[test]
fn a_disk_that_refuses_costs_durability_until_it_is_back() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("scores");
    let store = opened(&place);
    std::fs::write(&place, "a file where the cache wants a folder").unwrap();
    record_all(&store, 0..10);
    assert!(matches!(store.flush(), Err(CacheError::Io { .. })));
    std::fs::remove_file(&place).unwrap();
    store.flush().unwrap();
    assert_eq!(found(&opened(&place), 0..10), all_of(0..10));
}

#[test]
fn a_disk_that_never_comes_back_does_not_fill_the_memory() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("scores");
    let store = opened(&place);
    std::fs::write(&place, "a file where the cache wants a folder").unwrap();
    for number in 0..600 {
        record_all(&store, [number]);
        assert!(store.flush().is_err(), "nothing is said to be kept");
    }
    std::fs::remove_file(&place).unwrap();
    assert!(matches!(store.close(), Err(CacheError::Lost { scores: 512 })), "twice as many as are held");
    assert_eq!(found(&opened(&place), [0, 599]), vec![None, Some(scores_of(599))]);
}

#[test]
fn a_cache_deleted_under_a_run_is_made_again() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("scores");
    let store = opened(&place);
    record_all(&store, 0..10);
    store.flush().unwrap();
    std::fs::remove_dir_all(&place).unwrap();
    record_all(&store, 10..20);
    store.close().unwrap();
    assert_eq!(found(&opened(&place), 0..20), [vec![None; 10], all_of(10..20)].concat());
    let store = opened(&place);
    std::fs::remove_dir_all(&place).unwrap();
    fill(&place, 20..30);
    record_all(&store, 30..40);
    store.close().unwrap();
    assert_eq!(found(&opened(&place), 20..40), all_of(20..40), "into the new one, if another run was faster");
}

#[test]
fn closing_a_file_that_was_replaced_leaves_the_new_one_alone() {
    let root = tempfile::tempdir().unwrap();
    let old = Database::of(root.path(), None);
    let opened = old.open().unwrap();
    assert!(old.is_still(&opened));
    for suffix in database::SUFFIXES {
        database::remove_file(&database::with_suffix(old.file(), suffix)).unwrap();
    }
    let store = opened_with(root.path(), 0..10);
    assert!(!old.is_still(&opened));
    old.close(opened);
    let wal = format!("{}-wal", database::FILE);
    assert!(names(root.path()).contains(&wal), "what the new one has not copied yet is still there");
    assert_eq!(found(&opened_with(root.path(), []), 0..10), all_of(0..10));
    drop(store);
}

/// A store that has just flushed the answers of `numbers`.
fn opened_with(root: &Path, numbers: impl IntoIterator<Item = u64>) -> ScoreStore {
    let store = opened(root);
    record_all(&store, numbers);
    store.flush().unwrap();
    store
}

/// Set for the child of the next test: where it writes.
const CHILD_ROOT: &str = "UNDERTONE_TEST_CACHE_ROOT";

/// Not a test by itself: the process that the next test kills.
#[test]
#[ignore = "runs until it is killed"]
fn writes_until_killed() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let store = opened(Path::new(&root));
    let mut out = std::io::stdout();
    for batch in 0.. {
        record_all(&store, batch * 25..(batch + 1) * 25);
        store.flush().unwrap();
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
        let store = opened(root.path());
        assert_eq!(found(&store, 0..most), all_of(0..most));
        assert!(!store.database.is_suspect(), "a kill is not damage");
        store.close().unwrap();
    }
    assert_eq!(names(root.path()), [database::FILE]);
}

//! Disks that are full and places that can't be written to: code 73 before anything is paid where it can be known
//! then, else what is whole stays whole; and a log or a reader that fails takes no result away.
//!
//! A full disk is a small file system in memory, mounted in a name space of the test's own. Where the system does
//! not allow that, its tests say so and end; the limit on a file's size, which every system has, stands beside.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::comprehend::place_for;
use crate::program::{Ended, Place, assert_same, turns};
use crate::standin::{Config, Standin};

/// Every turn a document.
const TURNS: [&str; 3] = ["--granularity", "turn", "data"];

/// Runs `script`, in which `$0` is the program, in `place`, under `wrapper`.
fn shell(place: &Place, wrapper: &[&str], script: &str) -> Ended {
    let program = place.command(&[]);
    let words = [wrapper, &["sh", "-c", script]].concat();
    let (first, rest) = words.split_first().expect("a shell");
    let mut command = Command::new(first);
    command.args(rest).arg(program.get_program()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(place.path("")).stdin(Stdio::null());
    Ended::of(command.output().expect("a shell"))
}

/// What lets a shell mount file systems that nobody else sees.
const ALONE: [&str; 2] = ["unshare", "-rm"];

/// Runs `script` with a file system of `size` in the folder `small`; `None` where the system does not allow it.
#[expect(clippy::print_stderr, reason = "a test that can't run must say so")]
pub(crate) fn on_a_small_disk(place: &Place, size: &str, script: &str) -> Option<Ended> {
    std::fs::create_dir_all(place.path("small")).expect("a folder");
    let mount = format!("mount -t tmpfs -o size={size} none small");
    let allowed = Command::new(ALONE[0]).args([ALONE[1], "sh", "-c", &mount]).current_dir(place.path("")).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: this system lets a test mount no file system, so no disk can be filled");
        return None;
    }
    Some(shell(place, &ALONE, &format!("{mount} && {script}")))
}

#[test]
fn a_full_output_disk_leaves_the_previous_outputs_whole_and_what_was_paid_is_kept() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.write("one.csv", turns(&[["only", "customer", "amara", "thank you, that was great"]]));
    // `run.json` is the same but for the times: compared to the byte, as nothing may touch it.
    let script = r#"
        "$0" analyze -q --cache scores --out small/out one.csv || exit 1
        cp -r small/out before
        "$0" analyze -q --cache scores --out small/out --detail --granularity turn data
        code=$?
        cp -r small/out after
        exit $code"#;
    let Some(ended) = on_a_small_disk(&place, "128k", script) else { return };
    let ended = ended.expect(73);
    assert!(ended.error().starts_with("can't write small/out/"), "{}", ended.stderr);
    assert!(ended.hint().contains("the disk is full"), "{}", ended.stderr);
    assert_eq!(place.outputs("before").0.len(), 7);
    assert!(place.outputs("before") == place.outputs("after"));
    standin.reset_stats();
    place.analyze(&[&["--cache", "scores"], &TURNS[..]].concat(), 0);
    assert_eq!(standin.stats().requests, 0, "a place with room is all that it needs");
}

#[test]
fn a_cache_disk_that_fills_up_costs_no_result_and_the_next_run_pays_for_what_did_not_fit() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let calm = place.analyze(&TURNS, 0);
    let documents = standin.stats().documents_billed;
    standin.reset_stats();
    let script = r#"
        "$0" analyze --cache small --out full --granularity turn data || exit 1
        mount -o remount,size=4m small || exit 1
        "$0" analyze -q --cache small --out roomy --granularity turn data || exit 1
        AWS_ENDPOINT_URL=http://127.0.0.1:9 "$0" analyze -q --cache small --out again --granularity turn data"#;
    let Some(ended) = on_a_small_disk(&place, "128k", script) else { return };
    let ended = ended.expect(0);
    assert!(ended.stderr.contains("could not be kept") && ended.stderr.contains("disk is full"), "{}", ended.stderr);
    for folder in ["full", "roomy", "again"] {
        for name in ["calls.csv", "agents.csv", "failures.csv"] {
            assert_same(name, calm.bytes(name), place.outputs(folder).bytes(name));
        }
    }
    let paid = standin.stats().documents_billed;
    assert!(documents < paid && paid < 2 * documents, "{paid} for {documents} of which some fitted");
}

#[test]
fn a_cache_disk_that_is_full_from_the_start_is_found_out_before_anything_is_paid() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let script = r#"head -c 100000 /dev/zero >small/fill 2>/dev/null
        "$0" analyze --cache small --out out --granularity turn data"#;
    let Some(ended) = on_a_small_disk(&place, "8k", script) else { return };
    let ended = ended.expect(73);
    assert!(ended.error().contains("the score cache can't use small"), "{}", ended.stderr);
    assert!(ended.hint().contains("the disk is full"), "{}", ended.stderr);
    assert_eq!(standin.stats().requests, 0);
}

#[test]
fn a_limit_on_the_size_of_files_is_a_full_disk() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let previous = place.analyze(&["data"], 0);
    let ids: Vec<String> = (0..2000).map(|number| format!("call-{number}")).collect();
    let rows: Vec<_> = ids.iter().map(|id| [id.as_str(), "customer", "amara", "thank you, that was great"]).collect();
    place.write("many.csv", turns(&rows));
    // In units of 512 bytes: room for the one score, not for the table of calls.
    let script = r#"trap '' XFSZ; ulimit -f 256; exec "$0" analyze --cache scores --out out many.csv"#;
    let ended = shell(&place, &[], script).expect(73);
    assert!(ended.error().starts_with("can't write out/"), "{}", ended.stderr);
    assert!(ended.hint().contains("the disk is full"), "{}", ended.stderr);
    assert!(place.outputs("out") == previous);
    standin.reset_stats();
    place.analyze(&["--cache", "scores", "many.csv"], 0);
    assert_eq!(standin.stats().requests, 0);
}

#[test]
fn places_that_can_not_be_written_to_are_refused_before_anything_is_paid() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    place.write("file", "in the way");
    for (flag, folder, shown) in [
        ("--out", "file", "file"),
        ("--out", "file/below", "file/below"),
        ("--out", "/proc/undertone", "/proc/undertone"),
        ("--cache", "file", "score cache"),
        ("--cache", "file/below", "score cache"),
        ("--cache", "/proc/undertone", "score cache"),
    ] {
        let ended = place.run(&["analyze", flag, folder, "data"]).expect(73);
        assert!(ended.error().contains(shown), "{}", ended.stderr);
        assert!(ended.hint().contains(flag), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(standin.stats().requests, 0);
    assert_eq!(std::fs::read(place.path("file")).expect("it is as it was"), b"in the way");
}

#[test]
fn a_log_that_can_not_be_written_ends_no_run() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let full = || File::options().write(true).open("/dev/full").expect("Linux has it");
    for format in ["text", "json"] {
        let folder = format!("out-{format}");
        let arguments = ["analyze", "-vv", "--log-format", format, "--out", &folder, "data"];
        let ended = Ended::of(place.command(&arguments).stderr(full()).output().expect("it runs")).expect(0);
        assert!(ended.stdout.contains("50 calls"), "{}", ended.stdout);
        assert_eq!(place.outputs(&folder).record()["exit_code"], 0);
    }
}

#[test]
fn a_summary_that_can_not_be_printed_takes_no_output_away() {
    let standin = Standin::start(Config::default());
    let place = place_for(&standin);
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    let ended = place.command(&["analyze", "--out", "out", "data"]).stdout(full).output().expect("it runs");
    let ended = Ended::of(ended).expect(73);
    assert!(ended.error().contains("can't write to stdout"), "{}", ended.stderr);
    assert!(ended.hint().contains("the outputs in out are complete"), "{}", ended.stderr);
    assert_eq!(place.outputs("out").record()["exit_code"], 0);
}

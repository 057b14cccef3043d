//! How fast and how large the score cache is: `cargo bench --no-default-features --bench score_cache -- [ENTRIES]`.
//!
//! Fills a cache in a temporary directory with ENTRIES scores (one million unless told), opens it again and
//! looks up random keys, stored and not, in batches of 25 on one thread and on two. Prints rates, bytes an entry,
//! processor time, the time to open, and the memory in use before and after the look-ups.

use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use undertone::cache::{CacheOptions, Key, ScoreStore, Scorer, stats};
use undertone::sentiment::Scores;

/// Look-ups on each thread.
const LOOKUPS: u64 = 2_000_000;
/// Keys in one look-up: a full batch of the service.
const BATCH: usize = 25;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entries = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let root = tempfile::tempdir()?;
    let mut out = io::stdout();
    let opened = || ScoreStore::open(root.path(), &scorer(), CacheOptions::new());

    let (started, busy) = (Instant::now(), processor_seconds());
    let cache = opened()?;
    (0..entries).for_each(|number| cache.record(key(number), scores(number)));
    cache.flush()?;
    let filled = started.elapsed().as_secs_f64();
    writeln!(
        out,
        "filled      {entries} scores, {:.0} a second, {:.0} a processor second, {} MiB in memory",
        entries as f64 / filled,
        entries as f64 / (processor_seconds() - busy),
        memory_mib()
    )?;
    let started = Instant::now();
    cache.close()?;
    writeln!(out, "closed      {:.2} s", started.elapsed().as_secs_f64())?;

    let bytes = stats(root.path())?.bytes;
    writeln!(out, "size        {:.2} bytes an entry in {} files", bytes as f64 / entries as f64, files(root.path())?)?;
    let started = Instant::now();
    let cache = opened()?;
    writeln!(out, "opened      {:.1} ms, {} MiB in memory", started.elapsed().as_secs_f64() * 1e3, memory_mib())?;

    for (what, first) in [("stored", 0), ("unknown", entries)] {
        for threads in [1, 2] {
            let (started, busy) = (Instant::now(), processor_seconds());
            let found: u64 = std::thread::scope(|scope| {
                let cache = &cache;
                let threads: Vec<_> =
                    (0..threads).map(|thread| scope.spawn(move || look_up(cache, first, entries, thread))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
            });
            let lookups = (LOOKUPS * threads) as f64;
            let rate = lookups / started.elapsed().as_secs_f64();
            let effort = lookups / (processor_seconds() - busy);
            writeln!(
                out,
                "{what:<11} {rate:.0} a second on {threads} threads, {effort:.0} a processor second, {found} found"
            )?;
        }
    }
    writeln!(out, "afterwards  {} MiB in memory", memory_mib())?;
    Ok(())
}

/// Looks up random numbers from `first` on; how many had the right scores.
fn look_up(cache: &ScoreStore, first: u64, entries: u64, seed: u64) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut found = 0;
    for _ in 0..LOOKUPS / BATCH as u64 {
        let numbers: [u64; BATCH] = std::array::from_fn(|_| first + random.u64(..entries));
        let answers = cache.lookup(&numbers.map(key));
        found +=
            answers.iter().zip(numbers).filter(|(answer, number)| **answer == Some(scores(*number))).count() as u64;
    }
    found
}

fn scorer() -> Scorer {
    Scorer { engine: "bench".into(), model: "1".into() }
}

fn key(number: u64) -> Key {
    scorer().key("en", &format!("The text of document number {number}."))
}

fn scores(number: u64) -> Scores {
    let share = (number % 9_973) as f64 / 9_973.0;
    let [half, rest] = [share / 2.0, 0.5 - share / 2.0];
    Scores::new(half, rest, half, rest).unwrap_or(Scores { positive: 1.0, negative: 0.0, neutral: 0.0, mixed: 0.0 })
}

fn files(root: &Path) -> io::Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        files += if path.is_dir() { self::files(&path)? } else { 1 };
    }
    Ok(files)
}

/// Seconds that this process has kept processors busy, where the system tells: what a machine with other work shows best.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    ticks.sum::<u64>() as f64 / 100.0
}

/// Resident memory where the system tells, else 0.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

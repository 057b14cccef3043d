//! The same turns give the same bytes, whatever the order of rows, the split into files, the concurrency, the memory
//! and the order of answers.

use crate::program::{Outputs, Place, samples, write_csv};
#[cfg(feature = "comprehend")]
use crate::standin::{Config, Faults, Standin};

/// The sample transcripts as rows, under their header.
fn sample_rows() -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut header = csv::StringRecord::new();
    let mut rows = Vec::new();
    for (_, content) in samples() {
        let mut reader = csv::Reader::from_reader(content.as_slice());
        header.clone_from(reader.headers().expect("a header"));
        rows.extend(reader.records().map(|row| row.expect("a row")));
    }
    (header, rows)
}

fn file(header: &csv::StringRecord, rows: &[csv::StringRecord]) -> Vec<u8> {
    write_csv(std::iter::once(header).chain(rows).map(|row| row.iter().collect::<Vec<_>>()))
}

/// The samples in any order, in as many files as there are names.
fn shuffled_into(place: &Place, names: &[&str], seed: u64) {
    let (header, mut rows) = sample_rows();
    let mut random = fastrand::Rng::with_seed(seed);
    random.shuffle(&mut rows);
    let mut parts = vec![Vec::new(); names.len()];
    for row in rows {
        parts[random.usize(..names.len())].push(row);
    }
    for (name, rows) in names.iter().zip(parts) {
        place.write(name, file(&header, &rows));
    }
}

/// Every way of giving the samples to the program, with the arguments that go with it.
const WAYS: [(&[&str], &[&str]); 5] = [
    (&["in/all.csv"], &["in"]),
    (&["in/all.csv"], &["--concurrency", "1", "in/all.csv"]),
    (&["in/b.csv", "in/a.txt", "in/deep/er/c.csv"], &["--concurrency", "2", "in"]),
    (&["1.csv", "2.csv", "3.csv", "4.csv", "5.csv"], &["--concurrency", "7", "4.csv", "*.csv"]),
    (&["x.csv", "in/x.csv"], &["in", "x.csv"]),
];

fn expect_the_same_in_every_way(place: &mut Place, arguments: &[&str]) -> Outputs {
    let expected = place.analyze(&[&["--detail"], arguments, &["data"]].concat(), 0);
    for (seed, (names, inputs)) in (1..).zip(WAYS) {
        for name in ["in", "x.csv", "1.csv", "2.csv", "3.csv", "4.csv", "5.csv"] {
            let path = place.path(name);
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
        shuffled_into(place, names, seed);
        let found = place.analyze(&[&["--detail"], arguments, inputs].concat(), 0);
        expected.expect_same_tables(&found);
    }
    expected
}

#[test]
fn any_order_any_files_and_any_concurrency_give_the_same_bytes_with_the_local_engine() {
    expect_the_same_in_every_way(&mut Place::with_samples(), &[]);
}

#[cfg(feature = "comprehend")]
#[test]
fn any_order_any_files_any_concurrency_and_any_order_of_answers_give_the_same_bytes_with_comprehend() {
    let standin = Standin::start(Config::default());
    let mut place = Place::with_samples();
    place.set(standin.env());
    place.set([("UNDERTONE_COMPREHEND_REQUESTS_PER_SECOND", "1000")]);
    standin.set(|config| {
        config.jitter = std::time::Duration::from_millis(40);
        config.faults = Faults { shuffled: 1.0, ..Faults::default() };
    });
    let jittery = expect_the_same_in_every_way(&mut place, &["--engine", "comprehend"]);
    standin.set(|config| *config = Config { port: config.port, ..Config::default() });
    let calm = place.analyze(&["--detail", "--engine", "comprehend", "data"], 0);
    calm.expect_same_tables(&jittery);
}

#[test]
fn rows_that_do_not_fit_into_memory_give_the_same_bytes() {
    let mut place = Place::new();
    let (header, rows) = sample_rows();
    // Calls of one id each land in one place: enough of one call to overflow the least of memories.
    let many = (0..40).flat_map(|copy| {
        rows.iter().take(60).map(move |row| {
            let cells = row.iter().enumerate().map(|(index, cell)| match index {
                1 => (copy * 100 + cell.parse::<u32>().expect("a turn's number")).to_string(),
                _ => cell.to_owned(),
            });
            cells.collect::<csv::StringRecord>()
        })
    });
    place.write("in.csv", file(&header, &many.collect::<Vec<_>>()));
    let roomy = place.analyze(&["--detail", "in.csv"], 0);
    place.set([("UNDERTONE_MEMORY", "1KiB")]);
    roomy.expect_same_tables(&place.analyze(&["--detail", "in.csv"], 0));
    // And it was no accident: without a folder for temporary files it can't be done.
    place.set([("TMPDIR", "nowhere")]);
    let ended = place.run(&["analyze", "--out", "out", "in.csv"]).expect(73);
    assert!(ended.hint().contains("TMPDIR"), "{}", ended.stderr);
}

#[test]
fn two_runs_differ_in_nothing_but_times() {
    let place = Place::with_samples();
    let (one, other) = (place.analyze(&["data"], 0), place.analyze(&["data"], 0));
    for (name, bytes) in &one.0 {
        if name != "run.json" {
            crate::program::assert_same(name, bytes, other.bytes(name));
        }
    }
    let [one, other] = [one, other].map(|outputs| {
        let mut record = outputs.record();
        for name in ["run_id", "started_at", "finished_at", "seconds"] {
            record.as_object_mut().expect("an object").remove(name).expect("it is there");
        }
        record
    });
    assert_eq!(one, other);
}

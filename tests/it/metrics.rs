//! The file of metrics and the log's run id, through the whole program.

use crate::program::Place;

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

fn read(place: &Place) -> String {
    std::fs::read_to_string(place.path("m.prom")).expect("a file of metrics")
}

#[test]
fn a_run_writes_its_figures_and_one_that_fails_keeps_the_last_success() {
    let place = Place::with_samples();
    place.run(&["analyze", "--metrics", "m.prom", "data"]).expect(0);
    let record = place.outputs("undertone-out").record();
    let good = read(&place);
    assert_eq!(value(&good, "undertone_calls{outcome=\"scored\"}"), record["counts"]["calls_scored"].as_f64());
    assert_eq!(value(&good, "undertone_segments{outcome=\"scored\"}"), record["counts"]["scored"].as_f64());
    assert_eq!(value(&good, "undertone_exit_code"), Some(0.0));
    let success = value(&good, "undertone_last_success_timestamp_seconds").expect("a time");
    place.run(&["analyze", "--metrics", "m.prom", "nowhere"]).expect(66);
    let failed = read(&place);
    assert_eq!(value(&failed, "undertone_exit_code"), Some(66.0));
    assert_eq!(value(&failed, "undertone_last_success_timestamp_seconds"), Some(success));
    assert_eq!(value(&failed, "undertone_calls{outcome=\"scored\"}"), None);
}

#[test]
fn metrics_that_cannot_be_written_leave_the_outputs_whole() {
    let place = Place::with_samples();
    let ended = place.run(&["analyze", "--metrics", "no/such/folder.prom", "data"]).expect(73);
    assert!(
        ended.stderr.contains("folder.prom") && ended.stderr.contains("only the metrics are missing"),
        "{}",
        ended.stderr
    );
    assert_eq!(place.outputs("undertone-out").record()["exit_code"], 0);
}

#[test]
fn every_json_line_of_the_log_has_the_id_of_the_run() {
    let place = Place::with_samples();
    let ended = place.run(&["analyze", "-v", "--log-format", "json", "data"]).expect(0);
    let id = place.outputs("undertone-out").record()["run_id"].clone();
    assert!(id.as_str().is_some_and(|id| id.len() == 23), "{id}");
    assert!(ended.stderr.lines().count() > 1);
    for line in ended.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["run_id"], id);
    }
}

//! How values are written: what spreadsheets, dashboards and people rely on.

use crate::program::{Place, turns, write_csv};

#[test]
fn text_that_a_spreadsheet_would_run_is_guarded() {
    let place = Place::new();
    let rows = ["=1+1", "+1", "-1", "@sum", "\tx", "plain"].map(|name| [name, "customer", name, "this is great"]);
    place.write("in.csv", turns(&rows));
    let guarded = place.analyze(&["--detail", "in.csv"], 0);
    for table in ["calls.csv", "agents.csv", "segments.csv"] {
        for cell in guarded.table(table).rows.iter().map(|row| &row[0]) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{table}: {cell:?}");
        }
    }
    assert_eq!(guarded.table("calls.csv").cell("'=1+1", "agent_id"), "'=1+1");
    let unguarded = place.analyze(&["--csv-guard=off", "in.csv"], 0);
    assert_eq!(unguarded.table("calls.csv").cell("=1+1", "agent_id"), "=1+1");
    assert_eq!(unguarded.table("agents.csv").rows.len(), 6);
}

#[test]
fn a_byte_order_mark_comes_only_when_asked_for() {
    let place = Place::with_samples();
    let plain = place.analyze(&["data"], 0);
    let marked = place.analyze(&["--bom", "data"], 0);
    for name in ["calls.csv", "agents.csv", "failures.csv", "rejects.csv"] {
        assert!(!plain.bytes(name).starts_with(b"\xef\xbb\xbf"), "{name}");
        assert_eq!(marked.bytes(name), [b"\xef\xbb\xbf", plain.bytes(name)].concat(), "{name}");
    }
}

#[test]
fn no_field_holds_a_line_break_and_lines_end_with_one_character() {
    let place = Place::new();
    place.write("in.csv", turns(&[["two\nlines", "customer", "a\r\nb", "this is great\nthank you"]]));
    let outputs = place.analyze(&["--detail", "in.csv"], 0);
    assert_eq!(outputs.table("calls.csv").column("call_id"), ["two lines"]);
    assert_eq!(outputs.table("agents.csv").column("agent_id"), ["a  b"]);
    for (name, table) in outputs.tables() {
        let text = outputs.text(name);
        assert!(!text.contains('\r'), "{name}");
        assert_eq!(text.matches('\n').count(), table.rows.len() + 1, "{name}");
    }
}

/// Whether a cell is a decimal with four places, without exponent and negative zero.
fn is_decimal(cell: &str) -> bool {
    let (whole, places) = cell.strip_prefix('-').unwrap_or(cell).split_once('.').unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(places) && places.len() == 4 && cell != "-0.0000"
}

#[test]
fn every_cell_is_of_its_columns_type_or_empty() {
    let outputs = Place::with_samples().analyze(&["--detail", "data"], 0);
    let package: serde_json::Value = serde_json::from_str(outputs.text("datapackage.json")).expect("JSON");
    let mut decimals = 0;
    for resource in package["resources"].as_array().expect("a list") {
        let name = resource["path"].as_str().expect("a path");
        let table = outputs.table(name);
        for field in resource["schema"]["fields"].as_array().expect("a list") {
            let column = field["name"].as_str().expect("a name");
            for cell in table.column(column).into_iter().filter(|cell| !cell.is_empty()) {
                let right = match field["type"].as_str().expect("a type") {
                    "number" => is_decimal(cell),
                    "integer" => cell.parse::<i64>().is_ok(),
                    "boolean" => matches!(cell, "0" | "1"),
                    "date" => cell.parse::<jiff::civil::Date>().is_ok(),
                    "datetime" => cell.parse::<jiff::Timestamp>().is_ok(),
                    "string" => true,
                    other => panic!("{column} is of type {other}"),
                };
                decimals += usize::from(is_decimal(cell));
                assert!(right, "{name}: {column} is {cell}");
            }
        }
    }
    assert!(decimals > 1000, "{decimals}");
}

#[test]
fn rows_are_sorted_by_their_ids() {
    let outputs = Place::with_samples().analyze(&["data"], 0);
    for (name, id) in [("calls.csv", "call_id"), ("agents.csv", "agent_id")] {
        let table = outputs.table(name);
        let ids = table.column(id);
        assert!(ids.is_sorted_by(|one, next| one < next), "{name}: {ids:?}");
    }
}

#[test]
fn a_transferred_call_names_all_its_agents_and_counts_for_the_one_who_had_most_of_it() {
    let place = Place::new();
    let said = "yes I can certainly help you with that, one moment please";
    place.write(
        "in.csv",
        turns(&[
            ["c", "agent", "amara", "hello"],
            ["c", "customer", "amara", "hello, something is wrong with my bill"],
            ["c", "agent", "boris", said],
            ["c", "customer", "boris", "that is great, thank you so much for the help"],
            ["c", "agent", "boris", said],
            ["d", "customer", "", "is anybody there"],
        ]),
    );
    let outputs = place.analyze(&["in.csv"], 0);
    let calls = outputs.table("calls.csv");
    assert_eq!((calls.cell("c", "agent_id"), calls.cell("c", "agents")), ("boris", "amara;boris"));
    assert_eq!((calls.cell("d", "agent_id"), calls.cell("d", "agents")), ("", ""));
    assert_eq!(outputs.record()["counts"]["calls_without_agent"], 1);
    let agents = outputs.table("agents.csv");
    assert!(!agents.column("agent_id").contains(&""));
}

#[test]
fn what_is_not_known_is_empty_and_not_zero() {
    let place = Place::new();
    place.write("in.csv", turns(&[["silent", "agent", "amara", "hello, is anybody there?"]]));
    let outputs = place.analyze(&["in.csv"], 0);
    let calls = outputs.table("calls.csv");
    for column in ["call_date", "started_at", "duration_s", "queue", "channel", "customer_score", "customer_label"] {
        assert_eq!(calls.cell("silent", column), "", "{column}");
    }
    assert_eq!(calls.cell("silent", "customer_turns"), "0");
    assert_ne!(calls.cell("silent", "agent_score"), "");
    let agents = outputs.table("agents.csv");
    for column in ["customer_score_raw", "customer_score_adjusted", "funnel_z", "q_value"] {
        assert_eq!(agents.cell("amara", column), "", "{column}");
    }
    assert_eq!(agents.cell("amara", "calls_scored"), "0");
}

#[test]
fn dates_follow_the_time_zone_and_starts_stay_in_utc() {
    let place = Place::new();
    let rows = [["call_id", "speaker", "timestamp", "text"], ["c", "customer", "2026-11-02T23:30:00Z", "great"]];
    place.write("in.csv", write_csv(rows));
    for (zone, date) in [("UTC", "2026-11-02"), ("Europe/Berlin", "2026-11-03"), ("America/New_York", "2026-11-02")] {
        let calls = place.analyze(&["--timezone", zone, "in.csv"], 0).table("calls.csv");
        assert_eq!(calls.cell("c", "call_date"), date, "{zone}");
        assert_eq!(calls.cell("c", "started_at"), "2026-11-02T23:30:00Z");
    }
}

//! That the check refuses what is wrong: one that can't fail is no check.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{FILE, problems};

const TABLE: &str = "id,n,x,flag,day,at,kind\n\
    a,1,-0.5000,1,2026-02-28,2026-02-28T01:02:03Z,good\n\
    \"b,\"\"c\"\"\",,,,,,\n";

/// A description of [`TABLE`] that says something of every kind that is understood.
fn package() -> Value {
    json!({
        "$schema": "https://datapackage.org/profiles/1.0/datapackage.json",
        "profile": "tabular-data-package",
        "name": "test",
        "resources": [{
            "profile": "tabular-data-resource",
            "name": "table",
            "path": "table.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": TABLE.len(),
            "dialect": { "delimiter": ",", "quoteChar": "\"", "doubleQuote": true, "lineTerminator": "\n", "header": true },
            "schema": {
                "fields": [
                    { "name": "id", "type": "string", "constraints": { "required": true, "maxLength": 5 } },
                    { "name": "n", "type": "integer", "constraints": { "unique": true } },
                    { "name": "x", "type": "number", "constraints": { "minimum": -1, "maximum": 1 } },
                    { "name": "flag", "type": "boolean", "trueValues": ["1"], "falseValues": ["0"] },
                    { "name": "day", "type": "date" },
                    { "name": "at", "type": "datetime" },
                    { "name": "kind", "type": "string", "constraints": { "enum": ["good", "bad"] } },
                ],
                "missingValues": [""],
                "primaryKey": ["id"],
            },
        }],
    })
}

fn problems_of(package: &Value, table: &[u8]) -> Vec<String> {
    let home = tempfile::tempdir().expect("a temporary folder");
    fs::write(home.path().join(FILE), package.to_string()).expect("a file");
    fs::write(home.path().join("table.csv"), table).expect("a file");
    problems(home.path())
}

/// Insists on one problem that holds `part`.
fn expect_problem(package: &Value, table: impl AsRef<[u8]>, part: &str) {
    let found = problems_of(package, table.as_ref());
    assert!(matches!(found.as_slice(), [problem] if problem.contains(part)), "{part}: {found:?}");
}

/// The description without what a changed table would break by itself.
fn of_any_length() -> Value {
    let mut package = package();
    package["resources"][0].as_object_mut().expect("an object").remove("bytes");
    package
}

/// The description with one value in it changed.
fn changed(pointer: &str, value: Value) -> Value {
    let mut package = of_any_length();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match package.pointer_mut(parent).expect("it is there") {
        Value::Object(object) => drop(object.insert(name.to_owned(), value)),
        other => panic!("{pointer} lies in {other}"),
    }
    package
}

#[test]
fn a_right_package_has_no_problem() {
    assert_eq!(problems_of(&package(), TABLE.as_bytes()), [""; 0]);
    let hash = format!("sha256:{}", "0".repeat(64));
    let marked = format!("\u{feff}{TABLE}");
    assert_eq!(problems_of(&changed("/resources/0/encoding", json!("utf-8-sig")), marked.as_bytes()), [""; 0]);
    expect_problem(&changed("/resources/0/hash", json!(hash)), TABLE, "hash");
    let header_only = TABLE.lines().next().map(|header| format!("{header}\n")).expect("a header");
    assert_eq!(problems_of(&of_any_length(), header_only.as_bytes()), [""; 0]);
}

#[test]
fn a_cell_that_its_field_does_not_allow_is_a_problem() {
    let wrong = [
        ("a,1,", "a,1.0,", "integer"),
        ("a,1,", "a,one,", "integer"),
        ("a,1,", "a,\" 1\",", "integer"),
        ("-0.5000", "NaN", "number"),
        ("-0.5000", "0x1", "number"),
        ("-0.5000", "-1.0001", "minimum"),
        ("-0.5000", "1.0001", "maximum"),
        (",1,2026", ",true,2026", "boolean"),
        ("2026-02-28,", "2026-02-30,", "date"),
        ("2026-02-28,", "20260228,", "date"),
        ("2026-02-28,", "2026-02-28T00:00:00Z,", "date"),
        ("T01:02:03Z", "T25:02:03Z", "datetime"),
        ("T01:02:03Z", " 01:02:03", "datetime"),
        ("T01:02:03Z", "T01:02:03+01:00", "datetime"),
        ("good", "ugly", "none of"),
        ("a,1,", "abcdef,1,", "too long"),
        ("a,1,", ",1,", "required"),
    ];
    for (part, instead, problem) in wrong {
        assert_eq!(TABLE.matches(part).count(), 1, "{part}");
        expect_problem(&of_any_length(), TABLE.replace(part, instead), problem);
    }
}

#[test]
fn rows_that_do_not_fit_the_table_are_a_problem() {
    let package = of_any_length();
    for (row, problem) in [
        ("c,,,,,", "6 cells"),
        ("c,,,,,,,", "8 cells"),
        (",,,,,,", "a row of nothing"),
        ("a,,,,,,", "the key [\"a\"] is there twice"),
        ("c,1,,,,,", "n: \"1\": it is there twice"),
        ("", "an empty line"),
    ] {
        expect_problem(&package, format!("{TABLE}{row}\n"), problem);
    }
    expect_problem(&package, TABLE.replace("id,n", "n,id"), "header");
    expect_problem(&package, TABLE.replace(",kind", ""), "header");
    expect_problem(&package, TABLE.replace('\n', "\r\n"), "header");
    expect_problem(&package, TABLE.trim_end(), "no end");
    expect_problem(&package, "", "no header");
    expect_problem(&package, [TABLE.as_bytes(), b"\xff,,,,,,\n"].concat(), "utf-8");
    expect_problem(&package, format!("\u{feff}{TABLE}"), "byte order mark");
}

#[test]
fn a_key_that_is_empty_is_a_problem() {
    let package = changed("/resources/0/schema/primaryKey", json!(["id", "n"]));
    expect_problem(&package, TABLE, "nothing in the key");
    expect_problem(&changed("/resources/0/schema/primaryKey", json!("name")), TABLE, "no field name");
}

#[test]
fn a_description_that_is_wrong_or_not_understood_is_a_problem() {
    let field = |field: Value| {
        let mut package = of_any_length();
        package["resources"][0]["schema"]["fields"][1] = field;
        package
    };
    for (package, problem) in [
        (changed("/resources/0/bytes", json!(3)), "bytes"),
        (changed("/resources/0/hash", json!("0000")), "hash"),
        (changed("/resources/0/path", json!("../table.csv")), "leaves the directory"),
        (changed("/resources/0/path", json!("/table.csv")), "leaves the directory"),
        (changed("/resources/0/path", json!("other.csv")), "other.csv"),
        (changed("/resources/0/name", json!("Table 1")), "no name"),
        (changed("/resources/0/encoding", json!("latin-1")), "encoding"),
        (changed("/resources/0/encoding", json!("utf-8-sig")), "no byte order mark"),
        (changed("/resources/0/dialect/header", json!(false)), "header"),
        (changed("/resources/0/dialect/commentChar", json!("#")), "commentChar"),
        (changed("/resources/0/dialect/delimiter", json!(";")), "header"),
        (changed("/resources/0/profile", json!("data-resource")), "profile"),
        (changed("/resources/0/schema/foreignKeys", json!([])), "foreignKeys"),
        (changed("/resources/0/schema/missingValues", json!(["-"])), "integer"),
        (changed("/resources/0/licenses", json!([])), "licenses"),
        (changed("/resources", json!([])), "nothing"),
        (field(json!({ "name": "n", "type": "geopoint" })), "geopoint"),
        (field(json!({ "name": "n", "type": "integer", "format": "any" })), "format"),
        (field(json!({ "name": "n", "type": "integer", "bareNumber": false })), "bareNumber"),
        (field(json!({ "name": "n", "constraints": { "pattern": ".*" } })), "pattern"),
        (field(json!({ "name": "id" })), "two of one name"),
    ] {
        expect_problem(&package, TABLE, problem);
    }
    assert!(problems(Path::new("not there"))[0].starts_with(FILE));
}

//! Whether an output directory is what its own datapackage.json says: the Data Package and Table Schema
//! specifications (<https://specs.frictionlessdata.io>), as far as this program uses them.
//!
//! Every run of the program in these tests ends here, see [`crate::program`]. What a package may say and this file does
//! not understand is a problem too, so that nothing is ever passed over.

mod schema;
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use schema::Schema;

/// The description's name in its directory.
pub(crate) const FILE: &str = "datapackage.json";

/// Everything in which the directory is not what its description says; empty if all is well.
pub(crate) fn problems(directory: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    if let Err(problem) = check_package(directory, &mut problems) {
        problems.push(format!("{FILE}: {problem}"));
    }
    problems
}

/// Checks the description, then each file that it names; `Err` if it can't be understood at all.
fn check_package(directory: &Path, problems: &mut Vec<String>) -> Result<(), String> {
    let bytes = fs::read(directory.join(FILE)).map_err(|error| error.to_string())?;
    let package: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let package = package.as_object().ok_or("it is no object")?;
    known(package, &["$schema", "profile", "name", "title", "description", "version", "resources"])?;
    let tabular = match text(package, "profile")? {
        "tabular-data-package" => true,
        "data-package" => false,
        other => return Err(format!("profile {other}")),
    };
    if package.contains_key("name") {
        check_name(text(package, "name")?)?;
    }
    let resources = package.get("resources").and_then(Value::as_array).ok_or("no list of resources")?;
    if resources.is_empty() {
        return Err("it describes nothing".into());
    }
    let mut names = BTreeSet::new();
    for resource in resources {
        let resource = resource.as_object().ok_or("a resource is no object")?;
        let name = text(resource, "name")?;
        check_name(name)?;
        if !names.insert(name) {
            return Err(format!("two resources are called {name}"));
        }
        if let Err(problem) = check_resource(directory, resource, tabular, problems) {
            problems.push(format!("{name}: {problem}"));
        }
    }
    Ok(())
}

/// Checks one file; its rows' problems go to `problems`, `Err` is what keeps rows from being looked at.
fn check_resource(
    directory: &Path,
    resource: &Map<String, Value>,
    tabular: bool,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let properties = [
        "profile",
        "name",
        "path",
        "title",
        "description",
        "format",
        "mediatype",
        "encoding",
        "bytes",
        "hash",
        "dialect",
        "schema",
    ];
    known(resource, &properties)?;
    let profile = resource.get("profile").and_then(Value::as_str).unwrap_or("data-resource");
    if tabular && profile != "tabular-data-resource" {
        return Err(format!("profile {profile} in a tabular package"));
    }
    for (property, only) in [("format", "csv"), ("mediatype", "text/csv")] {
        if resource.get(property).is_some_and(|value| value != only) {
            return Err(format!("{property} is not {only}"));
        }
    }
    let path = text(resource, "path")?;
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || path.contains("://") {
        return Err(format!("path {path} leaves the directory"));
    }
    let bytes = fs::read(directory.join(path)).map_err(|error| format!("{path}: {error}"))?;
    check_bytes(resource, &bytes)?;
    let content = decoded(resource, &bytes)?;
    let reader = reader(resource.get("dialect"))?;
    let schema = resource.get("schema").ok_or("no schema")?;
    check_rows(path, content, &reader, &Schema::read(schema)?, problems)
}

/// The file's length and hash, where they are given.
fn check_bytes(resource: &Map<String, Value>, bytes: &[u8]) -> Result<(), String> {
    if resource.get("bytes").is_some_and(|given| given != bytes.len()) {
        return Err(format!("{} bytes, not {}", bytes.len(), resource["bytes"]));
    }
    if resource.contains_key("hash") {
        let given =
            text(resource, "hash")?.strip_prefix("sha256:").ok_or("the hash is not sha256: and can't be checked")?;
        let digest = Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        if digest != given {
            return Err(format!("hash {digest}, not {given}"));
        }
    }
    Ok(())
}

/// The file's text in the encoding that is given.
fn decoded<'a>(resource: &Map<String, Value>, bytes: &'a [u8]) -> Result<&'a str, String> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let bytes = match resource.get("encoding").map_or(Some("utf-8"), Value::as_str) {
        // The reader of rows would pass over a mark; whoever goes by the encoding takes it for a part of the header.
        Some("utf-8") if bytes.starts_with(MARK) => return Err("a byte order mark before utf-8".into()),
        Some("utf-8") => bytes,
        Some("utf-8-sig") => bytes.strip_prefix(MARK).ok_or("no byte order mark before utf-8-sig")?,
        other => return Err(format!("encoding {other:?}")),
    };
    std::str::from_utf8(bytes).map_err(|error| error.to_string())
}

/// A reader by the dialect; what the dialect leaves out is as the specification says.
fn reader(dialect: Option<&Value>) -> Result<csv::ReaderBuilder, String> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true);
    let Some(dialect) = dialect else { return Ok(builder) };
    let dialect = dialect.as_object().ok_or("the dialect is no object")?;
    for (property, value) in dialect {
        let byte = || match value.as_str().map(str::as_bytes) {
            Some([byte]) => Ok(*byte),
            _ => Err(format!("{property} is {value}, not one byte")),
        };
        match property.as_str() {
            "delimiter" => drop(builder.delimiter(byte()?)),
            "quoteChar" => drop(builder.quote(byte()?)),
            "lineTerminator" => drop(builder.terminator(csv::Terminator::Any(byte()?))),
            "doubleQuote" => drop(builder.double_quote(value.as_bool().ok_or("doubleQuote is no boolean")?)),
            "header" if value == &Value::Bool(true) => {}
            _ => return Err(format!("{property} = {value} in the dialect is not understood")),
        }
    }
    Ok(builder)
}

/// Checks the header against the schema, and every row below it for its first problem.
fn check_rows(
    path: &str,
    content: &str,
    reader: &csv::ReaderBuilder,
    schema: &Schema,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let mut records = reader.from_reader(content.as_bytes()).into_records();
    let header = records.next().ok_or("no header")?.map_err(|error| error.to_string())?;
    if !header.iter().eq(schema.names()) {
        return Err(format!("the header is {:?}, not {:?}", header, schema.names().collect::<Vec<_>>()));
    }
    if !content.ends_with('\n') {
        problems.push(format!("{path}: the last line has no end"));
    }
    // The reader of rows passes over them; no cell of this program's holds a line break.
    if content.contains("\n\n") {
        problems.push(format!("{path}: an empty line"));
    }
    let mut rows = schema.rows();
    for (number, record) in (2..).zip(records) {
        let record = record.map_err(|error| error.to_string())?;
        if let Err(problem) = rows.check(&record.iter().collect::<Vec<_>>()) {
            problems.push(format!("{path}: record {number}: {problem}"));
        }
    }
    Ok(())
}

/// A property that must be there and be a string.
fn text<'a>(object: &'a Map<String, Value>, property: &str) -> Result<&'a str, String> {
    object.get(property).and_then(Value::as_str).ok_or_else(|| format!("no {property}"))
}

/// Insists that all properties are among those that are checked.
fn known(object: &Map<String, Value>, properties: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !properties.contains(&key.as_str())) {
        Some(strange) => Err(format!("the property {strange} is not understood")),
        None => Ok(()),
    }
}

/// A name that can stand in an address: small letters, digits, `.`, `_`, `-` and `/`.
fn check_name(name: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    if !name.is_empty() && name.bytes().all(fits) { Ok(()) } else { Err(format!("{name:?} is no name")) }
}

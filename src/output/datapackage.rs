//! datapackage.json: a Frictionless schema of every table, so that a dashboard knows types and meanings.

use serde_json::{Value, json};

use super::table::{Field, Kind};

/// A table as the package describes it.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The file.
    pub file: &'static str,
    /// What one row is.
    pub about: &'static str,
    /// The columns that tell rows apart; empty when rows are only listed.
    pub key: &'static [&'static str],
    /// The columns.
    pub fields: Vec<Field>,
}

/// The package of these tables.
#[must_use]
pub fn describe(resources: &[Resource], schema_version: &str, bom: bool) -> Value {
    json!({
        "$schema": "https://datapackage.org/profiles/1.0/datapackage.json",
        "profile": "tabular-data-package",
        "name": "undertone",
        "title": "Sentiment of contact-centre calls",
        "version": schema_version,
        "resources": resources.iter().map(|resource| resource_json(resource, bom)).collect::<Vec<_>>(),
    })
}

fn resource_json(resource: &Resource, bom: bool) -> Value {
    let mut schema = json!({
        "fields": resource.fields.iter().map(field_json).collect::<Vec<_>>(),
        "missingValues": [""],
    });
    if !resource.key.is_empty() {
        schema["primaryKey"] = json!(resource.key);
    }
    json!({
        "profile": "tabular-data-resource",
        "name": resource.file.trim_end_matches(".csv"),
        "path": resource.file,
        "description": resource.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": if bom { "utf-8-sig" } else { "utf-8" },
        "dialect": { "delimiter": ",", "quoteChar": "\"", "doubleQuote": true, "lineTerminator": "\n", "header": true },
        "schema": schema,
    })
}

fn field_json(field: &Field) -> Value {
    let mut json = json!({ "name": field.name, "description": field.meaning });
    match field.kind {
        Kind::Text => json["type"] = json!("string"),
        Kind::Integer => json["type"] = json!("integer"),
        Kind::Number => json["type"] = json!("number"),
        Kind::Flag => {
            json["type"] = json!("boolean");
            json["trueValues"] = json!(["1"]);
            json["falseValues"] = json!(["0"]);
        }
        Kind::Date => json["type"] = json!("date"),
        Kind::Timestamp => json["type"] = json!("datetime"),
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_booleans_written_as_digits() {
        let fields = vec![Field { name: "escalated", kind: Kind::Flag, meaning: "it escalated" }];
        let package =
            describe(&[Resource { file: "calls.csv", about: "calls", key: &["call_id"], fields }], "1", false);
        let resource = &package["resources"][0];
        assert_eq!(resource["name"], "calls");
        assert_eq!(resource["schema"]["primaryKey"], json!(["call_id"]));
        let field = &resource["schema"]["fields"][0];
        assert_eq!(field["type"], "boolean");
        assert_eq!(field["trueValues"], json!(["1"]));
    }
}

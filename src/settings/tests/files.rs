//! The committed files, the commented file and the listing.

use super::*;

#[test]
fn the_committed_file_is_what_config_init_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/undertone.toml");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, commented_file(), "`undertone config init --force config/undertone.toml` writes it");
}

#[test]
fn the_commented_file_holds_every_key_at_its_default() {
    let text = commented_file();
    assert_eq!(without_provenance(resolve(&text, &[], &[]).unwrap()), Settings::default());
    let examples: Vec<String> = text.lines().map(uncommented).collect();
    let layer = layers::parse(Path::new("all.toml"), &examples.join("\n"));
    assert_eq!(layer.problems.len(), 0);
    let assigned: BTreeSet<&str> = layer.assignments.iter().map(|assignment| assignment.key.name).collect();
    assert_eq!(assigned, KEYS.iter().map(|key| key.name).collect());
    let mut settings = Settings::default();
    let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
    assert_eq!(problems.len(), 0, "{problems:?}");
}

/// An example that is commented out, made an assignment.
fn uncommented(line: &str) -> String {
    let example = line.strip_prefix("# ").filter(|rest| {
        rest.split_once(" = ").is_some_and(|(name, _)| KEYS.iter().any(|key| key.name.ends_with(&format!(".{name}"))))
    });
    example.unwrap_or(line).to_owned()
}

fn without_provenance(settings: Settings) -> Settings {
    Settings { provenance: Provenance::default(), ..settings }
}

#[test]
fn the_nightly_file_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nightly.toml");
    let layer = layers::file(&path);
    assert_eq!(layer.problems.len(), 0, "{:?}", layer.problems);
    let mut settings = Settings::default();
    let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
    assert_eq!(problems.len(), 0, "{problems:?}");
    assert_eq!(settings.engine, EngineName::Comprehend);
    assert_eq!(settings.log_format, LogFormat::Json);
    assert!(settings.cost.max.is_some() && settings.comprehend.region.is_some() && settings.detail);
}

#[test]
fn the_listing_reads_back_and_tells_where_values_came_from() {
    let settings = resolve("[map]\ntext = 'Body'", &[("UNDERTONE_DETAIL", "on")], &[("out", "a # b")]).unwrap();
    let listing = settings.listing();
    assert!(listing.contains("detail = true  "), "{listing}");
    assert!(listing.contains("# environment UNDERTONE_DETAIL\n"), "{listing}");
    assert!(listing.contains("# comprehend.region is not set"), "{listing}");
    let again = resolve(&listing, &[], &[]).unwrap();
    assert_eq!(without_provenance(again), without_provenance(settings.clone()));
    let json = settings.listing_as_json();
    assert_eq!(json["detail"], serde_json::json!({ "value": true, "origin": "environment UNDERTONE_DETAIL" }));
    assert_eq!(json["cost.max"], serde_json::json!({ "value": null, "origin": "default" }));
    assert_eq!(json["map"]["value"], serde_json::json!({ "text": "Body" }));
}

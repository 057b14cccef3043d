//! The committed files, the commented file and the listing.

use super::*;
use crate::jobs::Via;

#[test]
fn the_committed_file_is_what_config_init_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/undertone.toml");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, commented_file(keys()), "`undertone config init --force config/undertone.toml` writes it");
}

#[test]
fn the_commented_file_holds_every_key_at_its_default() {
    let text = commented_file(keys());
    assert_eq!(values(&resolve(&text, &[], &[]).unwrap()), values(&Settings::default()));
    let examples: Vec<String> = text.lines().map(uncommented).collect();
    let layer = layers::parse(Path::new("all.toml"), &examples.join("\n"), keys());
    assert_eq!(layer.problems.len(), 0);
    let assigned: BTreeSet<&str> = layer.assignments.iter().map(|assignment| assignment.key.name).collect();
    assert_eq!(assigned, keys().iter().map(|key| key.name).collect());
    let mut settings = Settings::default();
    let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
    assert_eq!(problems.len(), 0, "{problems:?}");
}

/// An example that is commented out, made an assignment.
fn uncommented(line: &str) -> String {
    let example = line.strip_prefix("# ").filter(|rest| {
        let is = |key: &Key, name: &str| key.name == name || key.name.ends_with(&format!(".{name}"));
        rest.split_once(" = ").is_some_and(|(name, _)| keys().iter().any(|key| is(key, name)))
    });
    example.unwrap_or(line).to_owned()
}

fn values(settings: &Settings) -> Vec<Option<toml::Value>> {
    keys().iter().map(|key| (key.get)(settings)).collect()
}

#[test]
fn the_nightly_file_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nightly.toml");
    let layer = layers::file(&path, keys());
    assert_eq!(layer.problems.len(), 0, "{:?}", layer.problems);
    let mut settings = Settings::default();
    let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
    assert_eq!(problems.len(), 0, "{problems:?}");
    assert_eq!(settings.engine().name, "comprehend");
    assert_eq!(settings.log_format, LogFormat::Json);
    assert!(settings.section::<ComprehendSettings>().region.is_some());
    assert!(settings.section::<Cost>().max.is_some() && settings.detail);
}

#[test]
fn each_example_of_an_engine_is_right_and_can_be_planned_with() {
    for (name, is_standing) in [("sagemaker", true), ("comprehend-custom", true), ("bedrock", false)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("config/{name}.toml"));
        let file = std::fs::read_to_string(path).unwrap();
        let layer = layers::parse(Path::new("example.toml"), &file, keys());
        assert_eq!(layer.problems.len(), 0, "{:?}", layer.problems);
        let mut settings = Settings::default();
        let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
        assert_eq!(problems.len(), 0, "{problems:?}");
        let of_named: Vec<Problem> =
            layer.engines.iter().flat_map(|named| named.apply(&mut settings.clone())).collect();
        assert_eq!(of_named.len(), 0, "{of_named:?}");
        let profile = (settings.engine().profile)(&settings);
        assert_eq!((settings.engine().name, profile.price.unset()), (name, None));
        assert_eq!((profile.monthly > 0.0, profile.place.is_some()), (is_standing, true));
    }
}

#[test]
fn the_file_for_jobs_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/jobs.toml");
    let layer = layers::parse(Path::new("jobs.toml"), &std::fs::read_to_string(path).unwrap(), keys());
    assert_eq!(layer.problems.len(), 0, "{:?}", layer.problems);
    let mut settings = Settings::default();
    let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
    assert_eq!(problems.len(), 0, "{problems:?}");
    assert_eq!((settings.engine().name, settings.via()), ("comprehend", Via::Jobs));
    assert!(settings.section::<Cost>().max.is_some());
    #[cfg(feature = "jobs")]
    {
        let jobs: &crate::jobs::Jobs = settings.section();
        assert!(jobs.role("comprehend.amazonaws.com").is_ok() && jobs.folder().is_ok());
    }
}

#[test]
fn the_listing_reads_back_and_names_where_values_came_from() {
    let settings = resolve("[map]\ntext = 'Body'", &[("UNDERTONE_DETAIL", "on")], &[("out", "a # b")]).unwrap();
    let listing = settings.listing(keys());
    assert!(listing.contains("detail = true  "), "{listing}");
    assert!(listing.contains("# environment UNDERTONE_DETAIL\n"), "{listing}");
    assert!(listing.contains("# comprehend.region is not set"), "{listing}");
    let again = resolve(&listing, &[], &[]).unwrap();
    assert_eq!(values(&again), values(&settings));
    let json = settings.listing_as_json(keys());
    assert_eq!(json["detail"], serde_json::json!({ "value": true, "origin": "environment UNDERTONE_DETAIL" }));
    assert_eq!(json["cost.max"], serde_json::json!({ "value": null, "origin": "default" }));
    assert_eq!(json["map"]["value"], serde_json::json!({ "text": "Body" }));
}

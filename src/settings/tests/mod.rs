//! The settings as a whole: layers, provenance and hash here; [`messages`], [`files`] and [`properties`] beside.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::chunk::Speakers;
use crate::engine::comprehend::settings::{ComprehendSettings, PriceSettings};
use crate::engine::local::LocalSettings;
use crate::engine::registry::keys;
use crate::exit::Stops as _;
use crate::sentiment::{Granularity, Millionths};

mod files;
mod messages;
mod properties;

/// Settings of a file's text, an environment and flags.
fn resolve(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    std::fs::write(&path, file).unwrap();
    let flag = |&(name, text): &(&str, &str)| {
        let key = keys().find(name).unwrap();
        Assignment { key, raw: Raw::Argument(text.into()), origin: Origin::Flag(key.typed_flag().unwrap()) }
    };
    Sources {
        file: None,
        directory: directory.path().to_owned(),
        variables: variables.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
        flags: flags.iter().map(flag).collect(),
    }
    .resolve(keys())
    .inspect(|settings| assert_eq!(settings.file(), Some(path.as_path())))
}

/// Message and hint for a file at `job.toml`.
fn complaint(file: &str) -> (String, Option<String>) {
    let layer = layers::parse(Path::new("job.toml"), file, keys());
    let mut settings = Settings::default();
    let mut problems = layer.problems;
    problems.extend(layer.assignments.into_iter().filter_map(|assignment| settings.assign(assignment)));
    let error = SettingsError::unless_empty(problems).unwrap_err();
    (error.to_string(), error.hint())
}

fn origin_texts(settings: &Settings, key: &str) -> Vec<String> {
    // The file lies in a directory of its own in each test: only its line counts.
    let short = |origin: &Origin| match origin {
        Origin::File { line, .. } => format!("file :{line}"),
        other => other.to_string(),
    };
    settings.origins(key).iter().map(short).collect()
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = resolve("", &[], &[]).unwrap();
    assert_eq!(settings.engine().name, "local");
    assert_eq!(settings.granularity.or(Granularity::Segment), Granularity::Segment);
    assert_eq!(settings.out, Path::new("undertone-out"));
    assert_eq!(settings.memory.as_u64(), 64 << 20);
    assert!(settings.csv_guard && !settings.bom && !settings.detail);
    assert_eq!(settings.max_rejects.to_string(), "5 %");
    assert_eq!(settings.min_coverage, Millionths(500_000));
    let comprehend: &ComprehendSettings = settings.section();
    assert_eq!((comprehend.attempt_timeout.as_secs(), comprehend.give_up_after.as_secs()), (15, 120));
    assert_eq!(settings.section::<Cache>().max_age.as_secs(), 90 * 86_400);
    let PriceSettings { unit_chars, minimum_units, .. } = settings.section();
    assert_eq!((*unit_chars, *minimum_units), (100, 3));
    assert_eq!(settings.origins("engine"), []);
}

#[test]
fn flags_beat_environment_beat_file_beat_defaults() {
    let file = "language = 'es'\ntimezone = 'UTC'\nspeakers = 'agent'\n";
    let variables = [("UNDERTONE_LANGUAGE", "fr"), ("UNDERTONE_SPEAKERS", "both")];
    let settings = resolve(file, &variables, &[("speakers", "customer")]).unwrap();
    assert_eq!(settings.speakers, Speakers::Customer);
    assert_eq!(settings.language.code(), Some("fr"));
    assert_eq!(origin_texts(&settings, "speakers"), ["flag --speakers"]);
    assert_eq!(origin_texts(&settings, "language"), ["environment UNDERTONE_LANGUAGE"]);
    assert_eq!(origin_texts(&settings, "timezone"), ["file :2"]);
    assert_eq!(origin_texts(&settings, "out"), [""; 0]);
}

#[test]
fn maps_add_up_and_name_every_layer() {
    let file = "[role]\nIVR = 'other'\nBob = 'agent'\n";
    let settings = resolve(file, &[("UNDERTONE_ROLE", "Ann=agent")], &[("role", "Bob=customer")]).unwrap();
    let roles: Vec<String> = settings.role.iter().map(|(value, role)| format!("{value}={role:?}")).collect();
    assert_eq!(roles, ["Ann=Some(Agent)", "Bob=Some(Customer)", "IVR=Some(Other)"]);
    assert_eq!(origin_texts(&settings, "role"), ["file :1", "environment UNDERTONE_ROLE", "flag --role"]);
}

#[test]
fn an_empty_variable_is_not_set() {
    let settings = resolve("", &[("UNDERTONE_COMPREHEND_REGION", ""), ("UNDERTONE_CONFIG", "")], &[]).unwrap();
    assert_eq!(settings.section::<ComprehendSettings>().region, None);
}

#[test]
fn every_key_has_a_variable_and_a_flag_of_its_own() {
    let names: BTreeSet<&str> = keys().iter().map(|key| key.name).collect();
    let variables: BTreeSet<String> = keys().iter().map(Key::variable).collect();
    let count = keys().iter().count();
    let flags: Vec<&str> = keys().iter().filter_map(|key| key.flag).map(|flag| flag.long).collect();
    assert_eq!((names.len(), variables.len()), (count, count));
    assert_eq!(flags.iter().collect::<BTreeSet<_>>().len(), flags.len());
    assert!(!variables.contains(CONFIG_VARIABLE));
    for key in keys().iter() {
        assert!(key.meaning().ends_with('.'), "{}: {}", key.name, key.meaning());
        assert!(key.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'-' | b'.')), "{}", key.name);
    }
}

#[test]
fn a_named_file_must_exist_and_the_usual_one_need_not() {
    let directory = tempfile::tempdir().unwrap();
    let none = Sources { directory: directory.path().to_owned(), ..Sources::default() }.resolve(keys()).unwrap();
    assert_eq!(none.file(), None);
    let missing = Sources { file: Some("missing/job.toml".into()), ..Sources::default() }.resolve(keys()).unwrap_err();
    assert_eq!(missing.to_string(), "can't read the settings file missing/job.toml");
    assert_eq!(missing.hint().as_deref(), Some("`undertone config init missing/job.toml` writes one"));
}

#[test]
fn the_flag_beats_the_variable_that_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (flag, variable) = (write("flag.toml", "language = 'es'"), write("variable.toml", "language = 'fr'"));
    let variables = vec![("UNDERTONE_CONFIG".into(), variable.clone().into_os_string())];
    let by_variable = Sources { variables: variables.clone(), ..Sources::default() }.resolve(keys()).unwrap();
    assert_eq!(by_variable.file(), Some(variable.as_path()));
    let by_flag = Sources { file: Some(flag.clone()), variables, ..Sources::default() }.resolve(keys()).unwrap();
    assert_eq!(by_flag.file(), Some(flag.as_path()));
    assert_eq!(by_flag.language.code(), Some("es"));
}

#[test]
fn the_hash_is_of_values_that_change_results_only() {
    let default = Settings::default().hash(keys());
    assert_eq!(default.len(), 64);
    let same = [
        ("out", "elsewhere"),
        ("concurrency", "3"),
        ("comprehend.requests-per-second", "50"),
        ("cache.path", "off"),
        ("cost.max", "3"),
        ("speakers", "both"),
    ];
    assert_eq!(resolve("", &[], &same).unwrap().hash(keys()), default);
    let mut hashes = BTreeSet::from([default]);
    for change in [("speakers", "agent"), ("bom", "on"), ("min-coverage", "0.6"), ("map", "text=Body")] {
        assert!(hashes.insert(resolve("", &[], &[change]).unwrap().hash(keys())), "{change:?}");
    }
    let by_file = resolve("speakers = 'agent'", &[], &[]).unwrap().hash(keys());
    assert!(hashes.contains(&by_file), "the origin of a value is no part of the hash");
}

#[test]
fn a_section_is_found_by_its_type_and_changed_alone() {
    let settings = resolve("[local]\nmodel = 'ours.model'", &[], &[("max-rejects", "3")]).unwrap();
    assert_eq!(settings.section::<LocalSettings>().model.as_deref(), Some(Path::new("ours.model")));
    let mut other = settings.clone();
    other.change(|local: &mut LocalSettings| local.model = None);
    assert_eq!(other.section::<LocalSettings>().model, None);
    assert_eq!(other.max_rejects, settings.max_rejects);
    assert!(settings.section::<LocalSettings>().model.is_some(), "a clone shares nothing that changes");
}

/// A section as a folder outside this room would declare it.
mod weather {
    use crate::settings::{Flag, Heading, section};

    section! {
        /// What an engine of tomorrow has.
        pub(super) Weather {
            /// How it is.
            sky: String {
                key: "weather.sky",
                default: "blue".to_owned(),
                results: true,
                flag: Flag::new(Heading::Scoring, "sky", "SKY"),
            }
        }
    }
}

#[test]
fn a_section_declared_elsewhere_is_read_listed_and_hashed_with_its_key_alone() {
    let keys = Keys::of([weather::Weather::KEYS]);
    let settings = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        Sources { variables, directory: "nowhere".into(), ..Sources::default() }.resolve(&keys).unwrap()
    };
    let (blue, grey) = (settings(&[]), settings(&[("UNDERTONE_WEATHER_SKY", "grey")]));
    assert_eq!(
        (blue.section::<weather::Weather>().sky.as_str(), grey.section::<weather::Weather>().sky.as_str()),
        ("blue", "grey")
    );
    assert_eq!(grey.listing(&keys), "weather.sky = \"grey\"  # environment UNDERTONE_WEATHER_SKY\n");
    assert!(
        commented_file(&keys)
            .ends_with("\n[weather]\n\n# How it is.\n# [--sky, UNDERTONE_WEATHER_SKY]\nsky = \"blue\"\n")
    );
    assert_ne!(blue.hash(&keys), grey.hash(&keys));
}

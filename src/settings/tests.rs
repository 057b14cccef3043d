//! The settings as a whole: layers, provenance, messages, hash, files.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::engine::Granularity;

/// Settings of a file's text, an environment and flags.
fn resolve(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    std::fs::write(&path, file).unwrap();
    let flag = |&(name, text): &(&str, &str)| {
        let key = layers::find(name).unwrap();
        Assignment { key, raw: Raw::Argument(text.into()), origin: Origin::Flag(key.typed_flag().unwrap()) }
    };
    Sources {
        file: None,
        directory: directory.path().to_owned(),
        variables: variables.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
        flags: flags.iter().map(flag).collect(),
    }
    .resolve()
    .inspect(|settings| assert_eq!(settings.file(), Some(path.as_path())))
}

/// What is said of a file at `job.toml`.
fn complaint(file: &str) -> (String, Option<String>) {
    let layer = layers::parse(Path::new("job.toml"), file);
    let mut settings = Settings::default();
    let mut problems = layer.problems;
    problems.extend(layer.assignments.into_iter().filter_map(|assignment| settings.assign(assignment)));
    let error = SettingsError::unless_empty(problems).unwrap_err();
    (error.to_string(), error.hint())
}

fn origin_texts(settings: &Settings, key: &str) -> Vec<String> {
    // The file lies in a directory of its own in each test: only its name is told.
    let short = |origin: &Origin| match origin {
        Origin::File { line, .. } => format!("file :{line}"),
        other => other.to_string(),
    };
    settings.origins(key).iter().map(short).collect()
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = resolve("", &[], &[]).unwrap();
    assert_eq!(settings.engine, EngineName::Local);
    assert_eq!(settings.granularity.or_engine(Granularity::Segment), Granularity::Segment);
    assert_eq!(settings.out, Path::new("undertone-out"));
    assert_eq!(settings.memory.bytes(), 64 << 20);
    assert!(settings.csv_guard && !settings.bom && !settings.detail);
    assert_eq!(settings.max_rejects.to_string(), "5%");
    assert!((settings.min_coverage.fraction() - 0.5).abs() < f64::EPSILON);
    assert_eq!(settings.comprehend.attempt_timeout.to_string(), "15s");
    assert_eq!(settings.comprehend.give_up_after.to_string(), "2m");
    assert_eq!(settings.cache.max_age.to_string(), "90d");
    assert_eq!(settings.price.billing(), Billing { unit_chars: 100, minimum_units: 3 });
    assert_eq!(settings.origins("engine"), []);
}

#[test]
fn flags_beat_environment_beat_file_beat_defaults() {
    let file = "language = 'es'\ntimezone = 'UTC'\nspeakers = 'agent'\n";
    let variables = [("UNDERTONE_LANGUAGE", "fr"), ("UNDERTONE_SPEAKERS", "both")];
    let settings = resolve(file, &variables, &[("speakers", "customer")]).unwrap();
    assert_eq!(settings.speakers, Speakers::Customer);
    assert_eq!(settings.language, LanguageChoice::Code("fr".into()));
    assert_eq!(origin_texts(&settings, "speakers"), ["flag --speakers"]);
    assert_eq!(origin_texts(&settings, "language"), ["environment UNDERTONE_LANGUAGE"]);
    assert_eq!(origin_texts(&settings, "timezone"), ["file :2"]);
    assert_eq!(origin_texts(&settings, "out"), [""; 0]);
}

#[test]
fn maps_add_up_and_name_every_layer() {
    let file = "[role]\nIVR = 'other'\nBob = 'agent'\n";
    let settings = resolve(file, &[("UNDERTONE_ROLE", "Ann=agent")], &[("role", "Bob=customer")]).unwrap();
    let roles: Vec<String> = settings.role.iter().map(|(value, role)| format!("{value}={role}")).collect();
    assert_eq!(roles, ["Ann=agent", "Bob=customer", "IVR=other"]);
    assert_eq!(origin_texts(&settings, "role"), ["file :1", "environment UNDERTONE_ROLE", "flag --role"]);
}

#[test]
fn an_empty_variable_is_not_set() {
    let settings = resolve("", &[("UNDERTONE_COMPREHEND_REGION", ""), ("UNDERTONE_CONFIG", "")], &[]).unwrap();
    assert_eq!(settings.comprehend.region, None);
}

#[test]
fn every_key_has_a_variable_and_a_flag_of_its_own() {
    let names: BTreeSet<&str> = KEYS.iter().map(|key| key.name).collect();
    let variables: BTreeSet<String> = KEYS.iter().map(Key::variable).collect();
    let flags: Vec<&str> = KEYS.iter().filter_map(|key| key.flag).map(|flag| flag.long).collect();
    assert_eq!((names.len(), variables.len()), (KEYS.len(), KEYS.len()));
    assert_eq!(flags.iter().collect::<BTreeSet<_>>().len(), flags.len());
    assert!(!variables.contains(CONFIG_VARIABLE));
    for key in KEYS {
        assert!(key.meaning().ends_with('.'), "{}: {}", key.name, key.meaning());
        assert!(key.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'-' | b'.')), "{}", key.name);
    }
}

#[test]
fn a_named_file_must_exist_and_the_usual_one_need_not() {
    let directory = tempfile::tempdir().unwrap();
    let none = Sources { directory: directory.path().to_owned(), ..Sources::default() }.resolve().unwrap();
    assert_eq!(none.file(), None);
    let missing = Sources { file: Some("missing/job.toml".into()), ..Sources::default() }.resolve().unwrap_err();
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
    let by_variable = Sources { variables: variables.clone(), ..Sources::default() }.resolve().unwrap();
    assert_eq!(by_variable.file(), Some(variable.as_path()));
    let by_flag = Sources { file: Some(flag.clone()), variables, ..Sources::default() }.resolve().unwrap();
    assert_eq!(by_flag.file(), Some(flag.as_path()));
    assert_eq!(by_flag.language, LanguageChoice::Code("es".into()));
}

#[test]
fn unknown_keys_name_their_line_and_the_nearest_key() {
    let did_you_mean = |key: &str| Some(format!("did you mean `{key}`?"));
    assert_eq!(
        complaint("engine = 'local'\n\nspeaker = 'both'\n"),
        ("job.toml:3: there is no setting `speaker`".to_owned(), did_you_mean("speakers"))
    );
    assert_eq!(
        complaint("[comprehend]\nrequests_per_second = 5\n"),
        (
            "job.toml:2: there is no setting `comprehend.requests_per_second`".to_owned(),
            did_you_mean("comprehend.requests-per-second")
        )
    );
    assert_eq!(
        complaint("requests-per-second = 5"),
        (
            "job.toml:1: there is no setting `requests-per-second`".to_owned(),
            did_you_mean("comprehend.requests-per-second")
        )
    );
    assert_eq!(
        complaint("[weather]\nsunny = true"),
        (
            "job.toml:1: there is no setting `weather`".to_owned(),
            Some("`undertone config init -` lists every setting".to_owned())
        )
    );
    // A section that is written as a value is no setting either.
    assert_eq!(complaint("cost = 25").0, "job.toml:1: there is no setting `cost`");
}

#[test]
fn wrong_values_say_key_expectation_finding_and_place() {
    assert_eq!(
        complaint("[comprehend]\nattempt-timeout = 15\n").0,
        "comprehend.attempt-timeout: expected a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d, found `15` \
         (file job.toml:2)"
    );
    assert_eq!(
        complaint("engine = 'azure'").0,
        "engine: expected local or comprehend, found `\"azure\"` (file job.toml:1)"
    );
    let error = resolve("", &[("UNDERTONE_MAX_REJECTS", "few")], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "max-rejects: expected a share such as 5% or 0.05, or a whole number, found `few` (environment UNDERTONE_MAX_REJECTS)"
    );
    let error = resolve("", &[], &[("comprehend.requests-per-second", "0")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "comprehend.requests-per-second: expected a number a second above 0 and up to 10000, such as 10 or 0.5, found `0` \
         (flag --requests-per-second)"
    );
}

#[test]
fn a_misspelt_variable_is_a_problem() {
    let error = resolve("", &[("UNDERTONE_COST_MAXX", "5"), ("OTHER_COST_MAX", "5")], &[]).unwrap_err();
    assert_eq!(error.to_string(), "there is no setting behind the variable UNDERTONE_COST_MAXX");
    assert_eq!(error.hint().as_deref(), Some("did you mean `UNDERTONE_COST_MAX`?"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_a_problem() {
    use std::os::unix::ffi::OsStringExt as _;
    let variables = vec![("UNDERTONE_LANGUAGE".into(), OsString::from_vec(vec![0xff]))];
    let layer = layers::environment(variables);
    assert_eq!(layer.problems[0].to_string(), "the variable UNDERTONE_LANGUAGE is not valid UTF-8");
}

#[test]
fn everything_wrong_is_told_at_once() {
    assert_eq!(
        complaint("engin = 'local'\nmemory = 64\n"),
        (
            "2 settings can't be used\n  \
             job.toml:1: there is no setting `engin`; did you mean `engine`?\n  \
             memory: expected a size with its unit, such as 512KiB, 64MiB or 1GiB, found `64` (file job.toml:2)"
                .to_owned(),
            None
        )
    );
}

#[test]
fn what_is_not_toml_names_its_line() {
    let (message, _) = complaint("engine = 'local'\nlanguage = \n");
    assert!(message.starts_with("job.toml:2: "), "{message}");
    let (message, _) = complaint("engine = 'local'\nengine = 'local'\n");
    assert!(message.starts_with("job.toml:2: duplicate key"), "{message}");
}

#[cfg(not(feature = "comprehend"))]
#[test]
fn an_engine_that_was_left_out_is_named() {
    let error = resolve("", &[], &[("engine", "comprehend")]).unwrap_err();
    assert_eq!(error.to_string(), "engine: this build has no comprehend (flag --engine)");
    assert_eq!(error.hint().as_deref(), Some("build with `--features comprehend`"));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_that_was_left_out_is_named() {
    let error = resolve("format = ['csv', 'parquet']", &[], &[]).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("format: this build has no Parquet (file ") && message.ends_with(":1)"), "{message}");
    assert_eq!(error.hint().as_deref(), Some("build with `cargo build --release --features parquet`"));
    assert!(resolve("format = ['csv', 'parquet']", &[], &[("format", "csv")]).is_ok(), "a flag takes it back");
}

#[test]
fn formats_are_a_list_that_holds_csv() {
    let format = |file: &str| {
        let layer = layers::parse(Path::new("job.toml"), file);
        let mut settings = Settings::default();
        let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
        (settings.format.parquet, problems.iter().map(ToString::to_string).collect::<String>())
    };
    for (list, parquet) in [
        ("'csv'", false),
        ("['csv']", false),
        ("'csv,parquet'", true),
        ("'parquet, csv'", true),
        ("['parquet', 'csv']", true),
    ] {
        assert_eq!(format(&format!("format = {list}")), (parquet, String::new()), "{list}");
    }
    for list in ["'parquet'", "['parquet']", "[]"] {
        let (_, problem) = format(&format!("format = {list}"));
        let expected = "expected a list with csv in it, such as csv,parquet: report and explain read the CSV files";
        assert!(problem.contains(expected), "{list}: {problem}");
    }
    for list in ["''", "'csv,xlsx'", "'CSV'", "['csv', 3]", "3"] {
        let (_, problem) = format(&format!("format = {list}"));
        assert!(problem.contains("expected csv or csv,parquet, found"), "{list}: {problem}");
    }
}

#[test]
fn the_hash_is_of_values_that_change_results_only() {
    let default = Settings::default().hash();
    assert_eq!(default.len(), 64);
    let same = [
        ("out", "elsewhere"),
        ("concurrency", "3"),
        ("comprehend.requests-per-second", "50"),
        ("cache.path", "off"),
        ("cost.max", "3"),
        ("speakers", "both"),
    ];
    assert_eq!(resolve("", &[], &same).unwrap().hash(), default);
    let mut hashes = BTreeSet::from([default]);
    for change in [("speakers", "agent"), ("bom", "on"), ("min-coverage", "0.6"), ("map", "text=Body")] {
        assert!(hashes.insert(resolve("", &[], &[change]).unwrap().hash()), "{change:?}");
    }
    let by_file = resolve("speakers = 'agent'", &[], &[]).unwrap().hash();
    assert!(hashes.contains(&by_file), "the origin of a value is no part of the hash");
}

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

/// Values of every kind that TOML has, most of them wrong for most settings.
fn toml_values() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("TOML has others", |number| number.is_finite())
            .prop_map(|number| format!("{number:?}")),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<String>().prop_map(|text| toml::Value::String(text).to_string()),
        prop::sample::select(vec![
            "inf",
            "nan",
            "-0.0",
            "[]",
            "{}",
            "[1, 'a', []]",
            "{ text = 'a', 1 = 2 }",
            "1979-05-27T07:32:00Z",
            "0x_",
            "'90d'",
            "'5%'",
            "'-1%'",
            "'1e400'",
            "'25'",
            "'off'",
            "'99999999999999999999d'",
            "[{ up-to = -1, price = 'x' }]",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn no_file_panics(text in "[a-z.=\\[\\]{}'\"#0-9 \n-]{0,80}") {
        let layer = layers::parse(Path::new("any.toml"), &text);
        let lines = text.lines().count() + 1;
        for assignment in &layer.assignments {
            let within = matches!(&assignment.origin, Origin::File { line, .. } if (1..=lines).contains(line));
            prop_assert!(within);
        }
    }

    #[test]
    fn whatever_a_file_gives_any_keys_is_taken_or_refused_by_key_and_line(
        lines in prop::collection::vec((0..KEYS.len() + 2, toml_values()), 0..6),
    ) {
        // Two names that no setting has, one of them nearly.
        let name = |index: usize| KEYS.get(index).map_or(["cost.maxx", "nothing.like.it"][index % 2], |key| key.name);
        let lines_of_text: Vec<String> = lines.iter().map(|(index, value)| format!("{} = {value}", name(*index))).collect();
        let text = lines_of_text.join("\n");
        if let Err(error) = resolve(&text, &[], &[]) {
            prop_assert!(!error.problems().is_empty());
            for problem in error.problems() {
                let shown = problem.to_string();
                prop_assert!(shown.contains(FILE_NAME) && shown.contains(':'), "{shown} does not name the file");
                prop_assert!(!shown.chars().any(char::is_control), "{shown:?} is not one line");
                let named = lines.iter().any(|(index, _)| shown.contains(name(*index)));
                prop_assert!(named || matches!(problem, Problem::Syntax { .. } | Problem::UnknownKey { .. }), "{shown}");
            }
        }
    }

    #[test]
    fn whatever_the_environment_gives_is_taken_or_refused_by_variable(
        values in prop::collection::vec((0..KEYS.len(), any::<String>()), 0..4),
        stranger in "[A-Z_]{0,12}",
    ) {
        let named: Vec<(String, &str)> =
            values.iter().map(|(index, value)| (KEYS[*index].variable(), value.as_str())).collect();
        let stranger = format!("{PREFIX}{stranger}");
        let mut variables: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        variables.push((&stranger, "x"));
        if let Err(error) = resolve("", &variables, &[]) {
            for problem in error.problems() {
                let shown = problem.to_string();
                prop_assert!(shown.contains(PREFIX), "{shown} names no variable");
                prop_assert!(!shown.chars().any(char::is_control), "{shown:?} is not one line");
            }
        }
    }

    #[test]
    fn no_value_of_any_key_panics_and_what_is_accepted_reads_back(
        text in "[0-9]{1,4}(\\.[0-9]{1,3})?(%|ms|s|m|h|d|KiB|MB)?|[a-z]{2}(-[A-Z]{2})?|(text|queue)=.{1,8}|.{0,12}",
        index in 0..KEYS.len(),
    ) {
        let key = &KEYS[index];
        let mut settings = Settings::default();
        if (key.put)(&mut settings, &Raw::Argument(text)).is_ok() {
            let mut again = Settings::default();
            if let Some(value) = (key.get)(&settings) {
                prop_assert!((key.put)(&mut again, &Raw::Toml(value)).is_ok());
            }
            prop_assert_eq!(again, settings);
        }
    }
}

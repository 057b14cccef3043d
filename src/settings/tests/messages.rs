//! What is wrong, where, and what to do about it.

use super::*;

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
fn wrong_values_are_reported_by_key_expectation_finding_and_place() {
    assert_eq!(
        complaint("[comprehend]\nattempt-timeout = 15\n").0,
        "comprehend.attempt-timeout: expected a duration with its unit, such as 500ms, 15s, 2m, 1h30m or 90d, found `15` \
         (file job.toml:2)"
    );
    assert_eq!(
        complaint("engine = 'Azure!'").0,
        "engine: expected local, comprehend, comprehend-custom, sagemaker or bedrock, found `\"Azure!\"` (file job.toml:1)"
    );
    let error = resolve("", &[("UNDERTONE_MAX_REJECTS", "few")], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "max-rejects: expected a share such as 5% or 0.05, or a whole number, found `few` (environment UNDERTONE_MAX_REJECTS)"
    );
    let error = resolve("", &[], &[("comprehend.requests-per-second", "0")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "comprehend.requests-per-second: expected a number from 0.001 to 10000, found `0` \
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
    let layer = layers::environment(variables, keys());
    assert_eq!(layer.problems[0].message, "the variable UNDERTONE_LANGUAGE is not valid UTF-8");
}

#[test]
fn everything_wrong_is_reported_at_once() {
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
    assert_eq!(error.hint().as_deref(), Some("build with `cargo build --release --features comprehend`"));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_that_was_left_out_is_named() {
    let error = resolve("format = ['csv', 'parquet']", &[], &[]).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("format: this build has no parquet (file ") && message.ends_with(":1)"), "{message}");
    assert_eq!(error.hint().as_deref(), Some("build with `cargo build --release --features parquet`"));
    assert!(resolve("format = ['csv', 'parquet']", &[], &[("format", "csv")]).is_ok(), "a flag takes it back");
}

#[test]
fn formats_are_a_list_that_holds_csv() {
    let format = |file: &str| {
        let layer = layers::parse(Path::new("job.toml"), file, keys());
        let mut settings = Settings::default();
        let problems: Vec<Problem> = layer.assignments.into_iter().filter_map(|each| settings.assign(each)).collect();
        (settings.format.parquet, problems.into_iter().map(|problem| problem.message).collect::<String>())
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

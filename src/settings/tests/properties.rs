//! Whatever is in a file, the environment or a value: it is taken or refused by name, and nothing panics.

use super::*;

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
        let layer = layers::parse(Path::new("any.toml"), &text, keys());
        let lines = text.lines().count() + 1;
        for assignment in &layer.assignments {
            let within = matches!(&assignment.origin, Origin::File { line, .. } if (1..=lines).contains(line));
            prop_assert!(within);
        }
    }

    #[test]
    fn whatever_a_file_gives_any_keys_is_taken_or_refused_by_key_and_line(
        lines in prop::collection::vec((0..keys().iter().count() + 2, toml_values()), 0..6),
    ) {
        // Two names that no setting has, one of them nearly.
        let name = |index: usize| keys().iter().nth(index).map_or(["cost.maxx", "nothing.like.it"][index % 2], |key| key.name);
        let lines_of_text: Vec<String> = lines.iter().map(|(index, value)| format!("{} = {value}", name(*index))).collect();
        let text = lines_of_text.join("\n");
        if let Err(error) = resolve(&text, &[], &[]) {
            prop_assert!(!error.problems.is_empty());
            for Problem { message: shown, .. } in &error.problems {
                prop_assert!(shown.contains(FILE_NAME) && shown.contains(':'), "{shown} does not name the file");
                prop_assert!(!shown.chars().any(char::is_control), "{shown:?} is not one line");
                let named = lines.iter().any(|(index, _)| shown.contains(name(*index)));
                // What is wrong with the file itself begins with its path.
                prop_assert!(named || shown.starts_with(std::path::MAIN_SEPARATOR), "{shown}");
            }
        }
    }

    #[test]
    fn whatever_the_environment_gives_is_taken_or_refused_by_variable(
        values in prop::collection::vec((0..keys().iter().count(), any::<String>()), 0..4),
        stranger in "[A-Z_]{0,12}",
    ) {
        let named: Vec<(String, &str)> =
            values.iter().map(|(index, value)| (keys().iter().nth(*index).unwrap().variable(), value.as_str())).collect();
        let stranger = format!("{PREFIX}{stranger}");
        let mut variables: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        variables.push((&stranger, "x"));
        if let Err(error) = resolve("", &variables, &[]) {
            for Problem { message: shown, .. } in &error.problems {
                prop_assert!(shown.contains(PREFIX), "{shown} names no variable");
                prop_assert!(!shown.chars().any(char::is_control), "{shown:?} is not one line");
            }
        }
    }

    #[test]
    fn no_value_of_any_key_panics_and_what_is_accepted_reads_back(
        text in "[0-9]{1,4}(\\.[0-9]{1,3})?(%|ms|s|m|h|d|KiB|MB)?|[a-z]{2}(-[A-Z]{2})?|(text|queue)=.{1,8}|.{0,12}",
        index in 0..keys().iter().count(),
    ) {
        let key = keys().iter().nth(index).unwrap();
        let mut settings = Settings::default();
        if (key.put)(&mut settings, &Raw::Argument(text)).is_ok() {
            let mut again = Settings::default();
            if let Some(value) = (key.get)(&settings) {
                prop_assert!((key.put)(&mut again, &Raw::Toml(value)).is_ok());
            }
            prop_assert_eq!((key.get)(&again), (key.get)(&settings));
        }
    }
}

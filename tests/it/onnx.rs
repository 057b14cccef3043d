//! A model in a folder through the whole program: scored, stored, compared, refused.

use crate::program::{Place, turns};

#[cfg(feature = "onnx")]
#[path = "../onnx/tiny.rs"]
mod tiny;

/// Calls whose words the tiny model knows, and one that no message may hold.
fn calls() -> Vec<u8> {
    turns(&[
        ["c1", "customer", "amara", "this is terrible, I am angry zanzibarium"],
        ["c1", "agent", "amara", "good"],
        ["c2", "customer", "boris", "wonderful, I am happy"],
        ["c3", "customer", "boris", "the room on tuesday"],
    ])
}

#[cfg(not(feature = "onnx"))]
#[test]
fn a_build_without_it_names_the_feature() {
    let place = Place::new();
    place.write("calls.csv", calls());
    place.write("ours/config.json", "{}");
    for arguments in [["analyze", "--model", "ours", "calls.csv"], ["analyze", "--model", "./ours/", "calls.csv"]] {
        let ended = place.run(&arguments).expect(78);
        assert!(ended.error().ends_with("is a folder, and this build has no onnx"), "{}", ended.stderr);
        assert!(ended.hint().starts_with("build with `cargo build --release --features onnx`"), "{}", ended.stderr);
    }
}

#[test]
fn accurate_that_is_nowhere_is_looked_for_in_places_that_are_named() {
    let place = Place::new();
    place.write("calls.csv", calls());
    let ended = place.run(&["analyze", "--model", "accurate", "calls.csv"]).expect(78);
    assert_eq!(ended.error(), "there is no model `accurate`");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_undertone")).canonicalize().expect("it is there");
    let beside = program.parent().expect("a folder").join("models/accurate").display().to_string();
    assert!(ended.hint().contains(&beside) && ended.hint().contains("models/accurate;"), "{}", ended.hint());
}

#[cfg(feature = "onnx")]
mod built {
    use super::{calls, tiny};
    use crate::program::{Ended, Place};

    /// A place with calls, a folder with the tiny model, and a folder of stored scores.
    fn place() -> Place {
        let mut place = Place::new();
        place.set([("UNDERTONE_CACHE_PATH", place.path("scores").display().to_string())]);
        place.write("calls.csv", calls());
        put_model(&place, "ours");
        place
    }

    fn put_model(place: &Place, folder: &str) {
        place.write(&format!("{folder}/model.onnx"), tiny::graph());
        place.write(&format!("{folder}/tokenizer.json"), tiny::tokenizer());
        place.write(&format!("{folder}/config.json"), tiny::CONFIG);
    }

    /// A run that is refused for the model, with nothing written.
    fn refused(place: &Place) -> Ended {
        let ended = place.run(&["analyze", "--out", "refused", "--model", "ours", "calls.csv"]).expect(78);
        assert!(place.outputs("refused").0.is_empty() && !ended.stderr.contains("panicked at src"), "{}", ended.stderr);
        assert_eq!(ended.error(), "can't use the model in ours");
        ended
    }

    #[test]
    fn calls_are_scored_once_and_again_when_the_model_changes() {
        let place = place();
        let first = place.analyze(&["--model", "ours", "--detail", "calls.csv"], 0);
        let labels = first.table("segments.csv");
        assert_eq!(labels.column("label"), ["NEGATIVE", "POSITIVE", "POSITIVE", "NEUTRAL"]);
        let record = first.record();
        let model = record["engine"]["model"].as_str().expect("a name").to_owned();
        assert_eq!(record["engine"]["name"], "local");
        assert!(model.starts_with("ours-") && model.len() == 21, "{model}");
        assert_eq!(record["service"]["cost_usd"], 0.0);

        let scored = |outputs: &crate::program::Outputs| {
            let counts = outputs.record()["counts"].clone();
            (counts["scored"].as_u64(), counts["cached"].as_u64())
        };
        let second = place.analyze(&["--model", "ours", "calls.csv"], 0);
        assert_eq!((scored(&first), scored(&second)), ((Some(4), Some(0)), (Some(0), Some(4))));
        assert_eq!(first.bytes("calls.csv"), second.bytes("calls.csv"));

        place.write("ours/model.onnx", tiny::graph_in_8_bits());
        let third = place.analyze(&["--model", "ours", "calls.csv"], 0);
        assert_eq!(scored(&third), (Some(4), Some(0)));
        assert_ne!(third.record()["engine"]["model"].as_str(), Some(model.as_str()));
        let hidden = std::fs::read_dir(place.path("scores")).expect("stored scores").flatten();
        for file in hidden.filter(|file| file.path().is_file()) {
            let bytes = std::fs::read(file.path()).expect("a file");
            assert!(!bytes.windows(11).any(|window| window == b"zanzibarium"));
        }
    }

    #[test]
    fn a_folder_that_lacks_a_file_or_has_a_torn_one_is_refused_and_works_once_it_is_mended() {
        let place = place();
        for (file, hint) in [
            ("config.json", "copy config.json from the model that was exported into the folder"),
            ("tokenizer.json", "copy tokenizer.json from the model that was exported into the folder"),
            ("model.onnx", "export it again: optimum-cli export onnx"),
        ] {
            std::fs::remove_file(place.path("ours").join(file)).expect("it was there");
            let ended = refused(&place);
            assert!(ended.stderr.contains(&format!("{file} is missing")), "{}", ended.stderr);
            assert!(ended.hint().starts_with(hint), "{}", ended.stderr);
            put_model(&place, "ours");
        }
        for (file, whole) in [("model.onnx", tiny::graph()), ("tokenizer.json", tiny::tokenizer().into_bytes())] {
            for end in [0, 1, whole.len() / 3, whole.len() - 1] {
                place.write(&format!("ours/{file}"), &whole[..end]);
                let ended = refused(&place);
                assert!(ended.stderr.contains(file) && !ended.hint().is_empty(), "{file} {end}: {}", ended.stderr);
            }
            put_model(&place, "ours");
        }
        place.analyze(&["--model", "ours", "calls.csv"], 0);
    }

    #[test]
    fn the_hint_about_labels_works_word_for_word() {
        let place = place();
        place.write("ours/config.json", tiny::CONFIG.replace("POSITIVE", "LABEL_2"));
        let ended = refused(&place);
        assert!(ended.stderr.contains("nothing shows which class `LABEL_2` is"), "{}", ended.stderr);
        let line = ended.hint().split_once("such as: ").expect("an example").1;
        place.write("undertone.toml", line);
        let outputs = place.analyze(&["--model", "ours", "--detail", "calls.csv"], 0);
        assert_eq!(outputs.table("segments.csv").column("label")[2], "POSITIVE");
    }

    #[test]
    fn a_graph_by_itself_is_no_model_and_the_hint_names_the_folder() {
        let place = place();
        let ended = place.run(&["analyze", "--model", "ours/model.onnx", "calls.csv"]).expect(78);
        assert!(ended.error().contains("ours/model.onnx"), "{}", ended.stderr);
        assert!(ended.hint().contains("or a folder with model.onnx"), "{}", ended.stderr);
    }

    #[test]
    fn models_are_compared_by_folder_and_by_name() {
        let place = place();
        put_model(&place, "theirs");
        place.write("theirs/model.onnx", tiny::graph_in_8_bits());
        place.write("undertone.toml", "[engines.named]\nkind = 'local'\nmodel = 'theirs'\n");
        let row = |number: usize| {
            let (text, label) = [("terrible", "negative"), ("wonderful", "positive"), ("room", "neutral")][number % 3];
            format!("{text} {number},{label}")
        };
        let rows: Vec<String> = (0..60).map(row).collect();
        place.write("labels.csv", format!("text,label\n{}\n", rows.join("\n")));
        let engines = ["--engine", "ours", "--engine", "named", "--engine", "local"];
        let ended =
            place.run(&[&["evaluate", "labels.csv", "--language", "en", "--json"][..], &engines].concat()).expect(0);
        let found: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let models = found["engines"].as_array().expect("a list").iter();
        let models: Vec<(&str, &str)> = models
            .map(|engine| (engine["name"].as_str().expect("a name"), engine["model"].as_str().expect("a name")))
            .collect();
        assert_eq!(models.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["ours", "named", "local"]);
        assert!(models[0].1.starts_with("ours-") && models[1].1.starts_with("theirs-"), "{models:?}");
        let missing = place.run(&["evaluate", "labels.csv", "--engine", "nowhere"]).expect(78);
        assert!(missing.hint().contains("or a folder with a model in ONNX"), "{}", missing.stderr);
        std::fs::remove_file(place.path("ours/config.json")).expect("it was there");
        let broken = place.run(&["evaluate", "labels.csv", "--engine", "ours"]).expect(78);
        assert!(broken.hint().starts_with("copy config.json"), "{}", broken.stderr);
    }

    #[test]
    fn other_languages_are_scored_where_the_model_has_them() {
        let place = place();
        let german = crate::program::write_csv([
            ["call_id", "speaker", "language", "text"],
            ["c1", "customer", "de", "good"],
            ["c2", "customer", "en", "good"],
        ]);
        place.write("calls.csv", german);
        let states = |place: &Place, code| {
            let outputs = place.analyze(&["--model", "ours", "--detail", "calls.csv"], code);
            outputs.table("segments.csv").column("outcome").into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(states(&place, 3), ["skipped", "scored"]);
        place.write("undertone.toml", "[local]\nlanguages = ['en', 'German']\n");
        assert_eq!(states(&place, 0), ["scored", "cached"]);
    }

    #[test]
    fn nights_publish_what_it_scores() {
        let mut place = place();
        place.set([("UNDERTONE_LOCAL_MODEL", "ours")]);
        place.run(&["nightly", "--call-date", "2026-11-02", "calls.csv"]).expect(0);
        let calls = std::fs::read_to_string(place.path("undertone-nights/calls/call_date=2026-11-02/part-0.csv"));
        assert_eq!(calls.expect("a partition").lines().count(), 4);
        place.run(&["nightly", "--call-date", "2026-11-02", "calls.csv"]).expect(0);
    }

    #[test]
    fn accurate_is_found_below_the_working_folder() {
        let place = place();
        put_model(&place, "models/accurate");
        let outputs = place.analyze(&["--model", "accurate", "calls.csv"], 0);
        assert!(outputs.record()["engine"]["model"].as_str().is_some_and(|model| model.starts_with("accurate-")));
    }

    #[cfg(feature = "exchange")]
    #[test]
    fn a_table_of_another_program_is_scored_too_and_nothing_is_stored() {
        let place = place();
        let columns = r#"{"columns": [["call_id", "string"], ["speaker", "string"], ["text", "string"], ["started", "timestamp"]]}"#;
        let plan = |model: &str| {
            let ended = place.run_with_input(&["exchange", "plan", "--model", model], columns.as_bytes()).expect(0);
            let plan: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
            plan["files"].clone()
        };
        assert_eq!(plan("ours"), serde_json::json!({}));
        assert!(!place.path("scores").exists());
    }
}

//! The engine on a tiny graph: what it answers, whatever is scored beside it, and what it refuses.

use std::path::Path;

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;
use crate::sentiment::Scores;
use crate::settings::Section as _;
use crate::transcript::Text;

#[path = "../../../../tests/onnx/tiny.rs"]
mod tiny;

/// A folder with the tiny classifier.
fn folder() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), "model.onnx", tiny::graph());
    write(home.path(), "tokenizer.json", tiny::tokenizer());
    write(home.path(), "config.json", tiny::CONFIG);
    home
}

fn write(home: &Path, name: &str, content: impl AsRef<[u8]>) {
    std::fs::write(home.join(name), content).unwrap();
}

fn settings(change: impl FnOnce(&mut LocalSettings)) -> Settings {
    let mut settings = Settings::default();
    settings.change(change);
    settings
}

fn opened(home: &Path) -> Result<Service, Failure> {
    connect(&Settings::default(), "local", home, &Halt::new())
}

/// What the engine gives for the texts, in batches of these sizes.
fn scores(service: &Service, texts: &[&str]) -> Vec<Answer> {
    let documents = texts.iter().map(|text| Document { text: Text::from(*text) }).collect();
    let batch = Batch { language: "en".into(), documents, is_suspect: false };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(service.engine.score(&batch)).unwrap()
}

fn score(service: &Service, text: &str) -> Scores {
    scores(service, &[text]).remove(0).unwrap()
}

/// What is not as it should be where a folder is to be refused with these words and a hint.
fn oddity(home: &Path, words: &str) -> Option<String> {
    let Err(failure) = opened(home) else { return Some(format!("{words}: it was not refused")) };
    let message = failure.chain().join(": ");
    let is_right = message.starts_with("can't use the model in ")
        && message.contains(words)
        && failure.hint().is_some_and(|hint| !hint.is_empty())
        && failure.code() == ExitCode::Settings;
    (!is_right).then(|| format!("{words}: {message}"))
}

#[test]
fn a_text_is_scored_by_what_its_labels_mean() {
    let home = folder();
    let service = opened(home.path()).unwrap();
    // Two signs at the ends, whose logits are 0, and two words: (9, 1, 0)·2/4 and its like.
    let angry = score(&service, "Angry, terrible!");
    let [negative, neutral, positive] = [18.0, 7.0, 0.0].map(|sum| f64::exp(sum / 6.0));
    let whole = negative + neutral + positive;
    assert!((f64::from(angry.negative) - negative / whole).abs() < 1e-6, "{angry:?}");
    assert!((f64::from(angry.neutral) - neutral / whole).abs() < 1e-6 && angry.mixed.abs() < 1e-9, "{angry:?}");
    assert!(score(&service, "wonderful, happy, good").positive > 0.9);
    assert!(score(&service, "the room on Tuesday").neutral > 0.7);
    assert_eq!(score(&service, " \u{200b}\t"), score(&service, " \u{200b}"));
    assert_eq!(score(&service, "   "), Scores { positive: 0.0, negative: 0.0, neutral: 1.0, mixed: 0.0 });
}

#[test]
fn a_long_text_is_read_to_its_end() {
    let home = folder();
    let service = opened(home.path()).unwrap();
    let (neutral, glad) = ("room ".repeat(29), "happy ".repeat(400));
    let long = score(&service, &format!("{neutral}{glad}"));
    assert!(long.positive > 0.9, "{long:?}");
    let other_end = score(&service, &format!("{glad}{neutral}"));
    assert!((long.positive - other_end.positive).abs() < 0.03, "{long:?} {other_end:?}");
    // 30 tokens of a text at once, 7 of which are those of the window before: 30, 23 more, and 7 more of 60.
    let windows = Classifier::open(home.path(), &Settings::default().section::<LocalSettings>().labels)
        .unwrap()
        .windows(&"good ".repeat(60))
        .unwrap();
    let tokens: Vec<usize> = windows.iter().map(|window| window.tokens).collect();
    assert_eq!(tokens, [30, 30, 14]);
    assert!(windows.iter().all(|window| window.ids.first() == Some(&2) && window.ids.last() == Some(&3)));
}

#[test]
fn windows_weigh_by_their_tokens() {
    let of = |positive: f32| Scores { positive, negative: 1.0 - positive, neutral: 0.0, mixed: 0.0 };
    assert_eq!(mean(&[(30, of(1.0)), (10, of(0.0))]), of(0.75));
    assert_eq!(mean(&[(3, of(0.25))]), of(0.25));
    assert_eq!(mean(&[]), Scores { positive: 0.0, negative: 0.0, neutral: 1.0, mixed: 0.0 });
}

#[test]
fn graphs_in_8_bits_and_of_one_length_are_run() {
    let home = folder();
    let whole = score(&opened(home.path()).unwrap(), "good, but terrible");
    write(home.path(), "model.onnx", tiny::graph_in_8_bits());
    let small = score(&opened(home.path()).unwrap(), "good, but terrible");
    assert!((whole.positive - small.positive).abs() < 0.02 && whole != small, "{whole:?} {small:?}");

    let fixed = ["input_ids", "attention_mask"].map(|name| tiny::named(name, tiny::INT64, &[1, 12]));
    write(home.path(), "model.onnx", tiny::file(&fixed, &tiny::weights(), &tiny::nodes(), &tiny::outputs()));
    let service = opened(home.path()).unwrap();
    // Eight tokens of padding, whose logits are 0.
    let filled = score(&service, "terrible angry");
    let [negative, neutral] = [18.0, 1.0].map(|sum| f64::exp(sum / 12.0));
    assert!((f64::from(filled.negative) - negative / (negative + neutral + 1.0)).abs() < 1e-6, "{filled:?}");
    assert!(score(&service, &"happy ".repeat(100)).positive > 0.9);
}

#[test]
fn a_graph_that_gives_probabilities_is_known_by_them() {
    let home = folder();
    let logits = score(&opened(home.path()).unwrap(), "good room");
    let nodes = [tiny::nodes().remove(0), tiny::mean("tokens", "sums"), tiny::node("Softmax", &["sums"], &["logits"])];
    write(home.path(), "model.onnx", tiny::file(&tiny::inputs(), &tiny::weights(), &nodes, &tiny::outputs()));
    let probabilities = score(&opened(home.path()).unwrap(), "good room");
    assert!((logits.positive - probabilities.positive).abs() < 1e-6, "{logits:?} {probabilities:?}");
}

#[test]
fn other_languages_and_endless_texts_are_refused_one_by_one() {
    let home = folder();
    let service = opened(home.path()).unwrap();
    let documents = vec![Document { text: Text::from("gut") }];
    let batch = Batch { language: "de".into(), documents, is_suspect: false };
    let answers = service.engine.score(&batch).now_or_never().unwrap().unwrap();
    assert!(answers[0].as_ref().is_err_and(|error| &*error.code == "unsupported_language"));
    let mixed = scores(&service, &[&"good ".repeat(MAX_DOCUMENT_BYTES / 4), "good"]);
    assert!(mixed[0].as_ref().is_err_and(|error| &*error.code == "document_too_long") && mixed[1].is_ok());
    let german = settings(|local| local.languages = Languages::Listed(vec!["de"]));
    let service = connect(&german, "local", home.path(), &Halt::new()).unwrap();
    assert!(service.engine.profile().languages.contain("de") && !service.engine.profile().languages.contain("en"));
}

#[test]
fn a_run_that_is_stopped_scores_no_further_text() {
    let home = folder();
    let halt = Halt::new();
    let service = connect(&Settings::default(), "local", home.path(), &halt).unwrap();
    let documents = ["good", "bad"].map(|text| Document { text: Text::from(text) }).to_vec();
    let batch = Batch { language: "en".into(), documents, is_suspect: false };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ended = runtime.block_on(async {
        let scoring = service.engine.score(&batch);
        // The signal comes while the first text lets others run.
        let signal = async { halt.stop() };
        futures_util::future::join(scoring, signal).await.0
    });
    assert_eq!(ended.unwrap_err().reason(), "stopped");
}

#[test]
fn the_model_is_named_by_its_folder_and_by_all_that_decides_scores() {
    let home = folder();
    let ours = home.path().join("ours");
    std::fs::create_dir(&ours).unwrap();
    let copy = || {
        for file in ["model.onnx", "tokenizer.json", "config.json"] {
            std::fs::copy(home.path().join(file), ours.join(file)).unwrap();
        }
    };
    copy();
    let name = |settings: &Settings| profile(settings, "local", &ours).model;
    let plain = Settings::default();
    let first = name(&plain);
    assert!(first.starts_with("ours-") && first.len() == "ours-".len() + 16, "{first}");
    assert_eq!(opened(&ours).unwrap().engine.profile().model, first);
    let labels = |of: &str| {
        let labels = crate::settings::Value::parse(of).unwrap();
        settings(|local| local.labels = labels)
    };
    assert_eq!(name(&labels("negative,neutral,positive")), first, "what the names mean anyhow");
    assert_ne!(name(&labels("negative,negative,positive")), first);
    assert_eq!(name(&settings(|local| local.languages = Languages::Any)), first);
    write(&ours, "model.onnx", tiny::graph_in_8_bits());
    assert_ne!(name(&plain), first);
    copy();
    assert_eq!(name(&plain), first);
    std::fs::remove_file(ours.join("config.json")).unwrap();
    assert_eq!(name(&plain), "");
    assert!(LocalSettings::KEYS.iter().all(|key| !key.results), "the name stands for them");
}

#[test]
fn a_lexicon_is_no_part_of_a_folder() {
    let home = folder();
    let settings = settings(|local| local.lexicon = Some("terms.csv".into()));
    let failure = connect(&settings, "local", home.path(), &Halt::new()).err().unwrap();
    assert_eq!(failure.code(), ExitCode::Settings);
    assert!(failure.hint().is_some_and(|hint| hint.starts_with("leave local.lexicon out")));
}

#[test]
fn what_is_wrong_with_a_folder_is_named_with_the_file() {
    let ids = || tiny::named("input_ids", tiny::INT64, &[0, 0]);
    let with = |inputs: &[tiny::Message], nodes: &[tiny::Message], outputs: &[tiny::Message]| {
        tiny::file(inputs, &tiny::weights(), nodes, outputs)
    };
    let usual = |inputs: &[tiny::Message]| with(inputs, &tiny::nodes(), &tiny::outputs());
    let (graph, nodes, outputs) = (tiny::graph(), tiny::nodes(), tiny::outputs());
    let ends = |operation: &str| {
        vec![nodes[0].clone(), tiny::mean("tokens", "sums"), tiny::node(operation, &["sums"], &["logits"])]
    };
    let elsewhere = tiny::weight_elsewhere("feelings", &[tiny::TOKENS, 3], "model.onnx_data");
    let of_weight = |weight| tiny::file(&tiny::inputs(), &[weight, tiny::axis()], &nodes, &outputs);
    let zeros = tiny::weight("feelings", tiny::FLOAT, &[tiny::TOKENS, 3], &[0; 144]);
    let nan = tiny::weight("feelings", tiny::FLOAT, &[tiny::TOKENS, 3], &f32::NAN.to_le_bytes().repeat(36));
    let few = tiny::weight("feelings", tiny::FLOAT, &[2, 3], &[0; 24]);
    let of_mask = [tiny::node("Gather", &["feelings", "attention_mask"], &["tokens"]), nodes[1].clone()];
    let mut odd = Vec::new();
    let no_mean = [tiny::node("Gather", &["feelings", "input_ids"], &["logits"])];
    for (content, words) in [
        (Vec::new(), "model.onnx can't be used: it is damaged"),
        (b"not a graph at all".to_vec(), "model.onnx can't be used: it is damaged"),
        (graph[..graph.len() / 2].to_vec(), "model.onnx can't be used: it is damaged"),
        (with(&tiny::inputs(), &ends("Riddle"), &outputs), "an operation that is not known here"),
        (of_weight(elsewhere), "its weights lie in a file beside it that is missing"),
        (of_weight(zeros), "scores a glad, a cross and a plain text alike"),
        (of_weight(nan), "gives no numbers for a text"),
        (of_weight(few), "model.onnx can't score a text"),
        (usual(&[ids(), tiny::named("pixel_values", tiny::FLOAT, &[0, 3, 8, 8])]), "asks for an input `pixel_values`"),
        (with(&[tiny::named("attention_mask", tiny::INT64, &[0, 0])], &of_mask, &outputs), "has no input `input_ids`"),
        (usual(&[tiny::named("input_ids", tiny::INT64, &[8, 0])]), "takes several texts at once"),
        (usual(&[tiny::named("input_ids", tiny::INT64, &[0])]), "does not take texts as rows of tokens"),
        (usual(&[tiny::named("input_ids", tiny::INT64, &[1, 6])]), "reads 6 tokens at once"),
        (with(&tiny::inputs(), &no_mean, &outputs), "model.onnx can't score a text"),
        (
            with(&tiny::inputs(), &nodes, &["start", "end"].map(|name| tiny::named(name, tiny::FLOAT, &[0]))),
            "model.onnx",
        ),
    ] {
        let home = folder();
        write(home.path(), "model.onnx", &content);
        odd.extend(oddity(home.path(), words));
    }
    for (file, content, words) in [
        ("config.json", tiny::CONFIG.replace("POSITIVE", "LABEL_2"), "nothing shows which class `LABEL_2` is"),
        ("config.json", tiny::CONFIG.replace("\"2\": ", "\"3\": "), "none is number 2"),
        ("config.json", tiny::CONFIG.replace(", \"2\": \"POSITIVE\"", ""), "model.onnx gives 3 numbers"),
        (
            "config.json",
            tiny::CONFIG.replace("neutral", "positive").replace("negative", "pos"),
            "all its labels are one class",
        ),
        ("config.json", tiny::CONFIG.replace("12\n", "11\n"), "tokenizer.json is another model's"),
        ("config.json", tiny::CONFIG.replace("32", "9"), "reads 9 tokens at once"),
        ("config.json", "{".to_owned(), "config.json is not what transformers writes"),
        ("tokenizer.json", tiny::tokenizer().replace("WordLevel", "Runes"), "no tokenizer that is known here"),
        ("tokenizer.json", "[]".to_owned(), "no tokenizer that is known here"),
        ("tokenizer.json", String::new(), "no tokenizer that is known here"),
        ("tokenizer_config.json", "x".to_owned(), "tokenizer_config.json is not what"),
    ] {
        let home = folder();
        write(home.path(), file, content);
        odd.extend(oddity(home.path(), words));
    }
    assert!(odd.is_empty(), "{odd:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The bytes of a text's scores are the same, whatever is in its batch and in whatever order, on one thread or four.
    #[test]
    fn a_texts_scores_depend_on_nothing_else(
        texts in prop::collection::vec("(good|bad|room|happy|angry|zebra|,| ){1,40}", 2..9),
        in_8_bits: bool,
        seed: u64,
    ) {
        let home = folder();
        if in_8_bits {
            write(home.path(), "model.onnx", tiny::graph_in_8_bits());
        }
        let service = opened(home.path()).unwrap();
        let alone: Vec<Scores> = texts.iter().map(|text| score(&service, text)).collect();
        let mut order: Vec<usize> = (0..texts.len()).collect();
        crate::random::Random::new(seed).shuffle(&mut order);
        let together: Vec<&str> = order.iter().map(|place| texts[*place].as_str()).collect();
        let whole = scores(&service, &together);
        let at_once = std::thread::scope(|scope| {
            let running: Vec<_> = (0..4).map(|_| scope.spawn(|| scores(&service, &together))).collect();
            running.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
        });
        for all in at_once.iter().chain([&whole]) {
            for (place, answer) in order.iter().zip(all) {
                prop_assert_eq!(answer.as_ref().unwrap(), &alone[*place]);
            }
        }
    }

    #[test]
    fn any_text_has_scores_or_a_code(text in ".{0,400}") {
        static SERVICE: std::sync::LazyLock<(tempfile::TempDir, Service)> = std::sync::LazyLock::new(|| {
            let home = folder();
            let service = opened(home.path()).unwrap();
            (home, service)
        });
        prop_assert!(scores(&SERVICE.1, &[&text])[0].is_ok());
    }
}

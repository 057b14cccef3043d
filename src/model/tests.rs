//! The model as its users see it: scores that keep their promises whatever the text.

use proptest::prelude::*;

use super::*;
use crate::sentiment::Label;

static MODEL: std::sync::LazyLock<Model> = std::sync::LazyLock::new(Model::shipped);

fn label(text: &str) -> Label {
    MODEL.score(text).label()
}

fn value(model: &Model, text: &str) -> f32 {
    let scores = model.score(text);
    scores.positive - scores.negative
}

#[test]
fn the_shipped_model_knows_praise_complaint_and_fact() {
    for text in ["Thank you so much, that was wonderful!", "thanks that was really great service", "I love it."] {
        assert_eq!(label(text), Label::Positive, "{text}");
    }
    for text in ["This is the worst service ever.", "i am really angry and disappointed", "It broke again, terrible."] {
        assert_eq!(label(text), Label::Negative, "{text}");
    }
    for text in ["My order number is 4711.", "the parcel is at the post office on main street", "", "12"] {
        assert_eq!(label(text), Label::Neutral, "{text}");
    }
}

#[test]
fn a_negator_turns_the_score() {
    assert!(value(&MODEL, "the agent was not helpful") < value(&MODEL, "the agent was very helpful") - 0.3);
}

#[test]
fn clauses_that_oppose_each_other_are_more_mixed() {
    let torn = MODEL.score("The agent was wonderful, but the product is horrible and broke.");
    let even = MODEL.score("The agent was wonderful, and the product is lovely.");
    assert!(torn.mixed > 2.0 * even.mixed, "{torn:?} {even:?}");
}

#[test]
fn the_version_names_the_bytes_and_the_terms() {
    let plain = Model::shipped();
    assert_eq!(plain.version(), MODEL.version());
    let with = Model::shipped().with_terms(Terms::parse("zorp,1").expect("terms"));
    assert!(with.version().starts_with(plain.version()) && with.version().contains("+terms-"));
    assert_eq!(Model::shipped().with_terms(Terms::default()).version(), plain.version());
}

#[test]
fn a_neutral_term_takes_the_feeling_out_of_a_word() {
    let text = "I bought a Happy Love";
    let model = Model::shipped().with_terms(Terms::parse("happy love,0").expect("terms"));
    assert!(value(&MODEL, text) > 0.3);
    assert!(value(&model, text).abs() < 0.2, "{}", value(&model, text));
    assert!(value(&model, "I am happy, and I love it") > 0.3, "the words alone keep their meaning");
}

#[test]
fn a_weighted_term_decides_where_nothing_else_does() {
    let terms = Terms::parse("zorped,-3.5\nbrilliant,-3").expect("terms");
    let model = Model::shipped().with_terms(terms);
    assert!(value(&model, "the screen zorped") < value(&MODEL, "the screen zorped") - 0.2);
    assert!(value(&model, "oh brilliant") < 0.0 && value(&MODEL, "oh brilliant") > 0.0);
}

proptest! {
    #[test]
    fn any_text_has_a_distribution(text in ".{0,200}") {
        let scores = MODEL.score(&text);
        let all = [scores.positive, scores.negative, scores.neutral, scores.mixed];
        prop_assert!(all.iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert!((all.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        prop_assert_eq!(MODEL.score(&text), scores);
    }

    #[test]
    fn case_matters_to_no_word_by_itself(text in "[a-z ]{0,60}") {
        // All capitals: nothing stands out, so nothing is stressed.
        prop_assert_eq!(MODEL.score(&text.to_uppercase()), MODEL.score(&text));
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("hex"), 16).expect("hex");
    hex.as_bytes().chunks(2).map(byte).collect()
}

#[test]
fn the_shipped_weights_are_those_of_the_recipe() {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(MODEL.bytes());
    let recipe = include_str!("../../models/shipped.sha256");
    let line =
        recipe.lines().find_map(|line| line.strip_suffix("  shipped.bin")).expect("the recipe names the weights");
    assert_eq!(bytes_of(line), digest.as_slice(), "the weights are not those of the recipe");
}

#[test]
fn the_shipped_model_knows_what_it_learned_from() {
    let inputs: Vec<Vec<u8>> =
        SHIPPED_INPUTS.lines().map(|line| bytes_of(line.split(' ').next().expect("a hash"))).collect();
    assert!(inputs.len() > 1 && inputs.iter().all(|sha256| shipped_learned_from(sha256)));
    assert!(!shipped_learned_from(&[0; 32]) && !shipped_learned_from(&[]));
}

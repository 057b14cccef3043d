//! Training on a toy world, where what should be learned is known.

use super::*;

/// A toy world: made-up words that carry feelings, a site of its own in each source.
fn source(name: &str, site: &str, texts: usize) -> (String, Vec<(String, Label)>) {
    let make = |i: usize| {
        let (word, label) = match i % 4 {
            0 => ("zorp", Label::Positive),
            1 => ("grumf", Label::Negative),
            2 => ("trell", Label::Neutral),
            _ => ("zorp, but grumf", Label::Mixed),
        };
        (format!("{site} {} {word} {site}", ["blick", "vumm", "snad"][i / 4 % 3]), label)
    };
    (name.to_owned(), (0..texts).map(make).collect())
}

fn borrowed(sources: &[(String, Vec<(String, Label)>)]) -> Vec<Source<'_>> {
    sources
        .iter()
        .map(|(name, texts)| Source {
            name: name.clone(),
            texts: texts
                .iter()
                .map(|(text, label)| LabelledText { text, label: *label, scores: None, weight: 1.0 })
                .collect(),
        })
        .collect()
}

fn options(threads: usize) -> Options {
    Options { bits: 12, threads, ..Options::default() }
}

#[test]
fn the_same_texts_make_the_same_bytes_on_any_number_of_threads() {
    let sources = [source("a", "shop", 60), source("b", "bank", 60), source("c", "rail", 60)];
    let sources = borrowed(&sources);
    let one = train(&sources, None, &options(1)).expect("enough texts");
    let many = train(&sources, None, &options(7)).expect("enough texts");
    assert!(one.bytes == many.bytes && one.report == many.report);
    let other = train(&sources, None, &Options { seed: 2, ..options(1) }).expect("enough texts");
    assert!(one.bytes != other.bytes);
}

#[test]
fn what_was_taught_is_known() {
    let sources = [source("a", "shop", 300)];
    let trained = train(&borrowed(&sources), None, &options(2)).expect("enough texts");
    let model = Model::from_bytes(trained.bytes).expect("a model");
    assert_eq!(model.version(), trained.version);
    assert_eq!(model.score("zorp").label(), Label::Positive);
    assert_eq!(model.score("grumf").label(), Label::Negative);
    assert!(model.score("zorp, but grumf").mixed > model.score("zorp and zorp").mixed);
}

#[test]
fn three_sources_are_held_out_in_turn_and_fewer_split() {
    let sources = [source("a", "shop", 60), source("b", "bank", 60), source("c", "rail", 60)];
    let sources = borrowed(&sources);
    let whole = train(&sources, None, &options(2)).expect("enough texts").report;
    assert!(whole.by_source && whole.sources.iter().map(|s| s.name.as_str()).eq(["a", "b", "c"]));
    let split = train(&sources[..1], None, &options(2)).expect("enough texts").report;
    assert!(!split.by_source && split.sources[0].texts == 60);
}

#[test]
fn adapting_a_base_reports_how_far_it_rose() {
    let base = [source("a", "shop", 300)];
    let base = train(&borrowed(&base), None, &options(2)).expect("enough texts");
    let base = Model::from_bytes(base.bytes).expect("a model");
    // The other site calls its feelings by other names.
    let renamed: Vec<(String, Label)> = source("b", "bank", 300)
        .1
        .into_iter()
        .map(|(t, l)| (t.replace("zorp", "quib").replace("grumf", "dax"), l))
        .collect();
    let sources = [("b".to_owned(), renamed)];
    let adapted = train(&borrowed(&sources), Some(&base), &options(2)).expect("enough texts");
    let source = &adapted.report.sources[0];
    assert!(source.base.is_some());
    assert!(source.rise.is_some_and(|rise| rise.low > 0.0), "{:?}", source.rise);
}

#[test]
fn labels_that_teach_nothing_are_refused() {
    let few = [source("a", "shop", 49)];
    assert_eq!(train(&borrowed(&few), None, &options(1)).err(), Some(TrainError::TooFew { texts: 49 }));
    let mut same = source("a", "shop", 80);
    same.1.iter_mut().for_each(|(_, label)| *label = Label::Neutral);
    let refused = train(&borrowed(&[same]), None, &options(1)).err();
    assert_eq!(refused, Some(TrainError::OneClass { label: Label::Neutral }));
    assert!(refused.and_then(|error| error.hint()).is_some());
}

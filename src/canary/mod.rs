//! Texts that the project wrote and that never change, scored beside the calls: if their scores move, the scorer did.
//!
//! Their scores are neither looked up nor kept, so that each night asks the engine anew; what they cost is told before
//! ([`estimate`]), and they are sent through the run's own service, under its budget. Refuses to judge: [`drift`](crate::drift)
//! compares nights.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use futures_util::stream;

use crate::batch::{BatchOptions, Content, Work, score_in_batches};
use crate::chunk::Estimate;
use crate::drift::{CanaryResult, CanaryScore};
use crate::engine::{EngineError, Profile, Service};
use crate::output::parts;
use crate::sentiment::{FixedScores, Label, Outcome, Scores};

/// The texts: language, label and text of each, under a header.
const FILE: &str = include_str!("texts.tsv");

/// A text, and the label that a person gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Canary {
    language: &'static str,
    label: Label,
    text: &'static str,
}

/// All texts, those of one language together.
static TEXTS: LazyLock<Vec<Canary>> = LazyLock::new(|| FILE.lines().skip(1).filter_map(read).collect());

fn read(line: &'static str) -> Option<Canary> {
    let mut fields = line.split('\t');
    let (language, label, text) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Canary { language, label: label.parse().ok()?, text })
}

/// The texts that an engine of this profile is asked for, of the languages that calls were in.
fn texts(profile: &Profile, languages: &BTreeSet<Box<str>>) -> impl Iterator<Item = &'static Canary> {
    TEXTS.iter().filter(|text| profile.languages.contain(text.language) && languages.contains(text.language))
}

/// What scoring the texts of these languages would send.
#[must_use]
pub fn estimate(profile: &Profile, languages: &BTreeSet<Box<str>>) -> Estimate {
    let mut estimate = Estimate::default();
    for Canary { language, text, .. } in texts(profile, languages) {
        let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        estimate.add_document(size(text.chars().count()), size(text.len()), language, profile.price.billing());
    }
    estimate
}

/// Scores the texts of these languages. A text that could not be scored has no score in the result.
///
/// # Errors
/// What ended the run: nothing more will be answered.
pub async fn score(service: &Service, languages: &BTreeSet<Box<str>>) -> Result<CanaryResult, EngineError> {
    let profile = service.engine.profile();
    let hash = blake3::hash(FILE.as_bytes()).to_hex();
    let mut result = CanaryResult { texts: hash.chars().take(16).collect(), ..CanaryResult::default() };
    let work = texts(profile, languages).map(|canary| {
        let of_language = result.languages.entry(canary.language.to_owned()).or_default();
        of_language.push(None);
        let content = Content::Text(canary.text.into());
        Work { tag: (canary, of_language.len() - 1), id: None, language: Arc::from(canary.language), content }
    });
    let work: Vec<_> = work.collect();
    let options = BatchOptions::for_engine(profile, service.halt.clone());
    let take = |(canary, place): (&Canary, usize), outcome: Outcome| {
        let score = outcome.scores().map(|scores| canary.score(scores));
        if let Some(of_language) = result.languages.get_mut(canary.language) {
            of_language[place] = score;
        }
    };
    score_in_batches(Arc::clone(&service.engine), stream::iter(work), &options, take).await?;
    Ok(result)
}

impl Canary {
    fn score(&self, scores: &Scores) -> CanaryScore {
        let value = parts(FixedScores::from(scores).score());
        CanaryScore(i16::try_from(value).unwrap_or(0), scores.label() == self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{Day, Options, judge};
    use crate::engine::local::Local;
    use crate::engine::script::{Script, Step};
    use crate::engine::{Halt, Meter, ServiceOptions, comprehend};

    /// All languages that there are texts of.
    fn languages() -> BTreeSet<Box<str>> {
        TEXTS.iter().map(|text| text.language.into()).collect()
    }

    fn set(languages: &[&str]) -> BTreeSet<Box<str>> {
        languages.iter().map(|&language| language.into()).collect()
    }

    #[test]
    fn there_are_texts_of_every_label_in_every_language_of_the_service_and_all_differ() {
        assert_eq!(TEXTS.len(), FILE.lines().count() - 1, "no line is left out");
        assert!(TEXTS.len() >= 200);
        let mut seen = BTreeSet::new();
        for language in comprehend::terms::LANGUAGES {
            for (label, least) in [(Label::Positive, 6), (Label::Negative, 6), (Label::Neutral, 4), (Label::Mixed, 2)] {
                let found = TEXTS.iter().filter(|text| text.language == language && text.label == label);
                assert!(found.count() >= least, "{label} in {language}");
            }
        }
        for text in TEXTS.iter() {
            assert!(seen.insert(text.text) && text.text.trim() == text.text && !text.text.is_empty());
            assert!(comprehend::terms::LANGUAGES.contains(&text.language), "{}", text.language);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_billed_is_what_was_estimated_and_only_languages_of_the_calls_are_sent() {
        let languages = set(&["en", "es", "fr", "tlh"]);
        let service = Service::around(Script::new([Step::Answer]), &ServiceOptions::default());
        let estimate = estimate(service.engine.profile(), &languages);
        let result = score(&service, &languages).await.unwrap();
        let meter = service.meter.read();
        assert_eq!(
            (meter.units_most, meter.requests),
            (estimate.units_upper, estimate.requests(&service.engine.profile().limits))
        );
        assert_eq!((estimate.documents, result.scored()), (36 + 18, 36 + 18), "the script scores no French");
        assert_eq!(result.languages.keys().collect::<Vec<_>>(), ["en", "es"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_holds_and_what_fails_has_no_score() {
        let options = ServiceOptions { meter: Meter::with_limit(3 * 30), ..ServiceOptions::default() };
        let service = Service::around(Script::new([Step::Answer]), &options);
        assert!(score(&service, &set(&["en"])).await.is_err(), "36 texts are 108 units");
        assert!(service.meter.read().units_reserved <= 90);
        let service =
            Service::around(Script::new([Step::Reject("InvalidRequestException")]), &ServiceOptions::default());
        let result = score(&service, &set(&["en"])).await.unwrap();
        assert_eq!((result.scored(), result.mean(), result.agreement()), (0, None, None));
    }

    #[tokio::test]
    async fn the_local_engine_agrees_with_people_and_never_moves() {
        let service = Service::local(Local::shipped(), Halt::new());
        let first = score(&service, &languages()).await.unwrap();
        assert_eq!(first.languages.keys().collect::<Vec<_>>(), ["en"], "it scores English only");
        assert!(first.agreement().unwrap() >= 0.6, "{:?}", first.agreement());
        let mut days = Vec::new();
        for date in 1..=20 {
            let canary = score(&service, &languages()).await.unwrap();
            assert_eq!(canary, first);
            days.push(Day { canary: Some(canary), ..Day::new(jiff::civil::date(2026, 3, date), "a") });
        }
        assert!(judge(&days, &Options::default()).iter().all(|day| day.alarms.is_empty()));
    }
}

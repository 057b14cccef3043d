//! An engine that this one file adds: settings, profile, connection, hint. What the registry asks of an engine is
//! here and nowhere else.
//!
//! It is remote and free, its scores are kept, and it takes any language: facts that neither shipped engine joins.

use async_trait::async_trait;

use super::pace::Pacing;
use super::registry::Definition;
use super::{
    Answer, Batch, Engine, EngineError, ErrorKind, Languages, Location, Price, Profile, Service, ServiceOptions,
};
use crate::commands::analyze;
use crate::exit::{ExitCode, Failure};
use crate::output::RunRecord;
use crate::sentiment::{Granularity, Limits, Scores};
use crate::settings::{Cache, General, Keys, Section as _, Settings, Sources, section};

section! {
    /// How the engine is asked.
    AddedSettings {
        /// The probability of a positive text.
        mood: f64 {
            key: "added.mood",
            default: 0.25,
            range: 0.0..=1.0,
            results: true,
        }
    }
}

static DEFINITION: Definition = Definition {
    name: "added",
    settings: &[AddedSettings::KEYS],
    in_every_hash: false,
    missing_feature: None,
    profile: |_| profile(),
    #[cfg(feature = "jobs")]
    jobs: None,
    share: |settings, _| settings,
    connect: |settings, halt| {
        Box::pin(async move {
            let mood = settings.section::<AddedSettings>().mood;
            let options =
                ServiceOptions { halt: halt.clone(), pacing: Pacing::Rate(1_000.0), ..ServiceOptions::default() };
            Ok(Service::around(Added { mood, profile: profile() }, &options))
        })
    },
};

fn profile() -> Profile {
    Profile {
        name: "added",
        kind: "added",
        model: "1".to_owned(),
        place: None,
        location: Location::Remote,
        is_stored: true,
        one_line: false,
        languages: Languages::Any,
        limits: Limits { document_bytes: 1_000, batch_documents: 2 },
        granularity: Granularity::Turn,
        price: Price::Free,
        concurrency: 1,
        requests_per_second: None,
        monthly: 0.0,
        start_up: std::time::Duration::ZERO,
        texts_go: "nowhere".into(),
        model_changed_by: "nobody".into(),
    }
}

struct Added {
    mood: f64,
    profile: Profile,
}

#[async_trait]
impl Engine for Added {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        if batch.documents.iter().any(|document| document.text.contains("refuse")) {
            let error = EngineError::new(ErrorKind::Refused, "the engine refuses").with_code("no_mood");
            return Err(error.with_hint("set added.mood"));
        }
        let scores = Scores::new(self.mood, 1.0 - self.mood, 0.0, 0.0).expect("the range holds");
        Ok(vec![Ok(scores); batch.documents.len()])
    }
}

/// Analyzes calls of one turn each with the engine; the record of a run that was written.
fn analyzed(home: &std::path::Path, mood: &str, texts: &[&str]) -> Result<RunRecord, Failure> {
    let input = home.join("calls.csv");
    let rows = texts.iter().enumerate().map(|(call, text)| format!("c{call},customer,xx,{text}"));
    let lines: Vec<String> = std::iter::once("call_id,speaker,language,text".to_owned()).chain(rows).collect();
    std::fs::write(&input, lines.join("\n")).unwrap();
    let place = |name: &str| home.join(name).into_os_string();
    let variables = [
        ("UNDERTONE_OUT", place("out")),
        ("UNDERTONE_CACHE_PATH", place("cache")),
        ("UNDERTONE_ADDED_MOOD", mood.into()),
    ];
    let keys = Keys::of([General::KEYS, Cache::KEYS, AddedSettings::KEYS]);
    let sources = Sources {
        variables: variables.map(|(name, value)| (name.into(), value)).to_vec(),
        directory: home.to_owned(),
        ..Sources::default()
    };
    let settings: Settings = sources.resolve(&keys).unwrap().with_engine(&DEFINITION);
    assert_eq!(analyze::run(&settings, &[input.display().to_string()], None, true)?, ExitCode::Done);
    Ok(RunRecord::read(&home.join("out/run.json")).unwrap())
}

#[test]
fn an_engine_of_one_file_scores_and_stores_and_is_not_said_to_charge() {
    let home = tempfile::tempdir().unwrap();
    let first = analyzed(home.path(), "0.75", &["one", "two", "three"]).unwrap();
    assert_eq!((first.engine.name.as_str(), first.service.requests, first.counts.segments.scored), ("added", 2, 3));
    let cost = (first.service.billed_units, first.service.cost_usd);
    assert_eq!(cost, (0, Some(0.0)));
    let calls = std::fs::read_to_string(home.path().join("out/calls.csv")).unwrap();
    assert_eq!(calls.matches(",0.5000,POSITIVE,0.7500,0.2500,").count(), 3, "{calls}");

    let second = analyzed(home.path(), "0.75", &["one", "two", "three", "four"]).unwrap();
    assert_eq!((second.service.requests, second.counts.segments.scored, second.counts.segments.cached), (1, 1, 3));
}

#[test]
fn its_errors_bring_their_own_hint() {
    let home = tempfile::tempdir().unwrap();
    let failure = analyzed(home.path(), "0.5", &["please refuse"]).unwrap_err();
    assert_eq!((failure.code(), failure.hint()), (ExitCode::Unavailable, Some("set added.mood")));
}

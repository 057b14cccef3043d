//! Where no request can probe the settings, a job of fixed texts does, before any other text is sent: whether labels have
//! classes, and whether the model reads what it is sent.
//!
//! Their scores are stored as those of any text, so that it is one job for a model and the time that scores are kept.

use tokio::sync::mpsc::channel;

use super::error::JobsError;
use super::parts::{fixed, line_that_fills};
use super::run::Run;
use super::service::Terms;
use crate::cache::{Key, KeySet, ScoreStore, Scorer};
use crate::chunk::Estimate;
use crate::engine::watched::{PROBE, told_apart};
use crate::engine::{EngineError, ErrorKind, Profile};
use crate::sentiment::Scores;

/// The language that the fixed texts are sent in.
fn language(first: Option<&'static str>) -> &'static str {
    first.unwrap_or("en")
}

/// What a run by jobs alone sends besides its documents at most: the fixed texts, unless they have scores, and lines that make a
/// file large enough.
pub(crate) fn besides(profile: &Profile, store: Option<&ScoreStore>, terms: &Terms) -> Estimate {
    let language = language(profile.languages.first());
    let keys = PROBE.map(|text| Scorer::of(profile).key(language, text));
    let is_known = store.is_some_and(|store| store.lookup(&keys).iter().all(Option::is_some));
    let size = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut estimate = Estimate::default();
    let mut add = |text: &str| estimate.add_document(size(text), size(text), language, profile.price.billing());
    let files = if is_known { 1 } else { 2 };
    if !is_known {
        for text in PROBE {
            add(text);
        }
    }
    let line = line_that_fills(0, &"0".repeat(32));
    for _ in 0..terms.least_bytes.div_ceil(line.len() as u64) * files {
        add(&line);
    }
    estimate
}

impl Run {
    /// Has a job score fixed texts, unless their scores are known: settings that do not fit show before any other text is sent.
    pub(super) async fn try_fixed(
        &mut self,
        known: &KeySet,
        first: Option<&'static str>,
        first_day: u32,
    ) -> Result<(), JobsError> {
        let language = language(first);
        let keys = PROBE.map(|text| self.shared.scorer.key(language, text));
        if self.is_fixed_scored(&keys, first_day)? {
            return Ok(());
        }
        let (ready, parts) = channel(1);
        if !keys.iter().any(|key| known.contains(*key)) {
            let part = self.blocking(move |shared| fixed(shared, language)).await?;
            ready.try_send(Ok(part)).expect("there is room for one");
        }
        drop(ready);
        let mut parts = Some(parts);
        let carried = self.carry(&mut parts).await;
        self.give_up(&mut parts).await?;
        carried?;
        if self.is_fixed_scored(&keys, first_day)? {
            return Ok(());
        }
        let error = EngineError::new(ErrorKind::Transient, "the job of fixed texts, which comes first, gave no scores");
        Err(error.with_code("no_scores").with_hint("run the same command again").into())
    }

    /// Whether the fixed texts have scores, which are not all the same.
    fn is_fixed_scored(&self, keys: &[Key], first_day: u32) -> Result<bool, JobsError> {
        let failures = self.shared.journal().failures(first_day)?;
        if let Some(code) = keys.iter().find_map(|key| failures.get(key)) {
            return Err(self.shared.service.explain(code).into());
        }
        let scores: Option<Vec<Scores>> = self.shared.store.lookup(keys).into_iter().collect();
        scores.map_or(Ok(false), |scores| Ok(told_apart(&scores).map(|()| true)?))
    }
}

//! An engine that is asked by jobs alone, where the settings name nothing that answers requests.
//!
//! What its jobs leave without scores fails, each document by itself. Refuses to send anything.

use std::sync::Arc;

use async_trait::async_trait;

use super::watched::Look;
use super::{Answer, Batch, Engine, EngineError, ErrorKind, Halt, Meter, Profile, Service, Watched};

/// The code of a document that jobs have left without scores.
const LEFT_OVER: &str = "left_over_by_jobs";

/// Nothing that answers requests.
struct JobsOnly {
    profile: Profile,
}

#[async_trait]
impl Engine for JobsOnly {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, _batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let message = "jobs gave no scores, and the settings name nothing that answers requests";
        Err(EngineError::new(ErrorKind::Rejected, message).with_code(LEFT_OVER))
    }
}

/// A model whose identity can't change, because a change makes another one.
struct Fixed(String);

#[async_trait]
impl Look for Fixed {
    async fn identity(&self) -> Result<String, EngineError> {
        Ok(self.0.clone())
    }
}

/// The service of a profile whose model is known by `identity`, counted on `meter`.
pub(super) fn service(profile: Profile, identity: String, meter: Arc<Meter>, halt: &Halt) -> Service {
    let place = profile.place.clone().unwrap_or_default();
    let look = Arc::new(Fixed(identity.clone()));
    let watched = Some(Watched { place, identity, probe: Vec::new(), look });
    Service { engine: Arc::new(JobsOnly { profile }), meter, halt: halt.clone(), watched }
}

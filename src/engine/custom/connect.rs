//! What is settled before any text of a transcript is sent: settings, credentials, the endpoint, its classifier, the probe.

use std::sync::Arc;

#[cfg(feature = "jobs")]
use super::client::identity;
use super::client::{Classifier, Custom, Endpoint, classifier};
use super::settings::{CustomSettings, pace};
use super::terms;
use crate::budget::Budget;
use crate::engine::aws::{AwsOptions, COMPREHEND, Client, Connection};
use crate::engine::breaker::{Advice, Patience};
use crate::engine::comprehend::settings::ComprehendSettings;
use crate::engine::labels::Oddity;
use crate::engine::pace::Pacing;
use crate::engine::watched::{Look as _, PROBE, misconfigured, probe};
use crate::engine::{EngineError, Halt, Languages, Meter, Profile, Service, ServiceOptions, Watched};
#[cfg(feature = "jobs")]
use crate::engine::{ErrorKind, aws, jobs_only};
use crate::exit::Failure;
use crate::jobs::Via;
use crate::settings::Settings;

/// Hints for a run that ended because the endpoint did not answer.
const ADVICE: Advice = Advice {
    failing: "run the same command again when the service answers; see https://health.aws.amazon.com for its state",
    throttling: "others use the endpoint too: give it more inference units, and run the same command again",
};

/// Makes the engine ready to score until `halt` is thrown.
pub(super) async fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let asked: &CustomSettings = settings.section();
    #[cfg(feature = "jobs")]
    if settings.via() == Via::Jobs && asked.endpoint_arn.is_none() {
        return Box::pin(by_job(settings, halt)).await;
    }
    let named = Named::endpoint(settings)?;
    let connection = Connection::open(&named.options(settings)).await?;
    let arn = named.arn;
    let client = || Client::new(&connection, &COMPREHEND);
    let look = Endpoint { client: client(), arn: arn.clone(), chosen: asked.labels.canonical() };
    let found = look.described().await?;
    let model = found.model_arn.as_deref().unwrap_or_default();
    if let Some(other) = asked.classifier_arn.as_ref().filter(|other| settings.via() == Via::Jobs && *other != model) {
        let message =
            format!("jobs are to use {other}, and the endpoint has {model}: their scores are not one model's");
        return Err(misconfigured(message, "leave comprehend-custom.classifier-arn or endpoint-arn out").into());
    }
    let languages = match classifier(&client(), model).await? {
        Some(classifier) => languages(&classifier)?,
        None => Languages::Any,
    };
    let units = found.current_inference_units.unwrap_or(asked.inference_units).max(1);
    let profile = Profile { languages, ..terms::profile(settings, units) };
    let patience = Patience::default();
    let options = ServiceOptions {
        pacing: Pacing::Texts(pace(units)),
        attempt_timeout: asked.attempt_timeout,
        patience: Patience {
            silence: asked.give_up_after,
            unreachable: patience.unreachable.min(asked.give_up_after),
            ..patience
        },
        advice: ADVICE,
        meter: Meter::within(&Budget::of(settings), &profile.price),
        halt: halt.clone(),
        ..ServiceOptions::default()
    };
    let engine = Custom { profile: profile.clone(), client: client(), endpoint: arn, labels: asked.labels.clone() };
    let engine = Arc::new(engine);
    let language = profile.languages.first().unwrap_or("en");
    let service = Service::around(Arc::clone(&engine), &options);
    let place = profile.place.clone().unwrap_or_default();
    let identity = look.identity().await?;
    let probed = probe(&*service.engine, language, |code| misconfigured(code, HINT)).await;
    let probe = match probed {
        Ok(probe) => probe,
        Err(error) => return Err(explained(&engine, error).await.into()),
    };
    tracing::info!(inference_units = units, region = connection.region(), "the endpoint is ready");
    Ok(Service { watched: Some(Watched { place, identity, probe, look: Arc::new(look) }), ..service })
}

pub(super) const HINT: &str = "check comprehend-custom.labels against the classes that the classifier was trained on";

/// A classifier that can't be used.
pub(super) fn independent() -> EngineError {
    misconfigured(
        "the classifier has independent labels (multi-label): its numbers are no probabilities that sum to 1",
        "train one in multi-class mode: `undertone train --for comprehend-custom` writes its files and commands",
    )
}

/// The languages of a classifier, which has one.
fn languages(classifier: &Classifier) -> Result<Languages, EngineError> {
    if classifier.mode.as_deref() == Some("MULTI_LABEL") {
        return Err(independent());
    }
    let known = terms::LANGUAGES.into_iter().find(|known| Some(*known) == classifier.language_code.as_deref());
    Ok(known.map_or(Languages::Any, |code| Languages::Listed(vec![code])))
}

/// Makes ready what is asked by jobs alone: without an endpoint, the classifier must be trained and have as many labels as the
/// settings state.
#[cfg(feature = "jobs")]
async fn by_job(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let named = Named::classifier(settings)?;
    let labels = &settings.section::<CustomSettings>().labels;
    let connection = Connection::open(&named.options(settings)).await?;
    let languages = match classifier(&Client::new(&connection, &COMPREHEND), &named.arn).await? {
        Some(found) => {
            trained(&found, labels.len())?;
            languages(&found)?
        }
        None => Languages::Any,
    };
    let profile = Profile { languages, ..terms::profile(settings, 1) };
    let meter = Meter::within(&Budget::of(settings), &profile.price);
    Ok(jobs_only::service(profile, identity(&named.arn, &labels.canonical()), meter, halt))
}

/// Insists that a classifier can be used by jobs.
#[cfg(feature = "jobs")]
fn trained(classifier: &Classifier, labels: usize) -> Result<(), EngineError> {
    let status = classifier.status.as_deref().unwrap_or("TRAINED");
    if !matches!(status, "TRAINED" | "TRAINED_WITH_WARNING") {
        let message = format!("the classifier is not trained: its state is {}", aws::printable_code(status));
        let error = EngineError::new(ErrorKind::Refused, message).with_code("classifier_not_trained");
        return Err(
            error.with_hint("wait until it is TRAINED, or name another one with comprehend-custom.classifier-arn")
        );
    }
    match classifier.classifier_metadata.number_of_labels {
        Some(number) if number != labels => {
            let message = format!("the classifier has {number} labels, and comprehend-custom.labels states {labels}");
            Err(misconfigured(message, HINT))
        }
        _ => Ok(()),
    }
}

/// What is wrong where the probe's texts got no scores: asked once more, for what is odd about the answer.
async fn explained(engine: &Custom, error: EngineError) -> EngineError {
    let odd = |oddity: &Oddity| error.message == oddity.code();
    let Ok(answer) = engine.ask(PROBE[0]).await else { return error };
    match answer.scores(&engine.labels) {
        _ if answer.has_independent_labels() => independent(),
        Err(Oddity::UnknownLabel(label)) => {
            // The probe's texts are this program's own, so what came back is no customer's.
            let label: String = label.chars().filter(|c| !c.is_control()).take(40).collect();
            misconfigured(format!("the classifier answers the label `{label}`, which has no class"), HINT)
        }
        Err(oddity) if odd(&oddity) => {
            misconfigured(format!("the classifier's answer gives no scores: {}", oddity.code()), HINT)
        }
        _ => error,
    }
}

/// An ARN of the settings, and the region that it names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) arn: String,
    region: String,
}

impl Named {
    /// The endpoint, if nothing is wrong with the settings.
    pub(super) fn endpoint(settings: &Settings) -> Result<Self, EngineError> {
        let asked: &CustomSettings = settings.section();
        let hint = "set comprehend-custom.endpoint-arn to the ARN of an endpoint that is in service";
        let arn = asked.endpoint_arn.as_ref().ok_or_else(|| misconfigured("no setting names the endpoint", hint))?;
        Self::checked(settings, arn, "document-classifier-endpoint/").ok_or_else(|| {
            let hint = "it looks like arn:aws:comprehend:REGION:ACCOUNT:document-classifier-endpoint/NAME";
            misconfigured("comprehend-custom.endpoint-arn is no ARN of a classifier's endpoint", hint)
        })?
    }

    /// The classifier, if nothing is wrong with the settings.
    #[cfg(feature = "jobs")]
    pub(super) fn classifier(settings: &Settings) -> Result<Self, EngineError> {
        let asked: &CustomSettings = settings.section();
        let hint = "set comprehend-custom.classifier-arn to the ARN of a classifier that is trained";
        let arn =
            asked.classifier_arn.as_ref().ok_or_else(|| misconfigured("no setting names the classifier", hint))?;
        Self::checked(settings, arn, "document-classifier/").ok_or_else(|| {
            let hint = "it looks like arn:aws:comprehend:REGION:ACCOUNT:document-classifier/NAME/version/VERSION";
            misconfigured("comprehend-custom.classifier-arn is no ARN of a classifier", hint)
        })?
    }

    /// `None` for what is no ARN of this kind; an error for what else is wrong.
    fn checked(settings: &Settings, arn: &str, kind: &str) -> Option<Result<Self, EngineError>> {
        let parts: Vec<&str> = arn.split(':').collect();
        let region = match parts.as_slice() {
            ["arn", _, "comprehend", region, _, resource] if resource.starts_with(kind) && !region.is_empty() => region,
            _ => return None,
        };
        let common: &ComprehendSettings = settings.section();
        if let Some(other) = common.region.as_ref().filter(|other| other != region) {
            let message = format!("the ARN is in {region}, and the region that is set is {other}");
            return Some(Err(misconfigured(message, "leave --region out: the ARN names it")));
        }
        if settings.section::<CustomSettings>().labels.is_empty() {
            let hint = "set comprehend-custom.labels, such as { positive = \"positive\", negative = \"negative\" }";
            return Some(Err(misconfigured("no setting states what the classifier's labels mean", hint)));
        }
        Some(Ok(Self { arn: arn.to_owned(), region: (*region).to_owned() }))
    }

    /// How it is reached.
    pub(super) fn options(&self, settings: &Settings) -> AwsOptions {
        let profile = settings.section::<ComprehendSettings>().profile.clone();
        AwsOptions { region: Some(self.region.clone()), profile, ..AwsOptions::default() }
    }
}

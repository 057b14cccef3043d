//! What is settled before any text of a transcript is sent: settings, credentials, the endpoint, its classifier, the probe.

use std::sync::Arc;

use super::client::{Custom, Endpoint};
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
use crate::exit::Failure;
use crate::settings::Settings;

/// Hints for a run that ended because the endpoint did not answer.
const ADVICE: Advice = Advice {
    failing: "run the same command again when the service answers; see https://health.aws.amazon.com for its state",
    throttling: "others use the endpoint too: give it more inference units, and run the same command again",
};

/// Makes the engine ready to score until `halt` is thrown.
pub(super) async fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let asked: &CustomSettings = settings.section();
    let common: &ComprehendSettings = settings.section();
    let (arn, region) = checked(asked, common)?;
    let options = AwsOptions { region: Some(region), profile: common.profile.clone(), ..AwsOptions::default() };
    let connection = Connection::open(&options).await?;
    let client = || Client::new(&connection, &COMPREHEND);
    let look = Endpoint { client: client(), arn: arn.clone(), chosen: asked.labels.canonical() };
    let found = look.described().await?;
    let languages = match look.classifier(found.model_arn.as_deref().unwrap_or_default()).await? {
        Some(classifier) if classifier.mode.as_deref() == Some("MULTI_LABEL") => return Err(independent().into()),
        Some(classifier) => languages(classifier.language_code.as_deref()),
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

const HINT: &str = "check comprehend-custom.labels against the classes that the classifier was trained on";

/// A classifier that can't be used.
fn independent() -> EngineError {
    misconfigured(
        "the classifier has independent labels (multi-label): its numbers are no probabilities that sum to 1",
        "train one in multi-class mode: `undertone train --for comprehend-custom` writes its files and commands",
    )
}

/// The languages of a classifier, which has one.
fn languages(code: Option<&str>) -> Languages {
    let known = terms::LANGUAGES.into_iter().find(|known| Some(*known) == code);
    known.map_or(Languages::Any, |code| Languages::Listed(vec![code]))
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

/// The endpoint's ARN and its region, if nothing is wrong with the settings.
fn checked(asked: &CustomSettings, common: &ComprehendSettings) -> Result<(String, String), EngineError> {
    let Some(arn) = asked.endpoint_arn.clone() else {
        let hint = "set comprehend-custom.endpoint-arn to the ARN of an endpoint that is in service";
        return Err(misconfigured("no setting names the endpoint", hint));
    };
    let parts: Vec<&str> = arn.split(':').collect();
    let region = match parts.as_slice() {
        ["arn", _, "comprehend", region, _, resource]
            if resource.starts_with("document-classifier-endpoint/") && !region.is_empty() =>
        {
            (*region).to_owned()
        }
        _ => {
            let hint = "it looks like arn:aws:comprehend:REGION:ACCOUNT:document-classifier-endpoint/NAME";
            return Err(misconfigured("comprehend-custom.endpoint-arn is no ARN of a classifier's endpoint", hint));
        }
    };
    if let Some(other) = common.region.as_ref().filter(|other| **other != region) {
        let message = format!("the endpoint's ARN is in {region}, and the region that is set is {other}");
        return Err(misconfigured(message, "leave --region out: the ARN names it"));
    }
    if asked.labels.is_empty() {
        let hint = "set comprehend-custom.labels, such as { positive = \"positive\", negative = \"negative\" }";
        return Err(misconfigured("no setting states what the classifier's labels mean", hint));
    }
    Ok((arn, region))
}

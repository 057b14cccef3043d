//! What is settled before any text of a transcript is sent: settings, credentials, the model's identity, the probe.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::client::{Asked, Sagemaker};
use super::format::Format;
use super::identity::Endpoint;
use super::payload::{Extras, wrong_template};
use super::settings::SagemakerSettings;
use super::terms;
use crate::budget::Budget;
use crate::engine::aws::{AwsOptions, Client, Connection, ServiceName};
use crate::engine::breaker::{Advice, Patience};
use crate::engine::comprehend::settings::ComprehendSettings;
use crate::engine::labels::Oddity;
use crate::engine::pace::Pacing;
use crate::engine::retry::RetryPolicy;
use crate::engine::watched::{Look as _, MISCONFIGURED, misconfigured, probe};
use crate::engine::{
    Answer, Batch, Engine, EngineError, ErrorKind, Halt, Meter, Profile, Service, ServiceOptions, Watched,
};
use crate::exit::Failure;
use crate::jobs::Via;
use crate::sentiment::{Limits, Scores};
use crate::settings::Settings;

/// What answers invocations.
const RUNTIME: ServiceName = ServiceName {
    id: "SageMaker Runtime",
    host: "runtime.sagemaker",
    signing: "sagemaker",
    target: "",
    title: "Amazon SageMaker",
};
/// What describes endpoints.
pub(super) const CONTROL: ServiceName = ServiceName {
    id: "SageMaker",
    host: "api.sagemaker",
    signing: "sagemaker",
    target: "SageMaker",
    title: "Amazon SageMaker",
};

/// Hints for a run that ended because the endpoint did not answer.
const ADVICE: Advice = Advice {
    failing: "see the endpoint's logs in CloudWatch (/aws/sagemaker/Endpoints), and run the same command again",
    throttling: "others use the endpoint too, or it has too few instances: add some, and run the same command again",
};

/// Makes the engine ready to score until `halt` is thrown.
pub(super) async fn connect(settings: &Settings, halt: &Halt) -> Result<Service, Failure> {
    let asked: &SagemakerSettings = settings.section();
    #[cfg(feature = "jobs")]
    if settings.via() == Via::Jobs && asked.endpoint.is_none() {
        return Box::pin(super::job_client::connect_alone(settings, halt)).await;
    }
    let endpoint = checked(asked)?;
    let connection = Connection::open(&reached(settings)).await?;
    let profile = terms::profile(settings);
    let patience = Patience::default();
    let options = ServiceOptions {
        pacing: Pacing::InFlight(profile.concurrency),
        attempt_timeout: asked.attempt_timeout,
        // A model that is loaded is waited for, as is one that throttles.
        retry: RetryPolicy { elapsed: patience.loading * 2, ..RetryPolicy::default() },
        patience: Patience {
            silence: asked.give_up_after,
            unreachable: patience.unreachable.min(asked.give_up_after),
            ..patience
        },
        advice: ADVICE,
        meter: Meter::within(&Budget::of(settings), &profile.price),
        halt: halt.clone(),
    };
    let model = asked.model_name.clone().filter(|_| settings.via() == Via::Jobs);
    let ready = Ready { connection, profile, asked, model, endpoint, options };
    let (format, watched) = Box::pin(ready.settle()).await?;
    tracing::info!(format = format.name(), region = %ready.connection.region(), "the endpoint is ready");
    Ok(Service { watched: Some(watched), ..Service::around(ready.engine(format), &ready.options) })
}

/// Where and how SageMaker is reached.
pub(super) fn reached(settings: &Settings) -> AwsOptions {
    let (asked, common): (&SagemakerSettings, &ComprehendSettings) = (settings.section(), settings.section());
    AwsOptions {
        region: asked.region.clone().or_else(|| common.region.clone()),
        profile: common.profile.clone(),
        ..AwsOptions::default()
    }
}

/// The endpoint's name, if nothing is wrong with the settings.
fn checked(asked: &SagemakerSettings) -> Result<String, EngineError> {
    let endpoint = asked.endpoint.clone().ok_or_else(|| {
        misconfigured(
            "no setting names the endpoint",
            "set sagemaker.endpoint to the name of an endpoint that is in service",
        )
    })?;
    check_model(asked)?;
    Ok(endpoint)
}

/// Insists that labels and format make sense.
pub(super) fn check_model(asked: &SagemakerSettings) -> Result<(), EngineError> {
    if asked.labels.is_empty() {
        let hint = "set sagemaker.labels, such as { LABEL_0 = \"negative\", LABEL_1 = \"positive\" }";
        return Err(misconfigured("no setting states what the model's labels mean", hint));
    }
    match (asked.format.given(), &asked.template) {
        (Some(Format::Template), None) => {
            Err(misconfigured("the format template has no template", "set sagemaker.template"))
        }
        (Some(Format::Template), Some(template)) => match wrong_template(template) {
            Some(wrong) => {
                let hint =
                    "write JSON with {{texts}}, or {{text}}, without quotes around it: '{ \"sentences\": {{texts}} }'";
                Err(misconfigured(wrong, hint))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What an engine is made of.
struct Ready<'a> {
    connection: Connection,
    profile: Profile,
    asked: &'a SagemakerSettings,
    /// The model of jobs, if there are any.
    model: Option<String>,
    endpoint: String,
    options: ServiceOptions,
}

impl Ready<'_> {
    fn engine(&self, format: Format) -> Sagemaker {
        let asked = self.asked;
        let header = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        let targets = [
            header("x-amzn-sagemaker-target-model", &asked.target_model),
            header("x-amzn-sagemaker-target-variant", &asked.target_variant),
            header("x-amzn-sagemaker-inference-component", &asked.inference_component),
        ];
        let batch = if format.takes_one(asked.template.as_deref()) { 1 } else { format.most(asked.batch) };
        let limits = Limits { batch_documents: batch, ..self.profile.limits };
        Sagemaker {
            profile: Profile { limits, ..self.profile.clone() },
            client: Client::new(&self.connection, &RUNTIME),
            asked: Asked {
                endpoint: self.endpoint.clone(),
                format,
                extras: Extras { input_name: asked.input_name.clone(), template: asked.template.clone() },
                labels: asked.labels.clone(),
                numbers: asked.scores,
                targets: targets.into_iter().flatten().collect(),
                max_payload: asked.max_payload.as_u64(),
            },
        }
    }

    /// Reads the identity and probes; the format that the container reads.
    async fn settle(&self) -> Result<(Format, Watched), EngineError> {
        let endpoint = |chosen: String| Endpoint {
            client: Client::new(&self.connection, &CONTROL),
            name: self.endpoint.clone(),
            component: self.asked.inference_component.clone(),
            version: self.asked.model_version.clone(),
            chosen,
            model: self.model.clone(),
        };
        // An endpoint that is absent or not in service is asked for nothing.
        endpoint(String::new()).identity().await?;
        let (format, probe) = self.probed().await?;
        let look = endpoint(chosen(self.asked, format));
        let identity = look.identity().await?;
        let place = self.profile.place.clone().unwrap_or_default();
        Ok((format, Watched { place, identity, probe, look: Arc::new(look) }))
    }

    /// The probe's scores, in the format of the settings or the first that the container reads.
    async fn probed(&self) -> Result<(Format, Vec<Scores>), EngineError> {
        let formats: Vec<Format> = match self.asked.format.given() {
            Some(format) => vec![*format],
            None => Format::to_try().collect(),
        };
        let mut first = None;
        for &format in &formats {
            match self.probe(format).await {
                Ok(scores) => return Ok((format, scores)),
                Err(Tried { error, is_of_format: true }) if formats.len() > 1 => {
                    first.get_or_insert(error);
                }
                Err(Tried { error, .. }) => return Err(error),
            }
        }
        let hint = "name the container's format with sagemaker.format; triton and template are never guessed";
        let last = first.map(|error: EngineError| error.message).unwrap_or_default();
        Err(misconfigured(format!("the endpoint answers none of the known formats; in the first one, {last}"), hint))
    }

    async fn probe(&self, format: Format) -> Result<Vec<Scores>, Tried> {
        let odd = Arc::new(Mutex::new(None));
        let engine = Probing { engine: self.engine(format), odd: Arc::clone(&odd) };
        // A halt of its own: a format that is not read ends no run.
        let halt = Halt::new();
        let service = Service::around(engine, &ServiceOptions { halt: halt.clone(), ..self.options.clone() });
        let run = self.options.halt.clone();
        let probing =
            probe(&*service.engine, "en", |code| misconfigured(format!("the probe failed with {code}"), HINT));
        let result = tokio::select! {
            reason = run.halted() => Err(reason.to_error()),
            result = probing => result,
        };
        let oddity = odd.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.map_err(|error| judged(error, oddity, format))
    }
}

/// What the settings choose that decides scores, as one text.
pub(super) fn chosen(asked: &SagemakerSettings, format: Format) -> String {
    let SagemakerSettings { labels, scores, target_model, target_variant, inference_component, template, .. } = asked;
    let template = template.as_ref().filter(|_| format == Format::Template);
    format!(
        "{} {} {scores:?} {target_model:?} {target_variant:?} {inference_component:?} {template:?}",
        format.name(),
        labels.canonical(),
    )
}

/// What to do about a probe that failed for no known reason.
const HINT: &str = "see the endpoint's logs in CloudWatch (/aws/sagemaker/Endpoints), and check sagemaker.format";

/// Why a format was not taken.
pub(super) struct Tried {
    pub(super) error: EngineError,
    /// Whether another format may do.
    is_of_format: bool,
}

/// What a failed probe means: what is odd about the answers says more than the error.
pub(super) fn judged(error: EngineError, oddity: Option<Oddity>, format: Format) -> Tried {
    let code = error.code.clone().unwrap_or_default();
    let name = format.name();
    let settled =
        |message: String, hint: &'static str| Tried { error: misconfigured(message, hint), is_of_format: false };
    match oddity {
        Some(Oddity::UnknownLabel(label)) => {
            // The probe's texts are this program's own, so what came back is no customer's.
            let label: String = label.chars().filter(|c| !c.is_control()).take(40).collect();
            settled(
                format!("the model answers the label `{label}`, which has no class"),
                "give each label that the model answers a class in sagemaker.labels",
            )
        }
        Some(Oddity::BestClassOnly) => settled(
            "the model answers its best class only, and not the others".to_owned(),
            "have it answer all classes (`top_k` of a Hugging Face container, `k` of BlazingText), or leave labels out of \
             sagemaker.labels that it does not have",
        ),
        Some(Oddity::NoDistribution) => settled(
            "the model's numbers for a text are no probabilities that sum to 1".to_owned(),
            "set sagemaker.scores = \"logits\" if they are logits; a model of independent labels can't be used",
        ),
        Some(Oddity::NoOrder) => settled(
            "the model answers numbers without names".to_owned(),
            "write sagemaker.labels as a list in the model's order, such as [\"negative\", \"neutral\", \"positive\"]",
        ),
        Some(Oddity::OtherNumber) => settled(
            "the model answers another number of classes than sagemaker.labels has".to_owned(),
            "give each class of the model a label, in the model's order",
        ),
        Some(Oddity::OtherCount) => Tried {
            error: misconfigured(
                format!(
                    "in the format {name} the model answers for another number of texts than were sent: it pairs or joins them"
                ),
                "set sagemaker.format to what the container reads, or sagemaker.batch = 1",
            ),
            is_of_format: true,
        },
        Some(Oddity::Unreadable) => Tried {
            error: misconfigured(format!("in the format {name} the model's answer is none of the known ones"), HINT),
            is_of_format: true,
        },
        None if &*code == MISCONFIGURED => Tried { error, is_of_format: true },
        None if code.starts_with("model_error_4") => Tried {
            error: misconfigured(format!("the container refuses the format {name}: {}", error.message), HINT),
            is_of_format: true,
        },
        None => Tried { error: EngineError { kind: ErrorKind::Refused, ..error }, is_of_format: false },
    }
}

/// The engine while it is probed: what is odd about its answers is kept.
struct Probing {
    engine: Sagemaker,
    odd: Arc<Mutex<Option<Oddity>>>,
}

#[async_trait]
impl Engine for Probing {
    fn profile(&self) -> &Profile {
        self.engine.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let note = |oddity: &Oddity| {
            self.odd.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| oddity.clone());
        };
        if batch.is_suspect {
            // Divided because it failed as a whole, again and again.
            let hint = "set sagemaker.format to what the container reads, or sagemaker.batch = 1";
            return Err(misconfigured("the container does not take several texts in one request", hint));
        }
        let answers = self.engine.ask(batch).await.map_err(|error| {
            let of_whole = [Oddity::Unreadable, Oddity::OtherCount, Oddity::OtherNumber];
            of_whole.iter().filter(|oddity| error.code.as_deref() == Some(oddity.code())).for_each(note);
            // A fault of the container's own may pass; what it makes of the format shows the second time.
            EngineError { worth: is_of_format(&error).then_some(2), ..error }
        })?;
        answers
            .into_iter()
            .map(|answer| {
                answer.map(Ok).map_err(|oddity| {
                    note(&oddity);
                    misconfigured(oddity.code(), HINT)
                })
            })
            .collect()
    }
}

/// Whether a fault is of what was sent.
fn is_of_format(error: &EngineError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    code.starts_with("model_error_4")
        || [Oddity::Unreadable, Oddity::OtherCount, Oddity::OtherNumber].iter().any(|oddity| oddity.code() == code)
}

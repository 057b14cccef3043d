//! The loop: a request, its signature, its slot, its fault, its answer.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::super::http::{self, Request, Response};
use super::super::service::CONTENT_TYPE;
use super::super::signature::{self, Signed};
use super::{Fault, State, container, lock};

/// Most bytes that are read at all.
const MOST_BYTES: usize = 30_000_000;

/// What is done with one request.
enum Plan {
    Answer(Response),
    /// An answer after the work, which holds a slot.
    Work(Response),
    Reset,
}

pub(super) async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    http::accept(listener, |stream| {
        let state = Arc::clone(&state);
        async move { converse(stream, &state).await }
    })
    .await;
}

async fn converse(mut stream: TcpStream, state: &Arc<Mutex<State>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut pending, MOST_BYTES).await? {
        let plan = lock(state).decide(&request, Instant::now());
        let latency = lock(state).config.latency;
        match plan {
            Plan::Answer(response) => http::write(&mut stream, &response.encode(false)).await?,
            Plan::Work(response) => {
                // The work goes on whether its client waits or not.
                let (shared, began) = (Arc::clone(state), Instant::now());
                let work = tokio::spawn(async move {
                    tokio::time::sleep(latency).await;
                    let mut state = lock(&shared);
                    state.busy -= 1;
                    state.statistics.slot_time += began.elapsed();
                });
                let _ = work.await;
                http::write(&mut stream, &response.encode(false)).await?;
            }
            Plan::Reset => {
                stream.set_zero_linger()?;
                return Ok(());
            }
        }
        if request.closes() {
            return Ok(());
        }
    }
    Ok(())
}

impl State {
    fn decide(&mut self, request: &Request, now: Instant) -> Plan {
        let config = self.config.clone();
        let credentials = [config.credential.clone()];
        let signed =
            Signed { service: "sagemaker", region: &config.region, credentials: &credentials, clock_ahead_s: 0 };
        if let Err(error) = signature::verify(request, signed, Timestamp::now()) {
            return Plan::Answer(refusal(error.status, &error.code, &json!({"Message": error.message})));
        }
        if request.target == "/" {
            return Plan::Answer(self.describe(request));
        }
        self.invoke(request, now)
    }

    fn describe(&mut self, request: &Request) -> Response {
        self.statistics.described += 1;
        let config = &self.config;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let target = request.header("x-amz-target").unwrap_or_default();
        #[cfg(feature = "jobs")]
        if let Some(transforms) = &mut self.transforms
            && let Some(operation) = target.strip_prefix("SageMaker.")
            && let Some(answered) = transforms.answer(operation, &body, config)
        {
            return match answered {
                Ok((Value::Null, _)) => Response { status: 200, headers: Vec::new(), body: Vec::new() },
                Ok((value, false)) => respond(200, vec![("content-type", CONTENT_TYPE.to_owned())], &value),
                Ok((_, true)) => refusal(500, "InternalFailure", &json!({"message": "the answer is lost"})),
                Err(error) => refusal(error.status, &error.code, &json!({"message": error.message})),
            };
        }
        if !config.may_describe {
            let action = target.replace('.', ":").to_lowercase();
            let message = format!("User: arn:aws:iam::111122223333:user/night is not authorized to perform: {action}");
            return refusal(400, "AccessDeniedException", &json!({"Message": message}));
        }
        let (name, model) = (format!("ours-config-{}", config.model), format!("ours-model-{}", config.model));
        let image = format!("1.dkr.ecr.us-east-1.amazonaws.com/ours@sha256:{:064}", config.model);
        let answer = match target {
            "SageMaker.DescribeEndpoint" if body["EndpointName"] == config.endpoint.as_str() => json!({
                "EndpointName": config.endpoint, "EndpointArn": "arn", "EndpointConfigName": name,
                "EndpointStatus": config.status, "CreationTime": 1_790_000_000.0, "LastModifiedTime": 1_790_000_001.5,
                "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": 1, "DeployedImages": [
                    {"SpecifiedImage": "1.dkr.ecr.us-east-1.amazonaws.com/ours:latest", "ResolvedImage": image,
                     "ResolutionTime": 1_790_000_000.0}]}],
            }),
            "SageMaker.DescribeEndpointConfig" if body["EndpointConfigName"] == name => json!({
                "EndpointConfigName": name, "EndpointConfigArn": "arn", "CreationTime": 1_790_000_000.0,
                "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": model, "InitialInstanceCount": 1}],
            }),
            "SageMaker.DescribeModel" if body["ModelName"] == model => json!({
                "ModelName": model, "ModelArn": "arn", "CreationTime": 1_790_000_000.0,
                "PrimaryContainer": {"Image": image, "ModelDataUrl": format!("s3://models/{model}.tar.gz")},
            }),
            _ => return refusal(400, "ValidationException", &json!({"message": "Could not find it"})),
        };
        respond(200, vec![("content-type", CONTENT_TYPE.to_owned())], &answer)
    }

    fn invoke(&mut self, request: &Request, now: Instant) -> Plan {
        self.statistics.invocations += 1;
        let config = self.config.clone();
        if request.method != "POST" || request.target != format!("/endpoints/{}/invocations", config.endpoint) {
            let message = format!("Endpoint of {} not found.", request.target);
            return self.refuse(400, "ValidationError", &json!({"Message": message}), now);
        }
        if !config.may_invoke {
            let message =
                "User: arn:aws:iam::111122223333:user/night is not authorized to perform: sagemaker:InvokeEndpoint";
            return self.refuse(403, "AccessDeniedException", &json!({"Message": message}), now);
        }
        if request.body.len() > config.max_payload {
            return self.refuse(413, "RequestEntityTooLarge", &json!({"Message": null}), now);
        }
        if self.busy >= config.slots {
            return self.refuse(400, "ThrottlingException", &json!({"message": null}), now);
        }
        let (texts, result) = container::run(&config, request);
        self.statistics.sent.extend(texts.iter().cloned());
        self.statistics.largest_batch = self.statistics.largest_batch.max(texts.len());
        if let Some(fault) = self.fault(&texts) {
            return self.fail(fault, &texts, now);
        }
        match result {
            Err(status) => self.fail(Fault::Model(status), &texts, now),
            Ok(answer) => {
                self.answered += 1;
                self.statistics.texts += texts.len() as u64;
                self.note("answered", now);
                if config.swap_after.is_some_and(|after| self.answered == after) {
                    self.config.model += 1;
                }
                self.busy += 1;
                Plan::Work(respond(200, vec![("content-type", "application/json".to_owned())], &answer))
            }
        }
    }

    fn fault(&mut self, texts: &[String]) -> Option<Fault> {
        if let Some((poison, status)) = &self.config.poison
            && texts.iter().any(|text| text.contains(poison))
        {
            return Some(Fault::Model(*status));
        }
        if self.answered < self.config.calm {
            return None;
        }
        if let Some(fault) = self.config.script.pop_front() {
            return Some(fault);
        }
        let mut point = self.random.f64();
        for (share, fault) in &self.config.storm {
            if point < *share {
                return Some(*fault);
            }
            point -= share;
        }
        None
    }

    fn fail(&mut self, fault: Fault, texts: &[String], now: Instant) -> Plan {
        let echo = format!("could not read: {}", texts.join(" | "));
        match fault {
            Fault::Throttled => self.refuse(400, "ThrottlingException", &json!({"message": null}), now),
            Fault::NotReady => self.refuse(429, "ModelNotReadyException", &json!({"Message": "loading"}), now),
            Fault::Service(status, code) => self.refuse(status, code, &json!({"Message": echo}), now),
            Fault::Model(status) => {
                let body = &json!({
                    "Message": format!("Received client error ({status}) from primary with message \"{echo}\""),
                    "OriginalStatusCode": status, "OriginalMessage": echo, "LogStreamArn": "arn",
                });
                self.note(&format!("ModelError {status}"), now);
                Plan::Answer(refusal(424, "ModelError", body))
            }
            Fault::Reset => {
                self.note("reset", now);
                Plan::Reset
            }
            Fault::Garbage => {
                self.note("garbage", now);
                Plan::Answer(Response { status: 200, headers: Vec::new(), body: b"<p>upstream \xff".to_vec() })
            }
        }
    }

    fn refuse(&mut self, status: u16, code: &str, body: &Value, now: Instant) -> Plan {
        self.note(code, now);
        Plan::Answer(refusal(status, code, body))
    }

    fn note(&mut self, outcome: &str, now: Instant) {
        *self.statistics.outcomes.entry(outcome.to_owned()).or_default() += 1;
        let first = *self.first.get_or_insert(now);
        let second = usize::try_from(now.saturating_duration_since(first).as_secs()).unwrap_or(0);
        let seconds = &mut self.statistics.seconds;
        seconds.resize(seconds.len().max(second + 1), (0, 0));
        match outcome {
            "answered" => seconds[second].0 += 1,
            "ThrottlingException" => seconds[second].1 += 1,
            _ => {}
        }
    }
}

/// An error as the runtime sends it: its code in a header.
fn refusal(status: u16, code: &str, body: &Value) -> Response {
    let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-errortype", code.to_owned())];
    respond(status, headers, body)
}

fn respond(status: u16, headers: Vec<(&'static str, String)>, body: &Value) -> Response {
    Response { status, headers, body: body.to_string().into_bytes() }
}

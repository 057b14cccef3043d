//! The engine: one `Converse` request a batch.
//!
//! Tokens are set apart before a request leaves and settled by the service's own count. What a model leaves out is a text
//! without an answer, to be asked for again; what it stops at is the whole request's.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::answer::{Converse, Strays};
use super::calibration::Calibration;
use super::form::Form;
use super::pace::TokenPace;
use super::request::{Body, Terms};
use super::{faults, terms};
use crate::engine::aws::{self, Client, OperationName, Request, path_part};
use crate::engine::tokens::TokenLedger;
use crate::engine::{Answer, Batch, Engine, EngineError, ErrorKind, Profile};

const OPERATION: OperationName =
    OperationName { name: "Converse", right: "bedrock:InvokeModel", on: "the model and its inference profile" };

/// Time for a request with a schema that Bedrock may have to compile first.
const FIRST_USE: Duration = Duration::from_mins(5);
/// More time than any attempt takes, its wait for tokens included.
pub(super) const LONGEST_ATTEMPT: Duration = Duration::from_hours(24);

/// A language model that judges texts.
pub(super) struct Judge {
    pub(super) profile: Profile,
    pub(super) client: Client,
    /// The model's id.
    pub(super) model: String,
    pub(super) terms: Terms,
    pub(super) calibration: Calibration,
    pub(super) attempt_timeout: Duration,
    pub(super) ledger: TokenLedger,
    pub(super) pace: Option<TokenPace>,
    pub(super) state: State,
}

/// What is learnt while requests are answered.
#[derive(Debug)]
pub(super) struct State {
    form: Mutex<Form>,
    spare: AtomicU64,
    /// For each number of texts, in its bit, whether the schema for them has been answered by.
    compiled: AtomicU64,
    added: AtomicU64,
    repeated: AtomicU64,
}

impl Default for State {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self { form: Mutex::new(Form::Json), spare: zero(), compiled: zero(), added: zero(), repeated: zero() }
    }
}

impl Judge {
    /// The form in which the model is asked from here on.
    pub(super) fn take_form(&self, form: Form) {
        // One word, whole after every statement.
        *self.state.form.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = form;
    }

    fn form(&self) -> Form {
        *self.state.form.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How long the request may take, by whether Bedrock knows its schema.
    fn time(&self, form: Form, documents: usize) -> Duration {
        let is_known = self.state.compiled.load(Ordering::Relaxed) >> documents & 1 == 1;
        if form == Form::Json || is_known { self.attempt_timeout } else { self.attempt_timeout.max(FIRST_USE) }
    }

    /// Sends one request in its turn; settles its tokens.
    async fn ask(&self, body: Body, time: Duration) -> Result<Converse, EngineError> {
        let turn = match &self.pace {
            Some(pace) => Some((pace, pace.turn(body.message + body.besides, body.answer).await?)),
            None => None,
        };
        let besides = body.besides + terms::SERVICE_TOKENS;
        let reservation = self.ledger.reserve(body.message, besides, body.answer)?;
        let path = format!("/model/{}/converse", path_part(&self.model));
        let request = Request::new("POST", path)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(body.bytes);
        let sent = tokio::time::timeout(time, self.client.send(&OPERATION, request)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer.read::<Converse>().ok_or_else(aws::unreadable),
            Ok(Err(failed)) => Err(faults::explain(failed, &self.model, self.client.region())),
            Err(_elapsed) => {
                let message = format!("no answer within {:.1} s", time.as_secs_f64());
                Err(EngineError::new(ErrorKind::Transient, message).with_code("timeout"))
            }
        };
        match &answer {
            Ok(answer) => {
                if let Some(tokens) = answer.tokens() {
                    reservation.used(tokens);
                    turn.inspect(|(pace, turn)| pace.used(*turn, tokens));
                }
            }
            Err(error) if faults::may_be_charged(error) => drop(reservation),
            Err(_) => {
                reservation.not_charged();
                turn.inspect(|(pace, turn)| pace.unused(*turn));
            }
        }
        answer
    }

    /// What the answer means for each text.
    fn read(&self, answer: &Converse, documents: usize) -> Result<Vec<Answer>, EngineError> {
        if answer.is_cut_off() {
            self.state.spare.store(terms::SPARE_TOKENS, Ordering::Relaxed);
        }
        let (answers, strays) = answer.answers(documents, &self.calibration)?;
        self.count(strays);
        Ok(answers)
    }

    fn count(&self, Strays { added, repeated }: Strays) {
        if added + repeated > 0 {
            let all_added = self.state.added.fetch_add(added, Ordering::Relaxed) + added;
            let all_repeated = self.state.repeated.fetch_add(repeated, Ordering::Relaxed) + repeated;
            tracing::debug!(added, repeated, all_added, all_repeated, "ids in the answer that should not be there");
        }
    }
}

#[async_trait]
impl Engine for Judge {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let texts: Vec<&str> = batch.documents.iter().map(|document| document.text.as_str()).collect();
        let form = self.form();
        let body = self.terms.body(&texts, form, self.state.spare.load(Ordering::Relaxed));
        let answer = self.ask(body, self.time(form, texts.len())).await?;
        self.state.compiled.fetch_or(1 << texts.len(), Ordering::Relaxed);
        self.read(&answer, texts.len())
    }
}

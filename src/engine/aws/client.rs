//! A service as an engine asks it: requests sent once, with a signature that is mended where that is possible.
//!
//! Credentials that expire in mid-run are loaded again, and after a jump of this machine's clock the SDK signs by the
//! service's. The request then goes back to whoever sends it again, unless mending was tried in vain.

use std::time::Duration;

use aws_smithy_runtime_api::client::result::SdkError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connect::Connection;
use super::faults::{self, Remedy};
use super::request::{Answer, Request, ServiceFault};
use super::sender::Sender;
use super::{OperationName, ServiceName};
use crate::engine::breaker::Patience;
use crate::engine::{EngineError, ErrorKind, UNREACHABLE};

/// Time for one attempt of [`Client::ask`].
const ASK_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest first wait of [`Client::ask`], and the longest of all.
const ASK_WAITS: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(10));

/// A service, and what is known of the signature.
#[derive(Debug)]
pub(crate) struct Client {
    service: &'static ServiceName,
    connection: Connection,
    signer: Mutex<Signer>,
}

/// The way to the service, and what is known of its credentials.
#[derive(Debug, Clone)]
struct Signer {
    sender: Sender,
    /// How often signing was remedied; a request belongs to the number it was signed under.
    generation: u64,
    /// How many remedies were tried since anything was accepted.
    in_vain: u32,
}

/// Why a request brought no result.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What the caller can do, by what all services have in common.
    pub(crate) error: EngineError,
    /// What the service answered; `None` where nothing came that is its.
    pub(crate) answer: Option<ServiceFault>,
}

impl From<Failed> for EngineError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Remedy {
    /// How often it is tried before the service's answer is final.
    const fn tries(self) -> u32 {
        match self {
            Self::LoadCredentials => 1,
            // The SDK reads the service's time from every answer, and reads it wrong from one to a request that left
            // before this machine's clock jumped. So it takes until those that were in flight are back.
            Self::CorrectClock => 8,
        }
    }
}

impl Client {
    /// The client of `service` by a connection, which several clients may share.
    pub(crate) fn new(connection: &Connection, service: &'static ServiceName) -> Self {
        let sender = Sender::new(&connection.config, service);
        let signer = Mutex::new(Signer { sender, generation: 0, in_vain: 0 });
        Self { service, connection: connection.clone(), signer }
    }

    /// The AWS region that requests go to.
    pub(crate) fn region(&self) -> &str {
        &self.connection.region
    }

    /// Sends a request of an operation with the JSON 1.1 protocol, once.
    ///
    /// # Errors
    /// [`Failed`].
    pub(crate) async fn json(&self, operation: &OperationName, body: &impl Serialize) -> Result<Answer, Failed> {
        self.send(operation, Request::json(self.service, operation, body)).await
    }

    /// Sends a request once. `operation` is for messages.
    ///
    /// # Errors
    /// [`Failed`].
    pub(crate) async fn send(&self, operation: &OperationName, request: Request) -> Result<Answer, Failed> {
        let Signer { sender, generation, .. } = self.signer.lock().await.clone();
        match sender.send(request).await {
            Ok(answer) => {
                self.accepted(generation).await;
                Ok(answer)
            }
            Err(fault) => {
                let (error, remedy) = faults::explain(&fault, self.service, operation);
                let error = match remedy {
                    Some(remedy) => self.remedy(remedy, error, generation).await,
                    None => error,
                };
                let answer = if let SdkError::ServiceError(context) = fault { Some(context.into_err()) } else { None };
                Err(Failed { error, answer })
            }
        }
    }

    /// Asks with the JSON 1.1 protocol until there is an answer: again after throttling and faults that pass, for as
    /// long as a run waits for a service that only fails. For operations that may be repeated.
    ///
    /// # Errors
    /// [`Failed`] with the last fault.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &OperationName,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let began = Instant::now();
        let mut longest = ASK_WAITS.0;
        loop {
            let failed = match tokio::time::timeout(ASK_TIMEOUT, self.json(operation, body)).await {
                Ok(Ok(answer)) => match answer.read() {
                    Some(value) => return Ok(value),
                    None => Failed { error: faults::unreadable(), answer: None },
                },
                Ok(Err(failed)) => failed,
                Err(_elapsed) => Failed { error: faults::timeout(), answer: None },
            };
            let may_pass = matches!(failed.error.kind, ErrorKind::Throttled | ErrorKind::Transient);
            let is_unreachable = failed.error.code.as_deref() == Some(UNREACHABLE);
            let patience = if is_unreachable { Patience::default().unreachable } else { Patience::default().silence };
            if !may_pass || began.elapsed() >= patience {
                return Err(failed);
            }
            tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
            longest = (longest * 2).min(ASK_WAITS.1);
        }
    }

    /// Remedies a failed signature if that has not been tried in vain: then the request may be sent again.
    async fn remedy(&self, remedy: Remedy, error: EngineError, generation: u64) -> EngineError {
        let mut signer = self.signer.lock().await;
        if signer.generation == generation {
            if signer.in_vain >= remedy.tries() {
                return error;
            }
            if remedy == Remedy::LoadCredentials
                && let Some(options) = &self.connection.options
            {
                match Connection::open(options).await {
                    Ok(connection) => signer.sender = Sender::new(&connection.config, self.service),
                    Err(lookup) => return lookup,
                }
            }
            // A wrong clock needs no more: the SDK has read the service's time from the answer.
            signer.generation += 1;
            signer.in_vain += 1;
        }
        EngineError { kind: ErrorKind::Transient, ..error }
    }

    /// Notes that the service accepted a signature.
    async fn accepted(&self, generation: u64) {
        let mut signer = self.signer.lock().await;
        if signer.generation == generation {
            signer.in_vain = 0;
        }
    }
}

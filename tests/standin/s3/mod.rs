//! A stand-in for Amazon S3: as strict as the service about signatures, conditions, ranges, parts and pages, with one
//! bucket, in memory. What it does not know is refused with 501 and remembered: [`S3::seen`] fails the test then.
//!
//! The parts: [`request`] what is asked, [`bucket`] what is there, [`faults`] what goes wrong, [`serve`] the loop.

mod bucket;
mod faults;
mod request;
mod serve;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::Credential;
use super::running::Running;
pub(crate) use bucket::Stored;
pub(crate) use faults::{Fault, Rule};
pub(crate) use request::Action;
pub(crate) use serve::SECRET;
use serve::State;

/// What can be told to a stand-in.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The bucket's name.
    pub(crate) bucket: &'static str,
    /// The region that it is in.
    pub(crate) region: &'static str,
    /// Who may sign.
    pub(crate) credentials: Vec<Credential>,
    /// Most keys of a page.
    pub(crate) page: usize,
    /// Seconds by which the server's clock is ahead of when objects were written.
    pub(crate) clock_ahead_s: i64,
    /// The key by which everything must be encrypted, `AES256` for the store's own; nothing where anything goes.
    pub(crate) encryption: Option<&'static str>,
    /// The rules by which the bucket removes objects itself, as XML; nothing where it has none.
    pub(crate) lifecycle: Option<&'static str>,
    /// What is not allowed.
    pub(crate) denied: Vec<Action>,
    /// What goes wrong, and when.
    pub(crate) rules: Vec<Rule>,
    /// Answers a wrong region by a redirect, as a bucket's own host does, and not by a malformed authorization.
    pub(crate) redirects: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bucket: "calls",
            region: "eu-west-1",
            credentials: vec![Credential::default()],
            page: 1000,
            clock_ahead_s: 0,
            encryption: None,
            lifecycle: None,
            denied: Vec::new(),
            rules: Vec::new(),
            redirects: true,
        }
    }
}

/// A running stand-in. Dropping it stops the server.
pub(crate) struct S3 {
    running: Running,
    state: Arc<Mutex<State>>,
}

/// One request that was answered with success, or refused: what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) action: Action,
    pub(crate) key: String,
    pub(crate) status: u16,
    /// The value of `Range`, if there was one.
    pub(crate) range: Option<String>,
}

impl S3 {
    pub(crate) fn start(config: Config) -> Self {
        let state = Arc::new(Mutex::new(State::new(config)));
        let shared = Arc::clone(&state);
        Self { running: Running::start("s3-standin", 0, |listener| serve::serve(listener, shared)), state }
    }

    /// The environment that makes the program use it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let state = self.lock();
        let credential = state.config.credentials.first().expect("somebody may sign");
        let mut pairs = vec![
            ("AWS_ENDPOINT_URL_S3", self.running.endpoint()),
            ("AWS_REGION", state.config.region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", credential.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", credential.secret_key.clone()),
        ];
        pairs.extend(credential.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        pairs
    }

    /// Puts an object there.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.lock().objects.put(key, bytes.into(), "application/octet-stream".to_owned());
    }

    /// Begins an upload that nobody finishes.
    #[cfg(feature = "jobs")]
    pub(crate) fn begin_upload(&self, key: &str) {
        self.lock().objects.begin(key, "application/octet-stream".to_owned());
    }

    /// Takes an object away.
    pub(crate) fn remove(&self, key: &str) {
        self.lock().objects.delete(key);
    }

    /// Gives an object the tag that it has when the same bytes go up in parts.
    pub(crate) fn retag(&self, key: &str) {
        self.lock().objects.retag(key);
    }

    /// Lets what is under `prefix` be `objects` and nothing else, with the tags that they had.
    pub(crate) fn restore(&self, prefix: &str, objects: &[(String, Stored)]) {
        self.lock().objects.restore(prefix, objects);
    }

    /// Every object under `prefix`, by what its key has behind that.
    pub(crate) fn objects(&self, prefix: &str) -> Vec<(String, Stored)> {
        let state = self.lock();
        let found = state
            .objects
            .all()
            .filter_map(|(key, stored)| Some((key.strip_prefix(prefix)?.to_owned(), stored.clone())));
        found.collect()
    }

    /// The bytes of an object.
    pub(crate) fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().objects.get(key).map(|stored| stored.bytes.to_vec())
    }

    /// Keys of uploads that were begun and neither finished nor aborted.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        self.lock().objects.unfinished()
    }

    /// Everything that was asked, in order. Whatever was refused as unknown fails the test.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let state = self.lock();
        assert!(state.unknown.is_empty(), "the stand-in does not know {:?}", state.unknown);
        state.seen.clone()
    }

    /// Changes the configuration while it runs; rules begin anew.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Config)) {
        let mut state = self.lock();
        change(&mut state.config);
        state.seen.clear();
    }

    /// What a service beside it reads and writes with.
    #[cfg(feature = "jobs")]
    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.state))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bucket, for a service that stands beside it.
#[cfg(feature = "jobs")]
pub(crate) struct Handle(Arc<Mutex<State>>);

#[cfg(feature = "jobs")]
impl Handle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of an address, and whether it is in this bucket.
    pub(crate) fn key(&self, address: &str) -> Option<(bool, String)> {
        let (bucket, key) = address.strip_prefix("s3://")?.split_once('/')?;
        Some((bucket == self.lock().config.bucket, key.to_owned()))
    }

    /// The one object whose key begins so; `None` if there is none, or there are several.
    pub(crate) fn only(&self, prefix: &str) -> Option<Arc<[u8]>> {
        let state = self.lock();
        let mut found = state.objects.all().filter(|(key, _)| key.starts_with(prefix));
        let (_, stored) = found.next()?;
        found.next().is_none().then(|| Arc::clone(&stored.bytes))
    }

    /// All objects whose keys begin so, in their order.
    pub(crate) fn all(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        let state = self.lock();
        let found = state.objects.all().filter(|(key, _)| key.starts_with(prefix));
        let mut found: Vec<_> = found.map(|(key, stored)| (key.to_owned(), Arc::clone(&stored.bytes))).collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    pub(crate) fn put(&self, key: &str, bytes: Vec<u8>) {
        self.lock().objects.put(key, bytes, "application/octet-stream".to_owned());
    }
}

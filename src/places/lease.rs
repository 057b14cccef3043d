//! One run at a time on an object store: a small object that its holder renews.
//!
//! It is put on condition that nothing is there, or that what is there is the very lease that ran out. Whether one ran
//! out is measured by the store's own clock (the age of the object when the store answers), so that no machine's
//! clock matters. The holder counts by its own monotonic clock and stops earlier than anybody else may begin.
//!
//! A run that is killed leaves its lease, which ends by itself. Refuses to wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::bucket::{Bucket, Inner, On};
use super::fault::StoreError;
use super::location::Location;
use crate::lock::Holder;

/// How long a lease lasts that nobody renews.
pub(crate) const LASTS: Duration = Duration::from_mins(1);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(15);
/// How long after its last renewal its holder may still write: a request that is under way must end within the rest.
const TRUSTED: Duration = Duration::from_secs(40);
/// Most bytes read of a lease.
const LEASE_BYTES: u64 = 4096;

/// What the object says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    #[serde(flatten)]
    holder: Holder,
    /// Seconds after its last renewal for which it holds.
    lasts_seconds: u64,
    /// Tells two runs of one holder apart.
    run: String,
    /// How often it was renewed: so that each renewal has a tag of its own.
    renewals: u64,
}

impl Held {
    fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).expect("it is plain JSON").into()
    }
}

/// Why a lease can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// Another run has it.
    #[error("another run holds it")]
    Held(Option<Holder>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Held until it is dropped.
pub(crate) struct Lease {
    bucket: Bucket,
    key: String,
    /// Locked while it is renewed.
    standing: Arc<Mutex<Standing>>,
    renewal: JoinHandle<()>,
}

/// What its holder knows of it.
struct Standing {
    held: Held,
    tag: String,
    /// Before the last request that succeeded was sent; nothing once somebody else has it.
    since: Option<Instant>,
}

impl Standing {
    /// Whether it is still held, and for long enough to write something.
    fn is_held(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() < TRUSTED)
    }

    /// Renews it, if nobody else has it.
    async fn renew(&mut self, inner: &Inner, key: &str) {
        let since = Instant::now();
        self.held.renewals += 1;
        match inner.put(key, self.held.bytes(), On::Tag(self.tag.clone())).await {
            Ok(Some(tag)) => (self.tag, self.since) = (tag, Some(since)),
            Ok(None) => self.since = None,
            // There may be time for more tries.
            Err(error) => tracing::warn!("the lock could not be renewed: {error}"),
        }
    }
}

impl Lease {
    /// Takes the lease at `place` for `holder`, and renews it until it is dropped.
    ///
    /// # Errors
    /// [`LeaseError::Held`] while another run has it.
    pub(crate) fn take(place: &Location, holder: &Holder) -> Result<Self, LeaseError> {
        let bucket = Bucket::connect(&place.bucket)?;
        let run = format!("{:016x}", fastrand::u64(..));
        let held = Held { holder: holder.clone(), lasts_seconds: LASTS.as_secs(), run, renewals: 0 };
        let mut since = Instant::now();
        let mut tag = bucket.put(&place.key, held.bytes(), On::Absent)?;
        if tag.is_none() {
            since = Instant::now();
            tag = take_over(&bucket, &place.key, &held)?;
        }
        // Between the two questions somebody else was quicker.
        let tag = tag.ok_or(LeaseError::Held(None))?;
        let standing = Arc::new(Mutex::new(Standing { held, tag, since: Some(since) }));
        let renewal = bucket.start(renew(Arc::clone(bucket.inner()), place.key.clone(), Arc::clone(&standing)));
        Ok(Self { bucket, key: place.key.clone(), standing, renewal })
    }

    /// Whether it was renewed lately enough to write something. Nothing is asked.
    pub(crate) fn is_trusted(&self) -> bool {
        let standing = Arc::clone(&self.standing);
        self.bucket.wait(async move { standing.lock().await.is_held() })
    }

    /// Whether it is still held, which the store is asked.
    pub(crate) fn is_held(&self) -> bool {
        let (standing, inner, key) = (Arc::clone(&self.standing), Arc::clone(self.bucket.inner()), self.key.clone());
        self.bucket.wait(async move {
            let mut standing = standing.lock().await;
            if standing.is_held() {
                standing.renew(&inner, &key).await;
            }
            standing.is_held()
        })
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        let standing = Arc::clone(&self.standing);
        // One that may have run out may be somebody else's.
        if !self.bucket.wait(async move { standing.lock().await.is_held() }) {
            return;
        }
        if let Err(error) = self.bucket.remove(&self.key) {
            tracing::warn!("{error}: the next run can begin in {} s", LASTS.as_secs());
        }
    }
}

/// Puts `held` in the place of a lease that ran out; `None` if somebody else does.
fn take_over(bucket: &Bucket, key: &str, held: &Held) -> Result<Option<String>, LeaseError> {
    let Some(there) = bucket.get(key, LEASE_BYTES)? else {
        return Ok(bucket.put(key, held.bytes(), On::Absent)?);
    };
    let before: Option<Held> = serde_json::from_slice(&there.bytes).ok();
    let lasts = before.as_ref().map_or(LASTS, |before| Duration::from_secs(before.lasts_seconds));
    if there.age <= lasts {
        return Err(LeaseError::Held(before.map(|before| before.holder)));
    }
    let Some(tag) = there.e_tag else { return Ok(None) };
    if let Some(before) = before {
        tracing::warn!("{} ended without giving its lock back, which has run out", before.holder);
    }
    Ok(bucket.put(key, held.bytes(), On::Tag(tag))?)
}

/// Renews the lease until somebody else has it.
async fn renew(inner: Arc<Inner>, key: String, standing: Arc<Mutex<Standing>>) {
    loop {
        tokio::time::sleep(RENEWED).await;
        let mut standing = standing.lock().await;
        standing.renew(&inner, &key).await;
        if standing.since.is_none() {
            tracing::warn!("another run has taken the lock");
            return;
        }
    }
}

//! An object that is written as it comes to be: nothing of it lies on this machine's disk.
//!
//! What has gathered goes up in parts; the object appears when it is finished, encrypted as its bucket was connected. A
//! small one goes up in one request.

use std::sync::Arc;

use bytes::Bytes;
use object_store::PutMultipartOptions;
use object_store::multipart::{MultipartStore as _, PartId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::bucket::{Bucket, On};
use super::fault::{Doing, Fault, StoreError};
use super::requests::{content_type, path, upload_deadline};

/// The size of parts: the least that stores take. Of 10,000 of them an object of 50 GB can be made.
const PART_BYTES: usize = 5 << 20;

/// Parts under way at the same time, of all objects that share these.
#[derive(Clone)]
pub(crate) struct Lanes(Arc<Semaphore>);

impl Lanes {
    /// So many parts at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }
}

/// An object under way. One that is not finished leaves parts behind: give it to [`Sending::abandon`].
pub(crate) struct Sending {
    bucket: Bucket,
    key: String,
    lanes: Lanes,
    buffer: Vec<u8>,
    upload: Option<String>,
    parts: Vec<Part>,
}

/// A part: on its way, or there.
enum Part {
    Sent(oneshot::Receiver<Result<PartId, (Fault, u32)>>),
    There(PartId),
}

impl Sending {
    /// An empty object; nothing is sent yet.
    pub(crate) fn new(bucket: &Bucket, key: String, lanes: &Lanes) -> Self {
        let (bucket, lanes) = (bucket.clone(), lanes.clone());
        Self { bucket, key, lanes, buffer: Vec::new(), upload: None, parts: Vec::new() }
    }

    /// Where what comes next is put.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Whether enough has gathered for [`Sending::send_part`].
    pub(crate) const fn is_due(&self) -> bool {
        self.buffer.len() >= PART_BYTES
    }

    /// The upload that was begun, if one was.
    pub(crate) fn upload(&self) -> Option<&str> {
        self.upload.as_deref()
    }

    /// Begins an upload in parts, unless one was begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        if self.upload.is_some() {
            return Ok(());
        }
        let (inner, key) = (Arc::clone(self.bucket.inner()), self.key.clone());
        let begun = self.bucket.wait(async move {
            let at = path(&key).map_err(|fault| (fault, 1))?;
            let options = PutMultipartOptions { attributes: content_type(&key), ..PutMultipartOptions::default() };
            let mut tries = 0;
            let begin = || {
                tries += 1;
                inner.store.create_multipart_opts(&at, options.clone())
            };
            let id = inner.retrying(upload_deadline(0), begin).await?;
            // A try whose answer was lost may have begun another upload, whose id nobody knows.
            if tries > 1
                && let Err(error) = inner.abandon_all(&key, Some(&id)).await
            {
                tracing::debug!("{error}: another upload may be left");
            }
            Ok(id)
        });
        self.upload = Some(begun.map_err(|failed| self.error(failed))?);
        Ok(())
    }

    /// Sends what has gathered as a part of the upload that was begun. Waits while too many are on their way.
    ///
    /// # Errors
    /// [`StoreError`] of this part or of one before.
    pub(crate) fn send_part(&mut self) -> Result<(), StoreError> {
        let Some(id) = self.upload.clone().filter(|_| !self.buffer.is_empty()) else { return Ok(()) };
        self.settle(false)?;
        let capacity = self.buffer.capacity();
        let bytes = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(capacity)));
        let (inner, key, number) = (Arc::clone(self.bucket.inner()), self.key.clone(), self.parts.len());
        let permit = self.permit();
        let (tell, told) = oneshot::channel();
        self.bucket.start(async move {
            let sent = async {
                let at = path(&key).map_err(|fault| (fault, 1))?;
                let send = || inner.store.put_part(&at, &id, number, bytes.clone().into());
                inner.retrying(upload_deadline(bytes.len() as u64), send).await
            };
            let sent = sent.await;
            drop(permit);
            // Whoever has given the object up wants no answer.
            let _ = tell.send(sent);
        });
        self.parts.push(Part::Sent(told));
        Ok(())
    }

    /// Puts the object in place.
    ///
    /// # Errors
    /// [`StoreError`]; then parts may be left: see [`Sending::abandon`].
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        let Some(id) = self.upload.clone() else {
            let bytes = std::mem::take(&mut self.buffer).into();
            return self.bucket.put(&self.key, bytes, On::Always).map(drop);
        };
        self.send_part()?;
        self.settle(true)?;
        let parts: Vec<PartId> = self.parts.drain(..).filter_map(Part::id).collect();
        let (inner, key) = (Arc::clone(self.bucket.inner()), self.key.clone());
        let finished = self.bucket.wait(async move { inner.complete(&key, &id, parts).await });
        match finished {
            Ok(_) => Ok(()),
            // The answer to the request before may have been lost: nobody else writes to this key.
            Err((Fault::NoUpload, tried)) if tried > 1 && self.bucket.find(&self.key)?.is_some() => Ok(()),
            Err(failed) => Err(self.error(failed)),
        }
    }

    /// Removes what was sent of an object that will not be finished.
    pub(crate) fn abandon(mut self) {
        // A part that is on its way would appear after the upload was removed.
        let _ = self.settle(true);
        if let Some(id) = self.upload.take() {
            self.bucket.abandon(&self.key, id);
        }
    }

    /// Takes in the answers to parts that are there, or waits for all of them.
    fn settle(&mut self, all: bool) -> Result<(), StoreError> {
        for place in 0..self.parts.len() {
            let Part::Sent(told) = &mut self.parts[place] else { continue };
            let answer = if all {
                let (_, mut waited) = oneshot::channel();
                std::mem::swap(told, &mut waited);
                self.bucket.wait(waited).ok()
            } else {
                told.try_recv().ok()
            };
            match answer {
                Some(Ok(id)) => self.parts[place] = Part::There(id),
                Some(Err(failed)) => return Err(self.error(failed)),
                None if all => return Err(self.error((Fault::NoUpload, 1))),
                None => {}
            }
        }
        Ok(())
    }

    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        let lanes = Arc::clone(&self.lanes.0);
        self.bucket.wait(lanes.acquire_owned()).ok()
    }

    fn error(&self, failed: (Fault, u32)) -> StoreError {
        self.bucket.inner().error(Doing::Write, &self.key, failed)
    }
}

impl Part {
    fn id(self) -> Option<PartId> {
        match self {
            Self::There(id) => Some(id),
            Self::Sent(_) => None,
        }
    }
}

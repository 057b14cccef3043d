//! Files put in place together, as late as can be.
//!
//! A large file's parts go up before anything is changed; the object appears only when its upload is finished, which
//! is one short request. A small file is one request anyway. So between the first and the last object that changes lie
//! a few requests, however large the files are.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::PutMultipartOptions;
use object_store::multipart::{MultipartStore as _, PartId};

use super::bucket::{Bucket, Inner, Listed, On};
use super::fault::{Doing, Fault, StoreError};
use super::requests::{content_type, path, upload_deadline};

/// The size of parts, and of files that go up in one request. Stores want 5 MiB at least.
const PART_BYTES: u64 = 8 << 20;
/// Most parts of an upload.
const MOST_PARTS: u64 = 10_000;
/// Parts under way at the same time: 32 MiB in memory.
const AT_ONCE: usize = 4;

/// A file that is ready to be put in place. One that is not, leaves parts behind: give it to [`Upload::abandon`].
pub(crate) struct Upload {
    bucket: Bucket,
    key: String,
    what: What,
}

enum What {
    Small(PathBuf),
    Large { id: String, parts: Vec<PartId>, bytes: u64, before: Option<Listed> },
}

/// Why a file could not be uploaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// The file can't be read.
    #[error("can't read {path}")]
    File { path: PathBuf, source: io::Error },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Upload {
    /// Makes the file at `path` ready to become the object `key`.
    ///
    /// # Errors
    /// [`UploadError`]; then nothing is left behind.
    pub(crate) fn prepare(bucket: &Bucket, key: &str, path: &Path) -> Result<Self, UploadError> {
        let metadata = std::fs::metadata(path).map_err(|source| UploadError::File { path: path.to_owned(), source })?;
        let bytes = metadata.len();
        let what = if bytes <= PART_BYTES {
            What::Small(path.to_owned())
        } else {
            let before = bucket.find(key)?;
            let (inner, owned, path) = (Arc::clone(bucket.inner()), key.to_owned(), path.to_owned());
            let (id, parts) = bucket.wait(async move { inner.upload(&owned, &path, bytes).await })?;
            What::Large { id, parts, bytes, before }
        };
        Ok(Self { bucket: bucket.clone(), key: key.to_owned(), what })
    }

    /// Puts the object in place.
    ///
    /// # Errors
    /// [`UploadError`]; then what was there is still there.
    pub(crate) fn finish(self) -> Result<(), UploadError> {
        self.finish_if(On::Always).map(drop)
    }

    /// Puts the object in place on a condition, and returns its tag; `None` if the condition does not hold. Of a large file
    /// it is looked at just before the end of the upload, since a store takes no condition there.
    ///
    /// # Errors
    /// [`UploadError`]; then what was there is still there.
    pub(crate) fn finish_if(self, on: On) -> Result<Option<String>, UploadError> {
        if !matches!(self.what, What::Small(_)) && !self.holds(&on)? {
            self.abandon();
            return Ok(None);
        }
        match self.what {
            What::Small(path) => {
                let bytes = std::fs::read(&path).map_err(|source| UploadError::File { path, source })?;
                Ok(self.bucket.put(&self.key, bytes.into(), on)?)
            }
            What::Large { id, parts, bytes, before } => {
                let (inner, key) = (Arc::clone(self.bucket.inner()), self.key.clone());
                let finished = self.bucket.wait(async move { inner.complete(&key, &id, parts).await });
                let failed = match finished {
                    Ok(e_tag) => return Ok(Some(e_tag.unwrap_or_default())),
                    Err(failed) => failed,
                };
                // The answer to the request before may have been lost.
                let may_be_done = failed.0 == Fault::NoUpload && failed.1 > 1;
                let now = if may_be_done { self.bucket.find(&self.key)? } else { None };
                match now.filter(|now| now.bytes == bytes && Some(now) != before.as_ref()) {
                    Some(now) => Ok(Some(now.e_tag.unwrap_or_default())),
                    None => Err(self.bucket.inner().error(Doing::Write, &self.key, failed).into()),
                }
            }
        }
    }

    /// Whether a condition holds now.
    fn holds(&self, on: &On) -> Result<bool, StoreError> {
        Ok(match on {
            On::Always => true,
            On::Absent => self.bucket.find(&self.key)?.is_none(),
            On::Tag(tag) => self.bucket.find(&self.key)?.is_some_and(|now| now.e_tag.as_ref() == Some(tag)),
        })
    }

    /// Removes the parts of an upload that will not be finished.
    pub(crate) fn abandon(self) {
        if let What::Large { id, .. } = self.what {
            let inner = Arc::clone(self.bucket.inner());
            self.bucket.wait(async move { inner.abandon(&self.key, &id).await });
        }
    }
}

impl Inner {
    /// Uploads the parts of a file.
    async fn upload(&self, key: &str, file: &Path, bytes: u64) -> Result<(String, Vec<PartId>), UploadError> {
        let failed = |failed| self.error(Doing::Write, key, failed);
        let at = path(key).map_err(|fault| failed((fault, 1)))?;
        let options = PutMultipartOptions { attributes: content_type(key), ..PutMultipartOptions::default() };
        let begin = || self.store.create_multipart_opts(&at, options.clone());
        let id = self.retrying(upload_deadline(0), begin).await.map_err(failed)?;
        let size = bytes.div_ceil(MOST_PARTS).max(PART_BYTES);
        let parts = futures_util::stream::iter(0..bytes.div_ceil(size)).map(|number| {
            let (at, id) = (&at, &id);
            async move {
                let part = part(file, number * size, size)
                    .map_err(|source| UploadError::File { path: file.to_owned(), source })?;
                let number = usize::try_from(number).expect("there are 10,000 parts at most");
                let send = || self.store.put_part(at, id, number, part.clone().into());
                self.retrying(upload_deadline(part.len() as u64), send).await.map_err(|fault| failed(fault).into())
            }
        });
        let sent: Result<Vec<PartId>, UploadError> = parts.buffered(AT_ONCE).try_collect().await;
        match sent {
            Ok(parts) => Ok((id, parts)),
            Err(error) => {
                self.abandon(key, &id).await;
                Err(error)
            }
        }
    }

    pub(super) async fn complete(
        &self,
        key: &str,
        id: &String,
        parts: Vec<PartId>,
    ) -> Result<Option<String>, (Fault, u32)> {
        let at = path(key).map_err(|fault| (fault, 1))?;
        // A store may take minutes to join ten thousand parts.
        let deadline = upload_deadline(0) * 6;
        let put = self.retrying(deadline, || self.store.complete_multipart(&at, id, parts.clone())).await?;
        Ok(put.e_tag)
    }

    pub(super) async fn abandon(&self, key: &str, id: &String) {
        let Ok(at) = path(key) else { return };
        let aborted = self.retrying(upload_deadline(0), || self.store.abort_multipart(&at, id)).await;
        // One that is gone is what was wanted.
        if let Err(failed) = aborted
            && !matches!(failed.0, Fault::NoUpload | Fault::Missing)
        {
            let error = self.error(Doing::Remove, key, failed);
            tracing::warn!("{error}: parts of an upload are left; a lifecycle rule of the bucket can remove them");
        }
    }
}

/// So many bytes of a file from `start` on, or as many as there are.
fn part(file: &Path, start: u64, size: u64) -> io::Result<Bytes> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

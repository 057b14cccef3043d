//! The requests of a bucket, each sent until it is answered or the room's rule for sending again gives up.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions,
    UpdateVersion,
};

use super::bucket::{Content, Inner, Listed, On};
use super::fault::{Doing, Fault, StoreError};
use super::http::AnsweredAt;
use super::location::Location;
use super::retry::{Next, Tries, pause};

/// How long a request without much of a body may take. A slow page of a list takes seconds.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
/// Bytes a second below which an upload is given up and sent again.
const SLOWEST_UPLOAD: u64 = 64 << 10;

impl Inner {
    /// An error about `key`.
    pub(super) fn error(&self, doing: Doing, key: &str, (fault, attempts): (Fault, u32)) -> StoreError {
        let place = Location { bucket: self.name.clone(), key: key.to_owned() };
        StoreError { doing, place, fault, region: self.way.region.clone(), attempts }
    }

    /// Lets `attempt` try by the room's one rule, each time for `deadline` at most.
    pub(super) async fn retrying<T, F: Future<Output = object_store::Result<T>>>(
        &self,
        deadline: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, (Fault, u32)> {
        let mut tries = Tries::new(self.way.attempts);
        loop {
            let fault = match tokio::time::timeout(deadline, attempt()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Fault::of(&error),
                Err(_elapsed) => Fault::Unreachable(format!("nothing within {} s", deadline.as_secs())),
            };
            match tries.after(&fault) {
                Next::Renew => self.way.credentials.forget().await,
                Next::Wait => pause(tries.number).await,
                Next::Stop => return Err((fault, tries.number)),
            }
        }
    }

    pub(super) async fn page(
        &self,
        prefix: &str,
        flat: bool,
        most: Option<usize>,
        token: Option<String>,
    ) -> Result<(Vec<Listed>, Option<String>), StoreError> {
        let options = PaginatedListOptions {
            delimiter: flat.then_some("/".into()),
            page_token: token,
            max_keys: most,
            ..PaginatedListOptions::default()
        };
        let ask = || self.store.list_paginated(Some(prefix), options.clone());
        let page = self.retrying(DEADLINE, ask).await.map_err(|failed| self.error(Doing::List, prefix, failed))?;
        let listed = page.result.objects.into_iter().map(|object| Listed {
            key: object.location.into(),
            bytes: object.size,
            e_tag: object.e_tag,
            modified: object.last_modified.timestamp_nanos_opt().unwrap_or_default(),
        });
        Ok((listed.collect(), page.page_token))
    }

    pub(super) async fn get(&self, key: &str, most: u64) -> Result<Option<Content>, StoreError> {
        let failed = |failed| self.error(Doing::Read, key, failed);
        let path = path(key).map_err(|fault| failed((fault, 1)))?;
        let ask = || async {
            // Without a range, since an empty object has none; what is too much is not waited for.
            let answer = self.store.get(&path).await?;
            let (meta, at) = (answer.meta.clone(), answer.extensions.get().copied());
            let mut chunks = answer.into_stream();
            let mut bytes = Vec::new();
            while let Some(chunk) = chunks.next().await {
                bytes.extend_from_slice(&chunk?);
                if bytes.len() as u64 >= most {
                    break;
                }
            }
            bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            Ok((bytes, meta, at))
        };
        match self.retrying(DEADLINE, ask).await {
            Ok((bytes, meta, at)) => {
                let written = meta.last_modified.timestamp();
                let now = at.map_or_else(Timestamp::now, |AnsweredAt(at)| at).as_second();
                let age = Duration::from_secs(u64::try_from(now.saturating_sub(written)).unwrap_or(0));
                Ok(Some(Content { bytes: bytes.into(), e_tag: meta.e_tag, age }))
            }
            Err((Fault::Missing, _)) => Ok(None),
            Err(fault) => Err(failed(fault)),
        }
    }

    /// An object's bytes from `start` on, if its tag is still `e_tag`; with the tag that it has.
    pub(super) async fn stream(
        &self,
        path: &Path,
        e_tag: Option<&str>,
        start: u64,
    ) -> Result<(BoxStream<'static, object_store::Result<Bytes>>, Option<String>), (Fault, u32)> {
        let ask = || async {
            let options = GetOptions {
                if_match: e_tag.map(str::to_owned),
                range: (start > 0).then_some(GetRange::Offset(start)),
                ..GetOptions::default()
            };
            let answer = self.store.get_opts(path, options).await?;
            let e_tag = answer.meta.e_tag.clone();
            Ok((answer.into_stream(), e_tag))
        };
        self.retrying(DEADLINE, ask).await
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes, on: On) -> Result<Option<String>, StoreError> {
        let failed = |failed| self.error(Doing::Write, key, failed);
        let path = path(key).map_err(|fault| failed((fault, 1)))?;
        let options = PutOptions {
            mode: match &on {
                On::Always => PutMode::Overwrite,
                On::Absent => PutMode::Create,
                On::Tag(tag) => PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None }),
            },
            attributes: content_type(key),
            ..PutOptions::default()
        };
        let ask = || self.store.put_opts(&path, bytes.clone().into(), options.clone());
        match self.retrying(upload_deadline(bytes.len() as u64), ask).await {
            Ok(put) => Ok(Some(put.e_tag.unwrap_or_default())),
            // A tag of an object that is gone is answered as one that is not there.
            Err((Fault::Changed | Fault::Missing, tried)) if on != On::Always => self.settle(key, &bytes, tried).await,
            Err(fault) => Err(failed(fault)),
        }
    }

    /// What became of a conditional put that was refused: where an answer was lost before, it may have been done already.
    async fn settle(&self, key: &str, bytes: &Bytes, tried: u32) -> Result<Option<String>, StoreError> {
        if tried == 1 {
            return Ok(None);
        }
        let there = self.get(key, bytes.len() as u64 + 1).await?;
        Ok(there.filter(|there| there.bytes == bytes).and_then(|there| there.e_tag))
    }

    pub(super) async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let failed = |failed| self.error(Doing::Remove, key, failed);
        let path = path(key).map_err(|fault| failed((fault, 1)))?;
        match self.retrying(DEADLINE, || self.store.delete(&path)).await {
            Ok(()) | Err((Fault::Missing, _)) => Ok(()),
            Err(fault) => Err(failed(fault)),
        }
    }
}

/// A key as the library has it, which it does not change.
pub(super) fn path(key: &str) -> Result<Path, Fault> {
    let path = Path::parse(key).map_err(|_error| Fault::Key(None))?;
    if path.as_ref() == key { Ok(path) } else { Err(Fault::Key(None)) }
}

/// How long an upload of so many bytes may take.
pub(super) fn upload_deadline(bytes: u64) -> Duration {
    DEADLINE + Duration::from_secs(bytes / SLOWEST_UPLOAD)
}

/// The type by which browsers and services know what an object is.
pub(super) fn content_type(key: &str) -> Attributes {
    let ending = key.rsplit_once('.').map_or("", |(_, ending)| ending);
    let kind = match ending {
        "csv" => "text/csv; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "parquet" => "application/vnd.apache.parquet",
        "sqlite" => "application/vnd.sqlite3",
        "sql" => "application/sql",
        _ => "application/octet-stream",
    };
    Attributes::from_iter([(Attribute::ContentType, kind)])
}

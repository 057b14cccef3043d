//! Uploads that were begun and neither finished nor aborted, found by the keys that they are for.

use std::sync::Arc;

use quick_xml::de;
use serde::Deserialize;

use super::bucket::{Bucket, Inner};
use super::fault::{Doing, Fault, StoreError};
use super::requests::DEADLINE;
use crate::engine::aws::path_part;

/// The answer of `ListMultipartUploads`, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename = "ListMultipartUploadsResult")]
struct Uploads {
    #[serde(rename = "Upload", default)]
    uploads: Vec<Upload>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
}

fn read(answer: &str) -> Option<Vec<Upload>> {
    answer.contains("<ListMultipartUploadsResult").then(|| de::from_str::<Uploads>(answer).ok())?.map(|it| it.uploads)
}

impl Bucket {
    /// Removes the parts of unfinished uploads whose keys begin with `prefix`, of a thousand at most. Takes the right
    /// `s3:ListBucketMultipartUploads`.
    ///
    /// # Errors
    /// [`StoreError`] where they can't be listed.
    pub(crate) fn abandon_all(&self, prefix: &str) -> Result<(), StoreError> {
        let (inner, owned) = (Arc::clone(self.inner()), prefix.to_owned());
        self.wait(async move { inner.abandon_all(&owned, None).await })
    }
}

impl Inner {
    /// The same, but for the upload `kept`.
    pub(super) async fn abandon_all(&self, prefix: &str, kept: Option<&String>) -> Result<(), StoreError> {
        let query = format!("prefix={}&uploads=", path_part(prefix));
        let failed = |failed| self.error(Doing::Uploads, prefix, failed);
        let answer = self.retrying(DEADLINE, || self.ask_bucket(&query)).await.map_err(failed)?;
        let uploads = read(&answer).ok_or_else(|| failed((Fault::Unreadable, 1)))?;
        for Upload { key, upload_id } in uploads.iter().filter(|upload| Some(&upload.upload_id) != kept) {
            self.abandon(key, upload_id).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ids_are_read_and_nothing_of_what_is_no_such_answer() {
        let answer = |inside: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListMultipartUploadsResult \
                 xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket><KeyMarker/>{inside}\
                 <IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
            )
        };
        let upload = |key: &str, id: &str| {
            format!(
                "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Owner><ID>1</ID></Owner>\
                 <Initiated>2026-11-26T20:48:33.000Z</Initiated></Upload>"
            )
        };
        let read = |inside: &str| -> Option<Vec<(String, String)>> {
            Some(read(&answer(inside))?.into_iter().map(|upload| (upload.key, upload.upload_id)).collect())
        };
        let pair = |key: &str, id: &str| (key.to_owned(), id.to_owned());
        assert_eq!(read(""), Some(Vec::new()));
        assert_eq!(read(&upload("a&amp;b/c", "1")), Some(vec![pair("a&b/c", "1")]));
        let two = upload("a", "1") + &upload("a", "Xg.2_-");
        assert_eq!(read(&two), Some(vec![pair("a", "1"), pair("a", "Xg.2_-")]));
        assert_eq!(read("<Upload><Key>a</Key></Upload>"), None);
        assert!(super::read("<ListBucketResult/>").is_none() && super::read("<p>sign in").is_none());
    }
}

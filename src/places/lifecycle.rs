//! What a bucket's own lifecycle rules remove by themselves: objects and unfinished uploads under a prefix.

use std::sync::Arc;

use quick_xml::de;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::bucket::{Bucket, Inner};
use super::fault::{Doing, Fault, StoreError};
use super::requests::DEADLINE;

/// After how many days what lies under a prefix is removed by the bucket; nothing where no rule removes all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lifecycle {
    /// Objects, from when they were written.
    pub(crate) objects: Option<u32>,
    /// Parts of uploads that were not finished, from when the upload was begun.
    pub(crate) uploads: Option<u32>,
}

/// The answer of `GetBucketLifecycleConfiguration`, as far as it is needed.
#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "Rule", default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    status: String,
    /// The older form, outside a filter.
    prefix: Option<String>,
    filter: Option<Filter>,
    expiration: Option<Expiration>,
    abort_incomplete_multipart_upload: Option<Abort>,
}

/// Which objects a rule is for. A filter by tag or size is for some of them only.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    prefix: Option<String>,
    tag: Option<IgnoredAny>,
    and: Option<IgnoredAny>,
    object_size_greater_than: Option<u64>,
    object_size_less_than: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Expiration {
    days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Abort {
    days_after_initiation: Option<u32>,
}

impl Lifecycle {
    /// Reads the store's answer: what rules in force do to everything under `prefix`.
    fn read(answer: &str, prefix: &str) -> Result<Self, de::DeError> {
        let configuration: Configuration = de::from_str(answer)?;
        let mut found = Self::default();
        for rule in configuration.rules.iter().filter(|rule| rule.is_for_all_under(prefix)) {
            let objects = rule.expiration.as_ref().and_then(|expiration| expiration.days);
            let uploads = rule.abort_incomplete_multipart_upload.as_ref().and_then(|abort| abort.days_after_initiation);
            found.objects = sooner(found.objects, objects);
            found.uploads = sooner(found.uploads, uploads);
        }
        Ok(found)
    }
}

impl Rule {
    fn is_for_all_under(&self, prefix: &str) -> bool {
        let filter = self.filter.as_ref();
        let is_for_some = filter.is_some_and(|filter| {
            filter.tag.is_some()
                || filter.and.is_some()
                || filter.object_size_greater_than.is_some()
                || filter.object_size_less_than.is_some()
        });
        let of = filter.and_then(|filter| filter.prefix.as_deref()).or(self.prefix.as_deref()).unwrap_or_default();
        self.status == "Enabled" && !is_for_some && prefix.starts_with(of)
    }
}

fn sooner(days: Option<u32>, others: Option<u32>) -> Option<u32> {
    days.into_iter().chain(others).min()
}

impl Bucket {
    /// What the bucket's rules remove of what lies under `prefix`. Takes the right `s3:GetLifecycleConfiguration`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn lifecycle(&self, prefix: &str) -> Result<Lifecycle, StoreError> {
        let (inner, owned) = (Arc::clone(self.inner()), prefix.to_owned());
        self.wait(async move { inner.lifecycle(&owned).await })
    }
}

impl Inner {
    async fn lifecycle(&self, prefix: &str) -> Result<Lifecycle, StoreError> {
        let answer = self.retrying(DEADLINE, || self.ask_bucket("lifecycle")).await;
        match answer {
            Ok(answer) => Lifecycle::read(&answer, prefix)
                .map_err(|_not_as_the_store_writes_it| self.error(Doing::Rules, prefix, (Fault::Unreadable, 1))),
            // A bucket without rules answers with 404, NoSuchLifecycleConfiguration.
            Err((Fault::Missing, _)) => Ok(Lifecycle::default()),
            Err(failed) => Err(self.error(Doing::Rules, prefix, failed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: &str) -> Lifecycle {
        let answer = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LifecycleConfiguration \
             xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rules}</LifecycleConfiguration>"
        );
        Lifecycle::read(&answer, "undertone/jobs/").expect("as the store writes it")
    }

    fn rule(inside: &str) -> String {
        format!("<Rule><ID>r</ID><Status>Enabled</Status>{inside}</Rule>")
    }

    #[test]
    fn a_rule_counts_for_what_lies_under_its_prefix() {
        let week = "<Expiration><Days>7</Days></Expiration>";
        let day = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
        for of in [
            "<Filter><Prefix>undertone/</Prefix></Filter>",
            "<Prefix>undertone/jobs/</Prefix>",
            "<Filter/>",
            "<Filter><Prefix/></Filter>",
        ] {
            let found = read(&rule(&format!("{of}{week}{day}")));
            assert_eq!(found, Lifecycle { objects: Some(7), uploads: Some(1) }, "{of}");
        }
        let others = [
            "<Filter><Prefix>logs/</Prefix></Filter>",
            "<Filter><Prefix>undertone/jobs/en/</Prefix></Filter>",
            "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>",
            "<Filter><And><Prefix>undertone/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>",
            "<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>",
            "<Filter><ObjectSizeLessThan>500</ObjectSizeLessThan></Filter>",
        ];
        for of in others {
            assert_eq!(read(&rule(&format!("{of}{week}{day}"))), Lifecycle::default(), "{of}");
        }
        let off = rule(&format!("<Filter/>{week}")).replace("Enabled", "Disabled");
        assert_eq!(read(&off), Lifecycle::default());
    }

    #[test]
    fn the_soonest_of_several_rules_holds() {
        let month = rule("<Filter/><Expiration><Days>30</Days></Expiration>");
        let week = rule("<Filter/><Expiration><Days>7</Days></Expiration>");
        let by_date = rule("<Filter/><Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration>");
        let versions = rule(
            "<Filter/><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>",
        );
        let found = read(&format!("{month}{by_date}{week}{versions}"));
        assert_eq!(found, Lifecycle { objects: Some(7), uploads: None });
        assert_eq!(read(""), Lifecycle::default());
        assert!(Lifecycle::read("<!doctype html><p>sign in", "").is_err());
    }
}

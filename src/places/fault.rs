//! What goes wrong on an object store, named by what the user can do about it.

use std::error::Error as _;

use object_store::path::Error as PathError;

use super::location::Location;
use crate::aws;
use crate::exit::{ExitCode, Stops};

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Finding the way there.
    Connect,
    List,
    Read,
    Write,
    Remove,
    /// What its lifecycle rules are.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "jobs alone ask for them"))]
    Rules,
    /// Which uploads are not finished.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "jobs alone ask for them"))]
    Uploads,
}

impl Doing {
    const fn verb(self) -> &'static str {
        match self {
            Self::Connect => "reach",
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Remove => "remove",
            Self::Rules => "read the lifecycle rules of",
            Self::Uploads => "list unfinished uploads in",
        }
    }

    /// The right that it takes, as IAM calls it.
    const fn action(self) -> &'static str {
        match self {
            Self::Connect | Self::List => "s3:ListBucket",
            Self::Read => "s3:GetObject",
            Self::Write => "s3:PutObject",
            Self::Remove => "s3:DeleteObject",
            Self::Rules => "s3:GetLifecycleConfiguration",
            Self::Uploads => "s3:ListBucketMultipartUploads",
        }
    }

    const fn is_output(self) -> bool {
        matches!(self, Self::Write | Self::Remove)
    }
}

/// Why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// No region, or none that is one: in words.
    Region(&'static str),
    /// No credentials: what their source says.
    Credentials(String),
    /// Credentials that the store does not take: its code.
    Keys(String),
    /// A right that is missing: the store's code.
    Denied(String),
    /// There is no such bucket.
    NoBucket,
    /// The bucket is in another region, if the store names it.
    Elsewhere(Option<String>),
    /// There is no such object.
    Missing,
    /// The object is another one than was found before, or somebody else put one first.
    Changed,
    /// The object is in an archive.
    Archived,
    /// Parts of an upload that the store does not know, any more.
    NoUpload,
    /// The store is overloaded or broken: its code or status.
    Busy(String),
    /// No answer: in words.
    Unreachable(String),
    /// Any other refusal: status and code.
    Refused(String),
    /// An answer that is not a store's.
    Unreadable,
    /// A key that can't be asked for, if it is another one than was asked for.
    Key(Option<String>),
    /// More objects than are read at once.
    TooMany(usize),
}

impl Fault {
    /// Whether it may be over when the request is sent again.
    pub(super) const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unreachable(_) | Self::Unreadable)
    }

    /// Whether other credentials may help.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self, Self::Keys(code) if code.starts_with("ExpiredToken") || code == "TokenRefreshRequired")
    }

    /// What an answer with this status and code means.
    pub(super) fn of_answer(refusal: &Refusal) -> Self {
        const KEYS: [&str; 9] = [
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "ExpiredToken",
            "InvalidToken",
            "TokenRefreshRequired",
            "RequestTimeTooSkewed",
            "RequestExpired",
            "InvalidSecurity",
            "NotSignedUp",
        ];
        const BUSY: [&str; 6] =
            ["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "RequestLimitExceeded"];
        let Refusal { status, code, region } = refusal;
        let named = || if code.is_empty() { format!("HTTP {status}") } else { code.clone() };
        match code.as_str() {
            "PermanentRedirect" | "TemporaryRedirect" | "IllegalLocationConstraintException" => {
                Self::Elsewhere(region.clone())
            }
            "AuthorizationHeaderMalformed" if region.is_some() => Self::Elsewhere(region.clone()),
            "AuthorizationHeaderMalformed" => Self::Keys(named()),
            "NoSuchBucket" => Self::NoBucket,
            "NoSuchUpload" => Self::NoUpload,
            "InvalidObjectState" => Self::Archived,
            code if KEYS.contains(&code) => Self::Keys(named()),
            code if BUSY.contains(&code) => Self::Busy(named()),
            _ => match status {
                301 | 307 | 308 => Self::Elsewhere(region.clone()),
                401 | 403 => Self::Denied(named()),
                404 => Self::Missing,
                412 => Self::Changed,
                // Two conditional writes at once: which of them was first is not known yet.
                408 | 409 | 429 | 500 | 502..=504 => Self::Busy(named()),
                _ => Self::Refused(format!("HTTP {status} {code}").trim_end().to_owned()),
            },
        }
    }

    /// What an error of the library means: what `http` and `connect` put into it, or its own kind.
    pub(super) fn of(error: &object_store::Error) -> Self {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        for cause in causes {
            if let Some(refusal) = cause.downcast_ref::<Refusal>() {
                return Self::of_answer(refusal);
            }
            if let Some(Broken(what)) = cause.downcast_ref() {
                return Self::Unreachable(what.clone());
            }
            if let Some(NoCredentials(what)) = cause.downcast_ref() {
                return Self::Credentials(what.clone());
            }
        }
        match error {
            object_store::Error::InvalidPath {
                source: PathError::EmptySegment { path } | PathError::BadSegment { path, .. },
            } => Self::Key(Some(path.clone())),
            _ => Self::Unreadable,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Region(what) => (*what).to_owned(),
            Self::Credentials(what) => format!("no usable AWS credentials: {what}"),
            Self::Keys(code) => format!("the store does not take the credentials ({code})"),
            Self::Denied(code) | Self::Refused(code) => format!("the store refuses it ({code})"),
            Self::NoBucket => "there is no such bucket".to_owned(),
            Self::Elsewhere(Some(region)) => format!("the bucket is in the region {region}"),
            Self::Elsewhere(None) => "the bucket is in another region".to_owned(),
            Self::Missing => "there is no such object".to_owned(),
            Self::Changed => "the object was changed or removed since it was found".to_owned(),
            Self::Archived => "the object is in an archive".to_owned(),
            Self::NoUpload => "the parts that were uploaded are gone".to_owned(),
            Self::Busy(code) => format!("the store is overloaded or broken ({code})"),
            Self::Unreachable(what) => format!("no answer: {what}"),
            Self::Unreadable => "the answer is not that of an S3 store".to_owned(),
            Self::Key(key) => {
                let key = key.as_ref().map_or_else(|| "its key".to_owned(), |key| format!("the key {key:?}"));
                format!("{key} has an empty, `.` or `..` folder name or a control character in it")
            }
            Self::TooMany(limit) => format!("more than {limit} objects match"),
        }
    }
}

/// What could not be done, where, and why.
#[derive(Debug, thiserror::Error)]
#[error("can't {} {place}: {}{}", doing.verb(), fault.in_words(), after(*attempts))]
pub struct StoreError {
    pub(super) doing: Doing,
    pub(super) place: Location,
    pub(super) fault: Fault,
    /// The region that was asked; empty before it is known.
    pub(super) region: String,
    /// How often it was tried.
    pub(super) attempts: u32,
}

fn after(attempts: u32) -> String {
    if attempts > 1 { format!(", after {attempts} attempts") } else { String::new() }
}

impl StoreError {
    /// Whether a right is missing.
    pub(crate) const fn is_denied(&self) -> bool {
        matches!(self.fault, Fault::Denied(_))
    }

    /// Whether the object is another one than was found before.
    pub(crate) fn is_changed(&self) -> bool {
        self.fault == Fault::Changed
    }

    /// What the right that is missing is about.
    fn resource(&self) -> String {
        let partition = match aws::domain(&self.region) {
            "amazonaws.com.cn" => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let Location { bucket, key } = &self.place;
        match self.doing {
            Doing::Connect | Doing::List | Doing::Rules | Doing::Uploads => format!("arn:{partition}:s3:::{bucket}"),
            _ => format!("arn:{partition}:s3:::{bucket}/{key}"),
        }
    }

    fn key_hint(code: &str) -> String {
        match code {
            "ExpiredToken" | "TokenRefreshRequired" => "the session has expired: sign in again and run the same command",
            "RequestTimeTooSkewed" | "RequestExpired" => "set this machine's clock: it is more than 15 minutes off",
            _ => "check the keys, AWS_PROFILE and any AWS_ENDPOINT_URL_S3 (`aws sts get-caller-identity` shows who is signed in)",
        }
        .to_owned()
    }
}

impl Stops for StoreError {
    fn code(&self) -> ExitCode {
        let is_output = self.doing.is_output();
        match &self.fault {
            Fault::Elsewhere(_) => ExitCode::Settings,
            Fault::Denied(_)
            | Fault::NoBucket
            | Fault::Missing
            | Fault::Changed
            | Fault::NoUpload
            | Fault::Refused(_)
                if is_output =>
            {
                ExitCode::CantCreate
            }
            Fault::NoBucket | Fault::Missing | Fault::Changed | Fault::Archived | Fault::Key(_) | Fault::TooMany(_) => {
                ExitCode::NoInput
            }
            _ => ExitCode::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        let place = &self.place;
        Some(match &self.fault {
            Fault::Region(_) => {
                "name the bucket's region with AWS_REGION or `region` in the profile, such as AWS_REGION=eu-west-1"
                    .into()
            }
            Fault::Credentials(_) => {
                "sign in (`aws sso login`, `aws configure`) or choose a profile with AWS_PROFILE".into()
            }
            Fault::Keys(code) => Self::key_hint(code),
            Fault::Denied(_) => {
                let more = match self.doing {
                    Doing::Read => ", and kms:Decrypt on the bucket's key if it has one",
                    Doing::Write => ", and kms:GenerateDataKey and kms:Decrypt on the bucket's key if it has one",
                    _ => "",
                };
                format!("allow {} on {} for this user or role{more}", self.doing.action(), self.resource())
            }
            Fault::NoBucket => "check the bucket's name, AWS_PROFILE and any AWS_ENDPOINT_URL_S3".into(),
            Fault::Elsewhere(Some(region)) => {
                format!(
                    "set AWS_REGION={region}; all buckets of a run are in one region, and --region names Comprehend's alone"
                )
            }
            Fault::Elsewhere(None) => {
                format!("set AWS_REGION to what `aws s3api get-bucket-location --bucket {}` names", place.bucket)
            }
            Fault::Missing => format!("see what is there with `aws s3 ls s3://{}/`", place.bucket),
            Fault::Archived => "restore it first (aws s3api restore-object), or leave it out".into(),
            Fault::Changed if self.doing.is_output() => "see that nothing else writes there, and run it again".into(),
            Fault::Changed => "run it again when nothing writes there".into(),
            Fault::NoUpload => {
                "see that no rule of the bucket removes unfinished uploads within a day, and run it again".into()
            }
            Fault::Busy(_) => {
                "run the same command again later; AWS_MAX_ATTEMPTS=20 in the environment is more patient".into()
            }
            Fault::Unreachable(_) => "check the network, the proxy, AWS_REGION and any AWS_ENDPOINT_URL".into(),
            Fault::Refused(_) | Fault::Unreadable => "check AWS_ENDPOINT_URL_S3 and the bucket's policy".into(),
            Fault::Key(_) => "rename that object, or name a prefix that it does not lie under".into(),
            Fault::TooMany(_) => {
                "name a longer prefix, such as that of one month, and read the rest in further runs".into()
            }
        })
    }
}

/// An answer of the store that is no success. Its message is left out: it may hold anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("HTTP {status} {code}")]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The store's code, such as `SlowDown`; empty if it sent none.
    pub(super) code: String,
    /// The region that the store says the bucket is in.
    pub(super) region: Option<String>,
}

/// There was no whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(pub(super) String);

/// The chain gave no credentials.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCredentials(pub(super) String);

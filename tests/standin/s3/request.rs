//! What a request asks for. Only what is known passes: a parameter or header of S3's that is not in these lists is one
//! that would change what the answer means.

use super::super::http::{self, Request};

/// How an object is to be encrypted, and by which key.
pub(crate) const ENCRYPTION: &str = "x-amz-server-side-encryption";
pub(crate) const ENCRYPTION_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

/// An operation, by the right that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    List,
    Get,
    Head,
    Put,
    Delete,
    CreateUpload,
    PutPart,
    CompleteUpload,
    AbortUpload,
    ListUploads,
    Lifecycle,
}

/// A request that is understood.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) action: Action,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
}

impl Asked {
    /// A parameter's value.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// What is not known, in words.
    pub(crate) fn read(request: &Request) -> Result<Self, String> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let query = http::parameters(query);
        let path = http::decoded(path.strip_prefix('/').ok_or("a path without a slash")?);
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        let mut names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let action = action(&request.method, key, &names).ok_or_else(|| {
            format!("{} of a {} with {names:?}", request.method, if key.is_empty() { "bucket" } else { "key" })
        })?;
        check_headers(request, action)?;
        Ok(Self { action, bucket: bucket.to_owned(), key: key.to_owned(), query })
    }
}

fn action(method: &str, key: &str, names: &[&str]) -> Option<Action> {
    const LIST: [&str; 6] = ["continuation-token", "delimiter", "list-type", "max-keys", "prefix", "start-after"];
    let is_list = names.contains(&"list-type") && names.iter().all(|name| LIST.contains(name));
    match (method, key.is_empty(), names) {
        ("GET", true, _) if is_list => Some(Action::List),
        ("GET", true, ["lifecycle"]) => Some(Action::Lifecycle),
        ("GET", true, ["prefix", "uploads"]) => Some(Action::ListUploads),
        ("GET", false, []) => Some(Action::Get),
        ("HEAD", false, []) => Some(Action::Head),
        ("PUT", false, []) => Some(Action::Put),
        ("DELETE", false, []) => Some(Action::Delete),
        ("POST", false, ["uploads"]) => Some(Action::CreateUpload),
        ("PUT", false, ["partNumber", "uploadId"]) => Some(Action::PutPart),
        ("POST", false, ["uploadId"]) => Some(Action::CompleteUpload),
        ("DELETE", false, ["uploadId"]) => Some(Action::AbortUpload),
        _ => None,
    }
}

/// Headers that change what a request means must be known for its operation.
fn check_headers(request: &Request, action: Action) -> Result<(), String> {
    const ALWAYS: [&str; 10] = [
        "host",
        "authorization",
        "content-length",
        "user-agent",
        "accept",
        "connection",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "content-type",
    ];
    let more: &[&str] = match action {
        Action::Get | Action::Head => &["range", "if-match"],
        Action::Put => &["if-match", "if-none-match", ENCRYPTION, ENCRYPTION_KEY],
        Action::CreateUpload => &[ENCRYPTION, ENCRYPTION_KEY],
        _ => &[],
    };
    let unknown = request.headers.iter().find(|(name, _)| !ALWAYS.contains(&&**name) && !more.contains(&&**name));
    unknown.map_or(Ok(()), |(name, _)| Err(format!("the header {name} of {action:?}")))
}
